//! Statistics of a layer: every channel and all of them together.

use crate::base::{LayerId, SortOrder};
use crate::engine::{Capture, ChannelStatistics, EngineError};

/// The statistics of one layer over all inputs seen.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerStatistics {
    /// One for each channel.
    pub channels: Vec<ChannelStatistics>,
    /// Of all values of the layer.
    pub total: ChannelStatistics,
}

impl LayerStatistics {
    /// The statistics of a layer in a capture.
    ///
    /// # Errors
    /// When the capture has no such layer.
    pub fn of(capture: &dyn Capture, layer: LayerId) -> Result<Self, EngineError> {
        Ok(Self::from_channels(capture.statistics(layer)?))
    }

    fn from_channels(channels: Vec<ChannelStatistics>) -> Self {
        let merged = channels.iter().copied().reduce(|a, b| a.merge(&b));
        let total = merged.unwrap_or_else(|| ChannelStatistics::of(&[]));
        Self { channels, total }
    }

    /// The statistics of both inputs together; layers of different networks do not mix.
    pub fn merge(&self, other: &Self) -> Self {
        let pairs = self.channels.iter().zip(&other.channels);
        Self::from_channels(pairs.map(|(a, b)| a.merge(b)).collect())
    }

    /// Whether a channel never fires. Only where no value of the layer is below 0, as after a
    /// ReLU: elsewhere a channel of negative values is as alive as any.
    pub fn is_dead(&self, channel: usize) -> bool {
        !self.is_signed() && self.channels.get(channel).is_some_and(|c| c.is_dead())
    }

    /// How many channels never fire.
    pub fn dead(&self) -> usize {
        (0..self.channels.len()).filter(|c| self.is_dead(*c)).count()
    }

    /// Whether values below 0 occur, so that colors should diverge from 0.
    pub fn is_signed(&self) -> bool {
        self.total.min < 0.0
    }

    /// The channels in the wanted order; equal ones by index. `norms` are those of the kernels that make
    /// the channels; without them [`SortOrder::Norm`] is the network's order.
    pub fn order(&self, by: SortOrder, weights: Option<&[f32]>) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.channels.len()).collect();
        let of = |i: &usize| &self.channels[*i];
        match by {
            SortOrder::Index => {}
            SortOrder::Mean => order.sort_by(|a, b| of(b).mean.total_cmp(&of(a).mean)),
            SortOrder::Max => order.sort_by(|a, b| of(b).max.total_cmp(&of(a).max)),
            SortOrder::Sparsity => order.sort_by_key(|i| of(i).zeros),
            SortOrder::Norm | SortOrder::Effect => {
                if let Some(weights) = weights.filter(|weights| weights.len() == order.len()) {
                    order.sort_by(|a, b| weights[*b].total_cmp(&weights[*a]));
                }
            }
        }
        order
    }

    /// The channels by the magnitude of their mean, the largest first: what changed most, where these are statistics of
    /// a difference.
    pub fn most_changed(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.channels.len()).collect();
        let change = |i: &usize| self.channels[*i].mean.abs();
        order.sort_by(|a, b| change(b).total_cmp(&change(a)));
        order
    }
}
