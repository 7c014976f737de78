//! Activation maximization: what a channel, a unit or a class answers most to (Olah et al. 2017; lucid's
//! `render_vis` with its standard transforms).

use super::goal::Goal;
use super::track::{Measure, Track};
use super::transform::{Motion, Resampling};
use super::{Adam, Colors, Parameterization, Rebuilt, at_input, run, widened};
use crate::analysis::{AnalysisError, Subject, Target, Work};
use crate::base::Random;

/// Adam's; lucid's.
const RATE: f64 = 0.05;
/// lucid's.
const DECAY: f64 = 1.0;
/// Half of lucid's: enough to beat the photos by far (`examples/rebuild`, `beat`).
const ITERATIONS: usize = 256;

/// What is made large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Maximization {
    /// Of a class its logit, of a channel its spatial mean, of a unit its value.
    pub target: Target,
    /// How long; 256 without a wish.
    pub iterations: Option<usize>,
    /// What the picture that it starts from and its movements are drawn with.
    pub seed: u64,
}

impl Maximization {
    /// Of a target, as long as is usual.
    pub const fn of(target: Target) -> Self {
        Self { target, iterations: None, seed: 0 }
    }
}

/// A picture of the size of the subject's input that the target answers to. What the subject's photo shows has no
/// part in it.
///
/// # Errors
/// When the target does not exist, the colors do not fit, a pass fails, or the token was set.
pub fn maximize(
    subject: &Subject<'_>,
    colors: &Colors<'_>,
    wish: &Maximization,
    work: &mut Work<'_, '_, Rebuilt>,
) -> Result<Rebuilt, AnalysisError> {
    let (goal, shape) = (Goal::Target(wish.target), subject.input().shape);
    goal.check(subject)?;
    colors.check(shape.c)?;
    let layer = goal.layer(subject);
    let iterations = wish.iterations.unwrap_or(ITERATIONS);
    let map = Parameterization::new(shape, colors, DECAY);
    let mut normal = Random::new(wish.seed);
    let mut parameters = map.start(&mut normal);
    let mut adam = Adam::new(parameters.len());
    let mut track = Track::new(iterations);
    for _ in 0..iterations {
        work.go_on()?;
        let picture = map.picture(&parameters);
        let moved =
            Resampling::new(shape.h, shape.w, &Motion::random(shape.h, shape.w, &mut normal));
        let run = run(subject, &map.array(&moved.apply(&picture)), layer, work.cancel)?;
        let reached = goal.value(subject, run.as_ref())?;
        let seed = goal.seed(subject, run.as_ref())?;
        let found = at_input(subject, run.as_ref(), seed, work.cancel)?;
        // Uphill is down the negative.
        let downhill: Vec<f64> = moved.pull(&widened(&found)).iter().map(|g| -g).collect();
        let gradient = map.pull(&picture, &downhill);
        adam.step(&mut parameters, &gradient, RATE);
        track.step(-reached, Measure::Reached(reached), || map.array(&picture), work);
    }
    let picture = map.array(&map.picture(&parameters));
    let reached = goal.value(subject, run(subject, &picture, layer, work.cancel)?.as_ref())?;
    Ok(track.rebuilt(picture, -reached, Measure::Reached(reached)))
}
