//! HiResCAM: gradients times activations, place by place (Draelos & Carin 2020).

use super::weighted::{Pair, answer};
use super::{Attribution, Kind, Method, Passes, Question};
use crate::analysis::{AnalysisError, Subject, Work};

/// `sum_c G_c A_c`; `HiResCAM` of pytorch-grad-cam.
pub const METHOD: Method = Method {
    name: "hirescam",
    doc: "what each place of a layer adds to the target, to first order",
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
    Ok(answer(pair.sum(|a, g| g * a)))
}
