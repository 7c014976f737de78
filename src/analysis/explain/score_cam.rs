//! Score-CAM: each channel weighted by the class's score on the photo seen through it (Wang et al. 2020).

use super::finish::stretched;
use super::weighted::{answer, by_mean, weighted};
use super::{Attribution, Kind, Method, Passes, Question};
use crate::analysis::{AnalysisError, Subject, Work};
use crate::base::{Array, Shape};

/// `sum_c w_c A_c`, `w` the softmax over the channels of the target on the input times each map, which is
/// stretched to the input (corner to corner) and brought from 0 to 1; `ScoreCAM` of pytorch-grad-cam. No
/// gradients.
pub const METHOD: Method = Method {
    name: "score-cam",
    doc: "channels weighted by the score of the photo masked with them; no gradients, one run for each channel",
    kind: Kind::Map,
    takes_layer: true,
    reads: &[],
    passes: |size| Passes { forward: size.channels, backward: 0 },
    explain,
};

/// Masked inputs that run together.
pub const BATCH: usize = 8;

fn explain(
    subject: &Subject<'_>,
    question: &Question,
    work: &mut Work<'_, '_, Attribution>,
) -> Result<Attribution, AnalysisError> {
    subject.check(question.target)?;
    subject.check_layer(question.layer, question.target)?;
    let values = subject.capture.read_all(question.layer)?;
    let order = by_mean(&values);
    let mut scores: Vec<Option<f64>> = vec![None; order.len()];
    for (done, some) in order.chunks(BATCH).enumerate() {
        let inputs = masked(subject.input(), &values, some);
        let found = subject.values_of(&inputs, question.target, work.cancel)?;
        for (channel, score) in some.iter().zip(found) {
            scores[*channel] = Some(score);
        }
        let finished = (done * BATCH + some.len()).min(order.len());
        if finished < order.len() {
            (work.refine)(answer(weighted(&values, &softmax(&scores))));
        }
        work.progress.report(finished, order.len());
    }
    let mut found = answer(weighted(&values, &softmax(&scores)));
    let alike = scores.len() > 1 && scores.iter().all(|score| *score == scores[0]);
    if alike && found.values.data.iter().any(|v| *v != 0.0) {
        found.warnings.push(
            "every channel gives the target the same score: the map is the mean of all channels, for any target".into(),
        );
    }
    Ok(found)
}

/// The input seen through each of these maps.
fn masked(input: &Array, values: &Array, channels: &[usize]) -> Array {
    let Shape { c, h, w, .. } = input.shape;
    let one = Shape::new(1, 1, values.shape.h, values.shape.w);
    let mut data = Vec::with_capacity(channels.len() * input.data.len());
    for channel in channels {
        let map = Array { shape: one, data: values.map(*channel).to_vec() };
        let mut mask = stretched(&map, h, w).data;
        let least = mask.iter().copied().fold(f32::INFINITY, f32::min);
        let most = mask.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let span = f64::from(most) - f64::from(least) + 1e-8;
        for value in &mut mask {
            *value = ((f64::from(*value) - f64::from(least)) / span) as f32;
        }
        for plane in input.data.chunks(h * w) {
            data.extend(plane.iter().zip(&mask).map(|(v, m)| v * m));
        }
    }
    Array { shape: Shape::new(channels.len(), c, h, w), data }
}

/// Over the channels that were tried; the others have no weight yet.
fn softmax(scores: &[Option<f64>]) -> Vec<f64> {
    let most = scores.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = scores.iter().map(|s| s.map_or(0.0, |s| (s - most).exp())).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|p| p / sum).collect()
}
