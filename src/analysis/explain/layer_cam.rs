//! LayerCAM: activations weighted place by place by their positive gradients (Jiang et al. 2021).

use super::weighted::{Pair, answer};
use super::{Attribution, Kind, Method, Passes, Question};
use crate::analysis::{AnalysisError, Subject, Work};

/// `sum_c max(G_c, 0) A_c`; `LayerCAM` of pytorch-grad-cam.
pub const METHOD: Method = Method {
    name: "layer-cam",
    doc: "positive gradients times activations, for early layers as well",
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
    Ok(answer(pair.sum(|a, g| g.max(0.0) * a)))
}
