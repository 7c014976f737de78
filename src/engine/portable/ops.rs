//! Every operation of the graph in terms of candle's.

use candle_core::{D, DType, Device, Module, Result, Tensor};
use candle_nn::{Conv2d, Conv2dConfig, Linear as CandleLinear};

use crate::model::{AveragePool, BatchNorm, Conv, Op, PadShortcut, Window};

/// An operation with its weights in the backend's dtype, on its device.
pub enum Layer {
    /// A convolution that candle can run as it is.
    Conv(Conv2d),
    /// A convolution with unequal borders, strides or dilations.
    GeneralConv(Conv),
    /// `x * scale + shift`, both `[1, C, 1, 1]`.
    Affine(Tensor, Tensor),
    /// `max(x, 0)`, with a 0 of the right dtype.
    Relu(Tensor),
    /// Each channel less its mean, divided by its deviation; what is added to the variance.
    Standardize(f64),
    /// Maximum over a window.
    MaxPool(Window),
    /// Average over a window or over everything.
    AveragePool(AveragePool),
    /// Sum of two values.
    Add,
    /// Every so many pixels, between channels of zeros.
    PadShortcut(PadShortcut),
    /// `[N, C, H, W]` to `[N, C H W]`.
    Flatten,
    /// A matrix and a shift.
    Linear(CandleLinear),
}

impl Layer {
    /// Converts the weights of an operation.
    pub fn prepare(op: &Op, dtype: DType, device: &Device) -> Result<Self> {
        let load = |t: &Tensor| t.to_dtype(dtype)?.to_device(device)?.contiguous();
        let maybe = |t: &Option<Tensor>| t.as_ref().map(load).transpose();
        Ok(match op {
            Op::Conv(conv) => prepare_conv(conv, load(&conv.weight)?, maybe(&conv.bias)?),
            Op::BatchNorm(norm) => {
                let (scale, shift) = fold(norm)?;
                Self::Affine(load(&scale)?, load(&shift)?)
            }
            Op::Standardize { eps } => Self::Standardize(*eps),
            Op::Relu => Self::Relu(Tensor::zeros((1, 1, 1, 1), dtype, device)?),
            Op::MaxPool(window) => Self::MaxPool(*window),
            Op::AveragePool(pool) => Self::AveragePool(*pool),
            Op::Add => Self::Add,
            Op::PadShortcut(pad) => Self::PadShortcut(*pad),
            Op::Flatten => Self::Flatten,
            Op::Linear(linear) => {
                Self::Linear(CandleLinear::new(load(&linear.weight)?, maybe(&linear.bias)?))
            }
        })
    }

    /// Runs the operation on its inputs.
    pub fn run(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x, rest @ ..] = inputs else { candle_core::bail!("no input") };
        match self {
            Self::Conv(conv) => conv.forward(x),
            Self::GeneralConv(conv) => run_conv(x, conv),
            Self::Affine(scale, shift) => {
                x.broadcast_mul(&per_channel(scale, x)?)?.broadcast_add(&per_channel(shift, x)?)
            }
            Self::Standardize(eps) => {
                let (mean, deviation) = moments(x, *eps)?;
                x.broadcast_sub(&mean)?.broadcast_div(&deviation)
            }
            // `relu` would turn NaN into 0; with the input first, `maximum` keeps it.
            Self::Relu(zero) => x.broadcast_maximum(&zero.reshape(vec![1; x.rank()])?),
            Self::MaxPool(window) => max_pool(x, window),
            Self::AveragePool(AveragePool::Global) => {
                // Sums of half precision overflow and round; they are kept in float32.
                let mean = widened(x)?.mean_keepdim(D::Minus1)?.mean_keepdim(D::Minus2)?;
                mean.to_dtype(x.dtype())
            }
            Self::AveragePool(AveragePool::Windowed { window, count_include_pad }) => {
                average_pool(&widened(x)?, window, *count_include_pad)?.to_dtype(x.dtype())
            }
            Self::Add => match rest {
                [y] => x + y,
                _ => candle_core::bail!("a sum takes two inputs"),
            },
            Self::PadShortcut(pad) => pad_shortcut(x, pad),
            Self::Flatten => x.flatten_from(1),
            Self::Linear(linear) => linear.forward(x),
        }
    }
}

/// A value for each channel, `[1, C, 1, 1]`, with as many axes as what it is applied to.
pub fn per_channel(values: &Tensor, to: &Tensor) -> Result<Tensor> {
    if to.rank() == 2 { values.flatten_from(1) } else { Ok(values.clone()) }
}

/// Half precision in float32; anything else as it is.
fn widened(x: &Tensor) -> Result<Tensor> {
    if x.dtype().size_in_bytes() < 4 { x.to_dtype(DType::F32) } else { Ok(x.clone()) }
}

fn prepare_conv(conv: &Conv, weight: Tensor, bias: Option<Tensor>) -> Layer {
    let Window { stride, pads, dilation, .. } = conv.window;
    let plain = stride[0] == stride[1] && dilation[0] == dilation[1];
    if plain && pads == [pads[0]; 4] {
        let config = Conv2dConfig {
            padding: pads[0],
            stride: stride[0],
            dilation: dilation[0],
            groups: conv.groups,
            ..Default::default()
        };
        Layer::Conv(Conv2d::new(weight, bias, config))
    } else {
        Layer::GeneralConv(Conv { weight, bias, ..conv.clone() })
    }
}

/// `w (x - mean) / sqrt(var + eps) + b` as scale and shift, in float64.
fn fold(norm: &BatchNorm) -> Result<(Tensor, Tensor)> {
    let wide = |t: &Tensor| t.to_dtype(DType::F64)?.reshape((1, (), 1, 1));
    let deviation = (wide(&norm.variance)? + norm.eps)?.sqrt()?;
    let scale = (wide(&norm.weight)? / deviation)?;
    let shift = (wide(&norm.bias)? - (wide(&norm.mean)? * &scale)?)?;
    Ok((scale, shift))
}

/// The mean of each channel of each picture, and `sqrt(variance + eps)`: `[N, C, 1, 1]`.
pub fn moments(x: &Tensor, eps: f64) -> Result<(Tensor, Tensor)> {
    let wide = widened(x)?;
    let mean = wide.mean_keepdim((2, 3))?;
    let variance = wide.broadcast_sub(&mean)?.sqr()?.mean_keepdim((2, 3))?;
    Ok((mean.to_dtype(x.dtype())?, (variance + eps)?.sqrt()?.to_dtype(x.dtype())?))
}

/// A convolution with any border, stride and dilation.
pub fn run_conv(x: &Tensor, conv: &Conv) -> Result<Tensor> {
    let Window { stride, pads, dilation, .. } = conv.window;
    if conv.bias.is_none() && pads == [0; 4] && stride == [1; 2] && dilation[0] == dilation[1] {
        return x.conv2d(&conv.weight, 0, 1, dilation[0], conv.groups);
    }
    general_conv(x, conv)
}

/// Sum over the taps of (shifted input) x (one tap of the weights).
fn general_conv(x: &Tensor, conv: &Conv) -> Result<Tensor> {
    let padded = pad(x, &conv.window, 0.0)?;
    let [kh, kw] = conv.window.kernel;
    let mut sum: Option<Tensor> = None;
    for row in 0..kh {
        for column in 0..kw {
            let input = tap(&tap(&padded, &conv.window, 0, row, x)?, &conv.window, 1, column, x)?;
            let weight = conv.weight.narrow(2, row, 1)?.narrow(3, column, 1)?.contiguous()?;
            let part = input.conv2d(&weight, 0, 1, 1, conv.groups)?;
            sum = Some(match sum {
                Some(sum) => (sum + part)?,
                None => part,
            });
        }
    }
    let Some(sum) = sum else { candle_core::bail!("a kernel without taps") };
    match &conv.bias {
        Some(bias) => sum.broadcast_add(&bias.reshape((1, (), 1, 1))?),
        None => Ok(sum),
    }
}

fn pad_shortcut(x: &Tensor, shortcut: &PadShortcut) -> Result<Tensor> {
    let mut at = x.clone();
    for axis in [0, 1] {
        let one = Window { stride: shortcut.stride, ..Window::square(1, 1, 0) };
        at = tap(&at, &one, axis, 0, &at)?;
    }
    border(&at, 1, shortcut.before, shortcut.after, 0.0)
}

/// The maximum over rows of taps, then over columns: a window is separable.
pub fn max_pool(x: &Tensor, window: &Window) -> Result<Tensor> {
    let mut at = pad(x, window, f64::NEG_INFINITY)?;
    for axis in [0, 1] {
        let mut best = tap(&at, window, axis, 0, x)?;
        for k in 1..window.kernel[axis] {
            let next = tap(&at, window, axis, k, x)?;
            // `maximum` keeps a NaN on its left only; PyTorch keeps every one.
            best = next.ne(&next)?.where_cond(&next, &best.maximum(&next)?)?;
        }
        at = best;
    }
    Ok(at)
}

fn average_pool(x: &Tensor, window: &Window, count_include_pad: bool) -> Result<Tensor> {
    let total = window_sum(&pad(x, window, 0.0)?, window, x)?;
    total.broadcast_div(&counted(x, window, count_include_pad)?)
}

/// How many positions count in each window: what `ceil_mode` reads behind the border never does.
pub fn counted(x: &Tensor, window: &Window, count_include_pad: bool) -> Result<Tensor> {
    let (_, _, h, w) = x.dims4()?;
    let counted = if count_include_pad {
        let [top, left, bottom, right] = window.pads;
        let ones = Tensor::ones((1, 1, h + top + bottom, w + left + right), x.dtype(), x.device())?;
        let rows = border(&ones, 2, 0, overhang(window, 0, x)?, 0.0)?;
        border(&rows, 3, 0, overhang(window, 1, x)?, 0.0)?
    } else {
        pad(&Tensor::ones((1, 1, h, w), x.dtype(), x.device())?, window, 0.0)?
    };
    window_sum(&counted, window, x)
}

fn window_sum(padded: &Tensor, window: &Window, x: &Tensor) -> Result<Tensor> {
    let mut at = padded.clone();
    for axis in [0, 1] {
        let mut total = tap(&at, window, axis, 0, x)?;
        for k in 1..window.kernel[axis] {
            total = (total + tap(&at, window, axis, k, x)?)?;
        }
        at = total;
    }
    Ok(at)
}

/// Rows or columns `k dilation + i stride` of an already padded value, one for each window.
pub fn tap(padded: &Tensor, window: &Window, axis: usize, k: usize, x: &Tensor) -> Result<Tensor> {
    let (dim, size) = (axis + 2, x.dim(axis + 2)?);
    let Some(steps) = crate::model::window_steps(window, axis, size) else {
        candle_core::bail!("the window is larger than the input")
    };
    let (first, stride) = (k * window.dilation[axis], window.stride[axis]);
    if stride == 1 {
        return padded.narrow(dim, first, steps)?.contiguous();
    }
    let rows: Vec<u32> = (0..steps).map(|i| (first + i * stride) as u32).collect();
    padded.index_select(&Tensor::new(rows, x.device())?, dim)
}

/// The borders of the window around `x`, and what `ceil_mode` reads behind them.
pub fn pad(x: &Tensor, window: &Window, value: f64) -> Result<Tensor> {
    let mut at = x.clone();
    for axis in [0, 1] {
        let (before, after) = window.pads_of(axis);
        let behind = overhang(window, axis, x)?;
        at = border(&at, axis + 2, before, after + behind, value)?;
    }
    Ok(at)
}

fn overhang(window: &Window, axis: usize, x: &Tensor) -> Result<usize> {
    let size = x.dim(axis + 2)?;
    let (before, after) = window.pads_of(axis);
    let steps = crate::model::window_steps(window, axis, size).unwrap_or(0);
    let needed = steps.saturating_sub(1) * window.stride[axis] + window.span(axis);
    Ok(needed.saturating_sub(size + before + after))
}

fn border(x: &Tensor, dim: usize, before: usize, after: usize, value: f64) -> Result<Tensor> {
    let side = |length: usize| {
        let mut dims = x.dims().to_vec();
        dims[dim] = length;
        Tensor::full(value, dims, x.device())?.to_dtype(x.dtype())
    };
    match (before, after) {
        (0, 0) => Ok(x.clone()),
        (0, after) => Tensor::cat(&[x, &side(after)?], dim),
        (before, 0) => Tensor::cat(&[&side(before)?, x], dim),
        (before, after) => Tensor::cat(&[&side(before)?, x, &side(after)?], dim),
    }
}
