//! Logits to classes.

use crate::base::OutputFunction;

/// What logits say of each class: its probability, or the number itself. In float64; the softmax is shifted by the
/// largest logit.
pub fn scores(logits: &[f32], function: OutputFunction) -> Vec<f32> {
    match function {
        OutputFunction::Softmax => softmax(logits),
        OutputFunction::Sigmoid => logits.iter().map(|logit| sigmoid(*logit)).collect(),
        OutputFunction::None => logits.to_vec(),
    }
}

fn softmax(logits: &[f32]) -> Vec<f32> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = logits.iter().map(|v| f64::from(v - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|p| (p / sum) as f32).collect()
}

fn sigmoid(logit: f32) -> f32 {
    (1.0 / (1.0 + (-f64::from(logit)).exp())) as f32
}

/// Indices with their scores, the largest logit first; equal ones in the order of the classes. Probabilities of large
/// logits round to 1 and would tie.
pub fn ranked(logits: &[f32], function: OutputFunction) -> Vec<(usize, f32)> {
    let mut all: Vec<(usize, f32)> = scores(logits, function).into_iter().enumerate().collect();
    all.sort_by(|a, b| logits[b.0].total_cmp(&logits[a.0]));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_sum_to_one_even_for_large_logits() {
        let p = scores(&[1000.0, 1000.0, -1000.0], OutputFunction::Softmax);
        assert_eq!(p, [0.5, 0.5, 0.0]);
    }

    /// `torch.sigmoid(torch.tensor([0., 0.5, -0.5, 1000., -1000.]))`.
    #[test]
    fn independent_labels_have_pytorchs_sigmoid() {
        let p = scores(&[0.0, 0.5, -0.5, 1000.0, -1000.0], OutputFunction::Sigmoid);
        assert_eq!(p, [0.5, 0.622_459_35, 0.377_540_68, 1.0, 0.0]);
    }

    #[test]
    fn the_likeliest_comes_first_whatever_the_scores_are() {
        let logits = [0.0, 90.0, 100.0, -3.0];
        let order = |function| -> Vec<usize> {
            ranked(&logits, function).into_iter().map(|(class, _)| class).collect()
        };
        for function in [OutputFunction::Softmax, OutputFunction::Sigmoid, OutputFunction::None] {
            assert_eq!(order(function), [2, 1, 0, 3], "{function}");
        }
        assert_eq!(ranked(&logits, OutputFunction::None)[3], (3, -3.0));
    }
}
