//! One number of all along some axes.

use std::borrow::Cow;

use candle_core::{Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::operation::{Channels, Operation, Reads, without_weights};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};
use super::standardize::widened;

/// One number of all values along some axes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reduce {
    /// Which number.
    pub kind: Reduction,
    /// The axes, in rising order, not that of the pictures.
    pub axes: Vec<usize>,
    /// Whether they stay, with extent 1.
    pub keep: bool,
}

/// A number of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// Their mean.
    Mean,
    /// Their sum.
    Sum,
    /// The largest.
    Max,
    /// The root of the sum of their squares.
    L2,
}

impl Reduce {
    /// With extent 1 where there was more.
    fn kept(&self, x: &Tensor) -> Result<Tensor> {
        let axes = self.axes.as_slice();
        let wide = widened(x)?;
        let found = match self.kind {
            Reduction::Mean => wide.mean_keepdim(axes)?,
            Reduction::Sum => wide.sum_keepdim(axes)?,
            Reduction::Max => {
                let mut at = wide;
                for axis in axes {
                    at = at.max_keepdim(*axis)?;
                }
                at
            }
            Reduction::L2 => wide.sqr()?.sum_keepdim(axes)?.sqrt()?,
        };
        found.to_dtype(x.dtype())
    }

    fn kept_dims(&self, x: &Dims) -> Dims {
        self.axes.iter().fold(*x, |dims, axis| dims.with(*axis, 1))
    }
}

impl Operation for Reduce {
    fn word(&self) -> Cow<'static, str> {
        let word = match self.kind {
            Reduction::Mean => "mean",
            Reduction::Sum => "sum",
            Reduction::Max => "max",
            Reduction::L2 => "l2 norm",
        };
        let axes: Vec<String> = self.axes.iter().map(usize::to_string).collect();
        format!("{word} of axis {}", axes.join(", ")).into()
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let [x] = inputs else { return Err("it takes one input".into()) };
        if self.axes.iter().any(|axis| *axis == 0 || *axis >= x.rank()) {
            return Err("it has no such axis".into());
        }
        if self.keep {
            return Ok(self.kept_dims(x));
        }
        let left = x.as_slice().iter().enumerate().filter(|(axis, _)| !self.axes.contains(axis));
        let left: Vec<usize> = left.map(|(_, extent)| *extent).collect();
        Dims::new(&left).ok_or_else(|| "it has too many axes".into())
    }

    fn field(&self, inputs: &[Seen], _: &Dims) -> Field {
        let Some(input) = inputs.first() else { return Field::NOTHING };
        let sides = input.dims.sides();
        let along = |axis: usize| if self.axes.contains(&axis) { sides[axis - 2] } else { 1 };
        if input.dims.rank() != 4 { Field::ALL } else { input.field.over_all([along(2), along(3)]) }
    }

    fn multiply_adds(&self, _: &[Dims], _: &Dims) -> u64 {
        0
    }

    fn channels(&self) -> Channels {
        match self.axes.first() {
            Some(1) => Channels::Moved,
            _ => Channels::Kept,
        }
    }

    without_weights!();

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x] = inputs else { candle_core::bail!("it takes one input") };
        let kept = self.kept(x)?;
        if self.keep {
            return Ok(kept);
        }
        let left = kept.dims().iter().enumerate().filter(|(axis, _)| !self.axes.contains(axis));
        kept.reshape(left.map(|(_, extent)| *extent).collect::<Vec<_>>())
    }

    fn reads(&self, _: ReluRule) -> Reads {
        match self.kind {
            Reduction::Mean | Reduction::Sum => Reads::Nothing,
            Reduction::Max | Reduction::L2 => Reads::Inputs,
        }
    }

    fn backward(&self, _: usize, g: &Tensor, run: &Record<'_>) -> Result<Tensor> {
        let dims = run.dims(0)?;
        let g = g.reshape(self.kept_dims(dims).as_slice())?;
        match self.kind {
            Reduction::Sum => g.broadcast_as(dims.as_slice())?.contiguous(),
            Reduction::Mean => {
                let count: usize = self.axes.iter().map(|axis| dims.at(*axis)).product();
                (g / count as f64)?.broadcast_as(dims.as_slice())?.contiguous()
            }
            Reduction::Max => {
                // PyTorch's amax: equal values share it.
                let x = run.input(0)?;
                let hit = x.broadcast_eq(&self.kept(x)?)?.to_dtype(g.dtype())?;
                let count = hit.sum_keepdim(self.axes.as_slice())?;
                hit.broadcast_mul(&(g / count)?)
            }
            Reduction::L2 => {
                let x = run.input(0)?;
                let norm = self.kept(x)?;
                // Nothing has no direction.
                let least = norm.eq(&norm.zeros_like()?)?.to_dtype(norm.dtype())?;
                x.broadcast_mul(&(g / (norm + least)?)?)
            }
        }
    }
}

/// Every kind, over positions, over channels, over one axis.
pub fn samples(_: &mut Drawing) -> Result<Vec<Sample>> {
    let kinds = [Reduction::Mean, Reduction::Sum, Reduction::Max, Reduction::L2];
    let of = |kind, axes: &[usize], keep| Reduce { kind, axes: axes.to_vec(), keep };
    let mut samples = Vec::new();
    for kind in kinds {
        samples.push(Sample::on(of(kind, &[2, 3], true), 2, 4, 3, 5));
        samples.push(Sample::on(of(kind, &[2, 3], false), 2, 4, 3, 5));
        samples.push(Sample::on(of(kind, &[1], true), 2, 4, 3, 5));
        samples.push(Sample::on(of(kind, &[3], true), 2, 4, 3, 5));
    }
    Ok(samples)
}
