//! SmoothGrad: the mean of gradients at noisy inputs (Smilkov et al. 2017).

use super::{Attribution, Kind, Method, Passes, Question};
use crate::analysis::{AnalysisError, Parameter, Subject, Target, Work};
use crate::base::{Array, Random};

/// The mean saliency of `samples` inputs with normal noise, whose deviation is 0.15 of the span of the input's
/// values; `NoiseTunnel` of captum over `Saliency`.
pub const METHOD: Method = Method {
    name: "smoothgrad",
    doc: "saliency with the noise averaged out",
    kind: Kind::Gradient,
    takes_layer: false,
    reads: &[Parameter::Samples, Parameter::Seed],
    passes: |size| {
        let samples = size.parameters.samples;
        Passes { forward: samples, backward: samples }
    },
    explain,
};

/// Of the span of the input's values.
const SIGMA: f64 = 0.15;

fn explain(
    subject: &Subject<'_>,
    question: &Question,
    work: &mut Work<'_, '_, Attribution>,
) -> Result<Attribution, AnalysisError> {
    let input = subject.input();
    let least = input.data.iter().copied().fold(f32::INFINITY, f32::min);
    let most = input.data.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sigma = SIGMA * f64::from(most - least);
    let mut random = Random::new(question.parameters.seed);
    let noisy = (0..question.parameters.samples.max(1)).map(|_| {
        let data = input.data.iter().map(|v| (f64::from(*v) + sigma * random.normal()) as f32);
        Array { shape: input.shape, data: data.collect() }
    });
    smoothed(subject, question.target, noisy, work)
}

/// The mean of the target's gradients at some inputs.
///
/// # Errors
/// When the target does not exist, a pass fails, or the token was set.
pub fn smoothed(
    subject: &Subject<'_>,
    target: Target,
    inputs: impl ExactSizeIterator<Item = Array>,
    work: &mut Work<'_, '_, Attribution>,
) -> Result<Attribution, AnalysisError> {
    subject.check(target)?;
    let total = inputs.len();
    let shape = subject.input().shape;
    let mut sums = vec![0.0; shape.len()];
    let mean = |sums: &[f64], count: usize| {
        let data = sums.iter().map(|sum| (sum / count as f64) as f32).collect();
        Attribution::plain(Kind::Gradient, Array { shape, data })
    };
    for (done, input) in inputs.enumerate() {
        let gradient = subject.gradient_at(&input, target, work.cancel)?;
        for (sum, value) in sums.iter_mut().zip(&gradient.data) {
            *sum += f64::from(*value);
        }
        if done + 1 < total {
            (work.refine)(mean(&sums, done + 1));
        }
        work.progress.report(done + 1, total);
    }
    Ok(mean(&sums, total.max(1)))
}
