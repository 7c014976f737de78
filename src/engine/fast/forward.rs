//! The backend: whole runs, runs from an edited layer onward, and gradients.

use std::sync::Arc;

use super::backward::backward;
use super::capture::{FastCapture, Retained};
use super::conv::Cores;
use super::core::{Core, Walk};
use super::plan::{Body, Plan};
use super::pool::Pool;
use super::statistics::statistics;
use super::{convert, edits as changes};
use crate::base::{Array, Cancel, LayerId, Progress, Shape};
use crate::engine::edit::{check, touched};
use crate::engine::keep::{kept, taped};
use crate::engine::{Backend, Capture, Edits, EngineError, GradientRequest, Keep};
use crate::model::{Graph, Value, infer};

/// A network made ready for this machine's CPU, in float32.
pub struct Fast {
    core: Arc<Core>,
    memory: usize,
}

impl Fast {
    /// Cuts the graph into units and folds its norms. Weights are packed when they are first needed, the first
    /// layers first. Captures keep everything until [`Fast::with_memory`] says otherwise.
    ///
    /// # Errors
    /// When a weight cannot be read.
    pub fn new(graph: Arc<Graph>, on: Arc<Cores>) -> Result<Self, EngineError> {
        let core = Core { plan: Plan::new(graph)?, on, pool: Arc::new(Pool::default()) };
        Ok(Self { core: Arc::new(core), memory: usize::MAX })
    }

    /// Bounds the bytes of values that one capture holds. What does not fit is let go while the network runs, and
    /// recomputed, bit for bit the same, when requested. The values of one unit at least are held: those
    /// looked at.
    #[must_use]
    pub fn with_memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// Which layers a run for `keep` is to give, and which of them are to stay.
    fn wanted(
        &self,
        keep: &Keep,
        edits: &Edits,
        (input, shapes): (Shape, &[Shape]),
    ) -> (Vec<bool>, Vec<bool>) {
        let plan = &self.core.plan;
        let count = shapes.len();
        let stays = match keep {
            Keep::Written => vec![true; count],
            Keep::All | Keep::Counted => {
                let mut last = vec![false; count];
                plan.units.iter().for_each(|unit| last[unit.out().0] = true);
                last
            }
            // What was asked for by name is what the caller is about to read.
            Keep::Only(layers) => {
                let named: Vec<bool> =
                    (0..count).map(|i| layers.iter().any(|l| l.0 == i)).collect();
                return (named.clone(), named);
            }
            Keep::Tape(layers) => taped(&plan.graph, layers, edits),
        };
        let size = |(i, shape): (usize, &Shape)| {
            if stays[i] { plan.layout(LayerId(i), *shape).bytes() } else { 0 }
        };
        let bytes: Vec<usize> = shapes.iter().enumerate().map(size).collect();
        let fits = kept(&plan.graph, (input, shapes), &bytes, self.memory);
        let kept: Vec<bool> = stays.iter().zip(fits).map(|(stays, fits)| *stays && fits).collect();
        let wanted = if *keep == Keep::Counted { vec![true; count] } else { stays };
        (wanted, kept)
    }

    /// Computes the layers that the walk wants and takes the others from `retained`.
    fn run(
        &self,
        walk: Walk<'_>,
        mut retained: Vec<Retained>,
        kept: &[bool],
        counted: bool,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Arc<dyn Capture>, EngineError> {
        let core = &self.core;
        let (input, edits, shapes) = (walk.input.clone(), walk.edits.clone(), walk.shapes.to_vec());
        core.walk(walk, cancel, progress, |layer, value| {
            let statistics = counted.then(|| Arc::new(statistics(&core.on, &value)));
            retained[layer.0] = Retained { value: kept[layer.0].then_some(value), statistics };
        })?;
        Ok(Arc::new(FastCapture::new(core.clone(), input, edits, shapes, retained)))
    }

    fn own<'a>(&self, capture: &'a dyn Capture) -> Result<&'a FastCapture, EngineError> {
        let capture = capture.as_any().downcast_ref::<FastCapture>();
        capture.filter(|c| Arc::ptr_eq(&c.core, &self.core)).ok_or(EngineError::ForeignCapture)
    }
}

impl Backend for Fast {
    fn prepare(&self, input: Shape) -> Result<(), EngineError> {
        let plan = &self.core.plan;
        let shapes = infer(&plan.graph, input)?;
        self.core.pool.clear();
        for unit in &plan.units {
            if let Body::Conv(layer, conv) | Body::Linear(layer, conv) = &unit.body {
                let failed = |source| EngineError::Tensor {
                    layer: self.core.name(*layer).to_string(),
                    source,
                };
                let layout = plan.layout(unit.out(), shapes[layer.0]);
                conv.prepare(&self.core.on, &layout).map_err(failed)?;
            }
        }
        Ok(())
    }

    fn forward(
        &self,
        input: &Array,
        edits: &Edits,
        keep: &Keep,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Arc<dyn Capture>, EngineError> {
        let shapes = infer(&self.core.plan.graph, input.shape)?;
        check(edits, &shapes)?;
        let (wanted, kept) = self.wanted(keep, edits, (input.shape, &shapes));
        let known = vec![None; shapes.len()];
        let retained = vec![Retained::default(); shapes.len()];
        let walk = Walk { input, shapes: &shapes, edits, known, wanted };
        self.run(walk, retained, &kept, *keep == Keep::Counted, cancel, progress)
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
        let touched = touched(&self.core.plan.graph, further);
        let (mut wanted, kept) = self.wanted(keep, edits, (from.input.shape, &from.shapes));
        let mut known = from.known();
        let mut retained = from.retained.clone();
        for (i, touched) in touched.iter().enumerate() {
            wanted[i] &= touched;
            if *touched {
                (known[i], retained[i]) = (None, Retained::default());
            }
        }
        // Where only a unit's last value changes, what is there need not be recomputed.
        for unit in &self.core.plan.units {
            let out = unit.out();
            let untouched = unit.reads().all(|value| match value {
                Value::Input => true,
                Value::Output { layer, .. } => !touched[layer.0],
            });
            let changed = touched[out.0] && untouched && !unit.is_changed_inside(edits);
            let Some(before) = from.retained[out.0].value.as_deref().filter(|_| changed) else {
                continue;
            };
            let mut value = convert::copy(before);
            changes::apply(&self.core.on, further, out, &mut value);
            let value = Arc::new(value);
            if *keep == Keep::Counted {
                retained[out.0].statistics = Some(Arc::new(statistics(&self.core.on, &value)));
            }
            wanted[out.0] = false;
            retained[out.0].value = kept[out.0].then(|| value.clone());
            known[out.0] = Some(value);
        }
        let walk = Walk { input: &from.input, shapes: &from.shapes, edits, known, wanted };
        self.run(walk, retained, &kept, *keep == Keep::Counted, cancel, progress)
    }

    fn backward(
        &self,
        of: &dyn Capture,
        request: &GradientRequest,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Vec<Array>, EngineError> {
        backward(self.own(of)?, request, cancel, progress)
    }
}
