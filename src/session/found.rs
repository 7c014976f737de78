//! Looking at what work has found.

use std::sync::Arc;

use super::SessionError;
use super::ask::finding::{Agreement, Explanation, Finding, Found, Remade, Show, Sight};
use super::ask::job::{Explain, Job};
use super::ask::request;
use super::jobs::Task;
use super::lock::lock;
use super::store::{Ask, Session};
use crate::analysis::explain::Kind;
use crate::analysis::judge::{rank_correlation, shared_top};
use crate::base::{Array, Cancel, Progress, RangeMode, Shape};
use crate::picture::{Cells, Grid, Overlay, Picture, Range, gradient_picture, input_picture};

impl Ask for request::Found {
    type Answer = Arc<Found>;

    fn answer(
        &self,
        session: &Session,
        _: &Cancel,
        _: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        session.found(&self.0)
    }
}

impl Ask for request::FoundValues {
    type Answer = Arc<Array>;

    fn answer(
        &self,
        session: &Session,
        _: &Cancel,
        _: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        session.found_values(&self.0)
    }
}

impl Ask for request::Sight {
    type Answer = Arc<Cells>;

    fn answer(
        &self,
        session: &Session,
        _: &Cancel,
        _: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        let (columns, rows) = self.size;
        let grid = Grid { columns, rows, blocks: self.sight.blocks };
        Ok(Arc::new(Cells::photo(&session.sight(&self.sight)?, grid)))
    }
}

impl Ask for request::Agreement {
    type Answer = Agreement;

    fn answer(
        &self,
        session: &Session,
        _: &Cancel,
        _: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        let [a, b] = &*self.0;
        let (a, b) = (session.explanation(a)?.map, session.explanation(b)?.map);
        Ok(Agreement {
            rank_correlation: rank_correlation(&a.data, &b.data),
            shared_tenth: shared_top(&a.data, &b.data),
        })
    }
}

impl Session {
    /// What work has found so far. A method that runs no pass is done on the spot.
    fn found(&self, job: &Job) -> Result<Arc<Found>, SessionError> {
        if let Some(found) = lock(&self.found).get(job) {
            return Ok(found);
        }
        match job {
            Job::Explain(of) if of.method.is_instant() => {
                self.ask(job, &Cancel::new(), &mut Progress::none())
            }
            _ => Err(SessionError::NotReady),
        }
    }

    fn explanation(&self, of: &Explain) -> Result<Explanation, SessionError> {
        let found = self.found(&Job::Explain(*of))?;
        Explain::within(&found.what).cloned().ok_or(SessionError::NotReady)
    }

    /// The values of an explanation as files have them.
    pub(super) fn found_values(&self, job: &Job) -> Result<Arc<Array>, SessionError> {
        match &self.found(job)?.what {
            Finding::Explanation(of) if of.attribution.kind == Kind::Map => Ok(of.map.clone()),
            Finding::Explanation(of) => Ok(Arc::new(of.attribution.values.clone())),
            Finding::Rebuilt(Remade { of, .. }) => {
                let one = of.pictures.first().ok_or(SessionError::NotReady)?.shape;
                let data = of.pictures.iter().flat_map(|picture| &picture.data).copied().collect();
                Ok(Arc::new(Array { shape: Shape { n: of.pictures.len(), ..one }, data }))
            }
            _ => Err(SessionError::Unknown("this has no values for a file".into())),
        }
    }

    /// A picture of what was found, at the size of the input.
    pub(super) fn sight(&self, sight: &Sight) -> Result<Picture, SessionError> {
        let found = self.found(&sight.job)?;
        let of = match &found.what {
            Finding::Explanation(of) => of,
            Finding::Rebuilt(Remade { of, .. }) => {
                let recipe = &self.network(sight.job.run().network)?.recipe;
                let at = if let Show::Variant(at) = sight.show { at } else { 0 };
                let made = of.pictures.get(at).ok_or(SessionError::NotReady)?;
                let mut picture = input_picture(made, &recipe.mean, &recipe.std);
                if recipe.bgr {
                    picture.rgb.iter_mut().for_each(|pixel| pixel.reverse());
                }
                if sight.show == Show::Difference {
                    let held = self.input(sight.job.run().input)?;
                    picture = picture.minus(held.photo()?);
                }
                return Ok(picture);
            }
            _ => return Err(SessionError::Unknown("this has no picture".into())),
        };
        let (h, w) = (of.map.shape.h, of.map.shape.w);
        match (sight.show, of.attribution.kind) {
            (Show::Map, Kind::Gradient) => Ok(gradient_picture(
                &of.attribution.values.data,
                of.attribution.values.shape.c,
                h,
                w,
            )),
            (show, kind) => {
                let (values, range) = (of.map.data.as_slice(), heat_range(&of.map, kind, sight));
                if show == Show::Map {
                    return Ok(Picture::heatmap(values, h, w, sight.colormap, range, 1));
                }
                let held = self.input(sight.job.run().input)?;
                let photo = held.photo()?;
                let overlay = Overlay {
                    values,
                    extent: (h, w),
                    colormap: sight.colormap,
                    range,
                    blending: sight.blending,
                    strength: f32::from(sight.opacity.min(100)) / 100.0,
                };
                Ok(overlay.over(&photo.resize(w, h)))
            }
        }
    }
}

/// The values of the first and the last color: 0 and 1 for class activation maps, else as the range mode says. Shares that
/// lower the target have a color map that diverges from 0, magnitudes begin at 0.
fn heat_range(map: &Array, kind: Kind, sight: &Sight) -> Range {
    let mode = match (kind, sight.range) {
        (Kind::Gradient | Kind::Share, RangeMode::Map) => RangeMode::Percentile,
        (_, mode) => mode,
    };
    let own = Range::spanning(&map.data);
    match kind {
        Kind::Map if sight.range == RangeMode::Map => Range { low: 0.0, high: 1.0 },
        Kind::Map => Range::of(&map.data, mode, own),
        Kind::Gradient => Range { low: 0.0, ..Range::of(&map.data, mode, own) },
        Kind::Share => Range::of(&map.data, mode, own).symmetric(),
    }
}
