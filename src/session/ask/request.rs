//! The requests: a type for each, and [`Request`], the sum of those that have a key of their own.
//!
//! What answers one is its `impl Ask`, in the file of its subject.

use std::path::PathBuf;

use super::files::Export;
use super::finding;
use super::job::{Explain, Job};
use super::knock_out::{EditsId, KnockOut};
use super::refs::{
    CellSize, InputId, KernelRef, ModelRef, NetworkId, PhotoRef, Plane, PlaneKind, RunKey, Slice,
};
use super::seen::{Mark, Seen};
use crate::base::{Blending, DeviceChoice, LayerId, Part, Timed};
use crate::picture::{Blocks, Look};

/// Load a network.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Network(pub ModelRef);

/// Make a photo ready for a network.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Input {
    /// For which network.
    pub network: NetworkId,
    /// The photo.
    pub photo: PhotoRef,
}

/// Run a network.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Forward {
    /// The network.
    pub network: NetworkId,
    /// The input.
    pub input: InputId,
    /// What is knocked out.
    pub knock_outs: Vec<KnockOut>,
}

impl Forward {
    /// The network as it is.
    pub const fn plain(network: NetworkId, input: InputId) -> Self {
        Self { network, input, knock_outs: Vec::new() }
    }

    /// The key of the run.
    pub fn run(&self) -> RunKey {
        let edits = EditsId::of(&self.knock_outs);
        RunKey { edits, ..RunKey::plain(self.network, self.input) }
    }
}

/// What work has found so far.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Found(pub Job);

/// The values of an explanation: a map `[1, 1, H, W]` from 0 to 1, a gradient `[1, C, H, W]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FoundValues(pub Job);

/// A picture of what work has found so far, in cells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sight {
    /// What of it.
    pub sight: finding::Sight,
    /// Its size on the screen.
    pub size: CellSize,
}

impl finding::Sight {
    /// The request for cells.
    pub const fn cells(self, size: CellSize) -> Sight {
        Sight { sight: self, size }
    }
}

/// How much two explanations that were found agree.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Agreement(pub Box<[Explain; 2]>);

/// The statistics of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Statistics {
    /// The run.
    pub run: RunKey,
    /// The layer.
    pub layer: LayerId,
}

/// A map in cells of block characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Heatmap {
    /// The map.
    pub plane: Plane,
    /// The part of it that is drawn; all of it when `None`. The range of a part's colors is that of all values of the map,
    /// which are not averaged over the points of the screen.
    pub part: Option<Part>,
    /// Its size on the screen.
    pub size: CellSize,
    /// Colors and range.
    pub look: Look,
    /// How it lies over the photo; alone when `None`.
    pub over_photo: Option<Blending>,
}

/// The values of some maps of a layer, `[1, maps, H, W]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Values {
    /// The run.
    pub run: RunKey,
    /// The layer.
    pub layer: LayerId,
    /// Which maps; all channels when `None`.
    pub maps: Option<Vec<PlaneKind>>,
}

/// How the values of a map are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Histogram {
    /// The map.
    pub plane: Plane,
    /// Bins.
    pub bins: usize,
}

/// The photo as the network sees it, in cells of block characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Photo {
    /// The input.
    pub input: InputId,
    /// Its size on the screen.
    pub size: CellSize,
    /// How finely the cells are divided.
    pub blocks: Blocks,
}

/// The input tensor, `[1, C, H, W]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InputValues(pub InputId);

/// The weights of a convolution as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Kernels {
    /// The network.
    pub network: NetworkId,
    /// The convolution, or a layer whose channels it makes.
    pub layer: LayerId,
}

/// One kernel in cells of block characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Kernel {
    /// Which one.
    pub kernel: KernelRef,
    /// Its size on the screen.
    pub size: CellSize,
    /// Colors and range.
    pub look: Look,
}

/// The weights of some kernels, `[n, C_in / groups, kh, kw]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KernelValues {
    /// The network.
    pub network: NetworkId,
    /// The convolution, or a layer whose channels it makes.
    pub layer: LayerId,
    /// Which kernels; all when `None`.
    pub kernels: Option<Vec<usize>>,
}

/// The numbers that tiles show: maps `[1, n, H, W]`, kernels `[n, C_in / groups, kh, kw]`, of explanations the values of
/// the first as [`FoundValues`] has them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TileValues(pub Seen);

/// Several maps or kernels in one picture of pixels.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sheet {
    /// What is on it.
    pub seen: Seen,
    /// Pixels for each value; as many as make about 1000 pixels when `None`.
    pub scale: Option<usize>,
}

/// What a request for cells shows, in pixels of at most this (width, height), for terminals that
/// show real pictures.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Raster {
    /// What is shown.
    pub of: Box<Shown>,
    /// Most pixels.
    pub pixels: (u16, u16),
    /// What is drawn over it.
    pub mark: Option<Mark>,
}

/// How long work takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Timing {
    /// The network.
    pub network: NetworkId,
    /// Its input.
    pub input: InputId,
    /// The work.
    pub work: Timed,
    /// How often it is done, besides twice that do not count.
    pub runs: usize,
}

/// The networks that can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Models;

/// What the network in a file is, or why none runs from it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Summary(pub PathBuf);

/// Bring the weights of a network to this machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fetch(pub ModelRef);

/// The folders and photos in a folder.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Folder(pub PathBuf);

/// A photo as it is, in cells that fit this size.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Thumbnail {
    /// The photo.
    pub photo: PhotoRef,
    /// The room for it.
    pub size: CellSize,
    /// How finely cells are divided.
    pub blocks: Blocks,
}

/// Run networks there from now on; captures of another device are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Device(pub DeviceChoice);

/// Defines an enum with a variant for each type, and makes it out of each of them.
macro_rules! sum {
    ($(#[$doc:meta])* $sum:ident: $($name:ident($type:ty)),* $(,)?) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum $sum {
            $(#[doc = concat!("[`", stringify!($type), "`].")] $name($type)),*
        }

        $(impl From<$type> for $sum {
            fn from(request: $type) -> Self {
                Self::$name(request)
            }
        })*
    };
}

sum! {
    /// Everything that a lane can be asked. A request is the key of its answer.
    Request:
    Network(Network),
    Input(Input),
    Forward(Forward),
    Job(Job),
    Found(Found),
    FoundValues(FoundValues),
    Sight(Sight),
    Agreement(Agreement),
    Statistics(Statistics),
    Heatmap(Heatmap),
    Values(Values),
    Histogram(Histogram),
    Photo(Photo),
    InputValues(InputValues),
    Kernels(Kernels),
    Kernel(Kernel),
    KernelValues(KernelValues),
    Sheet(Sheet),
    Raster(Raster),
    Timing(Timing),
    Models(Models),
    Summary(Summary),
    Fetch(Fetch),
    Folder(Folder),
    Thumbnail(Thumbnail),
    Export(Export),
    Device(Device),
}

sum! {
    /// What has both cells and pixels: a request for the cells. A [`Raster`] of a map has the colors of the map in cells of
    /// that size.
    Shown:
    Heatmap(Heatmap),
    Kernel(Kernel),
    Photo(Photo),
    Sight(Sight),
}

impl From<Shown> for Request {
    fn from(shown: Shown) -> Self {
        match shown {
            Shown::Heatmap(of) => of.into(),
            Shown::Kernel(of) => of.into(),
            Shown::Photo(of) => of.into(),
            Shown::Sight(of) => of.into(),
        }
    }
}

impl Seen {
    /// What is asked for each tile, all in cells of the same size.
    pub fn tiles(&self, size: CellSize) -> Vec<Shown> {
        match self {
            Self::Maps { run, layer, maps, look, over_photo } => {
                let (run, layer, look, over_photo) = (*run, *layer, *look, *over_photo);
                let tile = |what: &PlaneKind| {
                    let plane = Plane { run, layer, what: *what };
                    Heatmap { plane, part: None, size, look, over_photo }.into()
                };
                maps.iter().map(tile).collect()
            }
            Self::Kernels { network, layer, kernels, look } => {
                let (network, layer, look) = (*network, *layer, *look);
                let tile = |(kernel, slice): &(usize, Slice)| {
                    let kernel = KernelRef { network, layer, kernel: *kernel, slice: *slice };
                    Kernel { kernel, size, look }.into()
                };
                kernels.iter().map(tile).collect()
            }
            Self::Explanation { sights, photo } => {
                let blocks = sights.first().map_or(Blocks::Half, |sight| sight.blocks);
                let photo = photo.map(|input| Photo { input, size, blocks }.into());
                let sights = sights.iter().map(|sight| sight.clone().cells(size).into());
                photo.into_iter().chain(sights).collect()
            }
        }
    }
}
