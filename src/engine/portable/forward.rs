//! The backend: whole runs, and runs from an edited layer onward.

use std::sync::Arc;

use candle_core::{DType, Device};

use super::capture::{Left, PortableCapture, statistics};
use super::core::{Core, Walk, failed};
use super::keep::kept;
use crate::base::{Array, Cancel, Progress, Shape};
use crate::engine::{Backend, Capture, Edit, Edits, EngineError};
use crate::model::{Graph, infer};

/// A network with its weights ready on a device.
pub struct Portable {
    core: Arc<Core>,
    memory: usize,
}

impl Portable {
    /// Prepares the weights. Captures keep everything until [`Portable::with_memory`] says otherwise.
    ///
    /// # Errors
    /// When a weight cannot be converted or does not fit the device.
    pub fn new(graph: Arc<Graph>, dtype: DType, device: Device) -> Result<Self, EngineError> {
        Ok(Self { core: Arc::new(Core::new(graph, dtype, device)?), memory: usize::MAX })
    }

    /// Bounds the bytes of values that one capture holds, on the host and on the device. What does not fit
    /// is let go while the network runs, and computed again, bit for bit the same, when it is looked at.
    /// One value at least is held: the one looked at.
    #[must_use]
    pub fn with_memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// Computes the layers that `wanted` names and takes the others from `left`.
    fn run(
        &self,
        walk: Walk<'_>,
        shapes: Vec<Shape>,
        mut left: Vec<Option<Left>>,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Arc<dyn Capture>, EngineError> {
        let (input, edits) = (walk.input.clone(), walk.edits.clone());
        let core = &self.core;
        let keep = kept(&core.graph, &shapes, core.dtype.size_in_bytes(), self.memory);
        core.walk(walk, cancel, progress, |layer, value| {
            left[layer.0] = Some(if keep[layer.0] {
                Left::Value(value)
            } else {
                let name = &core.graph.nodes[layer.0].name;
                let of = statistics(&value).map_err(|e| failed(&core.device, name, e))?;
                Left::Statistics(Arc::new(of))
            });
            Ok(())
        })?;
        let missing = || EngineError::OutOfRange("a layer that was not computed".into());
        let left = left.into_iter().collect::<Option<Vec<_>>>().ok_or_else(missing)?;
        Ok(Arc::new(PortableCapture::new(core.clone(), input, edits, shapes, left)))
    }
}

impl Backend for Portable {
    fn forward(
        &self,
        input: &Array,
        edits: &Edits,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Arc<dyn Capture>, EngineError> {
        let shapes = infer(&self.core.graph, input.shape)?;
        check(edits, &shapes)?;
        let count = shapes.len();
        let walk = Walk { input, edits, known: vec![None; count], wanted: vec![true; count] };
        self.run(walk, shapes, vec![None; count], cancel, progress)
    }

    fn forward_from(
        &self,
        from: &dyn Capture,
        edits: &Edits,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Arc<dyn Capture>, EngineError> {
        let from = from.as_any().downcast_ref::<PortableCapture>();
        let from = from.filter(|c| c.edits.is_empty() && Arc::ptr_eq(&c.core, &self.core));
        let from = from.ok_or(EngineError::ForeignCapture)?;
        check(edits, &from.shapes)?;
        let touched = self.core.touched(edits);
        let mut known = from.known();
        let mut left: Vec<Option<Left>> = from.left.iter().cloned().map(Some).collect();
        for (i, touched) in touched.iter().enumerate() {
            if *touched {
                (known[i], left[i]) = (None, None);
            }
        }
        let walk = Walk { input: &from.input, edits, known, wanted: touched };
        self.run(walk, from.shapes.clone(), left, cancel, progress)
    }
}

fn check(edits: &Edits, shapes: &[Shape]) -> Result<(), EngineError> {
    for edit in edits {
        let missing = || EngineError::OutOfRange(format!("edited layer number {}", edit.layer().0));
        let shape = shapes.get(edit.layer().0).ok_or_else(missing)?;
        match edit {
            Edit::Zero { channels, .. } => {
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
