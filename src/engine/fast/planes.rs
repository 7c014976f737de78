//! Planes `[H][W][16]` of one block of channels: reading them, writing them, going over them.
//!
//! Safe code which the compiler turns into vector instructions; all of it is bound by memory.

use super::conv::Cores;
use super::kernels::Piece;
use super::layout::{LANES, Layout};
use super::pool::Blocked;
use crate::ops::Window;

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

/// The positions of an axis of length `size` that a window reads for an output position.
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
