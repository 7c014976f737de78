//! How much each channel of a layer matters: the target without it.

use super::{AnalysisError, Subject, Target, Work, finite};
use crate::base::{LayerId, Progress};
use crate::engine::{Edit, Keep};

/// What the target loses when each channel of a layer is set to 0, one at a time: `[C]`, negative where it
/// gains. The strongest channels on average are tried first; `refine` gets what is known so far, zeros for
/// the others.
///
/// # Errors
/// When the target or the layer does not exist, a pass fails, an effect is not finite, or the token was set.
pub fn channel_effects(
    subject: &Subject<'_>,
    layer: LayerId,
    target: Target,
    work: &mut Work<'_, '_, Vec<f64>>,
) -> Result<Vec<f64>, AnalysisError> {
    subject.check(target)?;
    let order = super::explain::by_mean(&subject.capture.read_all(layer)?);
    let before = subject.value(target)?;
    let keep = Keep::Only(vec![target.layer(subject.graph)]);
    let mut drops = vec![0.0; order.len()];
    for (done, channel) in order.iter().enumerate() {
        let mut edits = subject.edits.clone();
        edits.push(Edit::zero(layer, vec![*channel]));
        let none = &mut Progress::none();
        let run =
            subject.backend.forward_from(subject.capture, &edits, &keep, work.cancel, none)?;
        let after = target.values(run.as_ref(), subject.graph)?;
        drops[*channel] = before - after.first().copied().unwrap_or(0.0);
        if done % 16 == 15 {
            (work.refine)(drops.clone());
        }
        work.progress.report(done + 1, order.len());
    }
    finite("the ranking", drops.iter().copied())?;
    Ok(drops)
}
