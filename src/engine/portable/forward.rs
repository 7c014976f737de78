//! The backend: whole runs, runs from an edited layer onward, and gradients.

use std::sync::Arc;

use candle_core::{DType, Device};

use super::backward::backward;
use super::capture::{PortableCapture, Retained, statistics};
use super::core::{Core, Walk, failed};
use crate::base::{Array, Cancel, Progress, Shape};
use crate::engine::edit::{check, touched};
use crate::engine::keep::{kept, taped};
use crate::engine::{Backend, Capture, Edits, EngineError, GradientRequest, Keep};
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
    /// is dropped while the network runs, and recomputed, bit for bit the same, when requested.
    /// One value at least is held: the one looked at.
    #[must_use]
    pub fn with_memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// Which layers have to run for `keep`.
    fn wanted(&self, keep: &Keep, edits: &Edits) -> Vec<bool> {
        let count = self.core.graph.nodes.len();
        match keep {
            Keep::All | Keep::Counted | Keep::Written => vec![true; count],
            Keep::Only(layers) => (0..count).map(|i| layers.iter().any(|l| l.0 == i)).collect(),
            Keep::Tape(layers) => taped(&self.core.graph, layers, edits),
        }
    }

    /// Computes the layers that the walk wants and takes the others from `retained`.
    fn run(
        &self,
        walk: Walk<'_>,
        shapes: Vec<Shape>,
        mut retained: Vec<Retained>,
        keep: &Keep,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Arc<dyn Capture>, EngineError> {
        let (input, edits) = (walk.input.clone(), walk.edits.clone());
        let core = &self.core;
        let element = core.dtype.size_in_bytes();
        let whole = matches!(keep, Keep::All | Keep::Counted | Keep::Written);
        let keep = match keep {
            Keep::All | Keep::Counted | Keep::Written | Keep::Tape(_) => {
                let size = |(i, shape): (usize, &Shape)| {
                    if whole || walk.wanted[i] { shape.len() * element } else { 0 }
                };
                let bytes: Vec<usize> = shapes.iter().enumerate().map(size).collect();
                kept(&core.graph, (input.shape, &shapes), &bytes, self.memory)
            }
            // What was asked for by name is what the caller is about to read.
            Keep::Only(_) => walk.wanted.clone(),
        };
        core.walk(walk, cancel, progress, |layer, value| {
            retained[layer.0] = if keep[layer.0] {
                Retained::Value(value)
            } else if whole {
                let name = &core.graph.nodes[layer.0].name;
                let of = statistics(&value).map_err(|e| failed(&core.device, name, e))?;
                Retained::Statistics(Arc::new(of))
            } else {
                Retained::Nothing
            };
            Ok(())
        })?;
        Ok(Arc::new(PortableCapture::new(core.clone(), input, edits, shapes, retained)))
    }

    fn own<'a>(&self, capture: &'a dyn Capture) -> Result<&'a PortableCapture, EngineError> {
        let capture = capture.as_any().downcast_ref::<PortableCapture>();
        capture.filter(|c| Arc::ptr_eq(&c.core, &self.core)).ok_or(EngineError::ForeignCapture)
    }
}

impl Backend for Portable {
    fn forward(
        &self,
        input: &Array,
        edits: &Edits,
        keep: &Keep,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Arc<dyn Capture>, EngineError> {
        let shapes = infer(&self.core.graph, input.shape)?;
        check(edits, &shapes)?;
        let count = shapes.len();
        let known = vec![None; count];
        let walk = Walk { input, edits, known, wanted: self.wanted(keep, edits) };
        self.run(walk, shapes, vec![Retained::Nothing; count], keep, cancel, progress)
    }

    fn forward_from(
        &self,
        from: &dyn Capture,
        edits: &Edits,
        keep: &Keep,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Arc<dyn Capture>, EngineError> {
        let from = self.own(from)?;
        let Some(further) = edits.strip_prefix(from.edits.as_slice()) else {
            return Err(EngineError::ForeignCapture);
        };
        check(edits, &from.shapes)?;
        let touched = touched(&self.core.graph, further);
        let mut wanted = self.wanted(keep, edits);
        let mut known = from.known();
        let mut retained = from.retained.clone();
        for (i, touched) in touched.iter().enumerate() {
            wanted[i] &= touched;
            if *touched {
                (known[i], retained[i]) = (None, Retained::Nothing);
            }
        }
        let walk = Walk { input: &from.input, edits, known, wanted };
        self.run(walk, from.shapes.clone(), retained, keep, cancel, progress)
    }

    fn backward(
        &self,
        of: &dyn Capture,
        request: &GradientRequest,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Vec<Array>, EngineError> {
        Ok(backward(self.own(of)?, request, cancel, progress)?.gradients)
    }
}
