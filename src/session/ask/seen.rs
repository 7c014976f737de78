//! What a view shows, and what is marked on it.

use super::finding::Sight;
use super::job::Job;
use super::refs::{InputId, NetworkId, PlaneKind, RunKey, Slice};
use crate::base::{Blending, LayerId};
use crate::picture::{Blocks, Look, columns};

/// What a view shows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Seen {
    /// Maps of a layer.
    Maps {
        /// The run.
        run: RunKey,
        /// The layer.
        layer: LayerId,
        /// Which maps.
        maps: Vec<PlaneKind>,
        /// Colors and range.
        look: Look,
        /// How they lie over the photo; alone when `None`.
        over_photo: Option<Blending>,
    },
    /// Kernels of a convolution.
    Kernels {
        /// The network.
        network: NetworkId,
        /// The convolution, or a layer whose channels it makes.
        layer: LayerId,
        /// Output channels and which of their inputs.
        kernels: Vec<(usize, Slice)>,
        /// Colors and range.
        look: Look,
    },
    /// An explanation.
    Explanation {
        /// Its pictures.
        sights: Vec<Sight>,
        /// The photo, where one stands before them.
        photo: Option<InputId>,
    },
}

impl Seen {
    /// How many tiles there are.
    pub const fn count(&self) -> usize {
        match self {
            Self::Maps { maps, .. } => maps.len(),
            Self::Kernels { kernels, .. } => kernels.len(),
            Self::Explanation { sights, photo } => sights.len() + photo.is_some() as usize,
        }
    }

    /// How many of them stand in a row of a picture of all: near-square for maps and kernels; what is compared stands
    /// beside each other.
    pub fn columns(&self) -> usize {
        match self {
            Self::Maps { .. } | Self::Kernels { .. } => columns(self.count()),
            Self::Explanation { .. } => self.count(),
        }
    }

    /// The jobs whose results an explanation's pictures show, each once.
    pub fn jobs(&self) -> Vec<&Job> {
        let Self::Explanation { sights, .. } = self else { return Vec::new() };
        let mut jobs: Vec<&Job> = sights.iter().map(|sight| &sight.job).collect();
        jobs.dedup();
        jobs
    }

    /// Leaves the first `count` tiles.
    pub fn truncate(&mut self, count: usize) {
        match self {
            Self::Maps { maps, .. } => maps.truncate(count),
            Self::Kernels { kernels, .. } => kernels.truncate(count),
            Self::Explanation { sights, .. } => sights.truncate(count),
        }
    }

    /// How finely cells are divided, to be changed.
    pub const fn blocks_mut(&mut self) -> Option<&mut Blocks> {
        match self {
            Self::Maps { look, .. } | Self::Kernels { look, .. } => Some(&mut look.blocks),
            Self::Explanation { .. } => None,
        }
    }
}

/// A box in the coordinates of what is shown: values of a map, pixels of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mark {
    /// First row and the one past the last.
    pub rows: (usize, usize),
    /// First column and the one past the last.
    pub columns: (usize, usize),
    /// Rows and columns of what is shown.
    pub of: (usize, usize),
}
