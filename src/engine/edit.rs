//! Changes to values while a network runs.

use std::sync::Arc;

use super::EngineError;
use crate::base::{Array, Exact, LayerId, Shape};
use crate::model::{Graph, Value};

/// Changes in the order in which they are made.
pub type Edits = Vec<Edit>;

/// One change to the value of a layer.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// These channels are changed.
    Channels {
        /// The layer.
        layer: LayerId,
        /// Its channels.
        channels: Vec<usize>,
        /// How.
        change: Change,
    },
    /// The whole value becomes this one, of the same shape.
    Replace {
        /// The layer.
        layer: LayerId,
        /// The new value.
        value: Arc<Array>,
    },
}

/// What happens to a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// It is multiplied by this; 0 switches it off, whatever it was.
    Scale(Exact),
    /// Every value becomes this one.
    Set(Exact),
    /// Every value becomes the mean over the channel's positions, of each picture its own.
    Mean,
}

impl Change {
    /// Every value becomes 0.
    pub const OFF: Self = Self::Scale(Exact(0.0));
}

impl Edit {
    /// Channels become 0.
    pub const fn zero(layer: LayerId, channels: Vec<usize>) -> Self {
        Self::Channels { layer, channels, change: Change::OFF }
    }

    /// The layer that is changed.
    pub const fn layer(&self) -> LayerId {
        match self {
            Self::Channels { layer, .. } | Self::Replace { layer, .. } => *layer,
        }
    }

    /// Host bytes that it holds.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Channels { channels, .. } => channels.len() * size_of::<usize>(),
            Self::Replace { value, .. } => value.shape.len() * size_of::<f32>(),
        }
    }
}

/// Which layers edits change: the edited ones and all after them.
pub(super) fn touched(graph: &Graph, edits: &[Edit]) -> Vec<bool> {
    let mut touched = vec![false; graph.nodes.len()];
    for (i, node) in graph.nodes.iter().enumerate() {
        let after = node.inputs.iter().any(|value| match value {
            Value::Input => false,
            Value::Output { layer, .. } => touched[layer.0],
        });
        touched[i] = after || edits.iter().any(|edit| edit.layer().0 == i);
    }
    touched
}

/// Whether all edits fit a network with values of these shapes.
pub(super) fn check(edits: &Edits, shapes: &[Shape]) -> Result<(), EngineError> {
    for edit in edits {
        let missing = || EngineError::OutOfRange(format!("edited layer number {}", edit.layer().0));
        let shape = shapes.get(edit.layer().0).ok_or_else(missing)?;
        match edit {
            Edit::Channels { channels, .. } => {
                if let Some(channel) = channels.iter().find(|c| **c >= shape.c) {
                    return Err(EngineError::OutOfRange(format!("edited channel {channel}")));
                }
            }
            Edit::Replace { value, .. } if value.shape != *shape => {
                return Err(EngineError::OutOfRange(format!(
                    "a value {} for {shape}",
                    value.shape
                )));
            }
            Edit::Replace { .. } => {}
        }
    }
    Ok(())
}
