//! Class activation maps from the classifier's own weights (Zhou et al. 2016).

use super::weighted::{answer, weighted};
use super::{Attribution, Kind, Method, Passes, Question};
use crate::analysis::{AnalysisError, Subject, Target, Work};
use crate::model::Value;
use crate::ops::ReluRule;

/// `sum_c W[class, c] A_c` at the layer that feeds the global average pool. `W` is the weight of the linear layer after it;
/// of several linear layers, norms or convolutions, what they are together: the gradient of the class at the pool.
pub const METHOD: Method = Method {
    name: "cam",
    doc: "the exact evidence for a class at each position; needs a global average pool, then linear layers only",
    kind: Kind::Map,
    takes_layer: false,
    reads: &[],
    passes: Passes::one_backward,
    explain,
};

fn explain(
    subject: &Subject<'_>,
    question: &Question,
    work: &mut Work<'_, '_, Attribution>,
) -> Result<Attribution, AnalysisError> {
    subject.check(question.target)?;
    let Target::Class(class) = question.target else {
        return Err(AnalysisError::Unfit(
            "cam explains a class; saliency explains a channel".into(),
        ));
    };
    let Some((layer, pool)) = subject.pooled() else {
        let needs = "cam needs a global average pool and linear layers only after it; use grad-cam";
        return Err(AnalysisError::Unfit(needs.into()));
    };
    let target = Target::Class(class);
    let row = subject.gradient(target, Value::of(pool), ReluRule::Plain, work.cancel)?;
    let weights: Vec<f64> = row.data.into_iter().map(f64::from).collect();
    Ok(answer(weighted(&subject.capture.read_all(layer)?, &weights)))
}
