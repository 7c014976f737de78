//! Ablation-CAM: each channel weighted by what the target loses without it (Desai & Ramaswamy 2020).

use super::weighted::{answer, weighted};
use super::{Attribution, Kind, Method, Passes, Question};
use crate::analysis::{AnalysisError, Subject, Work, channel_effects};

/// `sum_c w_c A_c`, `w_c = (target - target with channel c at 0) / target`; of a target of 0 the differences
/// themselves. `AblationCAM` of pytorch-grad-cam, which writes a large negative number instead of 0 where a layer's
/// minimum is not 0, and divides by a target of 0.
pub const METHOD: Method = Method {
    name: "ablation-cam",
    doc: "channels weighted by what the target loses without them; no gradients, one run for each channel",
    kind: Kind::Map,
    takes_layer: true,
    reads: &[],
    passes: |size| Passes { forward: size.channels, backward: 0 },
    explain,
};

fn explain(
    subject: &Subject<'_>,
    question: &Question,
    work: &mut Work<'_, '_, Attribution>,
) -> Result<Attribution, AnalysisError> {
    subject.check(question.target)?;
    subject.check_layer(question.layer, question.target)?;
    let values = subject.capture.read_all(question.layer)?;
    let before = subject.value(question.target)?;
    let unit = if before == 0.0 { 1.0 } else { before };
    let map = |drops: &[f64]| {
        let weights: Vec<f64> = drops.iter().map(|drop| drop / unit).collect();
        answer(weighted(&values, &weights))
    };
    let refine = &mut *work.refine;
    let mut inner = Work {
        cancel: work.cancel,
        progress: &mut *work.progress,
        refine: &mut |drops: Vec<f64>| refine(map(&drops)),
    };
    let drops = channel_effects(subject, question.layer, question.target, &mut inner)?;
    let mut found = map(&drops);
    if before == 0.0 {
        found
            .notes
            .push("the target is 0: the weights are what it loses, not fractions of it".into());
    } else if before < 0.0 {
        found.notes.push(format!(
            "the target is {before:.3}, below 0: the weights change their sign, and the map shows what lowers it"
        ));
    }
    Ok(found)
}
