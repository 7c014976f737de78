//! Maps as one vector.

use std::borrow::Cow;

use candle_core::{Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::operation::{Channels, Operation, Reads, without_weights};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};

/// `[N, C, H, W]` to `[N, C H W]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flatten;

impl Operation for Flatten {
    fn word(&self) -> Cow<'static, str> {
        "flatten".into()
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let [x] = inputs else { return Err("it takes one input".into()) };
        Ok(Dims::vectors(x.at(0), x.as_slice().iter().skip(1).product()))
    }

    fn field(&self, inputs: &[Seen], _: &Dims) -> Field {
        Seen::all(inputs)
    }

    fn multiply_adds(&self, _: &[Dims], _: &Dims) -> u64 {
        0
    }

    fn channels(&self) -> Channels {
        Channels::Moved
    }

    without_weights!();

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x] = inputs else { candle_core::bail!("it takes one input") };
        x.flatten_from(1)
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Nothing
    }

    fn backward(&self, _: usize, g: &Tensor, run: &Record<'_>) -> Result<Tensor> {
        g.reshape(run.dims(0)?.as_slice())
    }
}

/// Of maps.
pub fn samples(_: &mut Drawing) -> Result<Vec<Sample>> {
    Ok(vec![Sample::on(Flatten, 2, 4, 3, 5)])
}
