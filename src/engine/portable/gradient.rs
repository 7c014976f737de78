//! What each operation does to the gradient of its output: the adjoint of `ops`.
//!
//! candle's transposed convolution knows no groups and one stride, so a convolution's gradient is a
//! convolution again: of the gradient with zeros between its positions, by the kernels turned around.

use std::sync::OnceLock;

use candle_core::{DType, Result, Tensor};

use super::ops::{self, Layer};
use crate::engine::ReluRule;
use crate::model::{AveragePool, Conv, Op, PadShortcut, Window};

/// What the gradient of an operation needs besides the gradient behind it.
pub struct Local<'a> {
    /// The operation with its attributes.
    pub op: &'a Op,
    /// The same with its weights.
    pub layer: &'a Layer,
    /// The kernels turned around, once they were needed.
    pub turned: &'a OnceLock<Tensor>,
    /// The extents of its input.
    pub dims: &'a [usize],
    /// The rule for ReLUs.
    pub rule: ReluRule,
}

impl Local<'_> {
    /// The gradient with respect to the input. `x` is the input; for a ReLU, anything that is above 0
    /// where its input is.
    pub fn pull(&self, g: &Tensor, x: Option<&Tensor>) -> Result<Tensor> {
        let value =
            || x.ok_or_else(|| candle_core::Error::msg("the value at this layer is needed"));
        match (self.layer, self.op) {
            (Layer::Conv(_) | Layer::GeneralConv(_), Op::Conv(conv)) => self.conv(g, conv),
            (Layer::Affine(scale, _), _) => g.broadcast_mul(&ops::per_channel(scale, g)?),
            (Layer::Standardize(eps), _) => g.broadcast_div(&ops::moments(value()?, *eps)?.1),
            (Layer::Relu(zero), _) => relu(g, x, zero, self.rule),
            (Layer::MaxPool(window), _) => max_pool(g, value()?, window),
            (Layer::AveragePool(AveragePool::Global), _) => {
                let area = self.dims.iter().skip(2).product::<usize>() as f64;
                (g / area)?.broadcast_as(self.dims)?.contiguous()
            }
            (Layer::AveragePool(AveragePool::Windowed { window, count_include_pad }), _) => {
                average_pool(g, self.dims, window, *count_include_pad)
            }
            (Layer::Add, _) => Ok(g.clone()),
            (Layer::PadShortcut(pad), _) => pad_shortcut(g, self.dims, pad),
            (Layer::Flatten, _) => g.reshape(self.dims),
            (Layer::Linear(linear), _) => g.matmul(linear.weight()),
            _ => candle_core::bail!("weights of another operation"),
        }
    }

    fn conv(&self, g: &Tensor, conv: &Conv) -> Result<Tensor> {
        let Window { kernel, stride, pads, dilation, .. } = conv.window;
        if conv.groups == 1 && stride != [1; 2] && kernel != [1; 2] {
            return self.strided(g, conv);
        }
        let turned = self.turned(conv.groups)?;
        let one = Window { dilation, ..Window::square(1, 1, 0) };
        let turned = Conv {
            weight: turned,
            bias: None,
            window: Window { kernel, ..one },
            groups: conv.groups,
        };
        if kernel == [1, 1] && pads == [0; 4] {
            // The zeros need not be multiplied.
            let small = ops::run_conv(g, &turned)?;
            let rows = spread(&small, 0, stride[0])?;
            let all = spread(&rows, 1, stride[1])?;
            return fit(&fit(&all, 2, 0, self.dims[2])?, 3, 0, self.dims[3]);
        }
        let mut at = g.clone();
        for axis in [0, 1] {
            let (before, _) = conv.window.pads_of(axis);
            let reach = conv.window.span(axis) - 1;
            let lead = reach as isize - before as isize;
            at = fit(
                &spread(&at, axis, stride[axis])?,
                axis + 2,
                lead,
                self.dims[axis + 2] + reach,
            )?;
        }
        ops::run_conv(&at, &turned)
    }

    /// What every tap passes back, by one product, put where the tap reads: the zeros between the positions
    /// would be three quarters and more of all that a convolution multiplies.
    fn strided(&self, g: &Tensor, conv: &Conv) -> Result<Tensor> {
        let (n, out, h, w) = g.dims4()?;
        let [kh, kw] = conv.window.kernel;
        let inside = self.dims[1];
        let weight = self.weight()?.reshape((out, inside * kh * kw))?.t()?.contiguous()?;
        let columns = weight.unsqueeze(0)?.broadcast_matmul(&g.reshape((n, out, h * w))?)?;
        let columns = columns.reshape((n, inside, kh * kw, h, w))?;
        let plane = Tensor::zeros((n, 1, self.dims[2], self.dims[3]), g.dtype(), g.device())?;
        let padded = ops::pad(&plane, &conv.window, 0.0)?;
        adjoint(&conv.window, &padded, self.dims, |row, column| {
            columns.narrow(2, row * kw + column, 1)?.squeeze(2)?.contiguous()
        })
    }

    fn weight(&self) -> Result<&Tensor> {
        match self.layer {
            Layer::Conv(conv) => Ok(conv.weight()),
            Layer::GeneralConv(conv) => Ok(&conv.weight),
            _ => candle_core::bail!("no convolution"),
        }
    }

    /// `[C_in, C_out / groups, kh, kw]`, every kernel upside down and left to right.
    fn turned(&self, groups: usize) -> Result<Tensor> {
        if let Some(turned) = self.turned.get() {
            return Ok(turned.clone());
        }
        let weight = self.weight()?;
        let (out, inside, kh, kw) = weight.dims4()?;
        let turned = weight
            .reshape((groups, out / groups, inside, kh, kw))?
            .transpose(1, 2)?
            .reshape((groups * inside, out / groups, kh, kw))?
            .flip(&[2, 3])?
            .contiguous()?;
        Ok(self.turned.get_or_init(|| turned).clone())
    }
}

/// `stride - 1` zeros between neighbors along an axis (0 rows, 1 columns).
fn spread(g: &Tensor, axis: usize, stride: usize) -> Result<Tensor> {
    if stride == 1 {
        return Ok(g.clone());
    }
    let dim = axis + 2;
    let count = g.dim(dim)?;
    let apart = g.unsqueeze(dim + 1)?.pad_with_zeros(dim + 1, 0, stride - 1)?;
    apart.flatten(dim, dim + 1)?.narrow(dim, 0, (count - 1) * stride + 1)?.contiguous()
}

/// `length` positions along a dimension, the first of `g` at `lead`; zeros where `g` has none.
fn fit(g: &Tensor, dim: usize, lead: isize, length: usize) -> Result<Tensor> {
    let skip = (-lead).max(0) as usize;
    let lead = lead.max(0) as usize;
    let kept = g.dim(dim)?.saturating_sub(skip).min(length - lead.min(length));
    let part =
        if kept == g.dim(dim)? { g.clone() } else { g.narrow(dim, skip, kept)?.contiguous()? };
    match (lead, length - lead - kept) {
        (0, 0) => Ok(part),
        (before, after) => part.pad_with_zeros(dim, before, after),
    }
}

fn relu(g: &Tensor, x: Option<&Tensor>, zero: &Tensor, rule: ReluRule) -> Result<Tensor> {
    let zero = zero.reshape(vec![1; g.rank()])?.broadcast_as(g.shape())?;
    let above = |t: &Tensor, g: &Tensor| t.gt(&zero)?.where_cond(g, &zero);
    match (rule, x) {
        (ReluRule::Deconvnet, _) => above(g, g),
        (ReluRule::Plain, Some(x)) => above(x, g),
        (ReluRule::Guided, Some(x)) => above(g, &above(x, g)?),
        (_, None) => candle_core::bail!("a ReLU's mask is needed"),
    }
}

/// The first of the largest values in a window, row by row, gets its gradient.
fn max_pool(g: &Tensor, x: &Tensor, window: &Window) -> Result<Tensor> {
    let padded = ops::pad(x, window, f64::NEG_INFINITY)?;
    let most = ops::max_pool(x, window)?;
    let none = g.zeros_like()?;
    let mut free = Tensor::ones(g.shape(), DType::U8, g.device())?;
    adjoint(window, &padded, x.dims(), |row, column| {
        let part = ops::tap(&ops::tap(&padded, window, 0, row, x)?, window, 1, column, x)?;
        // A NaN is the largest value of its window.
        let hit = part.eq(&most)?.maximum(&part.ne(&part)?)?;
        let first = (&hit * &free)?;
        free = (&free - &first)?;
        first.where_cond(g, &none)
    })
}

fn average_pool(g: &Tensor, dims: &[usize], window: &Window, with_pad: bool) -> Result<Tensor> {
    let x = Tensor::zeros(dims, g.dtype(), g.device())?;
    let padded = ops::pad(&x, window, 0.0)?;
    let share = g.broadcast_div(&ops::counted(&x, window, with_pad)?)?;
    adjoint(window, &padded, dims, |_, _| Ok(share.clone()))
}

/// The sum of what each tap of a window passes back, at the places where the taps read.
fn adjoint(
    window: &Window,
    padded: &Tensor,
    dims: &[usize],
    mut of: impl FnMut(usize, usize) -> Result<Tensor>,
) -> Result<Tensor> {
    let add = |sum: Option<Tensor>, part: Tensor| match sum {
        Some(sum) => sum + part,
        None => Ok(part),
    };
    let place = |part: &Tensor, axis: usize, k: usize| {
        let wide = spread(part, axis, window.stride[axis])?;
        fit(&wide, axis + 2, (k * window.dilation[axis]) as isize, padded.dim(axis + 2)?)
    };
    let mut all = None;
    for row in 0..window.kernel[0] {
        let mut of_row = None;
        for column in 0..window.kernel[1] {
            of_row = Some(add(of_row, place(&of(row, column)?, 1, column)?)?);
        }
        if let Some(of_row) = of_row {
            all = Some(add(all, place(&of_row, 0, row)?)?);
        }
    }
    let Some(all) = all else { candle_core::bail!("a window without taps") };
    let [(top, _), (left, _)] = [window.pads_of(0), window.pads_of(1)];
    all.narrow(2, top, dims[2])?.narrow(3, left, dims[3])?.contiguous()
}

fn pad_shortcut(g: &Tensor, dims: &[usize], pad: &PadShortcut) -> Result<Tensor> {
    let mut at = g.narrow(1, pad.before, dims[1])?.contiguous()?;
    for axis in [0, 1] {
        at = fit(&spread(&at, axis, pad.stride[axis])?, axis + 2, 0, dims[axis + 2])?;
    }
    Ok(at)
}
