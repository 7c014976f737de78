//! Group norm, and instance norm, which has a group for each channel.

use std::borrow::Cow;

use candle_core::{Result, Tensor};

use super::affine::per_channel;
use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::normalize;
use super::operation::{Channels, Draw, Op, Operation, Place, Reads, Weight};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};

/// The values of each group of channels of each picture less their mean, divided by their deviation (Wu & He 2018).
#[derive(Clone, Debug)]
pub struct GroupNorm {
    /// How many groups.
    pub groups: usize,
    /// The factor of each channel.
    pub weight: Option<Tensor>,
    /// What is added to it.
    pub bias: Option<Tensor>,
    /// Added to the variance.
    pub eps: f64,
}

impl GroupNorm {
    fn rows(&self, x: &Tensor) -> Result<Tensor> {
        let rows = x.dim(0)? * self.groups;
        x.contiguous()?.reshape((rows, ()))
    }
}

impl Operation for GroupNorm {
    fn word(&self) -> Cow<'static, str> {
        format!("group norm g{}", self.groups).into()
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let [x] = inputs else { return Err("it takes one input".into()) };
        let fits = |w: &Option<Tensor>| w.as_ref().is_none_or(|w| w.elem_count() == x.at(1));
        if self.groups == 0 || !x.at(1).is_multiple_of(self.groups) {
            return Err(Unfit(format!("its channels are not {} equal groups", self.groups)));
        }
        if !(fits(&self.weight) && fits(&self.bias)) {
            return Err("its weights have another number of channels".into());
        }
        Ok(*x)
    }

    fn field(&self, _: &[Seen], _: &Dims) -> Field {
        Field::ALL
    }

    fn multiply_adds(&self, _: &[Dims], _: &Dims) -> u64 {
        0
    }

    fn channels(&self) -> Channels {
        Channels::Normalized
    }

    fn weights(&self) -> Vec<Weight<'_>> {
        let weight = self.weight.iter().map(|weight| Weight::trained("weight", weight));
        weight.chain(self.bias.iter().map(|bias| Weight::trained("bias", bias))).collect()
    }

    fn redrawn(&self, _: Draw<'_>) -> Result<Option<Op>> {
        let plain = self.weight.is_none() && self.bias.is_none();
        let of = Self { weight: None, bias: None, groups: self.groups, eps: self.eps };
        Ok((!plain).then(|| of.into()))
    }

    fn prepare(&self, to: &Place) -> Result<Op> {
        let weight = to.load_some(self.weight.as_ref())?;
        let bias = to.load_some(self.bias.as_ref())?;
        Ok(Self { weight, bias, ..self.clone() }.into())
    }

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x] = inputs else { candle_core::bail!("a norm takes one input") };
        let mut y = normalize::forward(&self.rows(x)?, self.eps)?.reshape(x.dims())?;
        if let Some(weight) = &self.weight {
            y = y.broadcast_mul(&per_channel(weight, x.rank())?)?;
        }
        if let Some(bias) = &self.bias {
            y = y.broadcast_add(&per_channel(bias, x.rank())?)?;
        }
        Ok(y)
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Inputs
    }

    fn backward(&self, _: usize, g: &Tensor, run: &Record<'_>) -> Result<Tensor> {
        let x = run.input(0)?;
        let g = match &self.weight {
            Some(weight) => g.broadcast_mul(&per_channel(weight, x.rank())?)?,
            None => g.clone(),
        };
        normalize::backward(&self.rows(&g)?, &self.rows(x)?, self.eps)?.reshape(x.dims())
    }
}

/// Groups of several channels and of one, with and without weights.
pub fn samples(drawing: &mut Drawing) -> Result<Vec<Sample>> {
    let eps = 1e-3;
    let with = GroupNorm {
        groups: 2,
        weight: Some(drawing.normal(&[4])?),
        bias: Some(drawing.normal(&[4])?),
        eps,
    };
    let instance = GroupNorm { groups: 4, weight: None, bias: None, eps };
    Ok(vec![Sample::on(with, 2, 4, 3, 5), Sample::on(instance, 2, 4, 3, 5)])
}
