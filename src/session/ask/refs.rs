//! How networks, photos, runs, maps and kernels are referred to.

use std::path::PathBuf;
use std::sync::Arc;

use super::knock_out::EditsId;
use crate::base::{Combine, LayerId};
use crate::source::hub::RepoRef;

/// Which network.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ModelRef {
    /// The one that ships with the program.
    Builtin,
    /// A checkpoint file, an index of several, or a folder that holds one.
    File(PathBuf),
    /// A repository of the hub.
    Hub(RepoRef),
}

/// Which photo.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PhotoRef {
    /// One that ships with the program.
    Sample(usize),
    /// A picture file, or an input tensor (`.npy`).
    File(PathBuf),
    /// The bytes of such a file, which came from stdin.
    Stdin(Arc<[u8]>),
    /// No photo: zeros, the mean color, of the recipe's size.
    Blank,
}

/// A loaded network, by the hash of its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NetworkId(pub u64);

/// An input, by the hash of its photo and of the recipe that made it ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InputId(pub u64);

/// A run of a network on an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RunKey {
    /// The network.
    pub network: NetworkId,
    /// The input.
    pub input: InputId,
    /// What was knocked out.
    pub edits: EditsId,
    /// Not the values, but what the knock-outs changed of them.
    pub difference: bool,
}

impl RunKey {
    /// The network as it is.
    pub const fn plain(network: NetworkId, input: InputId) -> Self {
        Self { network, input, edits: EditsId::NONE, difference: false }
    }
}

/// One map of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Plane {
    /// The run.
    pub run: RunKey,
    /// The layer.
    pub layer: LayerId,
    /// Which map of the layer.
    pub what: PlaneKind,
}

/// Which map of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PlaneKind {
    /// One channel.
    Channel(usize),
    /// All channels as one.
    Combined(Combine),
}

/// A kernel, or a slice of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KernelRef {
    /// The network.
    pub network: NetworkId,
    /// The convolution, or a layer whose channels it makes.
    pub layer: LayerId,
    /// The output channel.
    pub kernel: usize,
    /// Which of its inputs.
    pub slice: Slice,
}

/// Which inputs of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slice {
    /// All three as red, green and blue: gray is 0.
    Color,
    /// One of them.
    Input(usize),
    /// All 1x1 kernels of the convolution as one matrix: a row for each kernel, a column for each input. Which kernel is
    /// named with it has no meaning.
    Matrix,
}

/// Columns and rows of terminal cells.
pub type CellSize = (u16, u16);
