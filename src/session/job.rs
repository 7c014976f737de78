//! Work that takes time and whose result gets better while it goes on: what is asked, what is found.

use std::fmt;
use std::sync::Arc;

use super::ask::{CellSize, RunKey};
use crate::analysis::explain::{Attribution, Kind, METHODS, Passes, Question, Size};
use crate::analysis::judge::Judgement;
use crate::analysis::rebuild::{Dream, Inversion, Maximisation, Rebuilt};
use crate::analysis::{Parameters, Target, explain};
use crate::base::{Array, Blending, Colormap, LayerId, RangeMode, Shape, nearest};
use crate::picture::Blocks;

/// Work for the Job lane.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Job {
    /// Explain a class, a channel or a unit.
    Explain(Explain),
    /// Say whether an explanation is true.
    Judge(Explain),
    /// Find out how much each channel of a layer matters.
    Rank(Rank),
    /// Make a picture from what the network says.
    Rebuild(Rebuild),
}

/// A picture made from what a network says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rebuild {
    /// The run whose photo, layers and knock-outs it is about.
    pub run: RunKey,
    /// What is made.
    pub wish: Wish,
}

/// What is made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Wish {
    /// What a layer still knows of the photo.
    Invert(Inversion),
    /// What a channel, a unit or a class answers most to.
    Maximise(Maximisation),
    /// The photo with more in it of what a layer sees.
    Dream(Dream),
}

/// An explanation of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Explain {
    /// The run.
    pub run: RunKey,
    /// The method.
    pub method: Method,
    /// What is explained, at which layer.
    pub question: Question,
}

/// A ranking of a layer's channels by their effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rank {
    /// The run.
    pub run: RunKey,
    /// The layer.
    pub layer: LayerId,
    /// What they have an effect on.
    pub target: Target,
}

impl Job {
    /// The run that it is about.
    pub const fn run(&self) -> RunKey {
        match self {
            Self::Explain(explain) | Self::Judge(explain) => explain.run,
            Self::Rank(rank) => rank.run,
            Self::Rebuild(rebuild) => rebuild.run,
        }
    }
}

/// A method of explanation, by its place in the table of methods.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Method(usize);

impl Method {
    /// Every method, in the order of lists.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        (0..METHODS.len()).map(Self)
    }

    /// The first of them.
    pub const fn first() -> Self {
        Self(0)
    }

    /// The method of that name.
    ///
    /// # Errors
    /// When there is none, with similar names.
    pub fn named(name: &str) -> Result<Self, String> {
        Self::all().find(|method| method.name() == name).ok_or_else(|| {
            let near = nearest(name, METHODS.iter().map(|method| method.name));
            match near.as_slice() {
                [] => {
                    let names: Vec<_> = METHODS.iter().map(|method| method.name).collect();
                    format!("there is no method \"{name}\": there are {}", names.join(", "))
                }
                near => {
                    format!("there is no method \"{name}\"; did you mean {}?", near.join(" or "))
                }
            }
        })
    }

    pub(super) fn entry(self) -> &'static explain::Method {
        METHODS[self.0.min(METHODS.len() - 1)]
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// What it shows, in a few words.
    pub fn doc(self) -> &'static str {
        self.entry().doc
    }

    /// Whether it reads a layer of the user's choice.
    pub fn takes_layer(self) -> bool {
        self.entry().takes_layer
    }

    /// What it attributes to.
    pub fn kind(self) -> Kind {
        self.entry().kind
    }

    /// How often it runs the network.
    pub fn passes(self, size: &Size) -> Passes {
        (self.entry().passes)(size)
    }

    /// Whether it is done at once: it runs no pass and reads one layer alone, so that classes can be gone through.
    pub(super) fn is_instant(self) -> bool {
        let size =
            Size { channels: 1, input: Shape::new(1, 1, 1, 1), parameters: Parameters::default() };
        !self.takes_layer() && self.passes(&size) == Passes::default()
    }

    /// The one `step` places further, around the end.
    #[must_use]
    pub fn step(self, step: isize) -> Self {
        Self((self.0 as isize + step).rem_euclid(METHODS.len() as isize) as usize)
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What work has found, so far or at its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Steps behind and all steps.
    pub steps: (usize, usize),
    /// Whether this is the end.
    pub complete: bool,
    /// Since it began.
    pub seconds: f64,
    /// What it is.
    pub what: Finding,
}

/// The kinds of results.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// Of [`Job::Explain`].
    Explanation(Explanation),
    /// Of [`Job::Judge`].
    Judgement(Arc<Judgement>),
    /// Of [`Job::Rank`]: what the target loses without each channel.
    Ranking {
        /// The target with all channels.
        value: f64,
        /// By channel.
        effects: Arc<Vec<f64>>,
    },
    /// Of [`Job::Rebuild`].
    Rebuilt {
        /// The picture and how it came to be.
        of: Arc<Rebuilt>,
        /// What the photo reaches of an ascent's goal.
        photo: Option<f64>,
    },
}

impl Finding {
    /// Host bytes, about.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Explanation(of) => 4 * (of.attribution.values.data.len() + of.map.data.len()),
            Self::Judgement(_) => 16 << 10,
            Self::Ranking { effects, .. } => 8 * effects.len(),
            Self::Rebuilt { of, .. } => 4 * of.picture.data.len() + 8 * of.curve.len(),
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
    /// The colours of maps.
    pub colormap: Colormap,
    /// How it lies over the photo.
    pub blending: Blending,
    /// How strong the overlay is, in per cent: [`crate::picture::Overlay::strength`].
    pub opacity: u8,
    /// Which values the ends of the colours stand for. By default what is no map from 0 to 1 goes from the 1st to the
    /// 99th percentile: single pixels would take the colours from all others.
    pub range: RangeMode,
    /// How finely cells are divided.
    pub blocks: Blocks,
}

/// What of a result is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Show {
    /// A map in colours; a gradient, or what was rebuilt, as a picture.
    Map,
    /// The map over the photo.
    Overlay,
}

impl Sight {
    /// The request for cells.
    pub fn cells(self, size: CellSize) -> super::ask::Request {
        super::ask::Request::Sight { sight: self, size }
    }
}
