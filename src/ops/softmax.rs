//! Shares that sum to 1.

use std::borrow::Cow;

use candle_core::{Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::operation::{Channels, Operation, Reads, without_weights};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};

/// `exp(x) / sum exp(x)` along an axis, or its logarithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Softmax {
    /// The axis.
    pub axis: usize,
    /// Whether it is the logarithm.
    pub log: bool,
}

impl Operation for Softmax {
    fn word(&self) -> Cow<'static, str> {
        let word = if self.log { "log softmax" } else { "softmax" };
        if self.axis == 1 { word.into() } else { format!("{word} axis {}", self.axis).into() }
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let [x] = inputs else { return Err("it takes one input".into()) };
        if self.axis >= x.rank() { Err("it has no such axis".into()) } else { Ok(*x) }
    }

    fn field(&self, inputs: &[Seen], _: &Dims) -> Field {
        if self.axis > 1 { Field::ALL } else { Seen::union(inputs) }
    }

    fn multiply_adds(&self, _: &[Dims], _: &Dims) -> u64 {
        0
    }

    fn channels(&self) -> Channels {
        if self.axis > 1 { Channels::Kept } else { Channels::Mixed }
    }

    without_weights!();

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x] = inputs else { candle_core::bail!("a softmax takes one input") };
        if self.log {
            candle_nn::ops::log_softmax(x, self.axis)
        } else {
            candle_nn::ops::softmax(x, self.axis)
        }
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Output
    }

    fn backward(&self, _: usize, g: &Tensor, run: &Record<'_>) -> Result<Tensor> {
        let y = run.output()?;
        if self.log {
            return g - y.exp()?.broadcast_mul(&g.sum_keepdim(self.axis)?)?;
        }
        let along = (g * y)?.sum_keepdim(self.axis)?;
        y * g.broadcast_sub(&along)?
    }
}

/// Over channels and over columns.
pub fn samples(_: &mut Drawing) -> Result<Vec<Sample>> {
    let of = |axis, log| Softmax { axis, log };
    Ok(vec![
        Sample::on(of(1, false), 2, 4, 3, 5),
        Sample::on(of(3, false), 2, 4, 3, 5),
        Sample::on(of(1, true), 2, 4, 3, 5),
        Sample::on_vector(of(1, false), 2, 6),
    ])
}
