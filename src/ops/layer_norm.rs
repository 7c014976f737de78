//! Layer norm.

use std::borrow::Cow;

use candle_core::{Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::normalize;
use super::operation::{Channels, Draw, Op, Operation, Place, Reads, Weight};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};

/// Each picture's values less their mean, divided by their deviation, over some axes (Ba, Kiros & Hinton 2016).
#[derive(Clone, Debug)]
pub struct LayerNorm {
    /// Over what.
    pub over: Over,
    /// The factor of each value.
    pub weight: Option<Tensor>,
    /// What is added to it.
    pub bias: Option<Tensor>,
    /// Added to the variance.
    pub eps: f64,
}

/// The axes of a norm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Over {
    /// The channels of each position, `[C]`.
    Channels,
    /// The last axes, of these extents.
    Last(Vec<usize>),
}

impl LayerNorm {
    /// One row for each mean.
    fn rows(&self, x: &Tensor) -> Result<Tensor> {
        match &self.over {
            Over::Channels => channels_last(x)?.flatten_to(x.rank() - 2),
            Over::Last(extents) => {
                let count: usize = extents.iter().product();
                x.contiguous()?.reshape(((), count))
            }
        }
    }

    /// The rows as the value that they were.
    fn values(&self, rows: &Tensor, dims: &[usize]) -> Result<Tensor> {
        match (&self.over, dims) {
            (Over::Channels, [n, c, rest @ ..]) => {
                let shape: Vec<usize> =
                    [*n].into_iter().chain(rest.iter().copied()).chain([*c]).collect();
                channels_second(&rows.reshape(shape)?)
            }
            _ => rows.reshape(dims),
        }
    }

    fn flat(weight: Option<&Tensor>) -> Result<Option<Tensor>> {
        weight.map(Tensor::flatten_all).transpose()
    }
}

/// `[N, C, ...]` to `[N, ..., C]`.
fn channels_last(x: &Tensor) -> Result<Tensor> {
    let order: Vec<usize> = [0].into_iter().chain(2..x.rank()).chain([1]).collect();
    x.permute(order)?.contiguous()
}

/// `[N, ..., C]` to `[N, C, ...]`.
fn channels_second(x: &Tensor) -> Result<Tensor> {
    let last = x.rank() - 1;
    let order: Vec<usize> = [0, last].into_iter().chain(1..last).collect();
    x.permute(order)?.contiguous()
}

impl Operation for LayerNorm {
    fn word(&self) -> Cow<'static, str> {
        match &self.over {
            Over::Channels => "layer norm over channels".into(),
            Over::Last(_) => "layer norm".into(),
        }
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let [x] = inputs else { return Err("it takes one input".into()) };
        let count = match &self.over {
            Over::Channels if x.rank() > 1 => x.at(1),
            Over::Last(extents) if x.rank() > extents.len() && x.as_slice().ends_with(extents) => {
                extents.iter().product()
            }
            Over::Channels => return Err("it has no channels".into()),
            Over::Last(extents) => {
                return Err(Unfit(format!("expected {extents:?} at the end; its size is fixed")));
            }
        };
        let fits =
            |weight: &Option<Tensor>| weight.as_ref().is_none_or(|w| w.elem_count() == count);
        if !(fits(&self.weight) && fits(&self.bias)) {
            return Err(Unfit(format!("its weights are not of {count} values")));
        }
        Ok(*x)
    }

    fn field(&self, inputs: &[Seen], out: &Dims) -> Field {
        match &self.over {
            Over::Channels => Seen::union(inputs),
            // The last axis of maps that are no `[N, C, H, W]` is that of the channels: what was seen before holds.
            Over::Last(extents) if extents.len() == 1 && out.rank() != 4 => Seen::union(inputs),
            Over::Last(_) => Field::ALL,
        }
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
        let of = Self { weight: None, bias: None, over: self.over.clone(), eps: self.eps };
        Ok((!plain).then(|| of.into()))
    }

    fn prepare(&self, to: &Place) -> Result<Op> {
        let weight = to.load_some(self.weight.as_ref())?;
        let bias = to.load_some(self.bias.as_ref())?;
        Ok(Self { weight, bias, ..self.clone() }.into())
    }

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x] = inputs else { candle_core::bail!("a norm takes one input") };
        let mut rows = normalize::forward(&self.rows(x)?, self.eps)?;
        if let Some(weight) = Self::flat(self.weight.as_ref())? {
            rows = rows.broadcast_mul(&weight)?;
        }
        if let Some(bias) = Self::flat(self.bias.as_ref())? {
            rows = rows.broadcast_add(&bias)?;
        }
        self.values(&rows, x.dims())
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Inputs
    }

    fn backward(&self, _: usize, g: &Tensor, run: &Record<'_>) -> Result<Tensor> {
        let x = run.input(0)?;
        let mut g = self.rows(g)?;
        if let Some(weight) = Self::flat(self.weight.as_ref())? {
            g = g.broadcast_mul(&weight)?;
        }
        self.values(&normalize::backward(&g, &self.rows(x)?, self.eps)?, x.dims())
    }
}

/// Over channels and over the last axes, with and without weights.
pub fn samples(drawing: &mut Drawing) -> Result<Vec<Sample>> {
    let eps = 1e-3;
    let channels = LayerNorm {
        over: Over::Channels,
        weight: Some(drawing.normal(&[4])?),
        bias: Some(drawing.normal(&[4])?),
        eps,
    };
    let last = LayerNorm {
        over: Over::Last(vec![4, 3, 5]),
        weight: Some(drawing.normal(&[4, 3, 5])?),
        bias: None,
        eps,
    };
    let vector = LayerNorm { over: Over::Last(vec![6]), weight: None, bias: None, eps };
    Ok(vec![
        Sample::on(channels, 2, 4, 3, 5),
        Sample::on(last, 2, 4, 3, 5),
        Sample::on_vector(vector, 2, 6),
    ])
}
