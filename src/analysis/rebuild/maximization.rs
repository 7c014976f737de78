//! Activation maximization: what a channel, a unit or a class answers most to (Olah et al. 2017; lucid's
//! `render_vis` with its standard transforms).

use std::sync::Arc;

use super::adam::cosine;
use super::diversity::Texture;
use super::goal::Goal;
use super::halted::{Ascending, Climber};
use super::track::{Measure, Track};
use super::transform::{Motion, Reach, Resampling};
use super::{Adam, Colors, Halted, Parameterization, Rebuilt, Variants};
use super::{at_input, last_map, run, widened};
use crate::analysis::{AnalysisError, Subject, Target, Work};
use crate::base::{Array, LayerId, Random};
use crate::engine::{Capture, Seed};

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
    /// Of several pictures: by which share the goal may fall for one that is unlike the others instead of like them.
    pub diversity: f64,
}

impl Ascent {
    /// What is usual: lucid's, but half as long, which is enough to beat the photos by far (`examples/rebuild`, `beat`).
    pub const USUAL: Self = Self {
        iterations: 256,
        rate: 0.05,
        last: 0.0,
        decay: 1.3,
        reach: Reach::LUCID,
        diversity: 1.0,
    };
}

/// What is made large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Maximization {
    /// Of a class its logit, of a channel its spatial mean, of a unit its value.
    pub target: Target,
    /// How long; [`Ascent::USUAL`] without a wish.
    pub iterations: Option<usize>,
    /// What the pictures that it starts from and their movements are drawn with.
    pub seed: u64,
    /// Pictures that are as unlike each other as the goal allows, made together.
    pub variants: usize,
}

impl Maximization {
    /// One picture of a target, as long as is usual.
    pub const fn of(target: Target) -> Self {
        Self { target, iterations: None, seed: 0, variants: 1 }
    }
}

/// A picture of the size of the subject's input that the target answers to. What the subject's photo shows has no
/// part in it. Of several pictures each is also kept unlike the others ([`Texture::likeness`] at the target's layer, or
/// at the last one before it that has maps). `halted` as in [`super::invert`].
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
            // Each has its own random numbers: the first picture of several starts as the one alone does.
            let climber = |at: u64| {
                let mut random = Random::new(wish.seed.wrapping_add(at));
                let parameters = map.start(&mut random);
                let adam = Adam::new(parameters.len());
                Climber { parameters, adam, random, done: 0, reached: 0.0, texture: None }
            };
            let climbers = (0..wish.variants.max(1) as u64).map(climber).collect();
            Ascending { climbers, track: Track::new(ascent.iterations) }
        }
    };
    let climb = Climb { subject, goal, ascent, map: &map };
    let ended = climb.on(&mut state, work).and_then(|()| climb.end(&state, work));
    if ended.is_err() {
        *halted = Some(Halted::Maximization(state));
    }
    ended
}

/// What all pictures of an ascent have in common.
struct Climb<'a> {
    subject: &'a Subject<'a>,
    goal: Goal,
    ascent: &'a Ascent,
    map: &'a Parameterization<f64>,
}

impl Climb<'_> {
    fn on(
        &self,
        state: &mut Ascending,
        work: &mut Work<'_, '_, Rebuilt>,
    ) -> Result<(), AnalysisError> {
        for iteration in state.track.done()..self.ascent.iterations {
            for at in 0..state.climbers.len() {
                // One that went on before the others were stopped waits for them.
                if state.climbers.get(at).is_some_and(|climber| climber.done == iteration) {
                    work.go_on()?;
                    self.step(&mut state.climbers, at, work)?;
                }
            }
            let reached = mean(state.climbers.iter().map(|climber| climber.reached));
            let Ascending { climbers, track } = state;
            let seen = || climbers.iter().map(|climber| self.picture(climber)).collect();
            track.steps(-reached, Measure::Reached(reached), seen, work);
        }
        Ok(())
    }

    /// One pass with one of the pictures.
    fn step(
        &self,
        climbers: &mut [Climber],
        at: usize,
        work: &Work<'_, '_, Rebuilt>,
    ) -> Result<(), AnalysisError> {
        let Self { subject, goal, ascent, map } = self;
        let (layer, shape) = (goal.layer(subject), subject.input().shape);
        let (before, rest) = climbers.split_at_mut(at);
        let Some((climber, after)) = rest.split_first_mut() else { return Ok(()) };
        let picture = map.picture(&climber.parameters);
        // A pass that was stopped is begun again with the same draw.
        let mut random = climber.random.clone();
        let motion = Motion::random([shape.h, shape.w], &ascent.reach, &mut random);
        let moved = Resampling::new(shape.h, shape.w, &motion);
        let run = run(subject, &map.array(&moved.apply(&picture)), layer, work.cancel)?;
        let reached = goal.value(subject, run.as_ref())?;
        let seed = goal.seed(subject, run.as_ref())?;
        let redirected = seed.layer() != layer;
        let mut found = widened(&at_input(subject, run.as_ref(), seed, work.cancel)?);
        let others = before.iter().chain(after.iter()).filter_map(|other| other.texture.as_ref());
        let others: Vec<&Texture> = others.collect();
        let alone = before.is_empty() && after.is_empty();
        let compared = last_map(subject.capture.shapes(), layer).filter(|_| !alone);
        let texture = match compared {
            Some(layer) => Some((layer, Texture::of(&run.read_all(layer)?))),
            None => None,
        };
        // A picture that does not reach anything yet has first to begin.
        if let Some((layer, texture)) = &texture
            && !(redirected || others.is_empty())
        {
            let away = self.away(run.as_ref(), *layer, texture, &others, work)?;
            // Against the goal's relative growth, which no layer's scale changes.
            let share = ascent.diversity * goal.total(subject, run.as_ref())?.abs();
            found.iter_mut().zip(away).for_each(|(g, away)| *g -= share * away);
        }
        climber.texture = texture.map(|(_, texture)| texture);
        (climber.random, climber.reached) = (random, reached);
        // Uphill is down the negative.
        let downhill: Vec<f64> = moved.pull(&found).iter().map(|g| -g).collect();
        let gradient = map.pull(&picture, &downhill);
        let share = climber.done as f64 / ascent.iterations as f64;
        let rate = cosine(ascent.rate, ascent.last, share);
        climber.adam.step(&mut climber.parameters, &gradient, rate);
        climber.done += 1;
        Ok(())
    }

    /// The gradient of a picture's likeness to the others at the input.
    fn away(
        &self,
        run: &dyn Capture,
        layer: LayerId,
        texture: &Texture,
        others: &[&Texture],
        work: &Work<'_, '_, Rebuilt>,
    ) -> Result<Vec<f64>, AnalysisError> {
        let (_, gradient) = texture.likeness(others);
        let data = gradient.iter().map(|g| *g as f32).collect();
        let value = Arc::new(Array { shape: run.shape(layer)?, data });
        let seed = Seed::Cotangent { layer, value };
        Ok(widened(&at_input(self.subject, run, seed, work.cancel)?))
    }

    fn picture(&self, climber: &Climber) -> Array {
        self.map.array(&self.map.picture(&climber.parameters))
    }

    /// The pictures, each with the value that it reaches itself.
    fn end(
        &self,
        state: &Ascending,
        work: &Work<'_, '_, Rebuilt>,
    ) -> Result<Rebuilt, AnalysisError> {
        let Self { subject, goal, .. } = self;
        let layer = goal.layer(subject);
        let pictures: Vec<Array> = state.climbers.iter().map(|one| self.picture(one)).collect();
        let (mut reached, mut textures) = (Vec::new(), Vec::new());
        let compared = last_map(subject.capture.shapes(), layer).filter(|_| pictures.len() > 1);
        for picture in &pictures {
            let run = run(subject, picture, layer, work.cancel)?;
            reached.push(goal.value(subject, run.as_ref())?);
            if let Some(layer) = compared {
                textures.push(Texture::of(&run.read_all(layer)?));
            }
        }
        let all = mean(reached.iter().copied());
        let made = state.track.rebuilt(pictures, -all, Measure::Reached(all));
        let variants =
            (reached.len() > 1).then(|| Variants { reached, likeness: likeness(&textures) });
        Ok(Rebuilt { variants, ..made })
    }
}

/// The mean over all pairs.
fn likeness(textures: &[Texture]) -> f64 {
    let of = |at: usize| {
        let (before, rest) = textures.split_at(at);
        let others: Vec<&Texture> = before.iter().chain(rest.iter().skip(1)).collect();
        rest.first().map_or(0.0, |one| one.likeness(&others).0)
    };
    mean((0..textures.len()).map(of))
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len().max(1) as f64;
    values.sum::<f64>() / count
}
