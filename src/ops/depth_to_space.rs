//! Channels as positions, and positions as channels.

use std::borrow::Cow;

use candle_core::{Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Resampled, Seen};
use super::operation::{Channels, Operation, Reads, without_weights};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};

/// Blocks of positions out of channels (pixel shuffle, Shi et al. 2016), or channels out of blocks of positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepthToSpace {
    /// Rows and columns of a block.
    pub block: usize,
    /// Whether the block's place stands before the channel (ONNX's DCR) instead of after it (PyTorch, ONNX's CRD).
    pub place_first: bool,
    /// Whether positions become channels.
    pub back: bool,
}

impl DepthToSpace {
    fn spread(self, x: &Tensor) -> Result<Tensor> {
        let (n, c, h, w) = x.dims4()?;
        let (b, c) = (self.block, c / (self.block * self.block).max(1));
        let (split, order) = match self.place_first {
            true => ([n, b, b, c, h, w], [0, 3, 4, 1, 5, 2]),
            false => ([n, c, b, b, h, w], [0, 1, 4, 2, 5, 3]),
        };
        let turned = x.contiguous()?.reshape(split.as_slice())?.permute(order.as_slice())?;
        turned.contiguous()?.reshape((n, c, h * b, w * b))
    }

    fn gathered(self, x: &Tensor) -> Result<Tensor> {
        let (n, c, h, w) = x.dims4()?;
        let b = self.block;
        let order = match self.place_first {
            true => [0, 3, 5, 1, 2, 4],
            false => [0, 1, 3, 5, 2, 4],
        };
        let split = x.contiguous()?.reshape([n, c, h / b, b, w / b, b].as_slice())?;
        split.permute(order.as_slice())?.contiguous()?.reshape((n, c * b * b, h / b, w / b))
    }
}

impl Operation for DepthToSpace {
    fn word(&self) -> Cow<'static, str> {
        let word = if self.back { "space to depth" } else { "depth to space" };
        format!("{word} {}", self.block).into()
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let [x] = inputs else { return Err("it takes one input".into()) };
        let (b, [h, w]) = (self.block.max(1), x.sides());
        match (x.rank(), self.back) {
            (4, true) if h.is_multiple_of(b) && w.is_multiple_of(b) => {
                Ok(Dims::maps(x.at(0), x.at(1) * b * b, h / b, w / b))
            }
            (4, false) if x.at(1).is_multiple_of(b * b) => {
                Ok(Dims::maps(x.at(0), x.at(1) / (b * b), h * b, w * b))
            }
            _ => Err(Unfit(format!("it does not divide into blocks of {b}x{b}"))),
        }
    }

    fn field(&self, inputs: &[Seen], _: &Dims) -> Field {
        let block = self.block as f64;
        let by = match self.back {
            true => {
                let reach = (block - 1.0) / 2.0;
                Resampled { first: reach, step: block, reach }
            }
            // Position `i` is in the block of position `floor(i / block)`.
            false => {
                let reach = (block - 1.0) / block / 2.0;
                Resampled { first: -reach, step: 1.0 / block, reach }
            }
        };
        Seen::union(inputs).resampled([by; 2])
    }

    fn multiply_adds(&self, _: &[Dims], _: &Dims) -> u64 {
        0
    }

    fn channels(&self) -> Channels {
        Channels::Moved
    }

    without_weights!();

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x] = inputs else { candle_core::bail!("it takes one input") };
        if self.back { self.gathered(x) } else { self.spread(x) }
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Nothing
    }

    fn backward(&self, _: usize, g: &Tensor, _: &Record<'_>) -> Result<Tensor> {
        if self.back { self.spread(g) } else { self.gathered(g) }
    }
}

/// Both ways, in both orders.
pub fn samples(_: &mut Drawing) -> Result<Vec<Sample>> {
    let of = |place_first, back| DepthToSpace { block: 2, place_first, back };
    let mut samples = Vec::new();
    for place_first in [false, true] {
        samples.push(Sample::on(of(place_first, false), 2, 8, 3, 2));
        samples.push(Sample::on(of(place_first, true), 2, 2, 4, 6));
    }
    Ok(samples)
}
