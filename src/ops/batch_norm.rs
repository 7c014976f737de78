//! Batch norm with its running statistics.

use std::borrow::Cow;

use candle_core::{DType, Result, Tensor};

use super::affine::{Affine, of_channels};
use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::operation::{Channels, Draw, Op, Operation, Place, Reads, Weight};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};
use super::standardize::Standardize;

/// Batch norm in eval mode; every tensor is `[C]`.
#[derive(Clone, Debug)]
pub struct BatchNorm {
    /// Scale.
    pub weight: Tensor,
    /// Shift.
    pub bias: Tensor,
    /// Running mean.
    pub mean: Tensor,
    /// Running variance.
    pub variance: Tensor,
    /// Added to the variance.
    pub eps: f64,
}

impl BatchNorm {
    /// `w (x - mean) / sqrt(var + eps) + b` as scale and shift, in float64.
    ///
    /// # Errors
    /// When a tensor cannot be read.
    pub fn folded(&self) -> Result<Affine> {
        let wide = |t: &Tensor| t.to_dtype(DType::F64);
        let deviation = (wide(&self.variance)? + self.eps)?.sqrt()?;
        let scale = (wide(&self.weight)? / deviation)?;
        let shift = (wide(&self.bias)? - (wide(&self.mean)? * &scale)?)?;
        Ok(Affine { scale, shift })
    }

    /// As it runs where a tensor is.
    fn on(&self, like: &Tensor) -> Result<Op> {
        self.prepare(&Place { dtype: like.dtype(), device: like.device().clone() })
    }
}

impl Operation for BatchNorm {
    fn word(&self) -> Cow<'static, str> {
        "batch norm".into()
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        of_channels(inputs, &self.weight)
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
        vec![
            Weight::trained("weight", &self.weight),
            Weight::trained("bias", &self.bias),
            Weight::counted("running_mean", &self.mean),
            Weight::counted("running_var", &self.variance),
        ]
    }

    fn redrawn(&self, _: Draw<'_>) -> Result<Option<Op>> {
        Ok(Some(Standardize { eps: self.eps }.into()))
    }

    fn prepare(&self, to: &Place) -> Result<Op> {
        self.folded()?.prepare(to)
    }

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x] = inputs else { candle_core::bail!("a norm takes one input") };
        self.on(x)?.forward(inputs)
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Nothing
    }

    fn backward(&self, which: usize, g: &Tensor, run: &Record<'_>) -> Result<Tensor> {
        self.on(g)?.backward(which, g, run)
    }
}

/// On maps and on vectors.
pub fn samples(drawing: &mut Drawing) -> Result<Vec<Sample>> {
    let norm = BatchNorm {
        weight: drawing.normal(&[4])?,
        bias: drawing.normal(&[4])?,
        mean: drawing.normal(&[4])?,
        variance: drawing.positive(&[4])?,
        eps: 1e-3,
    };
    Ok(vec![Sample::on(norm.clone(), 2, 4, 3, 5), Sample::on_vector(norm, 2, 4)])
}
