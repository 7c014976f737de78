//! Is the explanation true? Three questions that a map can fail.
//!
//! *Deletion and insertion*: does the class fade when the map's pixels go, and come with them? *ROAD*: the same
//! with pixels that are filled in from their neighbors, so that the edges of the holes say nothing.
//! *Randomization*: does the map change when the network forgets what it learned? One that stays shows the
//! photo, not the network.

mod blur;
mod deletion;
mod randomization;
mod road;
mod spearman;

use std::sync::Arc;

use super::explain::{Attribution, Method, Question, pixel_map};
use super::{AnalysisError, Subject, Target, Work};
use crate::base::{Array, OutputFunction, Progress};
use crate::engine::{Backend, EngineError};
use crate::model::Graph;

pub use blur::{blurred, kernel};
pub use deletion::{Curve, Order, curve};
pub use randomization::Redrawn;
pub use road::{PERCENTILES, Road, imputed, road, staying};
pub use spearman::{rank_correlation, shared_top};

/// What was found about an explanation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judgement {
    /// The class's score while the map's most important pixels are taken away first; low is good.
    pub deletion: Option<Curve>,
    /// Its score while they are put onto a blurred photo first; high is good.
    pub insertion: Option<Curve>,
    /// Deletion in a random order, to compare with.
    pub random: Option<Curve>,
    /// Remove and debias.
    pub road: Option<Road>,
    /// How much of the map stays while weights are drawn anew, from the logits downward.
    pub redrawn: Vec<Redrawn>,
    /// Sentences about it.
    pub notes: Vec<String>,
    /// Sentences without which it would be misread: those of the explanation.
    pub warnings: Vec<String>,
}

/// An explanation that is to be judged.
#[derive(Clone, Copy)]
pub struct Claim<'a> {
    /// The method.
    pub method: &'a Method,
    /// What it was asked.
    pub question: &'a Question,
    /// What it found.
    pub found: &'a Attribution,
    /// What the network's outputs are, and so what is measured of a class.
    pub outputs: OutputFunction,
}

/// Makes another network ready where the one in question runs.
pub type Make<'a> = dyn Fn(Graph) -> Result<Arc<dyn Backend>, EngineError> + 'a;

/// Judges the explanation of a class.
///
/// # Errors
/// When the target is not a class, a pass fails, a result is not finite, or the token was set.
pub fn judge(
    subject: &Subject<'_>,
    claim: Claim<'_>,
    make: &Make<'_>,
    work: &mut Work<'_, '_, Judgement>,
) -> Result<Judgement, AnalysisError> {
    let Claim { method, question, found: of, outputs } = claim;
    let Target::Class(class) = question.target else {
        return Err(AnalysisError::Unfit("only explanations of a class can be judged".into()));
    };
    let input = subject.input();
    let map = pixel_map(of, input.shape.h, input.shape.w);
    let redraws = randomization::stages(subject.graph).len() * randomization::SEEDS as usize;
    let forwards = 3 * deletion::steps(&map) + 2 * road::PERCENTILES.len();
    let total = forwards + redraws * REDRAW;
    let mut found = Judgement { warnings: of.warnings.clone(), ..Judgement::default() };
    let mut finished = 0;

    let starts =
        [(Order::Map, input.clone()), (Order::Map, blurred(input)), (Order::Random, input.clone())];
    for (i, (order, start)) in starts.into_iter().enumerate() {
        let end = if i == 1 { input.clone() } else { Array::zeros(input.shape) };
        let mut progress = Progress::new(|done, _| work.progress.report(finished + done, total));
        let (order, between) = (order.of(&map), (&start, &end));
        let of = curve(subject, (class, outputs), between, &order, work.cancel, &mut progress)?;
        drop(progress);
        finished += deletion::steps(&map);
        *[&mut found.deletion, &mut found.insertion, &mut found.random][i] = Some(of);
        (work.refine)(found.clone());
    }

    let mut progress = Progress::new(|done, _| work.progress.report(finished + done, total));
    let of = road(subject, question.target, &map, (work.cancel, &mut progress))?;
    drop(progress);
    if of.empty > 0 {
        found.notes.push("many pixels of this map are equal: ROAD cannot order them".into());
    }
    found.road = Some(of);
    finished += 2 * road::PERCENTILES.len();
    (work.refine)(found.clone());

    let compared = randomization::Compared { method, question, map: &map, make };
    let mut stages = Vec::new();
    for stage in randomization::stages(subject.graph) {
        let mut progress =
            Progress::new(|done, _| work.progress.report(finished + done * REDRAW, total));
        stages.push(compared.stage(subject, stage, work.cancel, &mut progress)?);
        drop(progress);
        finished += randomization::SEEDS as usize * REDRAW;
        found.redrawn.clone_from(&stages);
        (work.refine)(found.clone());
    }
    Ok(found)
}

/// What drawing weights anew and explaining again counts for beside a forward pass.
const REDRAW: usize = 6;
