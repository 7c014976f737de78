//! What has happened so far, and telling it.

use super::{Rebuilt, SHOWN_EVERY, Similarity};
use crate::analysis::Work;
use crate::base::Array;

/// What is measured of a picture, next to its loss.
#[derive(Clone, Copy, Debug)]
pub enum Measure {
    /// [`Rebuilt::error`].
    Error(f64),
    /// [`Rebuilt::reached`].
    Reached(f64),
}

/// The curve of a descent.
pub struct Track {
    iterations: usize,
    curve: Vec<(f32, f32)>,
    to_photo: Option<Similarity>,
    similarities: Vec<f32>,
}

impl Track {
    /// Of a number of iterations.
    pub fn new(iterations: usize) -> Self {
        let curve = Vec::with_capacity(iterations);
        Self { iterations, curve, to_photo: None, similarities: Vec::new() }
    }

    /// The same, with how like the photo the pictures are.
    pub fn towards(photo: Similarity, iterations: usize) -> Self {
        Self { to_photo: Some(photo), ..Self::new(iterations) }
    }

    /// About how many bytes it takes.
    pub fn bytes(&self) -> usize {
        let photo = self.to_photo.as_ref().map_or(0, Similarity::bytes);
        photo + size_of_val(self.curve.as_slice()) + size_of_val(self.similarities.as_slice())
    }

    /// Iterations so far.
    pub const fn done(&self) -> usize {
        self.curve.len()
    }

    /// Adds an iteration; every few, the picture it started from is handed on.
    pub fn step(
        &mut self,
        loss: f64,
        measure: Measure,
        picture: impl FnOnce() -> Array,
        work: &mut Work<'_, '_, Rebuilt>,
    ) {
        self.steps(loss, measure, || vec![picture()], work);
    }

    /// The same for pictures that are made together.
    pub fn steps(
        &mut self,
        loss: f64,
        measure: Measure,
        pictures: impl FnOnce() -> Vec<Array>,
        work: &mut Work<'_, '_, Rebuilt>,
    ) {
        let (Measure::Error(value) | Measure::Reached(value)) = measure;
        self.curve.push((loss as f32, value as f32));
        let done = self.curve.len();
        if done.is_multiple_of(SHOWN_EVERY) && done < self.iterations {
            let so_far = self.rebuilt(pictures(), loss, measure);
            self.similarities.clone_from(&so_far.similarities);
            (work.refine)(so_far);
        }
        work.progress.report(done, self.iterations);
    }

    /// Pictures at this point.
    pub fn rebuilt(&self, pictures: Vec<Array>, loss: f64, measure: Measure) -> Rebuilt {
        let (error, reached) = match measure {
            Measure::Error(value) => (Some(value), None),
            Measure::Reached(value) => (None, Some(value)),
        };
        let (iteration, iterations) = (self.curve.len(), self.iterations);
        let curve = self.curve.clone();
        let similarity = self
            .to_photo
            .as_ref()
            .zip(pictures.first())
            .and_then(|(photo, picture)| photo.of(picture));
        let new = similarity.map(|similarity| similarity as f32);
        let similarities = self.similarities.iter().copied().chain(new).collect();
        Rebuilt {
            pictures,
            iteration,
            iterations,
            loss,
            error,
            reached,
            similarity,
            curve,
            similarities,
            variants: None,
        }
    }
}
