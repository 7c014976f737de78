//! What a view shows as one picture of pixels and as numbers, for files and for the normal screen.

use std::sync::Arc;

use super::SessionError;
use super::ask::refs::{Plane, PlaneKind, Slice};
use super::ask::request;
use super::ask::seen::Seen;
use super::maps::map_picture;
use super::store::{Ask, Session};
use crate::base::{Array, Cancel, Progress, Shape};
use crate::picture::{Picture, sheet};

/// Pixels between tiles.
const GAP: usize = 2;
/// What lies between tiles.
const BACKGROUND: [u8; 3] = [24; 3];
/// A sheet of its own choice of scale gets about so many pixels wide and high.
const WIDTH: usize = 1000;
/// Most pixels of a sheet.
const PIXELS: usize = 1 << 27;

impl Ask for request::Sheet {
    type Answer = Arc<Picture>;

    fn answer(
        &self,
        session: &Session,
        _: &Cancel,
        _: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        Ok(Arc::new(session.sheet(&self.seen, self.scale)?))
    }
}

impl Ask for request::TileValues {
    type Answer = Arc<Array>;

    fn answer(
        &self,
        session: &Session,
        _: &Cancel,
        _: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        session.tile_values(&self.0)
    }
}

impl Session {
    /// The numbers that tiles show.
    pub(super) fn tile_values(&self, seen: &Seen) -> Result<Arc<Array>, SessionError> {
        match seen {
            Seen::Maps { run, layer, maps, .. } => self.run(*run)?.values(*layer, Some(maps)),
            Seen::Kernels { network, layer, kernels, .. } => {
                let all = self.kernels(*network, *layer)?;
                Ok(Arc::new(all.values(named(kernels).as_deref())?))
            }
            Seen::Explanation { .. } => {
                let all: Vec<Arc<Array>> = seen
                    .jobs()
                    .iter()
                    .map(|job| self.found_values(job))
                    .collect::<Result<_, _>>()?;
                stacked(&all)
            }
        }
    }

    /// All tiles in one picture.
    pub(super) fn sheet(&self, seen: &Seen, scale: Option<usize>) -> Result<Picture, SessionError> {
        let [h, w] = match seen {
            Seen::Maps { run, layer, .. } => {
                let shape = self.run(*run)?.capture.shape(*layer)?;
                [shape.h, shape.w]
            }
            Seen::Kernels { network, layer, kernels, .. } => {
                let info = &self.kernels(*network, *layer)?.info;
                info.extent(kernels.first().map_or(Slice::Color, |(_, slice)| *slice))
            }
            Seen::Explanation { sights, .. } => {
                let sight = sights.first().ok_or(SessionError::NotReady)?;
                let shape = self.input(sight.job.run().input)?.prepared.input.shape;
                [shape.h, shape.w]
            }
        };
        let fitting = WIDTH / (seen.columns() * h.max(w)).max(1);
        let scale = scale.unwrap_or(fitting.clamp(1, 64)).max(1);
        let pixels = seen.count() * (h * scale + GAP) * (w * scale + GAP);
        if pixels > PIXELS {
            return Err(SessionError::Unknown(format!(
                "a picture of {} million pixels is more than {}: choose a smaller --scale or fewer --channels",
                pixels >> 20,
                PIXELS >> 20
            )));
        }
        Ok(sheet(&self.tiles(seen, scale)?, seen.columns(), GAP, BACKGROUND))
    }

    fn tiles(&self, seen: &Seen, scale: usize) -> Result<Vec<Picture>, SessionError> {
        match seen {
            Seen::Maps { run: key, layer, maps, look, over_photo } => {
                let run = self.run(*key)?;
                let held = over_photo.map(|_| self.input(key.input)).transpose()?;
                let photo = held.as_ref().map(|held| held.photo()).transpose()?;
                let tile = |what: &PlaneKind| {
                    let plane = Plane { run: *key, layer: *layer, what: *what };
                    let array = run.plane(plane)?;
                    let (values, shape) = (array.map(0), array.shape);
                    let colors = run.colors(plane, values, *look)?;
                    let under = photo.zip(*over_photo);
                    Ok(map_picture(values, (shape.h, shape.w), colors, under, scale))
                };
                maps.iter().map(tile).collect()
            }
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
                    tiles.push(held.photo()?.clone());
                }
                for sight in sights {
                    tiles.push(self.sight(sight)?);
                }
                let grown = |p: Picture| p.resize(p.width * scale, p.height * scale);
                Ok(tiles.into_iter().map(grown).collect())
            }
        }
    }
}

/// The kernels that tiles show, each once; all where they show one matrix.
fn named(tiles: &[(usize, Slice)]) -> Option<Vec<usize>> {
    if tiles.iter().any(|(_, slice)| *slice == Slice::Matrix) {
        return None;
    }
    let mut which: Vec<usize> = tiles.iter().map(|(kernel, _)| *kernel).collect();
    which.dedup();
    Some(which)
}

/// Values of one shape as a batch; those of a single one as they are.
fn stacked(all: &[Arc<Array>]) -> Result<Arc<Array>, SessionError> {
    let first = all.first().ok_or(SessionError::NotReady)?;
    if all.len() == 1 {
        return Ok(first.clone());
    }
    if all.iter().any(|values| values.shape != first.shape) {
        return Err(SessionError::Unknown(
            "the values on the screen have several shapes: save them one by one, or as png".into(),
        ));
    }
    let shape = Shape { n: all.len() * first.shape.n, ..first.shape };
    let data = all.iter().flat_map(|values| values.data.iter().copied()).collect();
    Ok(Arc::new(Array { shape, data }))
}
