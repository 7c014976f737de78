//! The answers, as one type: what lanes send and the explorer keeps.

use std::sync::Arc;

use super::files::{Entry, Exported, Fetched, ModelRow};
use super::finding::{Agreement, Found};
use super::known::{DeviceNow, Heatmap, InputInfo, KernelInfo, NetworkInfo, Outcome, Timing};
use crate::analysis::{Histogram, LayerStatistics};
use crate::base::Array;
use crate::picture::{Cells, Picture};

/// The answer to one kind of request, among all answers.
pub trait Answered: Into<Answer> {
    /// The answer, if it is of this kind.
    fn of(answer: &Answer) -> Option<&Self>;
}

/// Defines [`Answer`] with a variant for each type, makes it out of each of them, and finds each in it.
macro_rules! answers {
    ($($(#[$doc:meta])* $name:ident($type:ty)),* $(,)?) => {
        /// What comes back.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Answer {
            $($(#[$doc])* $name($type)),*
        }

        $(impl From<$type> for Answer {
            fn from(answer: $type) -> Self {
                Self::$name(answer)
            }
        }

        impl Answered for $type {
            fn of(answer: &Answer) -> Option<&Self> {
                match answer {
                    Answer::$name(answer) => Some(answer),
                    _ => None,
                }
            }
        })*
    };
}

answers! {
    /// A network was loaded.
    Network(Arc<NetworkInfo>),
    /// A photo is ready.
    Input(Arc<InputInfo>),
    /// A network has run.
    Outcome(Arc<Outcome>),
    /// What work has found.
    Found(Arc<Found>),
    /// How much two explanations agree.
    Agreement(Agreement),
    /// Statistics of a layer.
    Statistics(Arc<LayerStatistics>),
    /// A map in cells.
    Heatmap(Arc<Heatmap>),
    /// A map in pixels.
    Picture(Arc<Picture>),
    /// Values `[N, C, H, W]`.
    Values(Arc<Array>),
    /// A spread.
    Histogram(Arc<Histogram>),
    /// The photo in cells.
    Photo(Arc<Cells>),
    /// The weights of a convolution.
    Kernels(Arc<KernelInfo>),
    /// What was measured.
    Timing(Timing),
    /// Networks.
    Models(Arc<Vec<ModelRow>>),
    /// A few words about a file.
    Summary(Arc<str>),
    /// Weights that are on this machine.
    Fetched(Arc<Fetched>),
    /// The content of a folder.
    Folder(Arc<Vec<Entry>>),
    /// A file was written.
    Exported(Arc<Exported>),
    /// Where networks run now.
    Device(Arc<DeviceNow>),
}
