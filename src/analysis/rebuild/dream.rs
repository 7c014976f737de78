//! Deep dream: a photo in which a layer finds more of what it finds anyway (Mordvintsev, Olah & Tyka 2015).

use super::goal::Goal;
use super::halted::Dreaming;
use super::track::{Measure, Track};
use super::transform::{random_roll, rolled};
use super::{Colors, Halted, Rebuilt, at_input, last_map, run, widened};
use crate::analysis::explain::resized;
use crate::analysis::{AnalysisError, Subject, Target, Work};
use crate::base::Random;
use crate::base::{Array, Shape};
use crate::engine::EngineError;
use crate::model::infer;

/// Sizes at which the photo is worked on, the photo's own the last.
const OCTAVES: usize = 4;
/// From one size to the next; of the authors' notebook, as are the numbers below.
const GROWTH: f64 = 1.4;
/// Ascents in each octave.
const ITERATIONS: usize = 10;
/// The mean change of a value in one ascent: 1.5 of 255, as the notebook has it, in units of the usual deviation.
const STEP: f64 = 1.5 / 255.0 / 0.225;
/// Of the shorter side: the notebook rolls 224 px by up to 32 either way.
const JITTER: usize = 7;

/// What is dreamt of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dream {
    /// The mean square of a layer, a channel's spatial mean, a unit, or a class.
    pub goal: Goal,
    /// Ascents in each of four octaves; 10 without a wish.
    pub iterations: Option<usize>,
    /// What the jitter is drawn with.
    pub seed: u64,
}

impl Dream {
    /// Of a goal, as long as is usual.
    pub const fn of(goal: Goal) -> Self {
        Self { goal, iterations: None, seed: 0 }
    }
}

/// The subject's photo with more of the goal in it. Pictures on the way are of the size of their octave.
/// `halted` as in [`super::invert`].
///
/// # Errors
/// When the goal does not exist, the colors do not fit, a pass fails, or the token was set.
pub fn dream(
    subject: &Subject<'_>,
    colors: &Colors<'_>,
    wish: &Dream,
    halted: &mut Option<Halted>,
    work: &mut Work<'_, '_, Rebuilt>,
) -> Result<Rebuilt, AnalysisError> {
    wish.goal.check(subject)?;
    let photo = subject.input();
    colors.check(photo.shape.c)?;
    let sizes = octaves(subject, &wish.goal);
    let each = wish.iterations.unwrap_or(ITERATIONS);
    let mut state = match halted.take() {
        Some(Halted::Dream(state)) => state,
        _ => Dreaming {
            detail: Array::zeros(photo.shape),
            picture: photo.clone(),
            random: Random::new(wish.seed),
            track: Track::new(each * sizes.len()),
        },
    };
    let dreamt = dream_on(&mut state, subject, colors, &wish.goal, &sizes, each, work);
    let ended = dreamt.and_then(|()| {
        let run = run(subject, &state.picture, wish.goal.layer(subject), work.cancel)?;
        let reached = wish.goal.value(subject, run.as_ref())?;
        let picture = state.picture.clone();
        Ok(state.track.rebuilt(vec![picture], -reached, Measure::Reached(reached)))
    });
    if ended.is_err() {
        *halted = Some(Halted::Dream(state));
    }
    ended
}

fn dream_on(
    state: &mut Dreaming,
    subject: &Subject<'_>,
    colors: &Colors<'_>,
    goal: &Goal,
    sizes: &[[usize; 2]],
    each: usize,
    work: &mut Work<'_, '_, Rebuilt>,
) -> Result<(), AnalysisError> {
    let photo = subject.input();
    let first = state.track.done() / each.max(1);
    for (octave, [height, width]) in sizes.iter().copied().enumerate().skip(first) {
        let base = resized(photo, height, width);
        if state.track.done() == octave * each {
            state.detail = resized(&state.detail, height, width);
            let sum = base.data.iter().zip(&state.detail.data).map(|(a, b)| a + b);
            state.picture = Array { shape: base.shape, data: sum.collect() };
        }
        let there = placed(goal, photo.shape, base.shape, subject)?;
        while state.track.done() < (octave + 1) * each {
            work.go_on()?;
            // A pass that was stopped is begun again with the same draw.
            let mut random = state.random.clone();
            let reached = ascend(subject, &there, &mut state.picture, &mut random, work)?;
            state.random = random;
            bound(&mut state.picture, colors);
            let seen = || state.picture.clone();
            state.track.step(-reached, Measure::Reached(reached), seen, work);
        }
        let changed = state.picture.data.iter().zip(&base.data);
        for (detail, (now, before)) in state.detail.data.iter_mut().zip(changed) {
            *detail = now - before;
        }
    }
    Ok(())
}

/// One step of the picture uphill, by the gradient over the mean of its magnitudes. Gives the value before it.
fn ascend(
    subject: &Subject<'_>,
    goal: &Goal,
    picture: &mut Array,
    normal: &mut Random,
    work: &Work<'_, '_, Rebuilt>,
) -> Result<f64, AnalysisError> {
    let Shape { h, w, .. } = picture.shape;
    // A unit stands at its place: the picture must not move away from under it.
    let still = matches!(goal, Goal::Target(Target::Unit { .. }));
    let by = random_roll(if still { 0 } else { h.min(w) / JITTER }, normal);
    let seen = Array { shape: picture.shape, data: rolled(&picture.data, [h, w], by) };
    let run = run(subject, &seen, goal.layer(subject), work.cancel)?;
    let reached = goal.value(subject, run.as_ref())?;
    let seed = goal.seed(subject, run.as_ref())?;
    let found = widened(&at_input(subject, run.as_ref(), seed, work.cancel)?);
    let mean = found.iter().map(|g| g.abs()).sum::<f64>() / found.len().max(1) as f64;
    // Without any gradient there is no way up.
    if mean > 0.0 && mean.is_finite() {
        let back = rolled(&found, [h, w], by.map(|v| -v));
        for (value, g) in picture.data.iter_mut().zip(back) {
            *value += (STEP * g / mean) as f32;
        }
    }
    Ok(reached)
}

/// Keeps every value a color that there is.
fn bound(picture: &mut Array, colors: &Colors<'_>) {
    let area = picture.shape.area().max(1);
    for (map, (mean, std)) in picture.data.chunks_mut(area).zip(colors.mean.iter().zip(colors.std))
    {
        let (least, most) = (-mean / std, (1.0 - mean) / std);
        for value in map {
            *value = value.clamp(least.min(most), least.max(most));
        }
    }
}

/// Heights and widths, the smallest first, without those that the network cannot run on or that leave nothing of the
/// goal's layer but one unit.
fn octaves(subject: &Subject<'_>, goal: &Goal) -> Vec<[usize; 2]> {
    let full = subject.input().shape;
    let last = last_map(subject.capture.shapes(), goal.layer(subject));
    let fits = |size: &[usize; 2]| {
        let small = infer(subject.graph, Shape { h: size[0], w: size[1], ..full });
        small.is_ok_and(|small| last.is_none_or(|i| small.get(i.0).is_some_and(|s| s.area() > 1)))
    };
    let size = |octave: usize| {
        [full.h, full.w].map(|side| (side as f64 / GROWTH.powi(octave as i32)).round() as usize)
    };
    let mut sizes: Vec<[usize; 2]> = (1..OCTAVES).rev().map(size).filter(fits).collect();
    sizes.push([full.h, full.w]);
    sizes
}

/// A unit at its place in a smaller picture; other goals are the same at every size.
fn placed(
    goal: &Goal,
    full: Shape,
    here: Shape,
    subject: &Subject<'_>,
) -> Result<Goal, AnalysisError> {
    let Goal::Target(Target::Unit { layer, channel, row, column }) = *goal else {
        return Ok(*goal);
    };
    if (full.h, full.w) == (here.h, here.w) {
        return Ok(*goal);
    }
    let large = subject.capture.shape(layer)?;
    let shapes = infer(subject.graph, here).map_err(EngineError::from)?;
    let small = shapes.get(layer.0).copied().unwrap_or(large);
    let scaled = |at: usize, small: usize, large: usize| {
        ((2 * at + 1) * small / (2 * large.max(1))).min(small.saturating_sub(1))
    };
    let (row, column) = (scaled(row, small.h, large.h), scaled(column, small.w, large.w));
    Ok(Goal::Target(Target::Unit { layer, channel, row, column }))
}
