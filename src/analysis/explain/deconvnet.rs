//! Deconvnet: positive gradients, whatever the ReLU let through (Zeiler & Fergus 2014).

use super::{Kind, Method, Passes, to_input};
use crate::ops::ReluRule;

/// Every ReLU passes `g (g > 0)`; maxima still go where they came from. `Deconvolution` of captum.
pub const METHOD: Method = Method {
    name: "deconvnet",
    doc: "what a channel looks for, projected back to the pixels",
    kind: Kind::Gradient,
    takes_layer: false,
    reads: &[],
    passes: Passes::one_backward,
    explain: |subject, question, work| {
        to_input(subject, question, ReluRule::Deconvnet, work.cancel)
    },
};
