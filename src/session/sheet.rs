//! What a view shows as one picture of pixels, for files and for the normal screen.

use super::SessionError;
use super::answer::{Session, no_photo};
use super::ask::{
    Blocks, CellSize, InputId, KernelRef, Look, NetworkId, Plane, PlaneKind, Request, RunKey,
    Sight, Slice,
};
use super::run::Colours;
use crate::base::{Array, Blending, LayerId, Shape};
use crate::picture::{Overlay, Picture, columns, sheet};

/// Pixels between tiles.
const GAP: usize = 2;
/// What lies between tiles.
const BACKGROUND: [u8; 3] = [24; 3];
/// A sheet of its own choice of scale gets about so many pixels wide and high.
const WIDTH: usize = 1000;
/// Most pixels of a sheet.
const PIXELS: usize = 1 << 27;

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
        /// Colours and range.
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
        /// Colours and range.
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

    /// What is asked for each tile in cells, all of the same size; the answers are
    /// [`super::ask::Answer::Heatmap`].
    pub fn tiles(&self, size: CellSize) -> Vec<Request> {
        match self {
            Self::Maps { run, layer, maps, look, over_photo } => {
                let (run, layer, look, over_photo) = (*run, *layer, *look, *over_photo);
                let tile = |what: &PlaneKind| Request::Heatmap {
                    plane: Plane { run, layer, what: *what },
                    size,
                    look,
                    over_photo,
                };
                maps.iter().map(tile).collect()
            }
            Self::Kernels { network, layer, kernels, look } => {
                let (network, layer, look) = (*network, *layer, *look);
                let tile = |(kernel, slice): &(usize, Slice)| Request::Kernel {
                    kernel: KernelRef { network, layer, kernel: *kernel, slice: *slice },
                    size,
                    look,
                };
                kernels.iter().map(tile).collect()
            }
            Self::Explanation { sights, photo } => {
                let blocks = sights.first().map_or(Blocks::Half, |sight| sight.blocks);
                let photo = photo.map(|input| Request::Photo { input, size, blocks });
                let sights = sights.iter().map(|sight| sight.clone().cells(size));
                photo.into_iter().chain(sights).collect()
            }
        }
    }

    /// What is asked for the numbers: maps `[1, n, H, W]`, kernels `[n, C_in / groups, kh, kw]`.
    pub fn values(&self) -> Request {
        match self {
            Self::Maps { run, layer, maps, .. } => {
                Request::Values { run: *run, layer: *layer, maps: Some(maps.clone()) }
            }
            Self::Kernels { network, layer, kernels, .. } => {
                let which = kernels.iter().map(|(kernel, _)| *kernel).collect();
                Request::KernelValues { network: *network, layer: *layer, kernels: Some(which) }
            }
            Self::Explanation { sights, .. } => {
                let job = sights.first().map(|sight| sight.job.clone());
                job.map_or(Request::Models, Request::FoundValues)
            }
        }
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

impl Session {
    /// All tiles in one near-square picture.
    pub(super) fn sheet(&self, seen: &Seen, scale: Option<usize>) -> Result<Picture, SessionError> {
        let [h, w] = match seen {
            Seen::Maps { run, layer, .. } => {
                let shape = self.run(*run)?.capture.shape(*layer)?;
                [shape.h, shape.w]
            }
            Seen::Kernels { network, layer, .. } => {
                let [_, _, h, w] = self.kernels(*network, *layer)?.info.shape;
                [h, w]
            }
            Seen::Explanation { sights, .. } => {
                let sight = sights.first().ok_or(SessionError::NotReady)?;
                let shape = self.input(sight.job.run().input)?.prepared.input.shape;
                [shape.h, shape.w]
            }
        };
        let fitting = WIDTH / (columns(seen.count()) * h.max(w)).max(1);
        let scale = scale.unwrap_or(fitting.clamp(1, 64)).max(1);
        let pixels = seen.count() * (h * scale + GAP) * (w * scale + GAP);
        if pixels > PIXELS {
            return Err(SessionError::Unknown(format!(
                "a picture of {} million pixels is more than {}: choose a smaller --scale or fewer --channels",
                pixels >> 20,
                PIXELS >> 20
            )));
        }
        Ok(sheet(&self.tiles(seen, scale)?, GAP, BACKGROUND))
    }

    fn tiles(&self, seen: &Seen, scale: usize) -> Result<Vec<Picture>, SessionError> {
        match seen {
            Seen::Maps { run, layer, maps, look, over_photo } => maps
                .iter()
                .map(|what| {
                    let plane = Plane { run: *run, layer: *layer, what: *what };
                    let run = self.run(plane.run)?;
                    let array = run.plane(plane)?;
                    let colours = run.colours(plane, array.map(0), *look)?;
                    self.map_picture(plane.run, &array, colours, *over_photo, scale)
                })
                .collect(),
            Seen::Kernels { network, layer, kernels, look } => {
                let all = self.kernels(*network, *layer)?;
                let tile =
                    |(kernel, slice): &(usize, Slice)| all.picture(*kernel, *slice, *look, scale);
                kernels.iter().map(tile).collect()
            }
            Seen::Explanation { sights, photo } => {
                let mut tiles = Vec::new();
                if let Some(input) = photo {
                    let held = self.input(*input)?;
                    tiles.push(held.photo.as_ref().ok_or_else(no_photo)?.clone());
                }
                for sight in sights {
                    tiles.push(self.sight(sight)?);
                }
                let grown = |p: Picture| p.resize(p.width * scale, p.height * scale);
                Ok(tiles.into_iter().map(grown).collect())
            }
        }
    }

    /// A map in pixels, each value a square of `scale` pixels, alone or over the photo.
    pub(super) fn map_picture(
        &self,
        run: RunKey,
        array: &Array,
        Colours { map: colormap, range, .. }: Colours,
        over_photo: Option<Blending>,
        scale: usize,
    ) -> Result<Picture, SessionError> {
        let Shape { h, w, .. } = array.shape;
        let values = array.map(0);
        let Some(blending) = over_photo else {
            return Ok(Picture::heatmap(values, h, w, colormap, range, scale));
        };
        let held = self.input(run.input)?;
        let photo = held.photo.as_ref().ok_or_else(no_photo)?;
        let (extent, strength) = ((h, w), blending.usual_strength());
        let overlay = Overlay { values, extent, colormap, range, blending, strength };
        Ok(overlay.over(&photo.resize(w * scale, h * scale)))
    }
}
