//! The numbers that an ascent makes large, and the gradients' seeds.

use std::sync::Arc;

use crate::analysis::{AnalysisError, Subject, Target};
use crate::base::{Array, LayerId};
use crate::engine::{Capture, EngineError, Seed};
use crate::model::Value;
use crate::ops::Activation;

/// What an ascent makes large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Goal {
    /// The mean square of a layer: more of whatever it sees.
    Layer(LayerId),
    /// Of a class its logit, of a channel its spatial mean, of a unit its value.
    Target(Target),
}

impl Goal {
    /// The layer that the number is taken from.
    pub fn layer(&self, subject: &Subject<'_>) -> LayerId {
        match self {
            Self::Layer(layer) => *layer,
            Self::Target(target) => target.layer(subject.graph),
        }
    }

    /// Whether it exists in the subject's run.
    ///
    /// # Errors
    /// As [`Subject::check`].
    pub fn check(&self, subject: &Subject<'_>) -> Result<(), AnalysisError> {
        match self {
            Self::Layer(layer) => Ok(subject.capture.shape(*layer).map(|_| ())?),
            Self::Target(target) => subject.check(*target),
        }
    }

    /// The number, for a run of the subject's network on one picture.
    ///
    /// # Errors
    /// When the run has no such layer or channel.
    pub fn value(&self, subject: &Subject<'_>, run: &dyn Capture) -> Result<f64, EngineError> {
        match self {
            Self::Layer(layer) => {
                let all = run.read_all(*layer)?;
                let squares = all.data.iter().map(|v| f64::from(*v) * f64::from(*v));
                Ok(squares.sum::<f64>() / all.data.len().max(1) as f64)
            }
            Self::Target(target) => {
                let total = self.total(subject, run)?;
                let Target::Channel { layer, .. } = target else { return Ok(total) };
                Ok(total / run.shape(*layer)?.area().max(1) as f64)
            }
        }
    }

    /// The number whose gradient [`Goal::seed`] begins: of a channel its sum; of a layer half the sum of squares.
    ///
    /// # Errors
    /// As [`Goal::value`].
    pub fn total(&self, subject: &Subject<'_>, run: &dyn Capture) -> Result<f64, EngineError> {
        Ok(match self {
            Self::Layer(layer) => {
                let area = run.shape(*layer)?.len() as f64;
                self.value(subject, run)? * area / 2.0
            }
            Self::Target(target) => {
                target.values(run, subject.graph)?.first().copied().unwrap_or(0.0)
            }
        })
    }

    /// The seed of its gradient, up to a positive factor, which neither Adam nor a normalized step sees.
    ///
    /// A channel or a unit that a ReLU holds at 0 has no gradient, and an ascent from there no beginning. Then the
    /// ReLU's input is made large instead, until it is above 0; lucid's "redirected" ReLUs are for the same.
    ///
    /// # Errors
    /// As [`Goal::value`].
    pub fn seed(&self, subject: &Subject<'_>, run: &dyn Capture) -> Result<Seed, EngineError> {
        let Self::Target(target) = self else {
            let layer = self.layer(subject);
            let value: Array = run.read_all(layer)?;
            return Ok(Seed::Cotangent { layer, value: Arc::new(value) });
        };
        let seed = target.seed(subject.graph);
        if self.value(subject, run)? != 0.0 {
            return Ok(seed);
        }
        let Some(before) = before_relu(subject, seed.layer()) else { return Ok(seed) };
        Ok(match seed {
            Seed::Channel { channel, .. } => Seed::Channel { layer: before, channel },
            Seed::Unit { channel, row, column, .. } => {
                Seed::Unit { layer: before, channel, row, column }
            }
            other @ Seed::Cotangent { .. } => other,
        })
    }
}

/// The layer before a ReLU that is not edited: an edit's value does not come from there.
fn before_relu(subject: &Subject<'_>, layer: LayerId) -> Option<LayerId> {
    let node = subject.graph.nodes.get(layer.0)?;
    let [Value::Output { layer: before, .. }] = node.inputs.as_slice() else { return None };
    let relu = Activation::is_relu(&node.op);
    let untouched = subject.edits.iter().all(|edit| edit.layer() != layer);
    (relu && untouched).then_some(*before)
}
