//! Channels in another order: one of each group in turn.

use std::borrow::Cow;

use candle_core::{Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::operation::{Channels, Operation, Reads, without_weights};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};

/// The first channel of every group, then the second of every one (ShuffleNet, Zhang et al. 2018).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shuffle {
    /// How many groups.
    pub groups: usize,
}

/// `groups` rows of channels read column by column.
fn shuffled(x: &Tensor, groups: usize) -> Result<Tensor> {
    let dims = x.dims();
    let inner: usize = dims.iter().skip(2).product();
    let each = dims[1] / groups.max(1);
    let turned = x.contiguous()?.reshape((dims[0], groups, each, inner))?.transpose(1, 2)?;
    turned.contiguous()?.reshape(dims)
}

impl Operation for Shuffle {
    fn word(&self) -> Cow<'static, str> {
        format!("channel shuffle g{}", self.groups).into()
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let [x] = inputs else { return Err("it takes one input".into()) };
        if self.groups == 0 || !x.at(1).is_multiple_of(self.groups) {
            return Err(Unfit(format!("its channels are not {} equal groups", self.groups)));
        }
        Ok(*x)
    }

    fn field(&self, inputs: &[Seen], _: &Dims) -> Field {
        Seen::union(inputs)
    }

    fn multiply_adds(&self, _: &[Dims], _: &Dims) -> u64 {
        0
    }

    fn channels(&self) -> Channels {
        Channels::Shuffled { groups: self.groups }
    }

    without_weights!();

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x] = inputs else { candle_core::bail!("it takes one input") };
        shuffled(x, self.groups)
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Nothing
    }

    fn backward(&self, _: usize, g: &Tensor, _: &Record<'_>) -> Result<Tensor> {
        shuffled(g, g.dim(1)? / self.groups.max(1))
    }
}

/// Of two groups and of three.
pub fn samples(_: &mut Drawing) -> Result<Vec<Sample>> {
    let of = |groups| Sample::on(Shuffle { groups }, 2, 6, 3, 2);
    Ok(vec![of(2), of(3)])
}
