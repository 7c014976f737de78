//! The words between the session and those who ask it: requests, answers, and what they carry.

use std::path::PathBuf;
use std::sync::Arc;

pub use crate::analysis::explain::{Kind, Passes, Question, Size};
pub use crate::analysis::judge::{Curve, Judgement, Redrawn, Road};
pub use crate::analysis::rebuild::{Dream, Goal, Inversion, Maximisation, Rebuilt};
pub use crate::analysis::{Histogram, LayerStatistics, Parameters, Target};
pub use crate::base::OutputFunction;
use crate::base::{Array, Blending, Colormap, Combine, DeviceChoice, LayerId, RangeMode, Shape};
use crate::config::Display;
pub use crate::engine::ChannelStatistics;
pub use crate::model::{Field, FieldAxis};
pub use crate::picture::color;
pub use crate::picture::{Blocks, Cell, Cells, Look, Picture, Range};
pub use crate::source::Placement;

pub use super::classes::{find_class, last_map};
pub use super::error::SessionError;
pub use super::export::{Export, ExportWhat, Exported};
pub use super::job::{
    Agreement, Explain, Explanation, Finding, Found, Job, Method, Rank, Rebuild, Show, Sight, Wish,
};
pub use super::kernels::{KernelInfo, KernelRef, Slice};
pub use super::knock_out::{EditsId, Instead, KnockOut};
pub use super::lanes::LaneName;
pub use super::listing::{Entry, Fetched, InCache, ModelRow};
pub use super::naming::sample_names;
pub use super::raster::Mark;
pub use super::sheet::Seen;
pub use super::timing::{Timing, TimingWish};
pub use crate::source::hub::RepoRef;
pub use crate::source::is_checkpoint;

impl Look {
    /// How the explorer draws maps at first.
    pub fn on_screen(display: &Display) -> Self {
        Self { range: display.range_on_screen(), ..Self::in_files(display) }
    }

    /// How commands draw maps.
    pub fn in_files(display: &Display) -> Self {
        let Display { colormap, signed_colormap, graphics, .. } = *display;
        let range = display.range_in_files();
        Self { colormap, signed_colormap, range, blocks: graphics.into() }
    }
}

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
    /// No photo: zeros, the mean colour, of the recipe's size.
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

/// Columns and rows of terminal cells.
pub type CellSize = (u16, u16);

/// Everything that can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// Load a network. Answered by [`Answer::Network`].
    Network(ModelRef),
    /// Make a photo ready for a network. Answered by [`Answer::Input`].
    Input {
        /// For which network.
        network: NetworkId,
        /// The photo.
        photo: PhotoRef,
    },
    /// Run a network. Answered by [`Answer::Outcome`].
    Forward {
        /// The run.
        run: RunKey,
        /// What is knocked out; `run` holds its name.
        knock_outs: Vec<KnockOut>,
    },
    /// Work that takes time. Answered by [`Answer::Found`].
    Job(Job),
    /// What work has found so far. Answered by [`Answer::Found`].
    Found(Job),
    /// The values of an explanation: a map `[1, 1, H, W]` from 0 to 1, a gradient `[1, C, H, W]`. Answered by
    /// [`Answer::Values`].
    FoundValues(Job),
    /// A picture of what work has found so far, in cells. Answered by [`Answer::Photo`].
    Sight {
        /// What of it.
        sight: Sight,
        /// Its size on the screen.
        size: CellSize,
    },
    /// How much two explanations that were found agree. Answered by [`Answer::Agreement`].
    Agreement(Box<[Explain; 2]>),
    /// The statistics of a layer. Answered by [`Answer::Statistics`].
    Statistics {
        /// The run.
        run: RunKey,
        /// The layer.
        layer: LayerId,
    },
    /// A map in cells of block characters. Answered by [`Answer::Heatmap`].
    Heatmap {
        /// The map.
        plane: Plane,
        /// Its size on the screen.
        size: CellSize,
        /// Colours and range.
        look: Look,
        /// How it lies over the photo; alone when `None`.
        over_photo: Option<Blending>,
    },
    /// The values of some maps of a layer. Answered by [`Answer::Values`].
    Values {
        /// The run.
        run: RunKey,
        /// The layer.
        layer: LayerId,
        /// Which maps; all channels when `None`.
        maps: Option<Vec<PlaneKind>>,
    },
    /// How the values of a map are spread. Answered by [`Answer::Histogram`].
    Histogram {
        /// The map.
        plane: Plane,
        /// Bins.
        bins: usize,
    },
    /// The photo as the network sees it, in cells of block characters. Answered by [`Answer::Photo`].
    Photo {
        /// The input.
        input: InputId,
        /// Its size on the screen.
        size: CellSize,
        /// How finely the cells are divided.
        blocks: Blocks,
    },
    /// The input tensor. Answered by [`Answer::Values`].
    InputValues(InputId),
    /// The weights of a convolution as a whole. Answered by [`Answer::Kernels`].
    Kernels {
        /// The network.
        network: NetworkId,
        /// The convolution, or a layer whose channels it makes.
        layer: LayerId,
    },
    /// One kernel in cells of block characters. Answered by [`Answer::Heatmap`].
    Kernel {
        /// Which one.
        kernel: KernelRef,
        /// Its size on the screen.
        size: CellSize,
        /// Colours and range.
        look: Look,
    },
    /// The weights of some kernels `[n, C_in / groups, kh, kw]`. Answered by [`Answer::Values`].
    KernelValues {
        /// The network.
        network: NetworkId,
        /// The convolution, or a layer whose channels it makes.
        layer: LayerId,
        /// Which kernels; all when `None`.
        kernels: Option<Vec<usize>>,
    },
    /// Several maps or kernels in one picture of pixels. Answered by [`Answer::Picture`].
    Sheet {
        /// What is on it.
        seen: Seen,
        /// Pixels for each value; as many as make about 1000 pixels when `None`.
        scale: Option<usize>,
    },
    /// What a request for cells shows, in pixels of at most this (width, height), for terminals that
    /// show real pictures. Answered by [`Answer::Picture`].
    Raster {
        /// [`Request::Heatmap`], [`Request::Kernel`] or [`Request::Photo`].
        of: Box<Request>,
        /// Most pixels.
        pixels: (u16, u16),
        /// What is drawn over it.
        mark: Option<Mark>,
    },
    /// How long work takes. Answered by [`Answer::Timing`].
    Timing(TimingWish),
    /// The networks that can be had. Answered by [`Answer::Models`].
    Models,
    /// Bring the weights of a network to this machine. Answered by [`Answer::Fetched`].
    Fetch(ModelRef),
    /// The folders and photos in a folder. Answered by [`Answer::Folder`].
    Folder(PathBuf),
    /// A photo as it is, in cells that fit this size. Answered by [`Answer::Photo`].
    Thumbnail {
        /// The photo.
        photo: PhotoRef,
        /// The room for it.
        size: CellSize,
        /// How finely cells are divided.
        blocks: Blocks,
    },
    /// Write a file. Answered by [`Answer::Exported`].
    Export(Box<Export>),
    /// Run networks there from now on; captures of another device are dropped. Answered by
    /// [`Answer::Device`].
    Device(DeviceChoice),
}

impl Request {
    /// Run a network as it is.
    pub const fn forward(run: RunKey) -> Self {
        Self::Forward { run, knock_outs: Vec::new() }
    }
}

/// What comes back.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
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
    /// Weights that are on this machine.
    Fetched(Arc<Fetched>),
    /// What lies in a folder.
    Folder(Arc<Vec<Entry>>),
    /// A file was written.
    Exported(Arc<Exported>),
    /// Where networks run now.
    Device(Arc<DeviceNow>),
}

/// What is known about a network before it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkInfo {
    /// How it is asked for.
    pub id: NetworkId,
    /// The architecture: `ResNet-50`.
    pub name: String,
    /// `builtin` or the file's name.
    pub source: String,
    /// The layers at the recipe's input size.
    pub layers: Arc<Vec<LayerInfo>>,
    /// The input shape at the recipe's size.
    pub input: Shape,
    /// The label and, where known, the WordNet id of each class.
    pub classes: Vec<ClassLabel>,
    /// What the scores of the classes are.
    pub outputs: OutputFunction,
    /// How photos are made ready.
    pub recipe: String,
    /// Where that is known from.
    pub recipe_origin: String,
    /// What the files do not say and was assumed as is usual, and what they say about themselves.
    pub notes: Vec<String>,
    /// What was left out, could not be followed or is odd: the user should know it at once.
    pub warnings: Vec<String>,
}

/// A class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassLabel {
    /// The WordNet id.
    pub wordnet: Option<String>,
    /// The name.
    pub name: String,
}

/// What is known about a layer for some input size.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerInfo {
    /// Its number.
    pub id: LayerId,
    /// Its name.
    pub name: String,
    /// What it computes, with attributes.
    pub op: String,
    /// The shape of its value.
    pub shape: Shape,
    /// Trained values.
    pub parameters: u64,
    /// Products for one picture.
    pub multiply_adds: u64,
    /// What one unit sees of the input.
    pub field: Field,
    /// The convolution that makes its channels.
    pub kernels: Option<LayerId>,
}

/// A photo that is ready.
#[derive(Clone, Debug, PartialEq)]
pub struct InputInfo {
    /// How it is asked for.
    pub id: InputId,
    /// The file's name.
    pub name: String,
    /// The shape of the input tensor.
    pub shape: Shape,
    /// Where it lies in the photo; `None` for an input tensor.
    pub placement: Option<Placement>,
    /// What is odd about the file although it was read, one sentence each without its name: bytes that were skipped,
    /// values that are not finite.
    pub notes: Vec<String>,
}

/// What a run found.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The run.
    pub run: RunKey,
    /// The layers at this input's size.
    pub layers: Arc<Vec<LayerInfo>>,
    /// What each layer's values are like.
    pub summaries: Vec<LayerSummary>,
    /// Every class with its score ([`NetworkInfo::outputs`]), the largest first.
    pub ranked: Vec<(usize, f32)>,
    /// The same without the knock-outs, where there are some.
    pub before: Option<Arc<Self>>,
    /// Wall time of the forward pass alone.
    pub milliseconds: f64,
    /// What the user must know about it: that it ran on another device than the one in use before.
    pub note: Option<String>,
}

/// Where networks run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceNow {
    /// `cuda:0 A100 f16`, `cpu 2 threads f32`.
    pub label: String,
    /// Why there.
    pub why: String,
    /// Whether values may be further from the exact ones than float32 is.
    pub approximate: bool,
}

/// What a layer's values are like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerSummary {
    /// The fraction of values that are exactly 0.
    pub sparsity: f32,
    /// The mean of all values.
    pub mean: f32,
    /// The largest value.
    pub max: f32,
    /// Channels without a value above 0.
    pub dead: usize,
    /// NaN and infinities.
    pub invalid: usize,
    /// Whether values below 0 occur.
    pub signed: bool,
}

/// A map in cells, with the range that its colours stand for.
#[derive(Clone, Debug, PartialEq)]
pub struct Heatmap {
    /// The cells.
    pub cells: Cells,
    /// The values of the first and the last colour.
    pub range: Range,
    /// The colour map in use.
    pub colormap: Colormap,
    /// Where the range comes from.
    pub mode: RangeMode,
    /// Whether the values are signed, so that the signed colour map is in use.
    pub signed: bool,
    /// Colours from the first to the last, for a scale beside the picture.
    pub scale: Vec<[u8; 3]>,
    /// NaN and infinities.
    pub invalid: usize,
}
