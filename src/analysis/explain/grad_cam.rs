//! Grad-CAM: channels weighted by the mean of their gradients (Selvaraju et al. 2017).

use super::weighted::{Pair, by_pair, weighted};
use super::{Kind, Method, Passes};

/// `sum_c w_c A_c`, `w_c` the mean of `d target / d A_c`; `GradCAM` of pytorch-grad-cam.
pub const METHOD: Method = Method {
    name: "grad-cam",
    doc: "channels weighted by their mean gradient for the target",
    kind: Kind::Map,
    takes_layer: true,
    reads: &[],
    passes: Passes::one_backward,
    explain: |subject, question, work| {
        by_pair(subject, question, work.cancel, |pair| weighted(&pair.values, &weights(pair)))
    },
};

/// The mean gradient of each channel.
pub fn weights(pair: &Pair) -> Vec<f64> {
    let mean = |g: &[f32]| g.iter().map(|v| f64::from(*v)).sum::<f64>() / g.len() as f64;
    pair.channels().map(|(_, gradients)| mean(gradients)).collect()
}
