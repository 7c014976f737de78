//! Pictures made from what a network says: [`invert`] finds what a layer still knows of a photo, [`maximize`] what a
//! channel, a unit or a class answers most to, [`dream`] makes more of what a layer sees in a photo.
//!
//! Every method runs the network forward and backward many times from a seed; the same seed gives the same picture on
//! the same machine. Pictures are in the input's own normalized space.

mod adam;
mod dream;
mod fourier;
mod goal;
mod halted;
mod inversion;
mod maximization;
mod number;
mod similarity;
mod smoothness;
mod track;
mod transform;

use std::sync::Arc;

use super::{AnalysisError, Subject, finite};
use crate::base::{Array, Cancel, LayerId, Progress};
use crate::engine::{Capture, EngineError, Keep, Pull, ReluRule, Seed};
use crate::model::Value;

pub use adam::Adam;
pub use dream::{Dream, dream};
pub use fourier::Parameterization;
pub use goal::Goal;
pub use halted::Halted;
pub use inversion::{Descent, Inversion, Loss, Objective, PLACES, Weights, invert, invert_with};
pub use maximization::{Ascent, Maximization, maximize, maximize_with};
pub use number::Number;
pub use similarity::Similarity;
pub use smoothness::{sixth_power, variation};
pub use transform::{Motion, Reach, Resampling};

/// A picture on its way or ready.
#[derive(Clone, Debug, PartialEq)]
pub struct Rebuilt {
    /// The picture `[1, C, H, W]`, in the normalized input space.
    pub picture: Array,
    /// Iterations behind it.
    pub iteration: usize,
    /// Iterations in all.
    pub iterations: usize,
    /// What the method makes small, for this picture; of ascents minus what is reached.
    pub loss: f64,
    /// Of an inversion: the relative feature error `|Phi(x) - Phi0|^2 / |Phi0|^2`.
    pub error: Option<f64>,
    /// Of an ascent: the goal's value. Of a picture on its way it is what the last pass saw, moved or jittered; of
    /// the picture that is ready it is the picture's own, to be held against the photo's ([`Goal::value`]).
    pub reached: Option<f64>,
    /// Of an inversion: the structural similarity to the photo ([`Similarity`]), 1 for the photo itself.
    pub similarity: Option<f64>,
    /// For each iteration the loss, and the error or what was reached.
    pub curve: Vec<(f32, f32)>,
    /// Of an inversion: the similarity of every tenth iteration, then of this picture.
    pub similarities: Vec<f32>,
}

impl Rebuilt {
    /// Itself, once its picture and its numbers are known to be finite.
    ///
    /// # Errors
    /// When one of them is NaN or infinite.
    pub fn checked(self) -> Result<Self, AnalysisError> {
        let numbers = [Some(self.loss), self.error, self.reached, self.similarity];
        let numbers = numbers.into_iter().flatten();
        let pixels = self.picture.data.iter().map(|v| f64::from(*v));
        finite("the picture or its loss", pixels.chain(numbers))?;
        Ok(self)
    }
}

/// How values from 0 to 1 became an input: `(v - mean) / std`, a number of each for every channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Colors<'a> {
    /// The means.
    pub mean: &'a [f32],
    /// The deviations, none of them 0.
    pub std: &'a [f32],
}

impl Colors<'_> {
    /// Whether there is a mean and a deviation for each channel.
    fn check(&self, channels: usize) -> Result<(), AnalysisError> {
        if self.mean.len() == channels && self.std.len() == channels {
            return Ok(());
        }
        Err(AnalysisError::Unfit(format!(
            "the network takes {channels} channels: {channels} means and deviations are needed, not {} and {}",
            self.mean.len(),
            self.std.len()
        )))
    }
}

/// Pictures are handed on every so many iterations.
const SHOWN_EVERY: usize = 10;

/// The network on another input, with what gradients from a layer will ask for.
fn run(
    subject: &Subject<'_>,
    input: &Array,
    layer: LayerId,
    cancel: &Cancel,
) -> Result<Arc<dyn Capture>, EngineError> {
    let keep = Keep::Tape(vec![layer]);
    subject.backend.forward(input, subject.edits, &keep, cancel, &mut Progress::none())
}

/// The gradient of a seed at the input of a run.
fn at_input(
    subject: &Subject<'_>,
    of: &dyn Capture,
    seed: Seed,
    cancel: &Cancel,
) -> Result<Array, EngineError> {
    let pull = Pull { seed, rule: ReluRule::Plain, wanted: vec![Value::Input] };
    let found = subject.backend.backward(of, &pull, cancel, &mut Progress::none())?;
    found.into_iter().next().ok_or_else(|| EngineError::OutOfRange("the gradient".into()))
}

/// As an input, of the shape of the subject's own.
fn as_input(subject: &Subject<'_>, values: &[f32]) -> Array {
    Array { shape: subject.input().shape, data: values.to_vec() }
}

fn widened(array: &Array) -> Vec<f64> {
    array.data.iter().map(|v| f64::from(*v)).collect()
}
