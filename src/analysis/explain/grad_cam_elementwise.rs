//! Element-wise Grad-CAM: positive products of gradients and activations.

use super::weighted::by_pair;
use super::{Kind, Method, Passes};

/// `sum_c max(G_c A_c, 0)`; `GradCAMElementWise` of pytorch-grad-cam.
pub const METHOD: Method = Method {
    name: "grad-cam-elementwise",
    doc: "gradient times activation, only where it raises the target",
    kind: Kind::Map,
    takes_layer: true,
    reads: &[],
    passes: Passes::one_backward,
    explain: |subject, question, work| {
        by_pair(subject, question, work.cancel, |pair| pair.sum(|a, g| (g * a).max(0.0)))
    },
};
