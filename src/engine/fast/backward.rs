//! Reverse mode over the units, from a seed down to the values that are asked for.
//!
//! A gradient reaches a unit whole or in parts, from each that reads its value. The convolution that adds the last
//! part also puts the sum through the unit's ReLU while its tile is hot, so that most gradients are written once.

use std::sync::Arc;

use super::capture::FastCapture;
use super::conv::{ConvUnit, Mask};
use super::layout::Layout;
use super::op::{Needs, Record};
use super::plan::{Body, Unit};
use super::pool::Blocked;
use super::sweep::Sweep;
use super::{convert, edits, op};
use crate::base::{Array, Cancel, LayerId, Progress};
use crate::engine::seed::seeded;
use crate::engine::{EngineError, GradientRequest};
use crate::model::Value;
use crate::ops::{Linear, ReluRule};

/// Walks from the seed to the wanted values; a gradient is let go as soon as its unit has passed it on.
pub fn backward(
    of: &FastCapture,
    request: &GradientRequest,
    cancel: &Cancel,
    progress: &mut Progress,
) -> Result<Vec<Array>, EngineError> {
    let start = request.seed.layer();
    let shape = of.shapes.get(start.0).copied();
    let shape =
        shape.ok_or_else(|| EngineError::OutOfRange(format!("layer number {}", start.0)))?;
    let first = of.core.plan.unit_of[start.0];
    let mut sweep = Sweep::new(of, request, first)?;
    let mut seed = of.core.pool.take(Layout::blocked(shape, sweep.halo(first)));
    convert::fill(&of.core.on, &*seeded(&request.seed, shape)?, &mut seed);
    sweep.parts[first].push(Arc::new(seed));
    for unit in (0..=first).rev() {
        if cancel.is_cancelled() {
            return Err(EngineError::Canceled);
        }
        if let Some((gradient, masked)) = sweep.arrived(unit) {
            sweep.pass(unit, gradient, masked)?;
        }
        // All layers after the unit that comes next are done.
        let next = unit.checked_sub(1).map_or(0, |next| of.core.plan.units[next].out().0 + 1);
        progress.report((start.0 + 1).saturating_sub(next), start.0 + 1);
    }
    let Sweep { found, mut input, .. } = sweep;
    let last = request.wanted.iter().rposition(|wanted| *wanted == Value::Input);
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
    request.wanted.iter().zip(found).enumerate().map(gradient).collect()
}

impl Sweep<'_> {
    /// Hands a unit's gradient on to what it reads.
    fn pass(
        &mut self,
        number: usize,
        mut gradient: Arc<Blocked>,
        mut masked: bool,
    ) -> Result<(), EngineError> {
        let unit = self.unit(number);
        let (inputs, residual) = self.flows(number);
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
        for (which, value) in inputs {
            match &unit.body {
                Body::Conv(layer, conv) => self.convolve(number, *layer, conv, &gradient, value)?,
                Body::Linear(layer, _) => self.multiply(*layer, &gradient, value)?,
                Body::Alone(layer) => self.operate(*layer, &gradient, (which, value))?,
                Body::None => self.give(value, gradient.clone()),
            }
        }
        Ok(())
    }

    /// Through a linear layer.
    fn multiply(
        &mut self,
        layer: LayerId,
        gradient: &Blocked,
        value: Value,
    ) -> Result<(), EngineError> {
        let core = &self.of.core;
        let mut to = core.pool.take(self.layout(&value));
        if let Some(linear) = core.plan.node(layer).op.get::<Linear>() {
            op::linear::back(linear, gradient, &mut to).map_err(|e| self.failed(layer, e))?;
        }
        self.give(value, Arc::new(to));
        Ok(())
    }

    /// Through an operation by itself to one of its inputs, and, when that makes the gradient before it whole, through the
    /// ReLU there.
    fn operate(
        &mut self,
        layer: LayerId,
        gradient: &Blocked,
        (which, value): (usize, Value),
    ) -> Result<(), EngineError> {
        let (core, rule) = (&self.of.core, self.request.rule);
        let failed = |e| self.failed(layer, e);
        let node = core.plan.node(layer);
        let kernel = core.plan.kernel(layer).map_err(failed)?;
        let Needs { inputs, output } = kernel.needs(rule);
        let extents = core.extents(layer, self.of.input.shape, &self.dims);
        // What came out was changed: it is recomputed from what went in.
        let recomputes = output && edits::any(&self.of.edits, layer);
        let inputs: Vec<Arc<Blocked>> = match inputs || recomputes {
            true => node.inputs.iter().map(|value| self.value(value)).collect::<Result<_, _>>()?,
            false => Vec::new(),
        };
        let output = match (output, recomputes) {
            (false, _) => None,
            (true, false) => Some(self.of.value(layer)?),
            (true, true) => {
                let mut y = core.take(layer, &self.of.shapes);
                let from: Vec<&Blocked> = inputs.iter().map(AsRef::as_ref).collect();
                kernel.forward(&core.on, &from, &extents, &mut y).map_err(failed)?;
                Some(Arc::new(y))
            }
        };
        let last = match value {
            Value::Output { layer, .. } if kernel.masks() => {
                let at = core.plan.unit_of[layer.0];
                Some(at).filter(|at| self.awaited[*at] == 1 && self.parts[*at].is_empty())
            }
            _ => None,
        };
        let (masking, sign) = self.sign(last)?;
        let record = Record {
            extents: &extents,
            inputs: &inputs,
            output: output.as_deref(),
            rule,
            mask: sign.as_deref().map(|value| Mask { rule, value }),
        };
        let mut to = core.pool.take(self.layout(&value));
        kernel.backward(&core.on, which, gradient, &record, &mut to).map_err(failed)?;
        match masking {
            Some(at) => self.masked[at] = Some(Arc::new(to)),
            None => self.give(value, Arc::new(to)),
        }
        Ok(())
    }

    /// Through the ReLU of a unit.
    fn through_relu(
        &self,
        unit: &Unit,
        relu: LayerId,
        gradient: &Blocked,
    ) -> Result<Arc<Blocked>, EngineError> {
        let rule = self.request.rule;
        let sign = if rule == ReluRule::Deconvnet {
            None
        } else if edits::any(&self.of.edits, relu) {
            // What comes out was changed: what went in says it.
            let before = unit.layers.iter().rev().nth(1).copied();
            let input = unit.inputs.first().copied().unwrap_or(Value::Input);
            Some(self.value(&before.map_or(input, Value::of))?)
        } else {
            Some(self.of.value(relu)?)
        };
        let mut to = gradient.another(*gradient.layout());
        op::relu::back(&self.of.core.on, rule, gradient, sign.as_deref(), &mut to);
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
                && !self.request.wanted.contains(&Value::of(out))
                && !edits::any(&self.of.edits, out)
        });
        let sign = match masking {
            Some(at) => Some(self.of.value(self.unit(at).out())?),
            None => None,
        };
        Ok((masking, sign))
    }

    /// Through a convolution, and, when that makes the gradient after it whole, through the ReLU there.
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
            && self.request.seed.layer() == layer
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
        let mask = sign.as_deref().map(|value| Mask { rule: self.request.rule, value });
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
