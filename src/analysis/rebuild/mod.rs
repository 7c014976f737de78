//! Pictures made from what a network says: [`invert`] finds what a layer still knows of a photo, [`maximize`] what a
//! channel, a unit or a class answers most to, [`dream`] makes more of what a layer sees in a photo.
//!
//! Every method runs the network forward and backward many times from a seed; the same seed gives the same picture on
//! the same machine. Pictures are in the input's own normalized space.

mod adam;
mod diversity;
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
use crate::base::{Array, Cancel, LayerId, Progress, Shape};
use crate::engine::{Capture, EngineError, GradientRequest, Keep, Seed};
use crate::model::Value;
use crate::ops::ReluRule;

pub use adam::Adam;
pub use diversity::Texture;
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
    /// The picture `[1, C, H, W]`, in the normalized input space; of [`Maximization::variants`] one each.
    pub pictures: Vec<Array>,
    /// Iterations that are done.
    pub iteration: usize,
    /// Iterations in all.
    pub iterations: usize,
    /// What the method makes small, for this picture; of ascents minus what is reached.
    pub loss: f64,
    /// Of an inversion: the relative feature error `|Phi(x) - Phi0|^2 / |Phi0|^2`.
    pub error: Option<f64>,
    /// Of an ascent: the goal's value. Of a picture on its way it is what the last pass saw, moved or jittered; of
    /// the picture that is ready it is the picture's own, to be held against the photo's ([`Goal::value`]). Of several
    /// pictures their mean.
    pub reached: Option<f64>,
    /// Of an inversion: the structural similarity to the photo ([`Similarity`]), 1 for the photo itself.
    pub similarity: Option<f64>,
    /// For each iteration the loss, and the error or what was reached.
    pub curve: Vec<(f32, f32)>,
    /// Of an inversion: the similarity of every tenth iteration, then of this picture.
    pub similarities: Vec<f32>,
    /// Of several pictures that are ready: how they compare.
    pub variants: Option<Variants>,
}

/// What pictures that were made together reach, and how alike they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Variants {
    /// The goal's value of each.
    pub reached: Vec<f64>,
    /// The mean over all pairs of the cosine of their Gram matrices ([`Texture::likeness`]): 1 for the same texture.
    pub likeness: f64,
}

impl Rebuilt {
    /// About how many bytes it takes.
    pub fn bytes(&self) -> usize {
        let pictures = self.pictures.iter().map(|picture| size_of_val(picture.data.as_slice()));
        pictures.sum::<usize>() + size_of_val(self.curve.as_slice())
    }

    /// Itself, once its picture and its numbers are known to be finite.
    ///
    /// # Errors
    /// When one of them is NaN or infinite.
    pub fn checked(self) -> Result<Self, AnalysisError> {
        let numbers = [Some(self.loss), self.error, self.reached, self.similarity];
        let numbers = numbers.into_iter().flatten();
        let pixels = self.pictures.iter().flat_map(|picture| &picture.data).map(|v| f64::from(*v));
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
    let request = GradientRequest { seed, rule: ReluRule::Plain, wanted: vec![Value::Input] };
    let found = subject.backend.backward(of, &request, cancel, &mut Progress::none())?;
    found.into_iter().next().ok_or_else(|| EngineError::OutOfRange("the gradient".into()))
}

/// As an input, of the shape of the subject's own.
fn as_input(subject: &Subject<'_>, values: &[f32]) -> Array {
    Array { shape: subject.input().shape, data: values.to_vec() }
}

/// The last layer up to this one that has more than one unit in a channel.
fn last_map(shapes: &[Shape], layer: LayerId) -> Option<LayerId> {
    (0..=layer.0).rev().find(|i| shapes.get(*i).is_some_and(|s| s.area() > 1)).map(LayerId)
}

fn widened(array: &Array) -> Vec<f64> {
    array.data.iter().map(|v| f64::from(*v)).collect()
}
