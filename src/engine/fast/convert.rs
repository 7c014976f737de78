//! Between plain arrays and blocks of channels.

use super::conv::Cores;
use super::layout::{LANES, Layout};
use super::planes::{at, plane};
use super::pool::Blocked;
use crate::base::{Array, Shape};

/// Fills a value from an array of its shape.
pub fn fill(on: &Cores, array: &Array, to: &mut Blocked) {
    let layout = *to.layout();
    let (shape, lanes) = (layout.shape, layout.lanes);
    let rows = layout.plane() / layout.row().max(1);
    on.pieces(to.data_mut(), layout.row(), |number, into| {
        let (plane, row) = (number / rows, number % rows);
        // The rows of the border stay as they are.
        let Some(y) = row.checked_sub(layout.halo).filter(|y| *y < shape.h) else { return };
        let (n, first) = (plane / layout.blocks, plane % layout.blocks * lanes);
        for lane in 0..lanes {
            let start = ((n * shape.c + first + lane) * shape.h + y) * shape.w;
            let from = array.data.get(start..start + shape.w);
            let from = from.filter(|_| first + lane < shape.c);
            let to = into[layout.halo * lanes + lane..].iter_mut().step_by(lanes).take(shape.w);
            match from {
                Some(from) => to.zip(from).for_each(|(to, from)| *to = *from),
                None => to.for_each(|to| *to = 0.0),
            }
        }
    });
}

/// These channels of a value, in this order.
pub fn channels(on: &Cores, value: &Blocked, channels: &[usize]) -> Array {
    let layout = *value.layout();
    let shape = Shape { c: channels.len(), ..layout.shape };
    let mut array = Array::zeros(shape);
    let (count, width) = (channels.len(), shape.w.max(1));
    if count == 0 {
        return array;
    }
    on.pieces(&mut array.data, shape.area(), |map, into| {
        let (n, c) = (map / count, channels[map % count]);
        let plane = plane(value, n * layout.blocks + c / layout.lanes);
        for (y, row) in into.chunks_mut(width).enumerate() {
            let start = layout.row_at(y) + c % layout.lanes;
            let from = plane[start..].iter().step_by(layout.lanes);
            row.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
        }
    });
    array
}

/// All of a value.
pub fn whole(on: &Cores, value: &Blocked) -> Array {
    let all: Vec<usize> = (0..value.layout().shape.c).collect();
    channels(on, value, &all)
}

/// The gradient of an input `shape` whose channels at all remainders of a stride are next to each other.
pub fn spread(on: &Cores, value: &Blocked, shape: Shape, stride: [usize; 2]) -> Array {
    let layout = *value.layout();
    let mut array = Array::zeros(shape);
    let [sh, sw] = stride;
    on.pieces(&mut array.data, shape.w, |number, into| {
        let (n, c, y) =
            (number / (shape.c * shape.h), number / shape.h % shape.c, number % shape.h);
        for remainder in 0..sw {
            let lane = (y % sh * sw + remainder) * shape.c + c;
            let from = value.data()[at(&layout, n, lane, y / sh, 0)..].iter().step_by(LANES);
            let to = into.iter_mut().skip(remainder).step_by(sw);
            to.zip(from).for_each(|(to, from)| *to = *from);
        }
    });
    array
}

/// A copy of a value.
pub fn copy(value: &Blocked) -> Blocked {
    let mut copy = value.another(*value.layout());
    copy.data_mut().copy_from_slice(value.data());
    copy
}

/// The floats of a block of channels that lie inside the border, row by row.
pub fn rows<'a>(plane: &'a [f32], layout: &'a Layout) -> impl Iterator<Item = &'a [f32]> {
    (0..layout.shape.h).map(|y| {
        let start = layout.row_at(y);
        plane.get(start..start + layout.shape.w * LANES).unwrap_or(&[])
    })
}
