//! Guided backpropagation: positive gradients through open ReLUs only (Springenberg et al. 2015).

use super::{Kind, Method, Passes, to_input};
use crate::ops::ReluRule;

/// Every ReLU passes `g (x > 0) (g > 0)`; `GuidedBackprop` of captum.
pub const METHOD: Method = Method {
    name: "guided-backprop",
    doc: "sharp edges that raise the target; says little about the class",
    kind: Kind::Gradient,
    takes_layer: false,
    reads: &[],
    passes: Passes::one_backward,
    explain: |subject, question, work| to_input(subject, question, ReluRule::Guided, work.cancel),
};
