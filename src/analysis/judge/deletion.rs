//! Deletion and insertion (Petsiuk et al. 2018, RISE).

use crate::analysis::explain::BATCH;
use crate::analysis::{AnalysisError, Subject, finite, scores};
use crate::base::{Array, Cancel, OutputFunction, Progress, Random, Shape};
use crate::engine::Keep;

/// The score of a class while pixels change.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// From no pixel changed to all of them.
    pub points: Vec<f32>,
    /// The area below it, by the trapezoid rule, of a square of side 1.
    pub area: f64,
}

/// In which order pixels change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The map's largest first; equal ones row by row.
    Map,
    /// A random one, always the same.
    Random,
}

/// Of the pixels, each step changes one part in so many.
const PARTS: usize = 224;

fn step(map: &Array) -> usize {
    map.data.len().div_ceil(PARTS).max(1)
}

/// Points of a curve.
pub fn steps(map: &Array) -> usize {
    map.data.len().div_ceil(step(map)) + 1
}

impl Order {
    /// The pixels of a map `[1, 1, H, W]` in this order.
    pub fn of(self, map: &Array) -> Vec<usize> {
        let mut order: Vec<usize> = (0..map.data.len()).collect();
        match self {
            Self::Map => order.sort_by(|a, b| map.data[*b].total_cmp(&map.data[*a])),
            Self::Random => {
                let mut random = Random::new(0);
                for i in (1..order.len()).rev() {
                    order.swap(i, random.below(i + 1));
                }
            }
        }
        order
    }
}

/// The score of a class while the pixels of `from` become those of `to` in the given order, `[1, C, H, W]` both: its
/// probability among all classes, the probability of an independent label, or the number itself.
///
/// # Errors
/// When a pass fails, a score is not finite, or the token was set.
pub fn curve(
    subject: &Subject<'_>,
    (class, outputs): (usize, OutputFunction),
    (from, to): (&Array, &Array),
    order: &[usize],
    cancel: &Cancel,
    progress: &mut Progress,
) -> Result<Curve, AnalysisError> {
    let (shape, area) = (from.shape, from.shape.area());
    let last = subject.graph.answer();
    let mut at = from.clone();
    let mut changes = order.chunks(order.len().div_ceil(PARTS).max(1));
    let total = changes.len() + 1;
    let mut points = Vec::with_capacity(total);
    let mut first = true;
    while points.len() < total {
        let mut data = Vec::new();
        let count = BATCH.min(total - points.len());
        for _ in 0..count {
            if !first {
                for pixel in changes.next().unwrap_or(&[]) {
                    for c in 0..shape.c {
                        at.data[c * area + pixel] = to.data[c * area + pixel];
                    }
                }
            }
            first = false;
            data.extend_from_slice(&at.data);
        }
        let inputs = Array { shape: Shape { n: count, ..shape }, data };
        let keep = Keep::Only(vec![last]);
        let none = &mut Progress::none();
        let run = subject.backend.forward(&inputs, subject.edits, &keep, cancel, none)?;
        let logits = run.read_all(last)?;
        let of = |row: &[f32]| scores(row, outputs).get(class).copied().unwrap_or(0.0);
        points.extend(logits.data.chunks(logits.shape.c.max(1)).map(of));
        progress.report(points.len(), total);
    }
    finite("the curve of changed pictures", points.iter().map(|p| f64::from(*p)))?;
    let ends = points.first().zip(points.last()).map_or(0.0, |(a, b)| f64::from(a + b) / 2.0);
    let sum: f64 = points.iter().map(|p| f64::from(*p)).sum();
    let area = (sum - ends) / (points.len().max(2) - 1) as f64;
    Ok(Curve { points, area })
}
