//! What knock-outs change, as if it were a run of its own.

use std::any::Any;
use std::sync::Arc;

use crate::base::{Array, LayerId, Shape};
use crate::engine::{Capture, EngineError};

/// Every layer's value in one run less the value in another.
pub struct Difference {
    /// The run with the change.
    pub of: Arc<dyn Capture>,
    /// The run without it.
    pub less: Arc<dyn Capture>,
}

impl Capture for Difference {
    fn input(&self) -> &Array {
        self.of.input()
    }

    fn shapes(&self) -> &[Shape] {
        self.of.shapes()
    }

    fn read(&self, layer: LayerId, channels: &[usize]) -> Result<Array, EngineError> {
        let mut array = self.of.read(layer, channels)?;
        let less = self.less.read(layer, channels)?;
        for (value, less) in array.data.iter_mut().zip(&less.data) {
            *value -= less;
        }
        Ok(array)
    }

    fn bytes(&self) -> usize {
        // Both are counted where they are kept.
        0
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
