//! Functions of two values at the same place.

use std::borrow::Cow;

use candle_core::{Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::operation::{Channels, Draw, Op, Operation, Place, Reads, Weight};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};

/// A function of two values of the same extents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// The sum.
    Add,
}

impl Operation for Binary {
    fn word(&self) -> Cow<'static, str> {
        match self {
            Self::Add => "add".into(),
        }
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        match inputs {
            [a, b] if a == b => Ok(*a),
            _ => Err("both sides of a sum must agree".into()),
        }
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
        let [a, b] = inputs else { candle_core::bail!("it takes two inputs") };
        match self {
            Self::Add => a + b,
        }
    }

    fn reads(&self, _: ReluRule) -> Reads {
        match self {
            Self::Add => Reads::Nothing,
        }
    }

    fn backward(&self, _: usize, g: &Tensor, _: &Record<'_>) -> Result<Tensor> {
        match self {
            Self::Add => Ok(g.clone()),
        }
    }
}

/// Every kind, on maps and on vectors.
pub fn samples(_: &mut Drawing) -> Result<Vec<Sample>> {
    let on = |dims| Sample { op: Binary::Add.into(), inputs: vec![dims; 2] };
    Ok(vec![on(Dims::maps(2, 4, 3, 5)), on(Dims::vectors(2, 6))])
}
