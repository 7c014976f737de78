//! Eigen-CAM: the first principal component of a layer's activations (Muhammad & Yeasin 2020).

use super::weighted::{answer, map};
use super::{Attribution, Kind, Method, Passes, Question};
use crate::analysis::{AnalysisError, Subject, Work};

/// The activations (positions x channels) less their mean over the positions, projected on the first right
/// singular vector; `EigenCAM` of pytorch-grad-cam. The sign is arbitrary: it is taken so that the map
/// correlates positively with the mean of the channels. It knows no class.
pub const METHOD: Method = Method {
    name: "eigen-cam",
    doc: "the strongest pattern in a layer, whatever the class",
    kind: Kind::Map,
    takes_layer: true,
    reads: &[],
    passes: |_| Passes::default(),
    explain,
};

/// Most steps of the power iteration.
const STEPS: usize = 20_000;
/// When the direction moves less than this, it has been found.
const STILL: f64 = 1e-13;

fn explain(
    subject: &Subject<'_>,
    question: &Question,
    work: &mut Work<'_, '_, Attribution>,
) -> Result<Attribution, AnalysisError> {
    subject.check_layer(question.layer, question.target)?;
    let values = subject.capture.read_all(question.layer)?;
    let area = values.shape.area();
    let centered: Vec<Vec<f64>> = values.data.chunks(area).map(centered).collect();
    let projection = principal(&centered, area, || work.go_on())?;
    let mean: Vec<f64> = (0..area)
        .map(|at| values.data.iter().skip(at).step_by(area).map(|v| f64::from(*v)).sum())
        .collect();
    let middle = mean.iter().sum::<f64>() / area as f64;
    let together: f64 = projection.iter().zip(&mean).map(|(p, m)| p * (m - middle)).sum();
    let sign = if together < 0.0 { -1.0 } else { 1.0 };
    let projection: Vec<f64> = projection.into_iter().map(|p| sign * p).collect();
    Ok(answer(map(values.shape, &projection)))
}

fn centered(channel: &[f32]) -> Vec<f64> {
    let mean = channel.iter().map(|v| f64::from(*v)).sum::<f64>() / channel.len() as f64;
    channel.iter().map(|v| f64::from(*v) - mean).collect()
}

/// The matrix times its first right singular vector, by power iteration on the smaller side: the result is
/// the first left singular vector times its singular value.
fn principal(
    channels: &[Vec<f64>],
    area: usize,
    go_on: impl Fn() -> Result<(), AnalysisError>,
) -> Result<Vec<f64>, AnalysisError> {
    // The strongest position's row is never orthogonal to the answer but by accident.
    let energy = |at: usize| channels.iter().map(|c| c[at] * c[at]).sum::<f64>();
    let strongest = (0..area).max_by(|a, b| energy(*a).total_cmp(&energy(*b))).unwrap_or(0);
    let mut right: Vec<f64> = channels.iter().map(|c| c[strongest]).collect();
    let mut left = vec![0.0; area];
    for _ in 0..STEPS {
        go_on()?;
        if !normalize(&mut right) {
            break;
        }
        left.fill(0.0);
        for (channel, share) in channels.iter().zip(&right) {
            for (sum, value) in left.iter_mut().zip(channel) {
                *sum += share * value;
            }
        }
        let dot = |channel: &Vec<f64>| channel.iter().zip(&left).map(|(a, b)| a * b).sum::<f64>();
        let mut next: Vec<f64> = channels.iter().map(dot).collect();
        if !normalize(&mut next) {
            break;
        }
        let moved = next.iter().zip(&right).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
        right = next;
        if moved < STILL {
            break;
        }
    }
    Ok(left)
}

/// To length 1; `false` for a vector of zeros.
fn normalize(vector: &mut [f64]) -> bool {
    let length = vector.iter().map(|v| v * v).sum::<f64>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|v| *v /= length);
    }
    length > 0.0
}
