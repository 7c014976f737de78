//! Feature inversion: a picture that a layer cannot tell from the photo (Mahendran & Vedaldi 2015).

use std::sync::Arc;

use super::smoothness::{sixth_power, variation};
use super::track::{Measure, Track};
use super::transform::{random_roll, rolled};
use super::{Adam, Rebuilt, as_input, at_input, run, widened};
use crate::analysis::{AnalysisError, Subject, Work};
use crate::base::Random;
use crate::base::{Array, Cancel, LayerId, Shape};
use crate::engine::Seed;
use crate::model::{Graph, receptive_fields};

/// What is inverted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Inversion {
    /// The layer whose value is rebuilt.
    pub layer: LayerId,
    /// Only these of its channels; all when there is no list.
    pub channels: Option<Vec<usize>>,
    /// How long; [`Descent::for_layer`] knows what is enough.
    pub iterations: Option<usize>,
    /// What the noise that it starts from is drawn with.
    pub seed: u64,
}

impl Inversion {
    /// Of all channels, as long as is usual.
    pub const fn of(layer: LayerId) -> Self {
        Self { layer, channels: None, iterations: None, seed: 0 }
    }
}

/// How much the picture's own properties count against the features.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// Of the total variation, `lambda_tv`; [`variation`].
    pub variation: f64,
    /// Of the sum of sixth powers, `lambda_alpha`; [`sixth_power`].
    pub alpha: f64,
}

/// How the descent goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Descent {
    /// Passes forward and backward.
    pub iterations: usize,
    /// Adam's rate at the start, in the normalized input's units.
    pub rate: f64,
    /// The share of the rate that is left at the end of a half cosine.
    pub last: f64,
    /// The deviation of the noise that it starts from.
    pub noise: f64,
    /// The total variation's weight, as it is for a picture of one value; divided by the number of values.
    pub variation: f64,
    /// The sixth powers' weight, in the same way.
    pub alpha: f64,
    /// Pixels by which the picture is rolled either way, in the first half of the iterations.
    pub jitter: usize,
}

/// For layers whose units stand up to so many pixels apart. `examples/rebuild` measures them, and others, on the
/// built-in network's photos.
const DESCENTS: [(usize, Descent); 5] = [
    (2, descent(0.1, 1e-3)),
    (4, descent(0.1, 1e-2)),
    (8, descent(0.1, 3e-2)),
    (16, descent(0.1, 1e-1)),
    (usize::MAX, descent(0.1, 3e-1)),
];

const fn descent(rate: f64, variation: f64) -> Descent {
    Descent { iterations: 200, rate, last: 0.05, noise: 0.1, variation, alpha: 1e-5, jitter: 0 }
}

impl Descent {
    /// What is usual at the depth of a layer: the distance of its units in input pixels says how much of a photo's
    /// detail it has given up, whatever the network calls it.
    ///
    /// # Errors
    /// When the network does not run on inputs of this shape, or has no such layer.
    pub fn for_layer(subject: &Subject<'_>, layer: LayerId) -> Result<Self, AnalysisError> {
        subject.capture.shape(layer)?;
        let jump = jump(subject.graph, subject.input().shape, subject.capture.shapes(), layer);
        let row = DESCENTS.iter().find(|(most, _)| jump <= *most);
        Ok(row.unwrap_or(&DESCENTS[DESCENTS.len() - 1]).1)
    }

    /// The weights for inputs of a shape.
    pub fn weights(&self, input: Shape) -> Weights {
        let count = input.len().max(1) as f64;
        Weights { variation: self.variation / count, alpha: self.alpha / count }
    }

    /// Adam's rate in an iteration.
    fn rate(&self, iteration: usize) -> f64 {
        let share = iteration as f64 / self.iterations.max(1) as f64;
        let cosine = 0.5 + 0.5 * (std::f64::consts::PI * share).cos();
        self.rate * (self.last + (1.0 - self.last) * cosine)
    }
}

/// Input pixels between neighboring units.
fn jump(graph: &Graph, input: Shape, shapes: &[Shape], layer: LayerId) -> usize {
    let fields = receptive_fields(graph, input, shapes);
    fields.get(layer.0).map_or(1, |field| field.rows.jump.max(field.columns.jump))
}

/// What is made small: `|Phi(x) - Phi0|^2 / |Phi0|^2 + lambda_tv sum (dx^2 + dy^2) + lambda_alpha |x|_6^6`, where `Phi0`
/// is the layer's value in the subject's run.
pub struct Objective<'a> {
    subject: Subject<'a>,
    layer: LayerId,
    channels: Vec<usize>,
    wanted: Array,
    norm: f64,
    weights: Weights,
}

/// The objective at one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    /// All of it.
    pub total: f64,
    /// The relative feature error `|Phi(x) - Phi0|^2 / |Phi0|^2`.
    pub error: f64,
    /// The total variation, without its weight.
    pub variation: f64,
    /// The sum of sixth powers, without its weight.
    pub alpha: f64,
    /// The gradient of `total` at the picture, `[C, H, W]`.
    pub gradient: Vec<f64>,
}

impl<'a> Objective<'a> {
    /// Of a layer's value in the subject's run, or of some of its channels alone.
    ///
    /// # Errors
    /// When the layer or a channel does not exist, or the value is 0 everywhere.
    pub fn new(
        subject: &Subject<'a>,
        layer: LayerId,
        channels: Option<&[usize]>,
        weights: Weights,
    ) -> Result<Self, AnalysisError> {
        let shape = subject.capture.shape(layer)?;
        let mut channels = channels.map_or_else(|| (0..shape.c).collect(), <[usize]>::to_vec);
        // Twice the same channel is one channel.
        channels.sort_unstable();
        channels.dedup();
        let wanted = subject.capture.read(layer, &channels)?;
        let norm = wanted.data.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>();
        if !(norm.is_finite() && norm > 0.0) {
            let name = subject.graph.nodes.get(layer.0).map_or("", |node| node.name.as_str());
            let what = if norm == 0.0 { "0 everywhere" } else { "not finite" };
            return Err(AnalysisError::Unfit(format!(
                "the activations of {name} to invert are {what} for this photo: choose other channels"
            )));
        }
        Ok(Self { subject: *subject, layer, channels, wanted, norm, weights })
    }

    /// Its value and its gradient at a picture `[1, C, H, W]`.
    ///
    /// # Errors
    /// When a layer fails or the token was set.
    pub fn at(&self, picture: &Array, cancel: &Cancel) -> Result<Loss, AnalysisError> {
        self.rolled_at(&widened(picture), [0, 0], cancel)
    }

    /// The same for values `[C, H, W]`.
    ///
    /// # Errors
    /// As [`Objective::at`].
    pub fn at_values(&self, picture: &[f64], cancel: &Cancel) -> Result<Loss, AnalysisError> {
        self.rolled_at(picture, [0, 0], cancel)
    }

    /// The same for values `[C, H, W]`, with the features of the picture rolled by some pixels.
    fn rolled_at(
        &self,
        picture: &[f64],
        by: [isize; 2],
        cancel: &Cancel,
    ) -> Result<Loss, AnalysisError> {
        let shape = self.subject.input().shape;
        let side = [shape.h, shape.w];
        let (error, mut gradient) = if by == [0, 0] {
            let (error, pulled) = self.features(&as_input(&self.subject, picture), cancel)?;
            (error, widened(&pulled))
        } else {
            let seen = as_input(&self.subject, &rolled(picture, side, by));
            let (error, pulled) = self.features(&seen, cancel)?;
            (error, rolled(&widened(&pulled), side, by.map(|v| -v)))
        };
        let weights = self.weights;
        let variation = variation(shape, picture, weights.variation, &mut gradient);
        let alpha = sixth_power(picture, weights.alpha, &mut gradient);
        let total = error + weights.variation * variation + weights.alpha * alpha;
        Ok(Loss { total, error, variation, alpha, gradient })
    }

    /// The relative feature error and its gradient.
    fn features(&self, input: &Array, cancel: &Cancel) -> Result<(f64, Array), AnalysisError> {
        let run = run(&self.subject, input, self.layer, cancel)?;
        let found = run.read(self.layer, &self.channels)?;
        let area = found.shape.area();
        let mut cotangent = Array::zeros(run.shape(self.layer)?);
        let mut error = 0.0;
        for (i, channel) in self.channels.iter().enumerate() {
            let into = cotangent.data.get_mut(channel * area..(channel + 1) * area);
            let pairs = found.map(i).iter().zip(self.wanted.map(i));
            for ((found, wanted), into) in pairs.zip(into.unwrap_or(&mut [])) {
                let off = f64::from(*found) - f64::from(*wanted);
                error += off * off;
                *into = (2.0 * off / self.norm) as f32;
            }
        }
        let seed = Seed::Cotangent { layer: self.layer, value: Arc::new(cotangent) };
        Ok((error / self.norm, at_input(&self.subject, run.as_ref(), seed, cancel)?))
    }
}

/// A picture of the size of the subject's input whose value at a layer is nearly that of the photo.
///
/// # Errors
/// When the layer or a channel does not exist, its value is 0 everywhere, a pass fails, or the token was set.
pub fn invert(
    subject: &Subject<'_>,
    wish: &Inversion,
    work: &mut Work<'_, '_, Rebuilt>,
) -> Result<Rebuilt, AnalysisError> {
    let usual = Descent::for_layer(subject, wish.layer)?;
    let iterations = wish.iterations.unwrap_or(usual.iterations);
    invert_with(subject, wish, &Descent { iterations, ..usual }, work)
}

/// As [`invert`], with a descent of one's own.
///
/// # Errors
/// As [`invert`].
pub fn invert_with(
    subject: &Subject<'_>,
    wish: &Inversion,
    descent: &Descent,
    work: &mut Work<'_, '_, Rebuilt>,
) -> Result<Rebuilt, AnalysisError> {
    let shape = subject.input().shape;
    let channels = wish.channels.as_deref();
    let objective = Objective::new(subject, wish.layer, channels, descent.weights(shape))?;
    let mut normal = Random::new(wish.seed);
    let mut picture: Vec<f64> = (0..shape.len()).map(|_| descent.noise * normal.normal()).collect();
    let mut adam = Adam::new(picture.len());
    let mut track = Track::new(descent.iterations);
    for iteration in 0..descent.iterations {
        work.go_on()?;
        // The second half is still, so that what was smoothed becomes exact.
        let reach = if iteration < descent.iterations / 2 { descent.jitter } else { 0 };
        let loss = objective.rolled_at(&picture, random_roll(reach, &mut normal), work.cancel)?;
        let seen = || as_input(subject, &picture);
        track.step(loss.total, Measure::Error(loss.error), seen, work);
        adam.step(&mut picture, &loss.gradient, descent.rate(iteration));
    }
    let picture = as_input(subject, &picture);
    let end = objective.at(&picture, work.cancel)?;
    Ok(track.rebuilt(picture, end.total, Measure::Error(end.error)))
}
