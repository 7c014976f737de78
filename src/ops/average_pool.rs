//! Mean over windows, or over a whole map.

use std::borrow::Cow;

use candle_core::{D, Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::operation::{Channels, Operation, Reads, without_weights};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};
use super::standardize::widened;
use super::window::{self, Window};

/// Average pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AveragePool {
    /// Over all positions, to 1 x 1.
    Global,
    /// Over a window.
    Windowed {
        /// The window.
        window: Window,
        /// Whether border positions count in the divisor.
        count_include_pad: bool,
    },
}

impl Operation for AveragePool {
    fn word(&self) -> Cow<'static, str> {
        match self {
            Self::Global => "average pool".into(),
            Self::Windowed { window, .. } => format!("average pool {}", window.word()).into(),
        }
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let [x] = inputs else { return Err("it takes one input".into()) };
        match self {
            Self::Global => Ok(Dims::maps(x.at(0), x.at(1), 1, 1)),
            Self::Windowed { window, .. } => window.over(x, x.at(1)),
        }
    }

    fn field(&self, inputs: &[Seen], _: &Dims) -> Field {
        match self {
            Self::Global => Seen::all(inputs),
            Self::Windowed { window, .. } => Seen::union(inputs).through(window),
        }
    }

    fn multiply_adds(&self, _: &[Dims], _: &Dims) -> u64 {
        0
    }

    fn channels(&self) -> Channels {
        Channels::Kept
    }

    without_weights!();

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x] = inputs else { candle_core::bail!("a pool takes one input") };
        let wide = widened(x)?;
        let mean = match self {
            Self::Global => wide.mean_keepdim(D::Minus1)?.mean_keepdim(D::Minus2)?,
            Self::Windowed { window, count_include_pad } => {
                let total = window_sum(&window::pad(&wide, window, 0.0)?, window, &wide)?;
                total.broadcast_div(&counted(&wide, window, *count_include_pad)?)?
            }
        };
        mean.to_dtype(x.dtype())
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Nothing
    }

    fn backward(&self, _: usize, g: &Tensor, run: &Record<'_>) -> Result<Tensor> {
        let dims = run.dims(0)?;
        match self {
            Self::Global => {
                let area = dims.sides().iter().product::<usize>() as f64;
                (g / area)?.broadcast_as(dims.as_slice())?.contiguous()
            }
            Self::Windowed { window, count_include_pad } => {
                let x = Tensor::zeros(dims.as_slice(), g.dtype(), g.device())?;
                let padded = window::pad(&x, window, 0.0)?;
                let share = g.broadcast_div(&counted(&x, window, *count_include_pad)?)?;
                window::adjoint(window, &padded, dims, |_, _| Ok(share.clone()))
            }
        }
    }
}

/// How many positions count in each window: what `ceil_mode` reads after the border never does.
fn counted(x: &Tensor, window: &Window, count_include_pad: bool) -> Result<Tensor> {
    let (_, _, h, w) = x.dims4()?;
    let counted = if count_include_pad {
        let [top, left, bottom, right] = window.pads;
        let ones = Tensor::ones((1, 1, h + top + bottom, w + left + right), x.dtype(), x.device())?;
        let rows = window::border(&ones, 2, 0, window::overhang(window, 0, x)?, 0.0)?;
        window::border(&rows, 3, 0, window::overhang(window, 1, x)?, 0.0)?
    } else {
        window::pad(&Tensor::ones((1, 1, h, w), x.dtype(), x.device())?, window, 0.0)?
    };
    window_sum(&counted, window, x)
}

fn window_sum(padded: &Tensor, window: &Window, x: &Tensor) -> Result<Tensor> {
    let mut at = padded.clone();
    for axis in [0, 1] {
        let mut total = window::tap(&at, window, axis, 0, x)?;
        for k in 1..window.kernel[axis] {
            total = (total + window::tap(&at, window, axis, k, x)?)?;
        }
        at = total;
    }
    Ok(at)
}

/// Over everything, and over windows with every way of counting.
pub fn samples(_: &mut Drawing) -> Result<Vec<Sample>> {
    let ceil = Window { ceil_mode: true, ..Window::square(3, 2, 1) };
    let odd = Window { kernel: [2, 3], stride: [1, 2], pads: [0, 1, 1, 0], ..ceil };
    let windows = [Window::square(2, 2, 0), Window::square(3, 2, 1), ceil, odd];
    let counts = [true, false].into_iter();
    let both = counts.flat_map(|count_include_pad| {
        windows.map(|window| AveragePool::Windowed { window, count_include_pad })
    });
    let all = std::iter::once(AveragePool::Global).chain(both);
    Ok(all.map(|pool| Sample::on(pool, 2, 4, 8, 7)).collect())
}
