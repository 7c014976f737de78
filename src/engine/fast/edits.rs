//! Changes to a value while the network runs, and what they do to its gradient.

use super::conv::Cores;
use super::convert;
use super::layout::{LANES, Layout};
use super::planes::row_mut;
use super::pool::Blocked;
use crate::base::{Exact, LayerId};
use crate::engine::{Change, Edit};

/// Makes the changes of a layer's value, in their order.
pub fn apply(on: &Cores, edits: &[Edit], layer: LayerId, value: &mut Blocked) {
    for edit in edits.iter().filter(|edit| edit.layer() == layer) {
        match edit {
            Edit::Replace { value: array, .. } => convert::fill(on, array, value),
            Edit::Channels { channels, change, .. } => match *change {
                // No product: NaN times 0 is NaN.
                Change::Scale(Exact(0.0)) => each(value, channels, |_| 0.0),
                Change::Scale(Exact(factor)) => each(value, channels, |v| v * factor),
                Change::Set(Exact(to)) => each(value, channels, |_| to),
                Change::Mean => means(value, channels),
            },
        }
    }
}

/// The gradient before the changes of a layer, from the one after them; `false` when what was computed before has
/// no part in it.
pub fn pull(edits: &[Edit], layer: LayerId, gradient: &mut Blocked) -> bool {
    for edit in edits.iter().rev().filter(|edit| edit.layer() == layer) {
        match edit {
            Edit::Replace { .. } => return false,
            Edit::Channels { channels, change, .. } => match *change {
                Change::Scale(Exact(0.0)) | Change::Set(_) => each(gradient, channels, |_| 0.0),
                Change::Scale(Exact(factor)) => each(gradient, channels, |g| g * factor),
                // Every position has its share in every position.
                Change::Mean => means(gradient, channels),
            },
        }
    }
    true
}

/// Whether a layer is changed.
pub fn any(edits: &[Edit], layer: LayerId) -> bool {
    edits.iter().any(|edit| edit.layer() == layer)
}

fn each(value: &mut Blocked, channels: &[usize], to: impl Fn(f32) -> f32) {
    maps(value, channels, |map, layout, lane| {
        for y in 0..layout.shape.h {
            row_mut(map, layout, y).iter_mut().for_each(|p| p[lane] = to(p[lane]));
        }
    });
}

fn means(value: &mut Blocked, channels: &[usize]) {
    maps(value, channels, |map, layout, lane| {
        let mut sum = 0f64;
        for y in 0..layout.shape.h {
            sum += row_mut(map, layout, y).iter().map(|p| f64::from(p[lane])).sum::<f64>();
        }
        let mean = (sum / layout.shape.area().max(1) as f64) as f32;
        for y in 0..layout.shape.h {
            row_mut(map, layout, y).iter_mut().for_each(|p| p[lane] = mean);
        }
    });
}

/// The plane of each of these channels in each picture, and the channel's place in it.
fn maps(value: &mut Blocked, channels: &[usize], mut of: impl FnMut(&mut [f32], &Layout, usize)) {
    let layout = *value.layout();
    for n in 0..layout.shape.n {
        for c in channels {
            let start = (n * layout.blocks + c / LANES) * layout.plane();
            let plane = value.data_mut().get_mut(start..start + layout.plane());
            of(plane.unwrap_or(&mut []), &layout, c % LANES);
        }
    }
}
