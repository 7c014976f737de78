//! A scale and a shift for each channel: what a batch norm is when it runs.

use std::borrow::Cow;

use candle_core::{Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::operation::{Channels, Draw, Op, Operation, Place, Reads, Weight};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};

/// `x * scale + shift`, both `[C]`.
#[derive(Clone, Debug)]
pub struct Affine {
    /// The factor of each channel.
    pub scale: Tensor,
    /// What is added to it.
    pub shift: Tensor,
}

impl Operation for Affine {
    fn word(&self) -> Cow<'static, str> {
        "scale".into()
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        of_channels(inputs, &self.scale)
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
        vec![Weight::trained("weight", &self.scale), Weight::trained("bias", &self.shift)]
    }

    fn redrawn(&self, _: Draw<'_>) -> Result<Option<Op>> {
        let (scale, shift) = (self.scale.ones_like()?, self.shift.zeros_like()?);
        Ok(Some(Self { scale, shift }.into()))
    }

    fn prepare(&self, to: &Place) -> Result<Op> {
        Ok(Self { scale: to.load(&self.scale)?, shift: to.load(&self.shift)? }.into())
    }

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x] = inputs else { candle_core::bail!("a scale takes one input") };
        let [scale, shift] = [&self.scale, &self.shift].map(|values| per_channel(values, x.rank()));
        x.broadcast_mul(&scale?)?.broadcast_add(&shift?)
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Nothing
    }

    fn backward(&self, _: usize, g: &Tensor, _: &Record<'_>) -> Result<Tensor> {
        g.broadcast_mul(&per_channel(&self.scale, g.rank())?)
    }
}

/// The extents of an input that has a channel for each of the values, which stay.
pub fn of_channels(inputs: &[Dims], values: &Tensor) -> std::result::Result<Dims, Unfit> {
    let [x] = inputs else { return Err("it takes one input".into()) };
    match values.elem_count() {
        channels if channels == x.at(1) => Ok(*x),
        channels => Err(Unfit(format!("expected {channels} channels"))),
    }
}

/// A value for each channel, `[C]`, to be broadcast over a tensor of some rank with its channels at axis 1.
pub fn per_channel(values: &Tensor, rank: usize) -> Result<Tensor> {
    let mut dims = vec![1; rank];
    if let Some(channels) = dims.get_mut(1) {
        *channels = values.elem_count();
    }
    values.reshape(dims)
}

/// On maps and on vectors.
pub fn samples(drawing: &mut Drawing) -> Result<Vec<Sample>> {
    let affine = Affine { scale: drawing.normal(&[4])?, shift: drawing.normal(&[4])? };
    Ok(vec![Sample::on(affine.clone(), 2, 4, 3, 5), Sample::on_vector(affine, 2, 4)])
}
