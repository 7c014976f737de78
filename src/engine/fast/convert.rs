//! Between plain arrays and blocks of channels.

use super::conv::Cores;
use super::layout::{LANES, Layout};
use super::plain::{at, plane};
use super::pool::Blocked;
use crate::base::{Array, Shape};

/// Fills a value from an array of its shape.
pub fn fill(on: &Cores, array: &Array, to: &mut Blocked) {
    let layout = *to.layout();
    let (area, width) = (layout.shape.area(), layout.shape.w.max(1));
    on.pieces(to.data_mut(), layout.plane(), |number, into| {
        let (n, first) = (number / layout.blocks, number % layout.blocks * layout.lanes);
        for lane in 0..layout.lanes {
            let c = first + lane;
            let map = (n * layout.shape.c + c) * area;
            let map = array.data.get(map..map + area).filter(|_| c < layout.shape.c);
            for y in 0..layout.shape.h {
                let start = layout.row_at(y) + lane;
                let row = into[start..].iter_mut().step_by(layout.lanes).take(width);
                match map {
                    Some(map) => row.zip(&map[y * width..]).for_each(|(to, from)| *to = *from),
                    None => row.for_each(|to| *to = 0.0),
                }
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
pub fn spread(value: &Blocked, shape: Shape, stride: [usize; 2]) -> Array {
    let layout = value.layout();
    let mut array = Array::zeros(shape);
    let [sh, sw] = stride;
    let mut to = array.data.iter_mut();
    for n in 0..shape.n {
        for c in 0..shape.c {
            for y in 0..shape.h {
                for x in 0..shape.w {
                    let lane = (y % sh * sw + x % sw) * shape.c + c;
                    if let Some(to) = to.next() {
                        *to = value.data()[at(layout, n, lane, y / sh, x / sw)];
                    }
                }
            }
        }
    }
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
