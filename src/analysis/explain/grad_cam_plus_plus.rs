//! Grad-CAM++: positive gradients weighted by second-order terms (Chattopadhay et al. 2018).

use super::weighted::{Pair, by_pair, weighted};
use super::{Kind, Method, Passes};
use crate::base::Array;

/// `sum_c w_c A_c`, `w_c = sum(max(G, 0) a)` with `a = G^2 / (2 G^2 + sum(A_c) G^3 + 1e-6)`, 0 where `G` is 0;
/// `GradCAMPlusPlus` of pytorch-grad-cam.
pub const METHOD: Method = Method {
    name: "grad-cam++",
    doc: "like Grad-CAM, but several instances of a class count alike",
    kind: Kind::Map,
    takes_layer: true,
    reads: &[],
    passes: Passes::one_backward,
    explain: |subject, question, work| by_pair(subject, question, work.cancel, map),
};

fn map(pair: &Pair) -> Array {
    let weight = |(values, gradients): (&[f32], &[f32])| {
        let sum: f64 = values.iter().map(|a| f64::from(*a)).sum();
        let share = |g: &f32| {
            let g = f64::from(*g);
            let (second, third) = (g * g, g * g * g);
            let alpha = if g == 0.0 { 0.0 } else { second / (2.0 * second + sum * third + 1e-6) };
            g.max(0.0) * alpha
        };
        gradients.iter().map(share).sum()
    };
    let weights: Vec<f64> = pair.channels().map(weight).collect();
    weighted(&pair.values, &weights)
}
