//! Class activation maps from the classifier's own weights (Zhou et al. 2016).

use super::weighted::{answer, weighted};
use super::{Attribution, Kind, Method, Passes, Question};
use crate::analysis::{AnalysisError, Subject, Target, Work};
use crate::engine::EngineError;
use crate::model::ModelError;

/// `sum_c W[class, c] A_c` at the layer that feeds the global average pool before the linear layer.
pub const METHOD: Method = Method {
    name: "cam",
    doc: "the exact evidence for a class at each position; needs a global average pool and one linear layer",
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
    let Some((layer, linear)) = subject.pooled() else {
        return Err(AnalysisError::Unfit(
            "cam needs a network that ends in a global average pool and one linear layer; use grad-cam".into(),
        ));
    };
    let row = linear.row(class).map_err(ModelError::from).map_err(EngineError::from)?;
    let weights: Vec<f64> = row.into_iter().map(f64::from).collect();
    Ok(answer(weighted(&subject.capture.read_all(layer)?, &weights)))
}
