//! Layers without products: pooling, sums, norms by themselves, changes of shape.
//!
//! Safe code over planes `[H][W][16]` of one block of channels, which the compiler turns into vector
//! instructions; all of it is bound by memory.

use super::conv::{Cores, folded, padded};
use super::kernels::Piece;
use super::layout::{LANES, Layout};
use super::pool::Blocked;
use crate::model::{AveragePool, Op, PadShortcut, Window};

/// The channels of a position.
pub type Position = [f32; LANES];

/// The positions of a row of a plane.
#[inline(always)]
pub fn row<'a>(plane: &'a [f32], layout: &Layout, row: usize) -> &'a [Position] {
    let start = layout.row_at(row);
    let row = plane.get(start..start + layout.shape.w * LANES).unwrap_or(&[]);
    row.as_chunks().0
}

/// The positions of a row of a plane.
#[inline(always)]
pub fn row_mut<'a>(plane: &'a mut [f32], layout: &Layout, row: usize) -> &'a mut [Position] {
    let start = layout.row_at(row);
    let row = plane.get_mut(start..start + layout.shape.w * LANES).unwrap_or(&mut []);
    row.as_chunks_mut().0
}

/// The plane of a picture and a block of channels.
#[inline(always)]
pub fn plane(value: &Blocked, number: usize) -> &[f32] {
    let length = value.layout().plane();
    value.data().get(number * length..(number + 1) * length).unwrap_or(&[])
}

/// Computes each position of the output from the same position of the inputs; `of` is given the plane's number.
pub fn each<const N: usize>(
    on: &Cores,
    inputs: [&Blocked; N],
    out: &mut Blocked,
    of: impl Fn(usize, [&Position; N]) -> Position + Sync,
) {
    let layout = *out.layout();
    on.fast_pieces(out.data_mut(), layout.plane(), &Each { inputs, layout, of });
}

struct Each<'a, F, const N: usize> {
    inputs: [&'a Blocked; N],
    layout: Layout,
    of: F,
}

impl<F, const N: usize> Piece for Each<'_, F, N>
where
    F: Fn(usize, [&Position; N]) -> Position + Sync,
{
    #[inline(always)]
    fn run(&self, number: usize, into: &mut [f32]) {
        for y in 0..self.layout.shape.h {
            let rows = self.inputs.map(|input| row(plane(input, number), input.layout(), y));
            for (x, to) in row_mut(into, &self.layout, y).iter_mut().enumerate() {
                *to = (self.of)(number, rows.map(|row| &row[x]));
            }
        }
    }
}

/// `max(x, 0)`; NaN stays.
pub fn relu(on: &Cores, input: &Blocked, out: &mut Blocked) {
    each(on, [input], out, |_, [x]| x.map(|v| if v < 0.0 { 0.0 } else { v }));
}

/// The sum of two values.
pub fn add(on: &Cores, a: &Blocked, b: &Blocked, out: &mut Blocked) {
    each(on, [a, b], out, |_, [a, b]| std::array::from_fn(|i| a[i] + b[i]));
}

/// The same value under another layout.
pub fn copy(on: &Cores, input: &Blocked, out: &mut Blocked) {
    each(on, [input], out, |_, [x]| *x);
}

/// `x * scale + shift`, one of each for every channel.
pub fn affine(on: &Cores, input: &Blocked, scale: &[f32], shift: &[f32], out: &mut Blocked) {
    let blocks = out.layout().blocks;
    each(on, [input], out, |number, [x]| {
        let first = number % blocks * LANES;
        let (scale, shift) = (&scale[first..first + LANES], &shift[first..first + LANES]);
        std::array::from_fn(|i| x[i] * scale[i] + shift[i])
    });
}

/// Runs a layer that is no convolution, linear layer, sum or ReLU.
///
/// # Errors
/// When a weight cannot be read, or the operation is another.
pub fn forward(on: &Cores, op: &Op, input: &Blocked, out: &mut Blocked) -> candle_core::Result<()> {
    match op {
        Op::BatchNorm(norm) => {
            let (scale, shift) = folded(norm)?;
            affine(on, input, &padded(&scale), &padded(&shift), out);
        }
        Op::Standardize { eps } => {
            let (mean, deviation) = moments(on, input, *eps);
            each(on, [input], out, |number, [x]| {
                let at = number * LANES;
                std::array::from_fn(|i| (x[i] - mean[at + i]) / deviation[at + i])
            });
        }
        Op::MaxPool(window) => {
            let layout = *out.layout();
            let pool = MaxPool { window: *window, input, layout };
            on.fast_pieces(out.data_mut(), layout.plane(), &pool);
        }
        Op::AveragePool(AveragePool::Global) => global_average(on, input, out),
        Op::AveragePool(AveragePool::Windowed { window, count_include_pad }) => {
            average_pool(on, window, *count_include_pad, input, out);
        }
        Op::PadShortcut(pad) => pad_shortcut(pad, input, out),
        Op::Flatten => flatten(input, out),
        Op::Relu => relu(on, input, out),
        _ => candle_core::bail!("{} is another unit's", op.word()),
    }
    Ok(())
}

/// The mean of each channel of each picture, and `sqrt(variance + eps)`.
pub fn moments(on: &Cores, input: &Blocked, eps: f64) -> (Vec<f32>, Vec<f32>) {
    let layout = input.layout();
    let planes = layout.shape.n * layout.blocks;
    let mut all = vec![0.0; planes * 2 * LANES];
    on.pieces(&mut all, 2 * LANES, |number, into| {
        let plane = plane(input, number);
        let count = layout.shape.area().max(1) as f64;
        let mut mean = [0f64; LANES];
        let positions = || (0..layout.shape.h).flat_map(|y| row(plane, layout, y));
        positions().for_each(|p| mean.iter_mut().zip(p).for_each(|(m, v)| *m += f64::from(*v)));
        let mean = mean.map(|sum| sum / count);
        let mut squares = [0f64; LANES];
        for position in positions() {
            for i in 0..LANES {
                let off = f64::from(position[i]) - mean[i];
                squares[i] += off * off;
            }
        }
        for i in 0..LANES {
            into[i] = mean[i] as f32;
            into[LANES + i] = (squares[i] / count + eps).sqrt() as f32;
        }
    });
    let half = |first: usize| {
        all.chunks(2 * LANES).flat_map(|both| both[first..first + LANES].to_vec()).collect()
    };
    (half(0), half(LANES))
}

/// The positions of an axis of so many that a window reads for an output position.
#[inline(always)]
pub fn reach(
    window: &Window,
    axis: usize,
    at: usize,
    size: usize,
) -> impl Iterator<Item = usize> + Clone + use<> {
    let (start, pad) = (at * window.stride[axis], window.pads[axis]);
    let dilation = window.dilation[axis].max(1);
    let first = pad.saturating_sub(start).div_ceil(dilation);
    let end = (size + pad).saturating_sub(start).div_ceil(dilation).min(window.kernel[axis]);
    (first..end).map(move |k| start + k * dilation - pad)
}

/// The largest value of each window; a NaN is larger than everything.
struct MaxPool<'a> {
    window: Window,
    input: &'a Blocked,
    layout: Layout,
}

impl Piece for MaxPool<'_> {
    #[inline(always)]
    fn run(&self, number: usize, into: &mut [f32]) {
        let (plane, from) = (plane(self.input, number), self.input.layout());
        for y in 0..self.layout.shape.h {
            let reach_y = reach(&self.window, 0, y, from.shape.h);
            for (x, to) in row_mut(into, &self.layout, y).iter_mut().enumerate() {
                let mut most = [f32::NEG_INFINITY; LANES];
                for y in reach_y.clone() {
                    let row = row(plane, from, y);
                    for x in reach(&self.window, 1, x, from.shape.w) {
                        let value = &row[x];
                        for i in 0..LANES {
                            let above = value[i] > most[i] || value[i].is_nan();
                            most[i] = if above { value[i] } else { most[i] };
                        }
                    }
                }
                *to = most;
            }
        }
    }
}

fn global_average(on: &Cores, input: &Blocked, out: &mut Blocked) {
    let (from, layout) = (*input.layout(), *out.layout());
    on.pieces(out.data_mut(), layout.plane(), |number, into| {
        let plane = plane(input, number);
        let mut sum = [0f64; LANES];
        for y in 0..from.shape.h {
            for position in row(plane, &from, y) {
                sum.iter_mut().zip(position).for_each(|(sum, v)| *sum += f64::from(*v));
            }
        }
        let count = from.shape.area().max(1) as f64;
        for to in row_mut(into, &layout, 0) {
            *to = sum.map(|sum| (sum / count) as f32);
        }
    });
}

/// By how many positions a window's sum is divided.
pub fn counted(window: &Window, with_pad: bool, at: [usize; 2], size: [usize; 2]) -> f32 {
    let axis = |axis: usize| {
        let (before, after) = window.pads_of(axis);
        let end = if with_pad { before + size[axis] + after } else { before + size[axis] };
        let first = if with_pad { 0 } else { before };
        let tap = |k: usize| at[axis] * window.stride[axis] + k * window.dilation[axis];
        (0..window.kernel[axis]).filter(|k| (first..end).contains(&tap(*k))).count()
    };
    (axis(0) * axis(1)) as f32
}

fn average_pool(on: &Cores, window: &Window, with_pad: bool, input: &Blocked, out: &mut Blocked) {
    let (from, layout) = (*input.layout(), *out.layout());
    let size = [from.shape.h, from.shape.w];
    on.pieces(out.data_mut(), layout.plane(), |number, into| {
        let plane = plane(input, number);
        for y in 0..layout.shape.h {
            for (x, to) in row_mut(into, &layout, y).iter_mut().enumerate() {
                let mut sum = [0f32; LANES];
                for from_y in reach(window, 0, y, size[0]) {
                    for from_x in reach(window, 1, x, size[1]) {
                        let value = &row(plane, &from, from_y)[from_x];
                        sum = std::array::from_fn(|i| sum[i] + value[i]);
                    }
                }
                let count = counted(window, with_pad, [y, x], size);
                *to = sum.map(|sum| sum / count);
            }
        }
    });
}

fn pad_shortcut(pad: &PadShortcut, input: &Blocked, out: &mut Blocked) {
    let (from, layout) = (*input.layout(), *out.layout());
    // Channels that no input channel has stay 0, whatever the memory held.
    for number in 0..layout.shape.n * layout.blocks {
        let plane = &mut out.data_mut()[number * layout.plane()..(number + 1) * layout.plane()];
        for y in 0..layout.shape.h {
            row_mut(plane, &layout, y).fill([0.0; LANES]);
        }
    }
    let [sh, sw] = pad.stride;
    for n in 0..from.shape.n {
        for c in 0..from.shape.c {
            for y in 0..layout.shape.h {
                for x in 0..layout.shape.w {
                    let value = input.data()[at(&from, n, c, y * sh, x * sw)];
                    out.data_mut()[at(&layout, n, c + pad.before, y, x)] = value;
                }
            }
        }
    }
}

fn flatten(input: &Blocked, out: &mut Blocked) {
    let (from, layout) = (*input.layout(), *out.layout());
    for (n, c, y, x) in everywhere(&from) {
        let to = (c * from.shape.h + y) * from.shape.w + x;
        out.data_mut()[at(&layout, n, to, 0, 0)] = input.data()[at(&from, n, c, y, x)];
    }
    let used = layout.shape.c % LANES;
    if used > 0 {
        for n in 0..layout.shape.n {
            let last = at(&layout, n, layout.shape.c - 1, 0, 0);
            out.data_mut()[last + 1..last + 1 + LANES - used].fill(0.0);
        }
    }
}

/// Where a value lies.
pub const fn at(layout: &Layout, n: usize, c: usize, y: usize, x: usize) -> usize {
    let block = n * layout.picture() + c / layout.lanes * layout.plane();
    block + layout.row_at(y) + x * layout.lanes + c % layout.lanes
}

/// Every value of a layout: picture, channel, row, column.
pub fn everywhere(layout: &Layout) -> impl Iterator<Item = (usize, usize, usize, usize)> {
    let shape = layout.shape;
    (0..shape.n).flat_map(move |n| {
        (0..shape.c).flat_map(move |c| {
            (0..shape.h).flat_map(move |y| (0..shape.w).map(move |x| (n, c, y, x)))
        })
    })
}
