//! Mean over windows, or over a whole map.

use candle_core::Result;

use super::kernel::{Extents, Kernel, Record, reads_nothing};
use crate::engine::fast::conv::Cores;
use crate::engine::fast::layout::LANES;
use crate::engine::fast::planes::{plane, reach, row as positions, row_mut};
use crate::engine::fast::pool::Blocked;
use crate::ops::{AveragePool, Op, Window};

/// Made ready, if it is one.
pub fn row(op: &Op) -> Result<Option<Box<dyn Kernel>>> {
    Ok(op.get::<AveragePool>().map(|pool| Box::new(*pool) as _))
}

impl Kernel for AveragePool {
    fn forward(
        &self,
        on: &Cores,
        inputs: &[&Blocked],
        _: &Extents,
        out: &mut Blocked,
    ) -> Result<()> {
        let [x] = inputs else { candle_core::bail!("a pool takes one input") };
        match self {
            Self::Global => global_average(on, x, out),
            Self::Windowed { window, count_include_pad } => {
                windowed(on, window, *count_include_pad, x, out);
            }
        }
        Ok(())
    }

    reads_nothing!();

    fn backward(
        &self,
        on: &Cores,
        _: usize,
        g: &Blocked,
        _: &Record<'_>,
        to: &mut Blocked,
    ) -> Result<()> {
        match self {
            Self::Global => global_back(on, g, to),
            Self::Windowed { window, count_include_pad } => {
                windowed_back(on, window, *count_include_pad, g, to);
            }
        }
        Ok(())
    }
}

fn global_average(on: &Cores, input: &Blocked, out: &mut Blocked) {
    let (from, layout) = (*input.layout(), *out.layout());
    on.pieces(out.data_mut(), layout.plane(), |number, into| {
        let plane = plane(input, number);
        let mut sum = [0f64; LANES];
        for y in 0..from.shape.h {
            for position in positions(plane, &from, y) {
                sum.iter_mut().zip(position).for_each(|(sum, v)| *sum += f64::from(*v));
            }
        }
        let count = from.shape.area().max(1) as f64;
        for to in row_mut(into, &layout, 0) {
            *to = sum.map(|sum| (sum / count) as f32);
        }
    });
}

fn global_back(on: &Cores, g: &Blocked, to: &mut Blocked) {
    let (from, layout) = (*g.layout(), *to.layout());
    let share = 1.0 / layout.shape.area().max(1) as f32;
    on.pieces(to.data_mut(), layout.plane(), |number, into| {
        let one = positions(plane(g, number), &from, 0).first().copied().unwrap_or([0.0; LANES]);
        for y in 0..layout.shape.h {
            row_mut(into, &layout, y).fill(one.map(|g| g * share));
        }
    });
}

/// By how many positions a window's sum is divided.
fn counted(window: &Window, with_pad: bool, at: [usize; 2], size: [usize; 2]) -> f32 {
    let axis = |axis: usize| {
        let (before, after) = window.pads_of(axis);
        let end = if with_pad { before + size[axis] + after } else { before + size[axis] };
        let first = if with_pad { 0 } else { before };
        let tap = |k: usize| at[axis] * window.stride[axis] + k * window.dilation[axis];
        (0..window.kernel[axis]).filter(|k| (first..end).contains(&tap(*k))).count()
    };
    (axis(0) * axis(1)) as f32
}

fn windowed(on: &Cores, window: &Window, with_pad: bool, input: &Blocked, out: &mut Blocked) {
    let (from, layout) = (*input.layout(), *out.layout());
    let size = [from.shape.h, from.shape.w];
    on.pieces(out.data_mut(), layout.plane(), |number, into| {
        let plane = plane(input, number);
        for y in 0..layout.shape.h {
            for (x, to) in row_mut(into, &layout, y).iter_mut().enumerate() {
                let mut sum = [0f32; LANES];
                for from_y in reach(window, 0, y, size[0]) {
                    for from_x in reach(window, 1, x, size[1]) {
                        let value = &positions(plane, &from, from_y)[from_x];
                        sum = std::array::from_fn(|i| sum[i] + value[i]);
                    }
                }
                let count = counted(window, with_pad, [y, x], size);
                *to = sum.map(|sum| sum / count);
            }
        }
    });
}

fn windowed_back(on: &Cores, window: &Window, with_pad: bool, g: &Blocked, to: &mut Blocked) {
    let (from, layout) = (*g.layout(), *to.layout());
    let size = [layout.shape.h, layout.shape.w];
    on.pieces(to.data_mut(), layout.plane(), |number, into| {
        (0..size[0]).for_each(|y| row_mut(into, &layout, y).fill([0.0; LANES]));
        let gradients = plane(g, number);
        for y in 0..from.shape.h {
            for (x, gradient) in positions(gradients, &from, y).iter().enumerate() {
                let count = counted(window, with_pad, [y, x], size);
                for to_y in reach(window, 0, y, size[0]) {
                    let into = row_mut(into, &layout, to_y);
                    for to_x in reach(window, 1, x, size[1]) {
                        for i in 0..LANES {
                            into[to_x][i] += gradient[i] / count;
                        }
                    }
                }
            }
        }
    });
}
