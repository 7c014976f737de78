//! A ReLU whose slope below 0 is learned.

use std::borrow::Cow;

use candle_core::{Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::operation::{Channels, Draw, Op, Operation, Place, Reads, Weight};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};

/// `x` above 0, `slope x` below; the rules for ReLUs do not change it.
#[derive(Clone, Debug)]
pub struct PRelu {
    /// One number for each channel, or one for all.
    pub slope: Tensor,
}

impl PRelu {
    fn slopes(&self, like: &Tensor) -> Result<Tensor> {
        let mut dims = vec![1; like.rank()];
        if let Some(channels) = dims.get_mut(1) {
            *channels = self.slope.elem_count();
        }
        self.slope.reshape(dims)
    }
}

impl Operation for PRelu {
    fn word(&self) -> Cow<'static, str> {
        "prelu".into()
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let [x] = inputs else { return Err("it takes one input".into()) };
        match self.slope.elem_count() {
            1 => Ok(*x),
            slopes if slopes == x.at(1) => Ok(*x),
            slopes => Err(Unfit(format!("expected {slopes} channels"))),
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
        vec![Weight::trained("weight", &self.slope)]
    }

    fn redrawn(&self, _: Draw<'_>) -> Result<Option<Op>> {
        // What PyTorch starts from.
        Ok(Some(Self { slope: (self.slope.ones_like()? * 0.25)? }.into()))
    }

    fn prepare(&self, to: &Place) -> Result<Op> {
        Ok(Self { slope: to.load(&self.slope)? }.into())
    }

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x] = inputs else { candle_core::bail!("an activation takes one input") };
        let low = x.broadcast_mul(&self.slopes(x)?)?;
        x.gt(&x.zeros_like()?)?.where_cond(x, &low)
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Inputs
    }

    fn backward(&self, _: usize, g: &Tensor, run: &Record<'_>) -> Result<Tensor> {
        let x = run.input(0)?;
        let low = g.broadcast_mul(&self.slopes(x)?)?;
        x.gt(&x.zeros_like()?)?.where_cond(g, &low)
    }
}

/// With one slope and with one for each channel.
pub fn samples(drawing: &mut Drawing) -> Result<Vec<Sample>> {
    let one = PRelu { slope: drawing.positive(&[1])? };
    let each = PRelu { slope: drawing.positive(&[4])? };
    Ok(vec![Sample::on(one, 2, 4, 3, 5), Sample::on(each, 2, 4, 3, 5)])
}
