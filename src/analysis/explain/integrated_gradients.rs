//! Integrated gradients: each pixel's share on the way from the mean color to the photo (Sundararajan et al. 2017).

use super::{Attribution, Kind, Method, Passes, Question};
use crate::analysis::{AnalysisError, Parameter, Subject, Work};
use crate::base::Array;

/// The input times the mean gradient on the straight line from the zero tensor (the mean color), by
/// Gauss-Legendre quadrature; `IntegratedGradients` of captum. The shares sum up to the target's rise but for
/// the completeness error, which falls with more steps.
pub const METHOD: Method = Method {
    name: "integrated-gradients",
    doc: "each pixel's contribution to the target, along the path from a gray picture to the photo",
    kind: Kind::Share,
    takes_layer: false,
    reads: &[Parameter::Steps],
    passes: |size| {
        let steps = size.parameters.steps;
        // One more for the target at the baseline.
        Passes { forward: steps + 1, backward: steps }
    },
    explain,
};

fn explain(
    subject: &Subject<'_>,
    question: &Question,
    work: &mut Work<'_, '_, Attribution>,
) -> Result<Attribution, AnalysisError> {
    subject.check(question.target)?;
    let input = subject.input();
    let points = gauss_legendre(question.parameters.steps.max(1));
    let mut sums = vec![0.0; input.data.len()];
    let mut weight = 0.0;
    let shares = |sums: &[f64], weight: f64| {
        let share = |(x, sum): (&f32, &f64)| (f64::from(*x) * sum / weight) as f32;
        let data = input.data.iter().zip(sums).map(share).collect();
        Attribution::plain(Kind::Share, Array { shape: input.shape, data })
    };
    for (done, (place, share)) in points.iter().enumerate() {
        let data = input.data.iter().map(|v| (f64::from(*v) * place) as f32).collect();
        let on_the_way = Array { shape: input.shape, data };
        let gradient = subject.gradient_at(&on_the_way, question.target, work.cancel)?;
        for (sum, g) in sums.iter_mut().zip(&gradient.data) {
            *sum += share * f64::from(*g);
        }
        weight += share;
        if done + 1 < points.len() {
            (work.refine)(shares(&sums, weight));
        }
        work.progress.report(done + 1, points.len());
    }
    let baseline = Array::zeros(input.shape);
    let from = subject.values_of(&baseline, question.target, work.cancel)?;
    let rise = subject.value(question.target)? - from.first().copied().unwrap_or(0.0);
    // The weights sum up to 1 but for rounding, by which captum does not divide.
    let mut found = shares(&sums, 1.0);
    let sum: f64 = found.values.data.iter().map(|v| f64::from(*v)).sum();
    found.facts.extend([("sum", sum), ("rise", rise)]);
    let error = completeness_error(sum, rise);
    found.facts.extend(error.map(|error| ("completeness_error", error)));
    let error = match error {
        Some(error) => format!("completeness error {:.1} %", 100.0 * error),
        None => "there is no rise to compare the sum with".to_string(),
    };
    found
        .notes
        .push(format!("the attributions sum to {sum:.3}, the target rises by {rise:.3}: {error}"));
    Ok(found)
}

/// The distance of the shares' sum from the target's rise, as a fraction of the rise; 0 where both are 0. `None` for a
/// sum without a rise: no fraction says how far that is.
fn completeness_error(sum: f64, rise: f64) -> Option<f64> {
    let off = (sum - rise).abs();
    if off == 0.0 { Some(0.0) } else { Some(off / rise.abs()).filter(|error| error.is_finite()) }
}

/// Places from 0 to 1 and weights that sum up to 1: the roots of the Legendre polynomial by Newton's method.
fn gauss_legendre(count: usize) -> Vec<(f64, f64)> {
    let n = count as f64;
    let root = |i: usize| {
        let mut x = (std::f64::consts::PI * (i as f64 + 0.75) / (n + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..100 {
            let (mut value, mut before) = (1.0, 0.0);
            for k in 1..=count {
                let k = k as f64;
                (value, before) = (((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k, value);
            }
            slope = n * (x * value - before) / (x * x - 1.0);
            let step = value / slope;
            x -= step;
            if step.abs() < 1e-15 {
                break;
            }
        }
        (0.5 * (1.0 - x), 1.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..count).map(root).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_does_not_rise_has_no_relative_error() {
        assert_eq!(completeness_error(1.5, 1.0), Some(0.5));
        assert_eq!(completeness_error(0.0, 0.0), Some(0.0));
        assert_eq!(completeness_error(0.5, 0.0), None);
    }

    #[test]
    fn the_quadrature_is_exact_for_polynomials() {
        for count in [1, 2, 5, 50] {
            let points = gauss_legendre(count);
            let integral = |power: i32| -> f64 {
                points.iter().map(|(x, weight)| weight * x.powi(power)).sum()
            };
            for power in [0, 1, 2 * count as i32 - 1] {
                assert!(
                    (integral(power) - 1.0 / f64::from(power + 1)).abs() < 1e-13,
                    "{count} {power}"
                );
            }
            assert!(points.is_sorted_by(|a, b| a.0 < b.0));
        }
    }
}
