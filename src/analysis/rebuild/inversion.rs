//! Feature inversion: a picture that a layer cannot tell from the photo (Mahendran & Vedaldi 2015), sought among
//! pictures whose fine detail is cheap only where it is needed (Olah et al. 2017).

use std::sync::Arc;

use super::adam::cosine;
use super::halted::Descending;
use super::smoothness::{sixth_power, variation};
use super::track::{Measure, Track};
use super::transform::{random_roll, rolled};
use super::{Adam, Colors, Halted, Parameterization, Rebuilt, Similarity, as_input, at_input, run};
use crate::analysis::{AnalysisError, Subject, Work};
use crate::base::Random;
use crate::base::{Array, Cancel, LayerId, Progress, Shape};
use crate::engine::{Keep, Seed};
use crate::model::{Graph, extents, receptive_fields};

/// What is inverted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Inversion {
    /// The layer whose value is rebuilt.
    pub layer: LayerId,
    /// Only these of its channels; all when there is no list.
    pub channels: Option<Vec<usize>>,
    /// How long; [`Descent::for_layer`] knows what is enough.
    pub iterations: Option<usize>,
    /// What the noise that it starts from and the places of the comparisons are drawn with.
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
    /// Adam's rate at the start, for the parameters of the spectrum.
    pub rate: f64,
    /// The share of the rate that is left at the end of a half cosine.
    pub last: f64,
    /// The power of the frequency by which its share in the picture falls; [`Parameterization::new`].
    pub decay: f64,
    /// The total variation's weight, as it is for a picture of one value; divided by the number of values.
    pub variation: f64,
    /// Pixels by which picture and photo are rolled together, either way.
    pub jitter: usize,
}

/// For layers whose units stand up to so many pixels apart. `examples/rebuild` measures them, and others, on the
/// built-in network's photos.
const DESCENTS: [(usize, Descent); 5] = [
    (2, descent(0.01, 4)),
    (4, descent(0.05, 4)),
    (8, descent(0.2, 4)),
    (16, descent(2.0, 16)),
    (usize::MAX, descent(3.0, 4)),
];

const fn descent(variation: f64, jitter: usize) -> Descent {
    Descent { iterations: 300, rate: 0.05, last: 0.0, decay: 1.3, variation, jitter }
}

/// Places, beside its own, at which picture and photo are compared: the photo's features at each are computed once.
pub const PLACES: usize = 8;

impl Descent {
    /// What is usual at the depth of a layer: the distance of its units in input pixels says how much of a photo's
    /// detail it has given up, whatever the network calls it.
    ///
    /// # Errors
    /// When the network does not run on inputs of this shape, or has no such layer.
    pub fn for_layer(subject: &Subject<'_>, layer: LayerId) -> Result<Self, AnalysisError> {
        subject.capture.shape(layer)?;
        let jump = jump(subject.graph, subject.input().shape, layer);
        let row = DESCENTS.iter().find(|(most, _)| jump <= *most);
        Ok(row.unwrap_or(&DESCENTS[DESCENTS.len() - 1]).1)
    }

    /// The weights for inputs of a shape.
    pub fn weights(&self, input: Shape) -> Weights {
        let count = input.len().max(1) as f64;
        // The colors of a spectrum are bounded: the sixth powers have nothing to do.
        Weights { variation: self.variation / count, alpha: 0.0 }
    }

    /// Adam's rate in an iteration.
    fn rate(&self, iteration: usize) -> f64 {
        cosine(self.rate, self.last, iteration as f64 / self.iterations.max(1) as f64)
    }
}

/// Input pixels between neighboring units.
fn jump(graph: &Graph, input: Shape, layer: LayerId) -> usize {
    let dims = extents(graph, input).unwrap_or_default();
    let fields = receptive_fields(graph, input, &dims);
    let jump = fields.get(layer.0).map(|field| field.rows.jump.max(field.columns.jump));
    jump.map_or(1, |jump| jump.ceil() as usize)
}

/// What is made small: `|Phi(x) - Phi0|^2 / |Phi0|^2 + lambda_tv sum (dx^2 + dy^2) + lambda_alpha |x|_6^6`, where `Phi0`
/// is the layer's value in the subject's run.
pub struct Objective<'a> {
    subject: Subject<'a>,
    layer: LayerId,
    channels: Vec<usize>,
    /// What is wanted of the picture as it is, and of it rolled.
    wanted: (Wanted, Vec<Wanted>),
    weights: Weights,
}

/// What the layer says of the photo rolled by some pixels.
struct Wanted {
    by: [isize; 2],
    value: Array,
    norm: f64,
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
    /// The sum of sixth powers, without its weight; 0 where that is 0.
    pub alpha: f64,
    /// The gradient of `total` at the picture, `[C, H, W]`.
    pub gradient: Vec<f32>,
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
        let wanted = (Wanted { by: [0, 0], value: wanted, norm }, Vec::new());
        Ok(Self { subject: *subject, layer, channels, wanted, weights })
    }

    /// Wants the same of the picture rolled as the layer says of the photo rolled in the same way. Where that is 0
    /// everywhere, nothing is wanted.
    fn add_place(&mut self, by: [isize; 2], cancel: &Cancel) -> Result<(), AnalysisError> {
        let photo = self.subject.input();
        let data = rolled(&photo.data, [photo.shape.h, photo.shape.w], by);
        let seen = Array { shape: photo.shape, data };
        let keep = Keep::Only(vec![self.layer]);
        let Subject { backend, edits, .. } = self.subject;
        let run = backend.forward(&seen, edits, &keep, cancel, &mut Progress::none())?;
        let value = run.read(self.layer, &self.channels)?;
        let norm = value.data.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>();
        if norm.is_finite() && norm > 0.0 {
            self.wanted.1.push(Wanted { by, value, norm });
        }
        Ok(())
    }

    /// Its value and its gradient at a picture `[1, C, H, W]`.
    ///
    /// # Errors
    /// When a layer fails or the token was set.
    pub fn at(&self, picture: &Array, cancel: &Cancel) -> Result<Loss, AnalysisError> {
        self.at_values(&picture.data, cancel)
    }

    /// The same for values `[C, H, W]`.
    ///
    /// # Errors
    /// As [`Objective::at`].
    pub fn at_values(&self, picture: &[f32], cancel: &Cancel) -> Result<Loss, AnalysisError> {
        self.at_place(&self.wanted.0, picture, cancel)
    }

    /// What is wanted at a place: 0 is the picture as it is.
    fn place(&self, place: usize) -> &Wanted {
        place.checked_sub(1).and_then(|at| self.wanted.1.get(at)).unwrap_or(&self.wanted.0)
    }

    /// The same at one of the places where picture and photo are compared.
    fn at_place(
        &self,
        wanted: &Wanted,
        picture: &[f32],
        cancel: &Cancel,
    ) -> Result<Loss, AnalysisError> {
        let by = wanted.by;
        let shape = self.subject.input().shape;
        let side = [shape.h, shape.w];
        let (error, mut gradient) = if by == [0, 0] {
            let (error, pulled) =
                self.features(&as_input(&self.subject, picture), wanted, cancel)?;
            (error, pulled.data)
        } else {
            let seen = as_input(&self.subject, &rolled(picture, side, by));
            let (error, pulled) = self.features(&seen, wanted, cancel)?;
            (error, rolled(&pulled.data, side, by.map(|v| -v)))
        };
        let weights = self.weights;
        let variation = variation(shape, picture, weights.variation, &mut gradient);
        let alpha = match weights.alpha {
            0.0 => 0.0,
            weight => sixth_power(picture, weight, &mut gradient),
        };
        let total = error + weights.variation * variation + weights.alpha * alpha;
        Ok(Loss { total, error, variation, alpha, gradient })
    }

    /// The relative feature error and its gradient.
    fn features(
        &self,
        input: &Array,
        wanted: &Wanted,
        cancel: &Cancel,
    ) -> Result<(f64, Array), AnalysisError> {
        let run = run(&self.subject, input, self.layer, cancel)?;
        let found = run.read(self.layer, &self.channels)?;
        let area = found.shape.area();
        let mut cotangent = Array::zeros(run.shape(self.layer)?);
        let mut error = 0.0;
        for (i, channel) in self.channels.iter().enumerate() {
            let into = cotangent.data.get_mut(channel * area..(channel + 1) * area);
            let pairs = found.map(i).iter().zip(wanted.value.map(i));
            for ((found, aim), into) in pairs.zip(into.unwrap_or(&mut [])) {
                let off = f64::from(*found) - f64::from(*aim);
                error += off * off;
                *into = (2.0 * off / wanted.norm) as f32;
            }
        }
        let seed = Seed::Cotangent { layer: self.layer, value: Arc::new(cotangent) };
        Ok((error / wanted.norm, at_input(&self.subject, run.as_ref(), seed, cancel)?))
    }
}

/// A picture of the size of the subject's input whose value at a layer is nearly that of the photo. `halted` is where an
/// earlier call was stopped, if it was; it is where this one was stopped, if it is.
///
/// # Errors
/// When the layer or a channel does not exist, its value is 0 everywhere, the colors do not fit, a pass fails, or the
/// token was set.
pub fn invert(
    subject: &Subject<'_>,
    colors: &Colors<'_>,
    wish: &Inversion,
    halted: &mut Option<Halted>,
    work: &mut Work<'_, '_, Rebuilt>,
) -> Result<Rebuilt, AnalysisError> {
    let usual = Descent::for_layer(subject, wish.layer)?;
    let iterations = wish.iterations.unwrap_or(usual.iterations);
    invert_with(subject, colors, wish, &Descent { iterations, ..usual }, halted, work)
}

/// As [`invert`], with this descent.
///
/// # Errors
/// As [`invert`].
pub fn invert_with(
    subject: &Subject<'_>,
    colors: &Colors<'_>,
    wish: &Inversion,
    descent: &Descent,
    halted: &mut Option<Halted>,
    work: &mut Work<'_, '_, Rebuilt>,
) -> Result<Rebuilt, AnalysisError> {
    let shape = subject.input().shape;
    colors.check(shape.c)?;
    let channels = wish.channels.as_deref();
    let mut objective = Objective::new(subject, wish.layer, channels, descent.weights(shape))?;
    let map = Parameterization::<f32>::new(shape, colors, descent.decay);
    let mut state = match halted.take() {
        Some(Halted::Inversion(state)) => state,
        _ => begin(subject, colors, wish.seed, &map, descent),
    };
    let ended = descend(&mut state, &mut objective, &map, descent, work).and_then(|()| {
        let picture = as_input(subject, &map.picture(&state.parameters));
        let end = objective.at(&picture, work.cancel)?;
        Ok(state.track.rebuilt(vec![picture], end.total, Measure::Error(end.error)))
    });
    if ended.is_err() {
        *halted = Some(Halted::Inversion(state));
    }
    ended
}

fn descend(
    state: &mut Descending,
    objective: &mut Objective<'_>,
    map: &Parameterization<f32>,
    descent: &Descent,
    work: &mut Work<'_, '_, Rebuilt>,
) -> Result<(), AnalysisError> {
    for place in &state.places {
        work.go_on()?;
        objective.add_place(*place, work.cancel)?;
    }
    for iteration in state.track.done()..descent.iterations {
        work.go_on()?;
        let picture = map.picture(&state.parameters);
        // A pass that was stopped is begun again with the same draw.
        let mut random = state.random.clone();
        let place = random.below(1 + objective.wanted.1.len());
        let loss = objective.at_place(objective.place(place), &picture, work.cancel)?;
        state.random = random;
        let gradient = map.pull(&picture, &loss.gradient);
        state.adam.step(&mut state.parameters, &gradient, descent.rate(iteration));
        let seen = || as_input(&objective.subject, &picture);
        state.track.step(loss.total, Measure::Error(loss.error), seen, work);
    }
    Ok(())
}

fn begin(
    subject: &Subject<'_>,
    colors: &Colors<'_>,
    seed: u64,
    map: &Parameterization<f32>,
    descent: &Descent,
) -> Descending {
    let mut random = Random::new(seed);
    let parameters = map.start(&mut random);
    let count = if descent.jitter > 0 { PLACES.min(descent.iterations / 2) } else { 0 };
    let places = (0..count).map(|_| random_roll(descent.jitter, &mut random)).collect();
    let photo = Similarity::to(subject.input(), colors);
    let track = Track::towards(photo, descent.iterations);
    Descending { adam: Adam::new(parameters.len()), parameters, random, places, track }
}
