//! Element-wise Grad-CAM: positive products of gradients and activations.

use super::weighted::{Pair, answer};
use super::{Attribution, Kind, Method, Passes, Question};
use crate::analysis::{AnalysisError, Subject, Work};

/// `sum_c max(G_c A_c, 0)`; `GradCAMElementWise` of pytorch-grad-cam.
pub const METHOD: Method = Method {
    name: "grad-cam-elementwise",
    doc: "products of gradient and activation, only those that raise the target",
    kind: Kind::Map,
    takes_layer: true,
    passes: Passes::one_backward,
    explain,
};

fn explain(
    subject: &Subject<'_>,
    question: &Question,
    work: &mut Work<'_, '_, Attribution>,
) -> Result<Attribution, AnalysisError> {
    let pair = Pair::of(subject, question, work.cancel)?;
    Ok(answer(pair.sum(|a, g| (g * a).max(0.0))))
}
