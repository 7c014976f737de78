//! XGrad-CAM: gradients weighted by their share of the activations (Fu et al. 2020).

use super::weighted::{Pair, by_pair, weighted};
use super::{Kind, Method, Passes};
use crate::base::Array;

/// `sum_c w_c A_c`, `w_c = sum(G_c A_c) / (sum(A_c) + 1e-7)`; `XGradCAM` of pytorch-grad-cam.
pub const METHOD: Method = Method {
    name: "xgrad-cam",
    doc: "like Grad-CAM, with gradients weighted by their activations",
    kind: Kind::Map,
    takes_layer: true,
    reads: &[],
    passes: Passes::one_backward,
    explain: |subject, question, work| by_pair(subject, question, work.cancel, map),
};

fn map(pair: &Pair) -> Array {
    let weight = |(values, gradients): (&[f32], &[f32])| {
        let (mut products, mut sum) = (0.0, 0.0);
        for (a, g) in values.iter().zip(gradients) {
            products += f64::from(*a) * f64::from(*g);
            sum += f64::from(*a);
        }
        products / (sum + 1e-7)
    };
    let weights: Vec<f64> = pair.channels().map(weight).collect();
    weighted(&pair.values, &weights)
}
