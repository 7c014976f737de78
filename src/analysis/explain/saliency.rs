//! Saliency: the gradient of the target (Simonyan et al. 2014).

use super::{Kind, Method, Passes, to_input};
use crate::ops::ReluRule;

/// `d target / d input`, signed; `Saliency` of captum with `abs=False`.
pub const METHOD: Method = Method {
    name: "saliency",
    doc: "the gradient of the target with respect to each pixel",
    kind: Kind::Gradient,
    takes_layer: false,
    reads: &[],
    passes: Passes::one_backward,
    explain: |subject, question, work| to_input(subject, question, ReluRule::Plain, work.cancel),
};
