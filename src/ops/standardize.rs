//! A batch norm that takes its statistics from the picture itself.

use std::borrow::Cow;

use candle_core::{DType, Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::operation::{Channels, Operation, Reads, without_weights};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};

/// Each channel of each picture less its mean, divided by its deviation: a batch norm whose statistics
/// are those of the picture itself. In gradients both count as constants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standardize {
    /// Added to the variance.
    pub eps: f64,
}

impl Operation for Standardize {
    fn word(&self) -> Cow<'static, str> {
        "standardize".into()
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let [x] = inputs else { return Err("it takes one input".into()) };
        Ok(*x)
    }

    fn field(&self, inputs: &[Seen], _: &Dims) -> Field {
        // The statistics see everything; as constants they are no part of what a unit answers to.
        Seen::union(inputs)
    }

    fn multiply_adds(&self, _: &[Dims], _: &Dims) -> u64 {
        0
    }

    fn channels(&self) -> Channels {
        Channels::Kept
    }

    without_weights!();

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x] = inputs else { candle_core::bail!("a norm takes one input") };
        let (mean, deviation) = moments(x, self.eps)?;
        x.broadcast_sub(&mean)?.broadcast_div(&deviation)
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Inputs
    }

    fn backward(&self, _: usize, g: &Tensor, run: &Record<'_>) -> Result<Tensor> {
        g.broadcast_div(&moments(run.input(0)?, self.eps)?.1)
    }
}

/// The mean of each channel of each picture, and `sqrt(variance + eps)`: `[N, C, 1, 1]`.
fn moments(x: &Tensor, eps: f64) -> Result<(Tensor, Tensor)> {
    let wide = widened(x)?;
    let over: Vec<usize> = (2..x.rank()).collect();
    let mean = wide.mean_keepdim(over.as_slice())?;
    let variance = wide.broadcast_sub(&mean)?.sqr()?.mean_keepdim(over.as_slice())?;
    Ok((mean.to_dtype(x.dtype())?, (variance + eps)?.sqrt()?.to_dtype(x.dtype())?))
}

/// Half precision in float32; anything else as it is.
pub fn widened(x: &Tensor) -> Result<Tensor> {
    if x.dtype().size_in_bytes() < 4 { x.to_dtype(DType::F32) } else { Ok(x.clone()) }
}

/// On maps.
pub fn samples(_: &mut Drawing) -> Result<Vec<Sample>> {
    Ok(vec![Sample::on(Standardize { eps: 1e-3 }, 2, 4, 3, 5)])
}
