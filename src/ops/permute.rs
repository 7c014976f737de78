//! Axes in another order.

use std::borrow::Cow;

use candle_core::{Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::operation::{Channels, Operation, Reads, without_weights};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};

/// The same values with their axes in another order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permute {
    /// For each axis of the output that of the input; the pictures stay first.
    pub order: Vec<usize>,
}

impl Operation for Permute {
    fn word(&self) -> Cow<'static, str> {
        let order: Vec<String> = self.order.iter().map(usize::to_string).collect();
        format!("permute {}", order.join(" ")).into()
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let [x] = inputs else { return Err("it takes one input".into()) };
        let mut sorted = self.order.clone();
        sorted.sort_unstable();
        if self.order.first() != Some(&0) || sorted != (0..x.rank()).collect::<Vec<_>>() {
            return Err(Unfit(format!("its axes are no {:?}", self.order)));
        }
        let extents: Vec<usize> = self.order.iter().map(|axis| x.at(*axis)).collect();
        Dims::new(&extents).ok_or_else(|| "it has too many axes".into())
    }

    fn field(&self, inputs: &[Seen], out: &Dims) -> Field {
        // Rows and columns that are not the last axes any more, or for each other, are no places of the input's.
        let rank = out.rank();
        let stay = rank > 3 && self.order.ends_with(&[rank - 2, rank - 1]);
        if stay { Seen::union(inputs) } else { Field::ALL }
    }

    fn multiply_adds(&self, _: &[Dims], _: &Dims) -> u64 {
        0
    }

    fn channels(&self) -> Channels {
        if self.order.get(1) == Some(&1) { Channels::Kept } else { Channels::Moved }
    }

    without_weights!();

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x] = inputs else { candle_core::bail!("it takes one input") };
        x.permute(self.order.as_slice())?.contiguous()
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Nothing
    }

    fn backward(&self, _: usize, g: &Tensor, _: &Record<'_>) -> Result<Tensor> {
        let mut back = vec![0; self.order.len()];
        self.order.iter().enumerate().for_each(|(to, from)| back[*from] = to);
        g.permute(back)?.contiguous()
    }
}

/// Rows for columns.
pub fn samples(_: &mut Drawing) -> Result<Vec<Sample>> {
    Ok(vec![Sample::on(Permute { order: vec![0, 1, 3, 2] }, 2, 3, 4, 5)])
}
