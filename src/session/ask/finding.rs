//! What work has found, and how it is shown.

use std::sync::Arc;

use super::job::Job;
use crate::analysis::explain::Attribution;
use crate::analysis::judge::Judgement;
use crate::analysis::rebuild::Rebuilt;
use crate::base::{Array, Blending, Colormap, RangeMode};
use crate::picture::Blocks;

/// What work has found, so far or at its end: of any kind, or of the one kind that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Found<T = Finding> {
    /// Steps done and all steps.
    pub steps: (usize, usize),
    /// Whether this is the end.
    pub complete: bool,
    /// Since it began.
    pub seconds: f64,
    /// What it is.
    pub what: T,
}

/// The kinds of results.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// Of [`Job::Explain`].
    Explanation(Explanation),
    /// Of [`Job::Judge`].
    Judgement(Arc<Judgement>),
    /// Of [`Job::Rank`].
    Ranking(Ranking),
    /// Of [`Job::Rebuild`].
    Rebuilt(Remade),
}

impl From<Explanation> for Finding {
    fn from(of: Explanation) -> Self {
        Self::Explanation(of)
    }
}

impl From<Arc<Judgement>> for Finding {
    fn from(of: Arc<Judgement>) -> Self {
        Self::Judgement(of)
    }
}

impl From<Ranking> for Finding {
    fn from(of: Ranking) -> Self {
        Self::Ranking(of)
    }
}

impl From<Remade> for Finding {
    fn from(of: Remade) -> Self {
        Self::Rebuilt(of)
    }
}

impl Finding {
    /// Host bytes, about.
    pub(in crate::session) fn bytes(&self) -> usize {
        match self {
            Self::Explanation(of) => 4 * (of.attribution.values.data.len() + of.map.data.len()),
            Self::Judgement(_) => 16 << 10,
            Self::Ranking(of) => 8 * of.effects.len(),
            Self::Rebuilt(Remade { of, .. }) => of.bytes(),
        }
    }
}

/// An explanation.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The number that is explained.
    pub value: f64,
    /// What the method found.
    pub attribution: Arc<Attribution>,
    /// One number for each pixel of the input, `[1, 1, H, W]`: from 0 to 1 for maps.
    pub map: Arc<Array>,
}

impl Explanation {
    /// Whether there is nothing to be seen in it; its warnings say why.
    pub fn is_empty(&self) -> bool {
        self.map.data.iter().all(|v| *v == 0.0)
    }
}

/// What a target loses without each channel of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// The target with all channels.
    pub value: f64,
    /// By channel.
    pub effects: Arc<Vec<f64>>,
}

/// A picture made from what a network says.
#[derive(Clone, Debug, PartialEq)]
pub struct Remade {
    /// The picture and how it came to be.
    pub of: Arc<Rebuilt>,
    /// What the photo reaches of an ascent's goal.
    pub photo: Option<f64>,
}

/// How much two explanations agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// Spearman's rank correlation of their pixels.
    pub rank_correlation: f64,
    /// The fraction of the most important tenth of the pixels that both have.
    pub shared_tenth: f64,
}

/// A picture of what work has found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sight {
    /// The work.
    pub job: Job,
    /// What of it.
    pub show: Show,
    /// The colors of maps.
    pub colormap: Colormap,
    /// How it lies over the photo.
    pub blending: Blending,
    /// How strong the overlay is, in per cent: [`crate::picture::Overlay::strength`].
    pub opacity: u8,
    /// Which values the ends of the colors stand for. By default what is not a map from 0 to 1 goes from the 1st to the
    /// 99th percentile: single pixels would take the colors from all others.
    pub range: RangeMode,
    /// How finely cells are divided.
    pub blocks: Blocks,
}

/// What of a result is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Show {
    /// A map in colors; a gradient, or what was rebuilt, as a picture.
    Map,
    /// The map over the photo.
    Overlay,
    /// What was rebuilt minus the photo: gray where they are equal.
    Difference,
    /// One of the pictures that were made together; [`Show::Map`] is the first.
    Variant(usize),
}
