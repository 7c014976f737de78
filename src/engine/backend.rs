//! The interface that every backend fills.

use std::sync::Arc;

use super::{Capture, EngineError};
use crate::base::{Array, Cancel, LayerId, Progress};

/// Runs one network.
pub trait Backend: Send + Sync {
    /// Runs the network on an input `[N, C, H, W]` with `edits` and keeps every layer's value.
    /// The token is polled and progress reported between layers.
    ///
    /// # Errors
    /// When the input does not fit, a layer fails, or the token was set.
    fn forward(
        &self,
        input: &Array,
        edits: &Edits,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Arc<dyn Capture>, EngineError>;

    /// The capture that `forward` would give for the same input and `edits`, computing again only
    /// what lies behind an edited layer. `from` must be an unedited capture of this backend.
    ///
    /// # Errors
    /// As [`Backend::forward`], and for a capture that another backend made.
    fn forward_from(
        &self,
        from: &dyn Capture,
        edits: &Edits,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Arc<dyn Capture>, EngineError>;
}

/// Changes to values while the network runs, in the order in which they are made.
pub type Edits = Vec<Edit>;

/// One change to the value of a layer.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// These channels become 0.
    Zero {
        /// The layer.
        layer: LayerId,
        /// Its channels.
        channels: Vec<usize>,
    },
    /// The whole value becomes this one, of the same shape.
    Replace {
        /// The layer.
        layer: LayerId,
        /// The new value.
        value: Arc<Array>,
    },
}

impl Edit {
    /// The layer that is changed.
    pub const fn layer(&self) -> LayerId {
        match self {
            Self::Zero { layer, .. } | Self::Replace { layer, .. } => *layer,
        }
    }
}
