//! Work that takes time and whose result gets better while it is done: what is asked for.

use std::fmt;

use super::refs::RunKey;
use crate::analysis::explain::{Kind, METHODS, Passes, Question, Size};
use crate::analysis::rebuild::{Dream, Inversion, Maximization};
use crate::analysis::{Parameter, Parameters, Target, explain};
use crate::base::{LayerId, Shape, nearest, same_name};

/// Work for the Job lane.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Job {
    /// Explain a class, a channel or a unit.
    Explain(Explain),
    /// Say whether an explanation is true.
    Judge(Judge),
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
    Maximize(Maximization),
    /// The photo with more in it of what a layer sees.
    Dream(Dream),
}

impl Wish {
    /// How many pictures it makes together.
    pub const fn pictures(&self) -> usize {
        match self {
            Self::Maximize(of) if of.variants > 1 => of.variants,
            Self::Invert(_) | Self::Maximize(_) | Self::Dream(_) => 1,
        }
    }
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

/// A judgement on an explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Judge(pub Explain);

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
            Self::Explain(explain) | Self::Judge(Judge(explain)) => explain.run,
            Self::Rank(rank) => rank.run,
            Self::Rebuild(rebuild) => rebuild.run,
        }
    }
}

impl From<Explain> for Job {
    fn from(of: Explain) -> Self {
        Self::Explain(of)
    }
}

impl From<Judge> for Job {
    fn from(of: Judge) -> Self {
        Self::Judge(of)
    }
}

impl From<Rank> for Job {
    fn from(of: Rank) -> Self {
        Self::Rank(of)
    }
}

impl From<Rebuild> for Job {
    fn from(of: Rebuild) -> Self {
        Self::Rebuild(of)
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

    /// The method of that name; case, hyphens and underscores do not count.
    ///
    /// # Errors
    /// When there is none, with similar names.
    pub fn named(name: &str) -> Result<Self, String> {
        Self::all().find(|method| same_name(method.name(), name)).ok_or_else(|| {
            let near = nearest(name, METHODS.iter().map(|method| method.name));
            match near.as_slice() {
                [] => {
                    let names: Vec<_> = METHODS.iter().map(|method| method.name).collect();
                    format!("there is no method \"{name}\"; expected one of: {}", names.join(", "))
                }
                near => {
                    format!("there is no method \"{name}\"; did you mean {}?", near.join(" or "))
                }
            }
        })
    }

    pub(in crate::session) fn entry(self) -> &'static explain::Method {
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

    /// Whether it reads that number of [`Parameters`].
    pub fn reads(self, parameter: Parameter) -> bool {
        self.entry().reads.contains(&parameter)
    }

    /// What it attributes to.
    pub fn kind(self) -> Kind {
        self.entry().kind
    }

    /// How often it runs the network.
    pub fn passes(self, size: &Size) -> Passes {
        (self.entry().passes)(size)
    }

    /// Whether it runs batches of inputs.
    pub(in crate::session) fn runs_batches(self) -> bool {
        self.entry().runs_batches()
    }

    /// Whether it is done at once: it runs no pass and reads one layer alone, so that classes can be gone through.
    pub(in crate::session) fn is_instant(self) -> bool {
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
