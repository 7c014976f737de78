//! Reverse mode over the units, from a seed down to the values that are asked for.
//!
//! A gradient reaches a unit whole or in parts, from each that reads its value. The convolution that adds the last
//! part also puts the sum through the unit's ReLU while its tile is hot, so that most gradients are written once.

use std::sync::Arc;

use super::capture::FastCapture;
use super::conv::{ConvUnit, Mask};
use super::layout::Layout;
use super::plan::{Body, Unit};
use super::pool::Blocked;
use super::{convert, edits, gradient, plain};
use crate::base::{Array, Cancel, LayerId, Progress, Shape};
use crate::engine::seed::seeded;
use crate::engine::{Edit, EngineError, Pull, ReluRule};
use crate::model::{Op, Value};

/// Walks from the seed to the wanted values; a gradient is let go as soon as its unit has passed it on.
pub fn backward(
    of: &FastCapture,
    pull: &Pull,
    cancel: &Cancel,
    progress: &mut Progress,
) -> Result<Vec<Array>, EngineError> {
    let start = pull.seed.layer();
    let shape = of.shapes.get(start.0).copied();
    let shape =
        shape.ok_or_else(|| EngineError::OutOfRange(format!("layer number {}", start.0)))?;
    let first = of.core.plan.unit_of[start.0];
    let mut sweep = Sweep::new(of, pull, first);
    let mut seed = of.core.pool.take(Layout::blocked(shape, sweep.halo(first)));
    convert::fill(&of.core.on, &*seeded(&pull.seed, shape)?, &mut seed);
    sweep.parts[first].push(Arc::new(seed));
    for unit in (0..=first).rev() {
        if cancel.is_cancelled() {
            return Err(EngineError::Cancelled);
        }
        if let Some((gradient, masked)) = sweep.arrived(unit) {
            sweep.pass(unit, gradient, masked)?;
        }
        // All layers behind the unit that comes next are done.
        let next = unit.checked_sub(1).map_or(0, |next| of.core.plan.units[next].out().0 + 1);
        progress.report((start.0 + 1).saturating_sub(next), start.0 + 1);
    }
    let Sweep { found, mut input, .. } = sweep;
    let last = pull.wanted.iter().rposition(|wanted| *wanted == Value::Input);
    let gradient = |(i, (wanted, found)): (usize, (&Value, Option<Array>))| match wanted {
        Value::Input => {
            let found = if Some(i) == last { input.take() } else { input.clone() };
            Ok(found.unwrap_or_else(|| Array::zeros(of.input.shape)))
        }
        Value::Output { layer, .. } => {
            let missing = || EngineError::OutOfRange(format!("layer number {}", layer.0));
            let shape = *of.shapes.get(layer.0).ok_or_else(missing)?;
            Ok(found.unwrap_or_else(|| Array::zeros(shape)))
        }
    };
    pull.wanted.iter().zip(found).enumerate().map(gradient).collect()
}

/// The gradients on the way.
struct Sweep<'a> {
    of: &'a FastCapture,
    pull: &'a Pull,
    /// The unit of the seed.
    first: usize,
    /// Units whose gradient leads to a wanted one.
    needed: Vec<bool>,
    /// How many parts of each unit's gradient are still to come.
    awaited: Vec<usize>,
    /// The parts that have come.
    parts: Vec<Vec<Arc<Blocked>>>,
    /// Gradients that are whole and have passed the ReLU already.
    masked: Vec<Option<Arc<Blocked>>>,
    /// The input's gradient.
    input: Option<Array>,
    /// For each wish.
    found: Vec<Option<Array>>,
}

impl<'a> Sweep<'a> {
    fn new(of: &'a FastCapture, pull: &'a Pull, first: usize) -> Self {
        let plan = &of.core.plan;
        let count = plan.units.len();
        let wanted = |value: &Value| pull.wanted.contains(value);
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
            pull,
            first,
            needed,
            awaited: vec![0; count],
            parts: vec![Vec::new(); count],
            masked: vec![None; count],
            input: None,
            found: vec![None; pull.wanted.len()],
        };
        let mut reached = vec![false; count];
        reached[first] = sweep.needed[first];
        for unit in (0..=first).rev() {
            if !reached[unit] {
                continue;
            }
            for value in sweep.flows(unit).into_iter().flatten() {
                if let Value::Output { layer, .. } = value {
                    let to = plan.unit_of[layer.0];
                    (reached[to], sweep.awaited[to]) = (true, sweep.awaited[to] + 1);
                }
            }
        }
        sweep
    }

    fn unit(&self, unit: usize) -> &'a Unit {
        &self.of.core.plan.units[unit]
    }

    /// The layers of a unit that a gradient passes, the last first.
    fn passed(&self, unit: usize) -> impl Iterator<Item = LayerId> + use<'a> {
        let start = (unit == self.first).then(|| self.pull.seed.layer());
        let layers = self.unit(unit).layers.iter().rev().copied();
        layers.skip_while(move |layer| start.is_some_and(|start| *layer != start))
    }

    /// Where a unit's gradient goes on to: through its body, and to what was added.
    fn flows(&self, unit: usize) -> [Option<Value>; 2] {
        let of = self.unit(unit);
        let (mut body, mut residual) = (Some(of.input), None);
        for layer in self.passed(unit) {
            let replaced =
                |edit: &Edit| edit.layer() == layer && matches!(edit, Edit::Replace { .. });
            if self.of.edits.iter().any(replaced) {
                body = None;
                break;
            }
            if of.add == Some(layer) {
                residual = of.residual;
            }
        }
        [body, residual].map(|value| value.filter(|value| self.leads(value)))
    }

    fn leads(&self, value: &Value) -> bool {
        match value {
            Value::Input => self.pull.wanted.contains(value),
            Value::Output { layer, .. } => self.needed[self.of.core.plan.unit_of[layer.0]],
        }
    }

    /// The border that a unit's gradient needs.
    fn halo(&self, unit: usize) -> usize {
        let of = self.unit(unit);
        match &of.body {
            Body::Conv(layer, conv) => {
                conv.halo_back(self.shape(&of.input), self.of.shapes[layer.0])
            }
            Body::Linear(..) | Body::Plain(_) | Body::None => 0,
        }
    }

    fn shape(&self, value: &Value) -> Shape {
        match value {
            Value::Input => self.of.input.shape,
            Value::Output { layer, .. } => self.of.shapes[layer.0],
        }
    }

    /// A unit's whole gradient, and whether it has passed the ReLU.
    fn arrived(&mut self, unit: usize) -> Option<(Arc<Blocked>, bool)> {
        if let Some(masked) = self.masked[unit].take() {
            return Some((masked, true));
        }
        let mut parts = std::mem::take(&mut self.parts[unit]).into_iter();
        let mut sum = parts.next()?;
        for part in parts {
            let mut both = self.of.core.pool.take(*sum.layout());
            plain::add(&self.of.core.on, &sum, &part, &mut both);
            sum = Arc::new(both);
        }
        Some((sum, false))
    }

    /// Hands a unit's gradient on to what it reads.
    fn pass(
        &mut self,
        number: usize,
        mut gradient: Arc<Blocked>,
        mut masked: bool,
    ) -> Result<(), EngineError> {
        let unit = self.unit(number);
        let [body, residual] = self.flows(number);
        for layer in self.passed(number) {
            // A gradient that has passed the ReLU already is wanted nowhere before it.
            if !(masked && unit.relu == Some(layer)) {
                self.keep(unit, layer, &gradient);
            }
            if edits::any(&self.of.edits, layer) {
                let mut before = convert::copy(&gradient);
                if !edits::pull(&self.of.edits, layer, &mut before) {
                    return Ok(());
                }
                gradient = Arc::new(before);
            }
            if unit.relu == Some(layer) {
                if !masked {
                    gradient = self.through_relu(unit, layer, &gradient)?;
                }
                masked = false;
            }
            if let (true, Some(value)) = (unit.add == Some(layer), residual) {
                self.give(value, gradient.clone());
            }
        }
        let Some(value) = body else { return Ok(()) };
        match &unit.body {
            Body::Conv(layer, conv) => self.convolve(number, *layer, conv, &gradient, value),
            Body::None => {
                self.give(value, gradient);
                Ok(())
            }
            Body::Linear(layer, _) | Body::Plain(layer) => {
                let core = &self.of.core;
                let node = core.plan.node(*layer);
                let mut to = core.pool.take(self.layout(&value));
                let x = match gradient::reads(&node.op) {
                    true => Some(self.value(&value)?),
                    false => None,
                };
                // What came out of a maximum, before anybody changed it.
                let y = match &node.op {
                    Op::MaxPool(_) if !edits::any(&self.of.edits, *layer) => {
                        Some(self.of.value(*layer)?)
                    }
                    Op::MaxPool(_) => {
                        let mut y = core.take(*layer, &self.of.shapes);
                        let x = self.value(&value)?;
                        plain::forward(&core.on, &node.op, &x, &mut y)
                            .map_err(|e| self.failed(*layer, e))?;
                        Some(Arc::new(y))
                    }
                    _ => None,
                };
                let last = match value {
                    Value::Output { layer, .. } if matches!(node.op, Op::MaxPool(_)) => {
                        let at = core.plan.unit_of[layer.0];
                        Some(at).filter(|at| self.awaited[*at] == 1 && self.parts[*at].is_empty())
                    }
                    _ => None,
                };
                let (masking, sign) = self.sign(last)?;
                let mask = sign.as_deref().map(|value| Mask { rule: self.pull.rule, value });
                gradient::pull(
                    &core.on,
                    &node.op,
                    &gradient,
                    [x.as_deref(), y.as_deref()],
                    mask,
                    &mut to,
                )
                .map_err(|e| self.failed(*layer, e))?;
                match masking {
                    Some(at) => self.masked[at] = Some(Arc::new(to)),
                    None => self.give(value, Arc::new(to)),
                }
                Ok(())
            }
        }
    }

    /// How the gradient of a value lies in memory.
    fn layout(&self, value: &Value) -> Layout {
        let halo = match value {
            Value::Input => 0,
            Value::Output { layer, .. } => self.halo(self.of.core.plan.unit_of[layer.0]),
        };
        Layout::blocked(self.shape(value), halo)
    }

    fn value(&self, value: &Value) -> Result<Arc<Blocked>, EngineError> {
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

    fn failed(&self, layer: LayerId, source: candle_core::Error) -> EngineError {
        let layer = format!("gradient of {}", self.of.core.name(layer));
        EngineError::Tensor { layer, source }
    }

    /// Takes a part of a value's gradient.
    fn give(&mut self, value: Value, part: Arc<Blocked>) {
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
                    plain::copy(&self.of.core.on, &part, &mut wider);
                    Arc::new(wider)
                };
                self.awaited[to] -= 1;
                self.parts[to].push(part);
            }
        }
    }

    fn give_input(&mut self, part: Array) {
        match &mut self.input {
            Some(sum) => sum.data.iter_mut().zip(&part.data).for_each(|(sum, v)| *sum += v),
            none => *none = Some(part),
        }
    }

    /// Keeps the gradient of a layer's value, if it is wanted.
    fn keep(&mut self, unit: &Unit, layer: LayerId, gradient: &Blocked) {
        for (wanted, found) in self.pull.wanted.iter().zip(&mut self.found) {
            if *wanted != Value::of(layer) {
                continue;
            }
            let mut array = convert::whole(&self.of.core.on, gradient);
            // The gradient that reaches a convolution has the norm's scale in its weights.
            if let (Body::Conv(first, conv), Some(_)) = (&unit.body, unit.norm)
                && *first == layer
                && self.pull.seed.layer() != layer
            {
                scale(&mut array, &conv.norm_scale);
            }
            *found = Some(array);
        }
    }

    /// Through the ReLU of a unit.
    fn through_relu(
        &self,
        unit: &Unit,
        relu: LayerId,
        gradient: &Blocked,
    ) -> Result<Arc<Blocked>, EngineError> {
        let rule = self.pull.rule;
        let sign = if rule == ReluRule::Deconvnet {
            None
        } else if edits::any(&self.of.edits, relu) {
            // What comes out was changed: what went in says it.
            let before = unit.layers.iter().rev().nth(1).copied();
            Some(self.value(&before.map_or(unit.input, Value::of))?)
        } else {
            Some(self.of.value(relu)?)
        };
        let mut to = gradient.another(*gradient.layout());
        gradient::relu(&self.of.core.on, rule, gradient, sign.as_deref(), &mut to);
        Ok(Arc::new(to))
    }

    /// Whether a gradient that gets whole now goes through its unit's ReLU at once, and the value that says where. It
    /// does not where it is wanted before the ReLU, or where the value was changed.
    fn sign(
        &self,
        whole: Option<usize>,
    ) -> Result<(Option<usize>, Option<Arc<Blocked>>), EngineError> {
        let masking = whole.filter(|at| {
            let out = self.unit(*at).out();
            self.unit(*at).relu == Some(out)
                && !self.pull.wanted.contains(&Value::of(out))
                && !edits::any(&self.of.edits, out)
        });
        let sign = match masking {
            Some(at) => Some(self.of.value(self.unit(at).out())?),
            None => None,
        };
        Ok((masking, sign))
    }

    /// Through a convolution, and, when that makes the gradient behind it whole, through the ReLU there.
    fn convolve(
        &mut self,
        number: usize,
        layer: LayerId,
        conv: &ConvUnit,
        gradient: &Blocked,
        value: Value,
    ) -> Result<(), EngineError> {
        let core = &self.of.core;
        // A seed at the convolution itself has not passed the norm.
        let bare = number == self.first
            && self.pull.seed.layer() == layer
            && self.unit(number).norm.is_some();
        let (to_unit, mut addend) = match value {
            Value::Input => (None, None),
            Value::Output { layer, .. } => {
                let to = core.plan.unit_of[layer.0];
                self.awaited[to] -= 1;
                (Some(to), self.parts[to].pop())
            }
        };
        let whole = to_unit.filter(|to| self.awaited[*to] == 0 && self.parts[*to].is_empty());
        let (masking, sign) = self.sign(whole)?;
        let mask = sign.as_deref().map(|value| Mask { rule: self.pull.rule, value });
        let layout = match to_unit {
            Some(_) => self.layout(&value),
            None => conv.layout_back(self.shape(&value), 0),
        };
        let mut to = core.pool.take(layout);
        conv.backward(&core.on, gradient, bare, addend.as_deref(), mask, &mut to)
            .map_err(|e| self.failed(layer, e))?;
        drop(addend.take());
        match (to_unit, masking) {
            (Some(at), Some(_)) => self.masked[at] = Some(Arc::new(to)),
            (Some(at), None) => self.parts[at].push(Arc::new(to)),
            (None, _) if conv.weights.is_together() => {
                let stride = conv.weights.window().stride;
                self.give_input(convert::spread(&core.on, &to, self.of.input.shape, stride));
            }
            (None, _) => self.give_input(convert::whole(&core.on, &to)),
        }
        Ok(())
    }
}

fn scale(array: &mut Array, scale: &[f64]) {
    let area = array.shape.area().max(1);
    for (map, scale) in array.data.chunks_mut(area).zip(scale.iter().cycle()) {
        map.iter_mut().for_each(|v| *v = (f64::from(*v) * scale) as f32);
    }
}
