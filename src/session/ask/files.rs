//! What is on this machine: networks, folders, and files that were written.

use std::path::PathBuf;

use super::refs::ModelRef;
use super::seen::Seen;

/// A network that can be had.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelRow {
    /// How it is asked for.
    pub model: ModelRef,
    /// The name on the command line.
    pub name: String,
    /// The name for people.
    pub title: String,
    /// The repository, or where else it lies.
    pub place: String,
    /// Bytes of its weights.
    pub bytes: Option<u64>,
    /// Parameters.
    pub parameters: Option<u64>,
    /// Published accuracy on ImageNet's validation set, in %.
    pub top1: Option<f32>,
    /// How much of it is on this machine.
    pub cache: InCache,
    /// Anything else, for people.
    pub note: Option<String>,
}

/// How much of a network is on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InCache {
    /// All of it, in the program.
    Builtin,
    /// All of it, as a file of the user.
    File,
    /// All of it, in the cache of the hub.
    Whole,
    /// So many bytes.
    Part(u64),
    /// Nothing.
    Absent,
}

impl InCache {
    /// Whether it opens without the hub.
    pub const fn is_here(self) -> bool {
        matches!(self, Self::Builtin | Self::File | Self::Whole)
    }
}

/// Weights that were brought here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The file, the index or the folder; `None` for the network that is part of the program.
    pub path: Option<PathBuf>,
    /// What should be said about how they came.
    pub notes: Vec<String>,
}

/// Something in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it is.
    pub path: PathBuf,
    /// Its name, harmless to print.
    pub name: String,
    /// A folder, not a photo.
    pub folder: bool,
}

/// A file to be written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Export {
    /// What goes into it.
    pub what: ExportWhat,
    /// The folder and the start of the name; a number and the ending follow. Nothing is overwritten.
    pub stem: PathBuf,
}

/// What goes into a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ExportWhat {
    /// A picture (`.png`), with a strip of words and colors below it, or without any.
    Picture {
        /// What is on it.
        seen: Seen,
        /// The lines of the strip; none for no strip.
        caption: Vec<String>,
    },
    /// The values (`.npy`): maps `[n, H, W]`, kernels `[n, C_in / groups, kh, kw]`.
    Values(Seen),
    /// All channels of the layer and the input (`.safetensors`).
    Layer(Seen),
    /// A text under that ending.
    Text {
        /// The text.
        text: String,
        /// The ending, without a dot.
        ending: &'static str,
    },
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// Where it is.
    pub path: PathBuf,
    /// How many bytes it has.
    pub bytes: usize,
}
