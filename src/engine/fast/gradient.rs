//! What layers without convolutions do to the gradient of their output.

use super::conv::{Cores, Mask, folded, padded};
use super::kernels::{Piece, Routing, Sink, Source, vectorised};
use super::layout::{LANES, Layout};
use super::plain::{self, Position, at, counted, each, everywhere, plane, reach, row, row_mut};
use super::pool::Blocked;
use super::weights::with_floats;
use crate::engine::ReluRule;
use crate::model::{AveragePool, Linear, Op, PadShortcut, Window};

/// Whether a layer's gradient depends on its input.
pub const fn reads(op: &Op) -> bool {
    matches!(op, Op::MaxPool(_) | Op::Standardize { .. })
}

/// The gradient of a layer's input. `x` is the input, where [`reads`] says so, `y` what came out of a maximum. Behind a maximum pool it goes through
/// a `mask` at once.
///
/// # Errors
/// When a weight cannot be read, or the operation is another unit's.
pub fn pull(
    on: &Cores,
    op: &Op,
    g: &Blocked,
    [x, y]: [Option<&Blocked>; 2],
    mask: Option<Mask<'_>>,
    to: &mut Blocked,
) -> candle_core::Result<()> {
    let missing = || candle_core::Error::msg("the value at this layer is needed");
    let needed = || x.ok_or_else(missing);
    match op {
        Op::BatchNorm(norm) => {
            let scale = padded(&folded(norm)?.0);
            plain::affine(on, g, &scale, &vec![0.0; scale.len()], to);
        }
        Op::Standardize { eps } => {
            let (_, deviation) = plain::moments(on, needed()?, *eps);
            each(on, [g], to, |number, [g]| {
                let first = number * LANES;
                std::array::from_fn(|i| g[i] / deviation[first + i])
            });
        }
        Op::MaxPool(window) => {
            max_pool(on, window, g, [needed()?, y.ok_or_else(missing)?], mask, to);
        }
        Op::AveragePool(AveragePool::Global) => global_average(on, g, to),
        Op::AveragePool(AveragePool::Windowed { window, count_include_pad }) => {
            average_pool(on, window, *count_include_pad, g, to);
        }
        Op::PadShortcut(pad) => pad_shortcut(pad, g, to),
        Op::Flatten => flatten(g, to),
        Op::Linear(linear) => self::linear(linear, g, to)?,
        _ => candle_core::bail!("the gradient of {} is another unit's", op.word()),
    }
    Ok(())
}

/// Through a ReLU; `sign` is above 0 where its input is, and not needed for a deconvnet.
pub fn relu(on: &Cores, rule: ReluRule, g: &Blocked, sign: Option<&Blocked>, to: &mut Blocked) {
    match sign {
        Some(sign) => each(on, [g, sign], to, |_, [g, sign]| masked(rule, g, sign)),
        None => each(on, [g], to, |_, [g]| masked(rule, g, g)),
    }
}

/// The first of the largest values in a window, row by row, gets its gradient.
fn max_pool(
    on: &Cores,
    window: &Window,
    g: &Blocked,
    [x, y]: [&Blocked; 2],
    mask: Option<Mask<'_>>,
    to: &mut Blocked,
) {
    let (layout, from) = (*to.layout(), *g.layout());
    let (outside, inside) = ([from.shape.h, from.shape.w], [layout.shape.h, layout.shape.w]);
    let reaches = [0, 1].map(|axis| {
        let of = |at: usize| {
            let mut positions = reach(window, axis, at, inside[axis]);
            let first = positions.next();
            first.map_or(0..0, |first| first..first + 1 + positions.count())
        };
        (0..outside[axis]).map(of).collect::<Vec<_>>()
    });
    on.pieces(to.data_mut(), layout.plane(), |number, into| {
        (0..inside[0]).for_each(|y| row_mut(into, &layout, y).fill([0.0; LANES]));
        let source =
            |value| Source { data: plane(value, number), strides: value.layout().strides() };
        Routing {
            gradient: source(g),
            largest: source(y),
            value: source(x),
            into: Sink { strides: layout.strides(), data: into },
            outside,
            inside,
            reach: [&reaches[0], &reaches[1]],
            apart: window.dilation,
        }
        .run(on.isa);
        if let Some(mask) = mask {
            // While the plane is in the cache.
            vectorised(on.isa, &Masked { mask, layout }, number, into);
        }
    });
}

/// A plane of a gradient through a ReLU, in place.
struct Masked<'a> {
    mask: Mask<'a>,
    layout: Layout,
}

impl Piece for Masked<'_> {
    #[inline(always)]
    fn run(&self, number: usize, into: &mut [f32]) {
        let Mask { rule, value } = self.mask;
        for y in 0..self.layout.shape.h {
            let sign = row(plane(value, number), value.layout(), y);
            for (to, sign) in row_mut(into, &self.layout, y).iter_mut().zip(sign) {
                *to = masked(rule, to, sign);
            }
        }
    }
}

/// The gradient of a position behind its ReLU.
#[inline(always)]
fn masked(rule: ReluRule, g: &Position, sign: &Position) -> Position {
    let above = |g: f32, sign: f32| if sign > 0.0 { g } else { 0.0 };
    match rule {
        ReluRule::Plain => std::array::from_fn(|i| above(g[i], sign[i])),
        ReluRule::Guided => std::array::from_fn(|i| above(above(g[i], sign[i]), g[i])),
        ReluRule::Deconvnet => g.map(|g| above(g, g)),
    }
}

fn global_average(on: &Cores, g: &Blocked, to: &mut Blocked) {
    let (from, layout) = (*g.layout(), *to.layout());
    let share = 1.0 / layout.shape.area().max(1) as f32;
    on.pieces(to.data_mut(), layout.plane(), |number, into| {
        let one = row(plane(g, number), &from, 0).first().copied().unwrap_or([0.0; LANES]);
        for y in 0..layout.shape.h {
            row_mut(into, &layout, y).fill(one.map(|g| g * share));
        }
    });
}

fn average_pool(on: &Cores, window: &Window, with_pad: bool, g: &Blocked, to: &mut Blocked) {
    let (from, layout) = (*g.layout(), *to.layout());
    let size = [layout.shape.h, layout.shape.w];
    on.pieces(to.data_mut(), layout.plane(), |number, into| {
        (0..size[0]).for_each(|y| row_mut(into, &layout, y).fill([0.0; LANES]));
        let gradients = plane(g, number);
        for y in 0..from.shape.h {
            for (x, gradient) in row(gradients, &from, y).iter().enumerate() {
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

fn pad_shortcut(pad: &PadShortcut, g: &Blocked, to: &mut Blocked) {
    let (from, layout) = (*g.layout(), *to.layout());
    let [sh, sw] = pad.stride;
    for (n, c, y, x) in everywhere(&layout) {
        let read = y % sh == 0 && x % sw == 0;
        let gradient = || g.data()[at(&from, n, c + pad.before, y / sh, x / sw)];
        to.data_mut()[at(&layout, n, c, y, x)] = if read { gradient() } else { 0.0 };
    }
}

fn flatten(g: &Blocked, to: &mut Blocked) {
    let (from, layout) = (*g.layout(), *to.layout());
    for (n, c, y, x) in everywhere(&layout) {
        let place = (c * layout.shape.h + y) * layout.shape.w + x;
        to.data_mut()[at(&layout, n, c, y, x)] = g.data()[at(&from, n, place, 0, 0)];
    }
}

/// `W^T g`. Most seeds are one class: outputs without a gradient cost nothing.
fn linear(linear: &Linear, g: &Blocked, to: &mut Blocked) -> candle_core::Result<()> {
    let (from, layout) = (*g.layout(), *to.layout());
    let inside = layout.shape.c;
    with_floats(&linear.weight, |weight| {
        let mut sum = vec![0f32; inside];
        for n in 0..from.shape.n {
            sum.fill(0.0);
            for (o, row) in weight.chunks_exact(inside.max(1)).enumerate() {
                let gradient = g.data()[at(&from, n, o, 0, 0)];
                if gradient != 0.0 {
                    sum.iter_mut().zip(row).for_each(|(sum, w)| *sum += gradient * w);
                }
            }
            for (c, sum) in sum.iter().enumerate() {
                to.data_mut()[at(&layout, n, c, 0, 0)] = *sum;
            }
        }
    })
}
