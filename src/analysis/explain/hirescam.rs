//! HiResCAM: gradients times activations, place by place (Draelos & Carin 2020).

use super::weighted::by_pair;
use super::{Kind, Method, Passes};

/// `sum_c G_c A_c`; `HiResCAM` of pytorch-grad-cam.
pub const METHOD: Method = Method {
    name: "hirescam",
    doc: "what each position of a layer adds to the target, to first order",
    kind: Kind::Map,
    takes_layer: true,
    reads: &[],
    passes: Passes::one_backward,
    explain: |subject, question, work| {
        by_pair(subject, question, work.cancel, |pair| pair.sum(|a, g| g * a))
    },
};
