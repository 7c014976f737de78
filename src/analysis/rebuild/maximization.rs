//! Activation maximization: what a channel, a unit or a class answers most to (Olah et al. 2017; lucid's
//! `render_vis` with its standard transforms).

use super::adam::cosine;
use super::goal::Goal;
use super::halted::Ascending;
use super::track::{Measure, Track};
use super::transform::{Motion, Reach, Resampling};
use super::{Adam, Colors, Halted, Parameterization, Rebuilt, at_input, run, widened};
use crate::analysis::{AnalysisError, Subject, Target, Work};
use crate::base::Random;

/// How the ascent goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ascent {
    /// Passes forward and backward.
    pub iterations: usize,
    /// Adam's rate at the start, for the parameters of the spectrum.
    pub rate: f64,
    /// The share of the rate that is left at the end of a half cosine.
    pub last: f64,
    /// The power of the frequency by which its share in the picture falls; [`Parameterization::new`].
    pub decay: f64,
    /// How far the picture moves before each pass.
    pub reach: Reach,
}

impl Ascent {
    /// What is usual: lucid's, but half as long, which is enough to beat the photos by far (`examples/rebuild`, `beat`).
    pub const USUAL: Self =
        Self { iterations: 256, rate: 0.05, last: 0.0, decay: 1.3, reach: Reach::LUCID };
}

/// What is made large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Maximization {
    /// Of a class its logit, of a channel its spatial mean, of a unit its value.
    pub target: Target,
    /// How long; [`Ascent::USUAL`] without a wish.
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
/// part in it. `halted` as in [`super::invert`].
///
/// # Errors
/// When the target does not exist, the colors do not fit, a pass fails, or the token was set.
pub fn maximize(
    subject: &Subject<'_>,
    colors: &Colors<'_>,
    wish: &Maximization,
    halted: &mut Option<Halted>,
    work: &mut Work<'_, '_, Rebuilt>,
) -> Result<Rebuilt, AnalysisError> {
    let iterations = wish.iterations.unwrap_or(Ascent::USUAL.iterations);
    maximize_with(subject, colors, wish, &Ascent { iterations, ..Ascent::USUAL }, halted, work)
}

/// As [`maximize`], with this ascent.
///
/// # Errors
/// As [`maximize`].
pub fn maximize_with(
    subject: &Subject<'_>,
    colors: &Colors<'_>,
    wish: &Maximization,
    ascent: &Ascent,
    halted: &mut Option<Halted>,
    work: &mut Work<'_, '_, Rebuilt>,
) -> Result<Rebuilt, AnalysisError> {
    let (goal, shape) = (Goal::Target(wish.target), subject.input().shape);
    goal.check(subject)?;
    colors.check(shape.c)?;
    let map = Parameterization::<f64>::new(shape, colors, ascent.decay);
    let mut state = match halted.take() {
        Some(Halted::Maximization(state)) => state,
        _ => {
            let mut random = Random::new(wish.seed);
            let parameters = map.start(&mut random);
            let (adam, track) = (Adam::new(parameters.len()), Track::new(ascent.iterations));
            Ascending { parameters, adam, random, track }
        }
    };
    let ended = climb(&mut state, subject, &goal, &map, ascent, work).and_then(|()| {
        let picture = map.array(&map.picture(&state.parameters));
        let run = run(subject, &picture, goal.layer(subject), work.cancel)?;
        let reached = goal.value(subject, run.as_ref())?;
        Ok(state.track.rebuilt(picture, -reached, Measure::Reached(reached)))
    });
    if ended.is_err() {
        *halted = Some(Halted::Maximization(state));
    }
    ended
}

fn climb(
    state: &mut Ascending,
    subject: &Subject<'_>,
    goal: &Goal,
    map: &Parameterization<f64>,
    ascent: &Ascent,
    work: &mut Work<'_, '_, Rebuilt>,
) -> Result<(), AnalysisError> {
    let (layer, shape) = (goal.layer(subject), subject.input().shape);
    for iteration in state.track.done()..ascent.iterations {
        work.go_on()?;
        let picture = map.picture(&state.parameters);
        // A pass that was stopped is begun again with the same draw.
        let mut random = state.random.clone();
        let motion = Motion::random([shape.h, shape.w], &ascent.reach, &mut random);
        let moved = Resampling::new(shape.h, shape.w, &motion);
        let run = run(subject, &map.array(&moved.apply(&picture)), layer, work.cancel)?;
        let reached = goal.value(subject, run.as_ref())?;
        let seed = goal.seed(subject, run.as_ref())?;
        let found = at_input(subject, run.as_ref(), seed, work.cancel)?;
        state.random = random;
        // Uphill is down the negative.
        let downhill: Vec<f64> = moved.pull(&widened(&found)).iter().map(|g| -g).collect();
        let gradient = map.pull(&picture, &downhill);
        let share = iteration as f64 / ascent.iterations as f64;
        let rate = cosine(ascent.rate, ascent.last, share);
        state.adam.step(&mut state.parameters, &gradient, rate);
        state.track.step(-reached, Measure::Reached(reached), || map.array(&picture), work);
    }
    Ok(())
}
