//! What the maps of a run are like: in cells, in pixels, and in numbers.

use std::borrow::Cow;
use std::sync::Arc;

use super::SessionError;
use super::ask::known::Heatmap;
use super::ask::request;
use super::run::{Colors, SCALE, scale};
use super::store::{Ask, Session};
use crate::analysis::{Histogram, LayerStatistics};
use crate::base::{Array, Blending, Cancel, Part, Progress, Shape};
use crate::picture::{Cells, Grid, Overlay, Picture, invalid};

impl Ask for request::Statistics {
    type Answer = Arc<LayerStatistics>;

    fn answer(
        &self,
        session: &Session,
        _: &Cancel,
        _: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        session.run(self.run)?.statistics(self.layer)
    }
}

impl Ask for request::Values {
    type Answer = Arc<Array>;

    fn answer(
        &self,
        session: &Session,
        _: &Cancel,
        _: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        session.run(self.run)?.values(self.layer, self.maps.as_deref())
    }
}

impl Ask for request::Histogram {
    type Answer = Arc<Histogram>;

    fn answer(
        &self,
        session: &Session,
        _: &Cancel,
        _: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        let array = session.run(self.plane.run)?.plane(self.plane)?;
        Ok(Arc::new(Histogram::of(array.map(0), self.bins)))
    }
}

impl Ask for request::Heatmap {
    type Answer = Arc<Heatmap>;

    fn answer(
        &self,
        session: &Session,
        _: &Cancel,
        _: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        let Self { plane, part, size: (columns, rows), look, over_photo } = *self;
        let run = session.run(plane.run)?;
        let array = run.plane(plane)?;
        let Shape { h, w, .. } = array.shape;
        let values = array.map(0);
        let grid = Grid { columns, rows, blocks: look.blocks };
        let mut drawn = grid.drawn(values, (h, w));
        let seen = if part.is_some() { values } else { &drawn };
        let Colors { map, range, mode, signed } = run.colors(plane, seen, look)?;
        let held = over_photo.map(|_| session.input(plane.run.input)).transpose()?;
        let mut photo = held.as_ref().map(|held| held.photo()).transpose()?.map(Cow::Borrowed);
        if let Some(part) = part {
            drawn = grid.drawn(&part.of(values, w), part.extent());
            photo = photo.map(|photo| Cow::Owned(below(&photo, part, array.shape)));
        }
        let cells = Cells::heatmap(&drawn, grid, map, range, photo.as_deref().zip(over_photo));
        let (scale, invalid) = (scale(map, SCALE), invalid(values));
        Ok(Arc::new(Heatmap { cells, range, colormap: map, mode, signed, scale, invalid }))
    }
}

/// The part of the photo below a part of a map of this shape.
pub(super) fn below(photo: &Picture, part: Part, map: Shape) -> Picture {
    photo.part(part.scaled((map.h, map.w), (photo.height, photo.width)))
}

/// A map of `extent` values in pixels, each value a square of `scale` pixels, alone or over the photo.
pub(super) fn map_picture(
    values: &[f32],
    (h, w): (usize, usize),
    Colors { map: colormap, range, .. }: Colors,
    under: Option<(&Picture, Blending)>,
    scale: usize,
) -> Picture {
    let Some((photo, blending)) = under else {
        return Picture::heatmap(values, h, w, colormap, range, scale);
    };
    let (extent, strength) = ((h, w), blending.usual_strength());
    let overlay = Overlay { values, extent, colormap, range, blending, strength };
    overlay.over(&photo.resize(w * scale, h * scale))
}
