//! The gradients on their way through the units: what has come, and what is still awaited.

use std::sync::Arc;

use super::capture::FastCapture;
use super::layout::Layout;
use super::plan::{Body, Unit};
use super::pool::Blocked;
use super::{convert, op, planes};
use crate::base::{Array, LayerId, Shape};
use crate::engine::{Edit, EngineError, GradientRequest};
use crate::model::{Value, extents};
use crate::ops::Dims;

/// The gradients on the way.
pub struct Sweep<'a> {
    /// The run.
    pub of: &'a FastCapture,
    /// What is asked for.
    pub request: &'a GradientRequest,
    /// The unit of the seed.
    pub first: usize,
    /// The extents of all values, with all axes.
    pub dims: Vec<Dims>,
    /// Units whose gradient leads to a wanted one.
    needed: Vec<bool>,
    /// How many parts of each unit's gradient are still to come.
    pub awaited: Vec<usize>,
    /// The parts that have come.
    pub parts: Vec<Vec<Arc<Blocked>>>,
    /// Gradients that are whole and have passed the ReLU already.
    pub masked: Vec<Option<Arc<Blocked>>>,
    /// The input's gradient.
    pub input: Option<Array>,
    /// For each wish.
    pub found: Vec<Option<Array>>,
}

impl<'a> Sweep<'a> {
    /// Nothing has come yet; `first` is the unit of the seed.
    ///
    /// # Errors
    /// When the network does not take the run's input.
    pub fn new(
        of: &'a FastCapture,
        request: &'a GradientRequest,
        first: usize,
    ) -> Result<Self, EngineError> {
        let plan = &of.core.plan;
        let count = plan.units.len();
        let wanted = |value: &Value| request.wanted.contains(value);
        let mut needed = vec![false; count];
        for (i, unit) in plan.units.iter().enumerate() {
            let leads = |value: Value| match value {
                Value::Input => wanted(&value),
                Value::Output { layer, .. } => needed[plan.unit_of[layer.0]],
            };
            needed[i] = unit.layers.iter().any(|layer| wanted(&Value::of(*layer)))
                || unit.reads().any(leads);
        }
        let mut sweep = Self {
            of,
            request,
            first,
            dims: extents(&plan.graph, of.input.shape)?,
            needed,
            awaited: vec![0; count],
            parts: vec![Vec::new(); count],
            masked: vec![None; count],
            input: None,
            found: vec![None; request.wanted.len()],
        };
        let mut reached = vec![false; count];
        reached[first] = sweep.needed[first];
        for unit in (0..=first).rev() {
            if !reached[unit] {
                continue;
            }
            let (inputs, residual) = sweep.flows(unit);
            for value in inputs.into_iter().map(|(_, value)| value).chain(residual) {
                if let Value::Output { layer, .. } = value {
                    let to = plan.unit_of[layer.0];
                    (reached[to], sweep.awaited[to]) = (true, sweep.awaited[to] + 1);
                }
            }
        }
        Ok(sweep)
    }

    /// The unit of that number.
    pub fn unit(&self, unit: usize) -> &'a Unit {
        &self.of.core.plan.units[unit]
    }

    /// The layers of a unit that a gradient passes, the last first.
    pub fn passed(&self, unit: usize) -> impl Iterator<Item = LayerId> + use<'a> {
        let start = (unit == self.first).then(|| self.request.seed.layer());
        let layers = self.unit(unit).layers.iter().rev().copied();
        layers.skip_while(move |layer| start.is_some_and(|start| *layer != start))
    }

    /// Where a unit's gradient continues: through its body to its inputs, each with its number, and to what was added.
    pub fn flows(&self, unit: usize) -> (Vec<(usize, Value)>, Option<Value>) {
        let of = self.unit(unit);
        let (mut inputs, mut residual) = (of.inputs.as_slice(), None);
        for layer in self.passed(unit) {
            let replaced =
                |edit: &Edit| edit.layer() == layer && matches!(edit, Edit::Replace { .. });
            if self.of.edits.iter().any(replaced) {
                inputs = &[];
                break;
            }
            if of.add == Some(layer) {
                residual = of.residual;
            }
        }
        let inputs = inputs.iter().copied().enumerate().filter(|(_, value)| self.leads(value));
        (inputs.collect(), residual.filter(|value| self.leads(value)))
    }

    fn leads(&self, value: &Value) -> bool {
        match value {
            Value::Input => self.request.wanted.contains(value),
            Value::Output { layer, .. } => self.needed[self.of.core.plan.unit_of[layer.0]],
        }
    }

    /// The border that a unit's gradient needs.
    pub fn halo(&self, unit: usize) -> usize {
        let of = self.unit(unit);
        match &of.body {
            Body::Conv(layer, conv) => of
                .inputs
                .first()
                .map_or(0, |input| conv.halo_back(self.shape(input), self.of.shapes[layer.0])),
            Body::Linear(..) | Body::Alone(_) | Body::None => 0,
        }
    }

    /// The shape of a value.
    pub fn shape(&self, value: &Value) -> Shape {
        match value {
            Value::Input => self.of.input.shape,
            Value::Output { layer, .. } => self.of.shapes[layer.0],
        }
    }

    /// A unit's whole gradient, and whether it has passed the ReLU.
    pub fn arrived(&mut self, unit: usize) -> Option<(Arc<Blocked>, bool)> {
        if let Some(masked) = self.masked[unit].take() {
            return Some((masked, true));
        }
        let mut parts = std::mem::take(&mut self.parts[unit]).into_iter();
        let mut sum = parts.next()?;
        for part in parts {
            let mut both = self.of.core.pool.take(*sum.layout());
            op::add(&self.of.core.on, &sum, &part, &mut both);
            sum = Arc::new(both);
        }
        Some((sum, false))
    }

    /// The memory layout of the gradient of a value.
    pub fn layout(&self, value: &Value) -> Layout {
        let halo = match value {
            Value::Input => 0,
            Value::Output { layer, .. } => self.halo(self.of.core.plan.unit_of[layer.0]),
        };
        Layout::blocked(self.shape(value), halo)
    }

    /// A value of the run.
    pub fn value(&self, value: &Value) -> Result<Arc<Blocked>, EngineError> {
        match value {
            Value::Input => {
                let core = &self.of.core;
                let mut input = core.pool.take(Layout::blocked(self.of.input.shape, 0));
                convert::fill(&core.on, &self.of.input, &mut input);
                Ok(Arc::new(input))
            }
            Value::Output { layer, .. } => self.of.value(*layer),
        }
    }

    /// The error of a layer whose gradient failed.
    pub fn failed(&self, layer: LayerId, source: candle_core::Error) -> EngineError {
        let layer = format!("gradient of {}", self.of.core.name(layer));
        EngineError::Tensor { layer, source }
    }

    /// Takes a part of a value's gradient.
    pub fn give(&mut self, value: Value, part: Arc<Blocked>) {
        match value {
            Value::Input => self.give_input(convert::whole(&self.of.core.on, &part)),
            Value::Output { layer, .. } => {
                let to = self.of.core.plan.unit_of[layer.0];
                let layout = Layout::blocked(part.layout().shape, self.halo(to));
                // What was computed for another unit may have less of a border.
                let part = if *part.layout() == layout {
                    part
                } else {
                    let mut wider = self.of.core.pool.take(layout);
                    planes::copy(&self.of.core.on, &part, &mut wider);
                    Arc::new(wider)
                };
                self.awaited[to] -= 1;
                self.parts[to].push(part);
            }
        }
    }

    /// Takes a part of the input's gradient.
    pub fn give_input(&mut self, part: Array) {
        match &mut self.input {
            Some(sum) => sum.data.iter_mut().zip(&part.data).for_each(|(sum, v)| *sum += v),
            none => *none = Some(part),
        }
    }

    /// Keeps the gradient of a layer's value, if it is wanted.
    pub fn keep(&mut self, unit: &Unit, layer: LayerId, gradient: &Blocked) {
        for (wanted, found) in self.request.wanted.iter().zip(&mut self.found) {
            if *wanted != Value::of(layer) {
                continue;
            }
            let mut array = convert::whole(&self.of.core.on, gradient);
            // The gradient that reaches a convolution has the norm's scale in its weights.
            if let (Body::Conv(first, conv), Some(_)) = (&unit.body, unit.norm)
                && *first == layer
                && self.request.seed.layer() != layer
            {
                scale(&mut array, &conv.norm_scale);
            }
            *found = Some(array);
        }
    }
}

fn scale(array: &mut Array, scale: &[f64]) {
    let area = array.shape.area().max(1);
    for (map, scale) in array.data.chunks_mut(area).zip(scale.iter().cycle()) {
        map.iter_mut().for_each(|v| *v = (f64::from(*v) * scale) as f32);
    }
}
