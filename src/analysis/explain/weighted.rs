//! What class activation maps share: the activations, their gradients, and sums over the channels.

use super::{Attribution, Kind, Question};
use crate::analysis::{AnalysisError, Subject};
use crate::base::{Array, Cancel, Shape};
use crate::model::Value;
use crate::ops::ReluRule;

/// A layer's activations and the target's gradients there, both `[1, C, h, w]`.
pub struct Pair {
    /// The activations.
    pub values: Array,
    /// The gradients.
    pub gradients: Array,
}

impl Pair {
    /// Reads the activations and runs backward to the layer.
    pub fn of(
        subject: &Subject<'_>,
        question: &Question,
        cancel: &Cancel,
    ) -> Result<Self, AnalysisError> {
        subject.check(question.target)?;
        subject.check_layer(question.layer, question.target)?;
        let at = Value::of(question.layer);
        let gradients = subject.gradient(question.target, at, ReluRule::Plain, cancel)?;
        Ok(Self { values: subject.capture.read_all(question.layer)?, gradients })
    }

    /// Each channel's activations and gradients.
    pub fn channels(&self) -> impl Iterator<Item = (&[f32], &[f32])> {
        let area = self.values.shape.area().max(1);
        self.values.data.chunks(area).zip(self.gradients.data.chunks(area))
    }

    /// The sum over the channels of what is made of each pair of values.
    pub fn sum(&self, of: impl Fn(f64, f64) -> f64) -> Array {
        let mut sums = vec![0.0; self.values.shape.area()];
        for (values, gradients) in self.channels() {
            for ((sum, a), g) in sums.iter_mut().zip(values).zip(gradients) {
                *sum += of(f64::from(*a), f64::from(*g));
            }
        }
        map(self.values.shape, &sums)
    }
}

/// The explanation by a map that is made of activations and gradients alone.
pub fn by_pair(
    subject: &Subject<'_>,
    question: &Question,
    cancel: &Cancel,
    map: impl FnOnce(&Pair) -> Array,
) -> Result<Attribution, AnalysisError> {
    Ok(answer(map(&Pair::of(subject, question, cancel)?)))
}

/// `sum_c w_c A_c` as `[1, 1, h, w]`, summed in float64.
pub fn weighted(values: &Array, weights: &[f64]) -> Array {
    let area = values.shape.area();
    let mut sums = vec![0.0; area];
    for (channel, weight) in values.data.chunks(area.max(1)).zip(weights) {
        if *weight == 0.0 {
            continue;
        }
        for (sum, value) in sums.iter_mut().zip(channel) {
            *sum += weight * f64::from(*value);
        }
    }
    map(values.shape, &sums)
}

/// One map as an array.
pub fn map(shape: Shape, values: &[f64]) -> Array {
    let data = values.iter().map(|v| *v as f32).collect();
    Array { shape: Shape::new(1, 1, shape.h, shape.w), data }
}

/// A map as a method's answer.
pub const fn answer(values: Array) -> Attribution {
    Attribution::plain(Kind::Map, values)
}

/// The order in which a layer's channels are tried: the strongest on average first, so that a good map
/// comes early.
pub fn by_mean(values: &Array) -> Vec<usize> {
    let area = values.shape.area().max(1);
    let sum = |channel: &[f32]| channel.iter().map(|v| f64::from(*v)).sum::<f64>();
    let sums: Vec<f64> = values.data.chunks(area).map(sum).collect();
    let mut order: Vec<usize> = (0..sums.len()).collect();
    order.sort_by(|a, b| sums[*b].total_cmp(&sums[*a]));
    order
}
