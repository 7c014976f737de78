//! The walk through the units that everything else uses.

use std::sync::Arc;

use super::conv::{Cores, Written};
use super::op::Extents;
use super::plan::{Body, Plan, Unit};
use super::pool::{Blocked, Pool};
use super::{convert, edits};
use crate::base::{Array, Cancel, LayerId, Progress, Shape};
use crate::engine::{Edits, EngineError};
use crate::model::{Value, extents};
use crate::ops::Dims;

/// What a backend and its captures share.
pub struct Core {
    /// The network.
    pub plan: Plan,
    /// What computes.
    pub on: Arc<Cores>,
    /// Where values live.
    pub pool: Arc<Pool>,
}

/// A walk: which layers are wanted, and what is known already.
pub struct Walk<'a> {
    /// The input of the network.
    pub input: &'a Array,
    /// The shapes of all values.
    pub shapes: &'a [Shape],
    /// Changes on the way.
    pub edits: &'a Edits,
    /// A value for each layer that need not be computed; of wanted ones there is none.
    pub known: Vec<Option<Arc<Blocked>>>,
    /// Which layers the caller is given.
    pub wanted: Vec<bool>,
}

/// The layers of a unit with their values.
type Found = Vec<(LayerId, Arc<Blocked>)>;

impl Core {
    /// Computes the wanted layers, and of the others only what these need. A value is let go as soon as its last
    /// user has run, unless `each` keeps it.
    ///
    /// # Errors
    /// When a layer fails or the token is set.
    pub fn walk(
        &self,
        mut walk: Walk<'_>,
        cancel: &Cancel,
        progress: &mut Progress,
        mut each: impl FnMut(LayerId, Arc<Blocked>),
    ) -> Result<(), EngineError> {
        let (runs, mut users) = self.needed(&walk);
        let dims = extents(&self.plan.graph, walk.input.shape)?;
        let mut input: Option<Arc<Blocked>> = None;
        let mut live: Vec<Option<Arc<Blocked>>> = vec![None; walk.shapes.len()];
        for (unit, runs) in self.plan.units.iter().zip(runs) {
            if cancel.is_cancelled() {
                return Err(EngineError::Canceled);
            }
            let out = unit.out();
            if runs {
                let mut read = |value: Value| match value {
                    Value::Input => {
                        Some(input.get_or_insert_with(|| self.input(walk.input)).clone())
                    }
                    Value::Output { layer, .. } => live[layer.0].clone(),
                };
                let missing = || EngineError::OutOfRange(format!("an input of {}", self.name(out)));
                let from: Option<Vec<_>> = unit.inputs.iter().map(|value| read(*value)).collect();
                let from = from.ok_or_else(missing)?;
                let residual = match unit.residual {
                    Some(value) => Some(read(value).ok_or_else(missing)?),
                    None => None,
                };
                let found = self.unit(unit, &from, residual.as_deref(), (&walk, &dims))?;
                drop((from, residual));
                for value in unit.reads() {
                    if let Value::Output { layer, .. } = value {
                        users[layer.0] -= 1;
                        if users[layer.0] == 0 {
                            live[layer.0] = None;
                        }
                    }
                }
                for (layer, value) in found {
                    if layer == out && users[out.0] > 0 {
                        live[out.0] =
                            Some(walk.known[out.0].take().unwrap_or_else(|| value.clone()));
                    }
                    if walk.wanted[layer.0] {
                        each(layer, value);
                    }
                }
            } else if users[out.0] > 0 {
                live[out.0] = walk.known[out.0].take();
            }
            progress.report(out.0 + 1, walk.shapes.len());
        }
        Ok(())
    }

    /// Which units have to run, and how often each layer's value is read by those.
    fn needed(&self, walk: &Walk<'_>) -> (Vec<bool>, Vec<usize>) {
        let mut users = vec![0; walk.shapes.len()];
        let mut runs = vec![false; self.plan.units.len()];
        for (i, unit) in self.plan.units.iter().enumerate().rev() {
            let out = unit.out();
            let wanted = unit.layers.iter().any(|layer| walk.wanted[layer.0]);
            runs[i] = wanted || (users[out.0] > 0 && walk.known[out.0].is_none());
            for value in unit.reads().filter(|_| runs[i]) {
                if let Value::Output { layer, .. } = value {
                    users[layer.0] += 1;
                }
            }
        }
        (runs, users)
    }

    /// A layer's name.
    pub fn name(&self, layer: LayerId) -> &str {
        &self.plan.node(layer).name
    }

    /// Memory for a layer's value.
    pub fn take(&self, layer: LayerId, shapes: &[Shape]) -> Blocked {
        self.pool.take(self.plan.layout(layer, shapes[layer.0]))
    }

    /// The extents of what a layer reads and gives.
    pub fn extents(&self, layer: LayerId, input: Shape, dims: &[Dims]) -> Extents {
        let of = |value: &Value| match value {
            Value::Input => input.into(),
            Value::Output { layer, .. } => dims[layer.0],
        };
        let inputs = self.plan.node(layer).inputs.iter().map(of).collect();
        Extents { inputs, output: dims[layer.0] }
    }

    fn input(&self, array: &Array) -> Arc<Blocked> {
        let mut input = self.pool.take(self.plan.input_layout(array.shape));
        convert::fill(&self.on, array, &mut input);
        Arc::new(input)
    }

    /// The last value of a unit, and the wanted ones on the way.
    fn unit(
        &self,
        unit: &Unit,
        inputs: &[Arc<Blocked>],
        residual: Option<&Blocked>,
        (walk, dims): (&Walk<'_>, &[Dims]),
    ) -> Result<Found, EngineError> {
        let failed = |layer: LayerId| {
            move |source| EngineError::Tensor { layer: self.name(layer).to_string(), source }
        };
        let out_layer = unit.out();
        let (layer, conv) = match &unit.body {
            Body::Conv(layer, conv) | Body::Linear(layer, conv) => (*layer, conv),
            Body::Alone(_) | Body::None => {
                return self.step_by_step(unit, inputs, residual, (walk, dims));
            }
        };
        if unit.is_changed_inside(walk.edits) {
            return self.step_by_step(unit, inputs, residual, (walk, dims));
        }
        let missing = || EngineError::OutOfRange(format!("an input of {}", self.name(layer)));
        let input = inputs.first().ok_or_else(missing)?;
        let mut out = self.take(out_layer, walk.shapes);
        let inner = |layer: Option<LayerId>| {
            let layer = layer.filter(|l| *l != out_layer && walk.wanted[l.0])?;
            Some((layer, self.take(layer, walk.shapes)))
        };
        let (mut raw, mut norm, mut sum) = (inner(Some(layer)), inner(unit.norm), inner(unit.add));
        let to = Written {
            out: &mut out,
            raw: raw.as_mut().map(|(_, value)| value),
            norm: norm.as_mut().map(|(_, value)| value),
            sum: sum.as_mut().map(|(_, value)| value),
        };
        conv.forward(&self.on, input, residual, unit.relu.is_some(), to).map_err(failed(layer))?;
        edits::apply(&self.on, walk.edits, out_layer, &mut out);
        let found = [raw, norm, sum, Some((out_layer, out))].into_iter().flatten();
        Ok(found.map(|(layer, value)| (layer, Arc::new(value))).collect())
    }

    /// Layer by layer, with the changes between them.
    fn step_by_step(
        &self,
        unit: &Unit,
        inputs: &[Arc<Blocked>],
        residual: Option<&Blocked>,
        (walk, dims): (&Walk<'_>, &[Dims]),
    ) -> Result<Found, EngineError> {
        let on = &self.on;
        let mut at = inputs.to_vec();
        let mut found = Vec::new();
        for &layer in &unit.layers {
            let failed =
                |source| EngineError::Tensor { layer: self.name(layer).to_string(), source };
            let mut value = self.take(layer, walk.shapes);
            match (&unit.body, at.first()) {
                (Body::Conv(first, conv), Some(input)) if *first == layer => {
                    let mut rest = self.take(layer, walk.shapes);
                    let to =
                        Written { out: &mut rest, raw: Some(&mut value), norm: None, sum: None };
                    conv.forward(on, input, None, false, to).map_err(failed)?;
                }
                _ => {
                    let added = residual.filter(|_| unit.add == Some(layer));
                    let from: Vec<&Blocked> = at.iter().map(AsRef::as_ref).chain(added).collect();
                    let kernel = self.plan.kernel(layer).map_err(failed)?;
                    let extents = self.extents(layer, walk.input.shape, dims);
                    kernel.forward(on, &from, &extents, &mut value).map_err(failed)?;
                }
            }
            edits::apply(on, walk.edits, layer, &mut value);
            let value = Arc::new(value);
            at = vec![value.clone()];
            if layer == unit.out() || walk.wanted[layer.0] {
                found.push((layer, value));
            }
        }
        Ok(found)
    }
}
