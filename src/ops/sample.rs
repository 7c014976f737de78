//! Examples of operations, by which the tests of the room hold them to their word.

use candle_core::{Device, Result, Tensor};

use super::dims::Dims;
use super::operation::Op;
use crate::base::Random;

/// An operation with inputs that it takes.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The operation.
    pub op: Op,
    /// The extents of its inputs.
    pub inputs: Vec<Dims>,
    /// Whether they must be above 0.
    pub positive: bool,
}

impl Sample {
    /// On one map.
    pub fn on(op: impl Into<Op>, n: usize, c: usize, h: usize, w: usize) -> Self {
        Self { op: op.into(), inputs: vec![Dims::maps(n, c, h, w)], positive: false }
    }

    /// On one vector.
    pub fn on_vector(op: impl Into<Op>, n: usize, c: usize) -> Self {
        Self { op: op.into(), inputs: vec![Dims::vectors(n, c)], positive: false }
    }
}

/// Draws weights in float64, the same for the same seed.
pub struct Drawing(Random);

impl Drawing {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self(Random::new(seed))
    }

    /// Normal numbers.
    ///
    /// # Errors
    /// When the tensor cannot be made.
    pub fn normal(&mut self, dims: &[usize]) -> Result<Tensor> {
        let values: Vec<f64> = (0..dims.iter().product()).map(|_| self.0.normal()).collect();
        Tensor::from_vec(values, dims, &Device::Cpu)
    }

    /// Numbers from 0.5 to 1.5: variances, scales.
    ///
    /// # Errors
    /// As [`Drawing::normal`].
    pub fn positive(&mut self, dims: &[usize]) -> Result<Tensor> {
        let one = |_| 0.5 + self.0.below(1000) as f64 / 1000.0;
        let values: Vec<f64> = (0..dims.iter().product()).map(one).collect();
        Tensor::from_vec(values, dims, &Device::Cpu)
    }
}
