//! LayerCAM: activations weighted place by place by their positive gradients (Jiang et al. 2021).

use super::weighted::by_pair;
use super::{Kind, Method, Passes};

/// `sum_c max(G_c, 0) A_c`; `LayerCAM` of pytorch-grad-cam.
pub const METHOD: Method = Method {
    name: "layer-cam",
    doc: "positive gradients times activations, also for early layers",
    kind: Kind::Map,
    takes_layer: true,
    reads: &[],
    passes: Passes::one_backward,
    explain: |subject, question, work| {
        by_pair(subject, question, work.cancel, |pair| pair.sum(|a, g| g.max(0.0) * a))
    },
};
