//! Functions of one value: a kind each.

use std::borrow::Cow;

use candle_core::{Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::operation::{Channels, Draw, Op, Operation, Place, Reads, Weight};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};

/// A function of each value by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// `max(x, 0)`.
    Relu,
}

impl Operation for Activation {
    fn word(&self) -> Cow<'static, str> {
        match self {
            Self::Relu => "relu".into(),
        }
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let [x] = inputs else { return Err("it takes one input".into()) };
        Ok(*x)
    }

    fn field(&self, inputs: &[Seen], _: &Dims) -> Field {
        Seen::union(inputs)
    }

    fn multiply_adds(&self, _: &[Dims], _: &Dims) -> u64 {
        0
    }

    fn channels(&self) -> Channels {
        Channels::Kept
    }

    fn weights(&self) -> Vec<Weight<'_>> {
        Vec::new()
    }

    fn redrawn(&self, _: Draw<'_>) -> Result<Option<Op>> {
        Ok(None)
    }

    fn prepare(&self, _: &Place) -> Result<Op> {
        Ok((*self).into())
    }

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x] = inputs else { candle_core::bail!("an activation takes one input") };
        match self {
            // `relu` would turn NaN into 0; with the input first, `maximum` keeps it.
            Self::Relu => x.broadcast_maximum(&zero(x)?),
        }
    }

    fn reads(&self, rule: ReluRule) -> Reads {
        match (self, rule) {
            (Self::Relu, ReluRule::Deconvnet) => Reads::Nothing,
            // The output is above 0 where the input is.
            (Self::Relu, ReluRule::Plain | ReluRule::Guided) => Reads::Output,
        }
    }

    fn backward(&self, _: usize, g: &Tensor, run: &Record<'_>) -> Result<Tensor> {
        match self {
            Self::Relu => {
                let zero = zero(g)?.broadcast_as(g.shape())?;
                let above = |t: &Tensor, g: &Tensor| t.gt(&zero)?.where_cond(g, &zero);
                match run.rule {
                    ReluRule::Deconvnet => above(g, g),
                    ReluRule::Plain => above(run.output()?, g),
                    ReluRule::Guided => above(g, &above(run.output()?, g)?),
                }
            }
        }
    }
}

/// A zero to be broadcast.
fn zero(like: &Tensor) -> Result<Tensor> {
    Tensor::zeros(vec![1; like.rank()], like.dtype(), like.device())
}

/// Every kind, on maps and on vectors.
pub fn samples(_: &mut Drawing) -> Result<Vec<Sample>> {
    let both = |kind: Activation| [Sample::on(kind, 2, 4, 3, 5), Sample::on_vector(kind, 2, 6)];
    Ok([Activation::Relu].into_iter().flat_map(both).collect())
}
