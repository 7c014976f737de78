//! Class activation maps from the classifier's own weights (Zhou et al. 2016).

use super::weighted::{answer, weighted};
use super::{Attribution, Kind, Method, Passes, Question};
use crate::analysis::{AnalysisError, Subject, Target, Work};
use crate::engine::EngineError;

/// `sum_c W[class, c] A_c` at the layer that feeds the global average pool. `W` is the weight of the linear layer after it;
/// of several linear layers, norms or convolutions, what they are together: the gradient of the class at the pool.
pub const METHOD: Method = Method {
    name: "cam",
    doc: "the exact evidence for a class at each position; needs a global average pool and only linear layers after it",
    kind: Kind::Map,
    takes_layer: false,
    reads: &[],
    passes: |_| Passes::default(),
    explain,
};

fn explain(
    subject: &Subject<'_>,
    question: &Question,
    _: &mut Work<'_, '_, Attribution>,
) -> Result<Attribution, AnalysisError> {
    subject.check(question.target)?;
    let Target::Class(class) = question.target else {
        return Err(AnalysisError::Unfit(
            "cam explains a class; saliency explains a channel".into(),
        ));
    };
    let input = subject.capture.input().shape;
    let weights = subject.graph.pooled_weights(class, input).map_err(EngineError::from)?;
    let Some((layer, weights)) = weights else {
        let needs = "cam needs a global average pool and linear layers only after it; use grad-cam";
        return Err(AnalysisError::Unfit(needs.into()));
    };
    Ok(answer(weighted(&subject.capture.read_all(layer)?, &weights)))
}
