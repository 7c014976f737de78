//! The interface that every backend fills.

use std::sync::Arc;

use super::{Capture, Edits, EngineError};
use crate::base::{Array, Cancel, LayerId, Progress, Shape};
use crate::model::Value;
use crate::ops::ReluRule;

/// Runs one network forward, from an edited layer onward, and backward.
pub trait Backend: Send + Sync {
    /// Makes ready for inputs of a shape what the first run would else do on its way: weights in the order in which
    /// they are read. Lets go of memory that waits for another run.
    ///
    /// # Errors
    /// When the network takes no such input, or a weight cannot be read.
    fn prepare(&self, _input: Shape) -> Result<(), EngineError> {
        Ok(())
    }

    /// Runs the network on an input `[N, C, H, W]` with `edits`. The token is polled and progress
    /// reported between layers.
    ///
    /// # Errors
    /// When the input does not fit, a layer fails, or the token was set.
    fn forward(
        &self,
        input: &Array,
        edits: &Edits,
        keep: &Keep,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Arc<dyn Capture>, EngineError>;

    /// The capture that `forward` would give for the same input and `edits`, computing again only
    /// what lies after a layer edited anew. `edits` begin with those of `from`, a capture of this backend.
    ///
    /// # Errors
    /// As [`Backend::forward`], and for a capture that another backend or other edits made.
    fn forward_from(
        &self,
        from: &dyn Capture,
        edits: &Edits,
        keep: &Keep,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Arc<dyn Capture>, EngineError>;

    /// The gradients of a seed with respect to the values that `request` names, in their order and of
    /// their shapes: data gradients, never those of weights. Only layers between the two run; what the
    /// seed does not depend on gets zeros. The edits of the capture count as a part of the network.
    ///
    /// Reverse mode as PyTorch's autograd computes it: the gradient of a ReLU at 0 is 0, a maximum
    /// passes its gradient to the first of equal values.
    ///
    /// # Errors
    /// When the seed does not exist, a layer fails, the token was set, or another backend made the
    /// capture.
    fn backward(
        &self,
        of: &dyn Capture,
        request: &GradientRequest,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Vec<Array>, EngineError>;
}

/// Which layers of a network run, and what stays of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Every layer runs and can be read: from what is kept, or at the cost of one convolution. The backend's
    /// bound on memory holds; what does not fit is computed again from what does.
    All,
    /// As `All`, and the statistics of every layer are taken while it runs.
    Counted,
    /// As `All`, with every layer's value written out, as far as they fit.
    Written,
    /// Only these, and of the others what these need; nothing else is kept.
    Only(Vec<LayerId>),
    /// These, and what a gradient from one of them will ask for.
    Tape(Vec<LayerId>),
}

/// What a backward pass starts from, where it goes, and by which rule.
#[derive(Clone, Debug, PartialEq)]
pub struct GradientRequest {
    /// Where it starts.
    pub seed: Seed,
    /// How it passes ReLUs.
    pub rule: ReluRule,
    /// Which gradients are wanted.
    pub wanted: Vec<Value>,
}

/// What a gradient is the gradient of; in a batch, of every picture's own.
#[derive(Clone, Debug, PartialEq)]
pub enum Seed {
    /// The sum of a channel over its positions.
    Channel {
        /// The layer.
        layer: LayerId,
        /// Its channel.
        channel: usize,
    },
    /// One value of a layer; a class is a unit of the last one.
    Unit {
        /// The layer.
        layer: LayerId,
        /// Its channel.
        channel: usize,
        /// The row.
        row: usize,
        /// The column.
        column: usize,
    },
    /// The sum of products with these numbers, of the layer's shape.
    Cotangent {
        /// The layer.
        layer: LayerId,
        /// The numbers.
        value: Arc<Array>,
    },
}

impl Seed {
    /// The layer that it is taken at.
    pub const fn layer(&self) -> LayerId {
        match self {
            Self::Channel { layer, .. }
            | Self::Unit { layer, .. }
            | Self::Cotangent { layer, .. } => *layer,
        }
    }
}
