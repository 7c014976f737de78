//! Reverse mode over the graph, from a seed down to the values that are asked for.

use std::collections::HashMap;

use candle_core::{DType, Result, Tensor};

use super::capture::PortableCapture;
use super::core::{failed, under, under_all};
use super::edits;
use crate::base::{Array, Cancel, LayerId, Progress, Shape};
use crate::engine::seed::seeded;
use crate::engine::{Edit, EngineError, GradientRequest, Seed};
use crate::model::{Graph, Value, extents};
use crate::ops::{Dims, Reads, Record, ReluRule};

/// The gradients that were asked for.
pub struct Pulled {
    /// In the order of the wish.
    pub gradients: Vec<Array>,
    /// The most bytes of gradients that were held at once.
    #[cfg_attr(not(test), expect(dead_code, reason = "the bound on memory is a test's"))]
    pub most_held: usize,
}

/// Walks from the seed to the wanted values; a gradient is let go as soon as its layer has passed it on.
pub fn backward(
    of: &PortableCapture,
    request: &GradientRequest,
    cancel: &Cancel,
    progress: &mut Progress,
) -> std::result::Result<Pulled, EngineError> {
    let (core, start) = (&of.core, request.seed.layer());
    let needed = Needed::new(&core.graph, &request.wanted);
    let mut sweep = Sweep {
        of,
        dims: extents(&core.graph, of.input.shape)?,
        rule: request.rule,
        layers: vec![None; core.graph.nodes.len()],
        input: None,
        most_held: 0,
    };
    let seed = sweep.seed(&request.seed)?;
    let mut found: Vec<Option<Array>> = vec![None; request.wanted.len()];
    if needed.value(&Value::of(start)) {
        sweep.layers[start.0] = Some(seed);
    }
    for i in (0..=start.0).rev() {
        if cancel.is_cancelled() {
            return Err(EngineError::Canceled);
        }
        let Some(g) = sweep.layers[i].take() else { continue };
        for (wanted, found) in request.wanted.iter().zip(&mut found) {
            if *wanted == Value::of(LayerId(i)) {
                *found = Some(sweep.read(&g, of.shapes[i])?);
            }
        }
        if needed.passes[i] {
            let name = &core.graph.nodes[i].name;
            sweep.pass(LayerId(i), g, &needed).map_err(|stop| match stop {
                Stop::Engine(error) => error,
                Stop::Tensor(error) => failed(&core.device, &format!("gradient of {name}"), error),
            })?;
        }
        progress.report(start.0 - i + 1, start.0 + 1);
    }
    core.device.synchronize().map_err(|e| failed(&core.device, "the gradient", e))?;
    let mut gradients = Vec::with_capacity(found.len());
    for (wanted, found) in request.wanted.iter().zip(found) {
        gradients.push(match (found, wanted, &sweep.input) {
            (Some(found), ..) => found,
            (None, Value::Input, Some(g)) => sweep.read(g, of.input.shape)?,
            (None, Value::Input, None) => Array::zeros(of.input.shape),
            (None, Value::Output { layer, .. }, _) => {
                let missing = || EngineError::OutOfRange(format!("layer number {}", layer.0));
                Array::zeros(*of.shapes.get(layer.0).ok_or_else(missing)?)
            }
        });
    }
    Ok(Pulled { gradients, most_held: sweep.most_held })
}

/// Which gradients lead to a wanted one.
struct Needed<'a> {
    wanted: &'a [Value],
    /// Layers with an input whose gradient is needed.
    passes: Vec<bool>,
}

impl<'a> Needed<'a> {
    fn new(graph: &Graph, wanted: &'a [Value]) -> Self {
        let mut needed = Self { wanted, passes: vec![false; graph.nodes.len()] };
        for (i, node) in graph.nodes.iter().enumerate() {
            needed.passes[i] = node.inputs.iter().any(|value| needed.value(value));
        }
        needed
    }

    fn value(&self, value: &Value) -> bool {
        let passes = match value {
            Value::Input => false,
            Value::Output { layer, .. } => self.passes[layer.0],
        };
        passes || self.wanted.contains(value)
    }
}

/// The gradients on the way.
struct Sweep<'a> {
    of: &'a PortableCapture,
    /// The extents of all values, with all axes.
    dims: Vec<Dims>,
    rule: ReluRule,
    layers: Vec<Option<Tensor>>,
    input: Option<Tensor>,
    most_held: usize,
}

/// What went wrong at a layer.
enum Stop {
    Engine(EngineError),
    Tensor(candle_core::Error),
}

impl From<EngineError> for Stop {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<candle_core::Error> for Stop {
    fn from(error: candle_core::Error) -> Self {
        Self::Tensor(error)
    }
}

impl Sweep<'_> {
    /// Hands the gradient of a layer's value on to its inputs.
    fn pass(
        &mut self,
        at: LayerId,
        mut g: Tensor,
        needed: &Needed<'_>,
    ) -> std::result::Result<(), Stop> {
        let (core, of) = (&self.of.core, self.of);
        let mut edited = false;
        for edit in of.edits.iter().rev().filter(|edit| edit.layer() == at) {
            edited = true;
            match edit {
                // What was computed before has no part in it.
                Edit::Replace { .. } => return Ok(()),
                Edit::Channels { channels, change, .. } => g = edits::pull(&g, channels, *change)?,
            }
        }
        let (node, op) = (&core.graph.nodes[at.0], &core.ops[at.0]);
        let own = |value: &Value| super::core::of(value, of.input.shape, &self.dims);
        let dims: Vec<Dims> = node.inputs.iter().map(own).collect();
        let inputs = || -> std::result::Result<Vec<Tensor>, Stop> {
            let values = node.inputs.iter().map(|value| self.value(value));
            Ok(under_all(values.collect::<std::result::Result<_, _>>()?, &dims)?)
        };
        let out = self.dims[at.0];
        let g = under(g, out.as_slice())?;
        let (inputs, output): (Vec<Tensor>, _) = match op.reads(self.rule) {
            Reads::Nothing => (Vec::new(), None),
            Reads::Inputs => (inputs()?, None),
            // Before anybody changed it.
            Reads::Output if edited => (Vec::new(), Some(op.forward(&inputs()?)?)),
            Reads::Output => (Vec::new(), Some(under(of.value(at)?, out.as_slice())?)),
        };
        let record = Record {
            dims: &dims,
            inputs: &inputs,
            output: output.as_ref(),
            rule: self.rule,
            once: &core.once[at.0],
        };
        for (which, input) in node.inputs.iter().enumerate() {
            if !needed.value(input) {
                continue;
            }
            let part = op.backward(which, &g, &record)?;
            let part = under(part, &self.shape(input).dims())?;
            let slot = match input {
                Value::Input => &mut self.input,
                Value::Output { layer, .. } => &mut self.layers[layer.0],
            };
            *slot = Some(match slot.take() {
                Some(other) => (other + part)?,
                None => part,
            });
        }
        self.most_held = self.most_held.max(self.held(&g));
        Ok(())
    }

    fn shape(&self, value: &Value) -> Shape {
        match value {
            Value::Input => self.of.input.shape,
            Value::Output { layer, .. } => self.of.shapes[layer.0],
        }
    }

    fn value(&self, value: &Value) -> std::result::Result<Tensor, EngineError> {
        match value {
            Value::Input => self.of.core.upload(&self.of.input, "input"),
            Value::Output { layer, .. } => self.of.value(*layer),
        }
    }

    /// Bytes of all gradients that live, each tensor counted once.
    fn held(&self, g: &Tensor) -> usize {
        let all = self.layers.iter().chain([&self.input]).flatten().chain([g]);
        let each: HashMap<_, _> =
            all.map(|t| (t.id(), t.elem_count() * t.dtype().size_in_bytes())).collect();
        each.values().sum()
    }

    fn seed(&self, seed: &Seed) -> std::result::Result<Tensor, EngineError> {
        let layer = seed.layer();
        let missing = || EngineError::OutOfRange(format!("layer number {}", layer.0));
        let shape = *self.of.shapes.get(layer.0).ok_or_else(missing)?;
        self.of.core.upload(&*seeded(seed, shape)?, "the seed")
    }

    fn read(&self, g: &Tensor, shape: Shape) -> std::result::Result<Array, EngineError> {
        let data: Result<Vec<f32>> =
            g.to_dtype(DType::F32).and_then(|t| t.flatten_all()).and_then(|t| t.to_vec1());
        let data = data.map_err(|e| failed(&self.of.core.device, "reading a gradient", e))?;
        Ok(Array { shape, data })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use candle_core::Device;

    use super::*;
    use crate::engine::portable::Portable;
    use crate::engine::{Backend, Keep};
    use crate::import::resnet;
    use crate::source::Checkpoint;

    /// One goes in, one comes out, and a block's other branch waits.
    #[test]
    fn at_most_three_of_the_largest_gradients_are_held() {
        let file =
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/net_bottleneck.safetensors");
        let tensors = Checkpoint::read(file.as_ref()).unwrap().load_all().unwrap().tensors;
        let graph = Arc::new(resnet::build(&tensors).unwrap());
        let backend = Portable::new(graph.clone(), DType::F32, Device::Cpu).unwrap();
        let input = Array::zeros(Shape::new(1, 3, 64, 64));
        let (cancel, none) = (Cancel::new(), &mut Progress::none());
        let capture = backend.forward(&input, &vec![], &Keep::All, &cancel, none).unwrap();
        let capture: &PortableCapture = (*capture).as_any().downcast_ref().unwrap();
        let layer = LayerId(graph.nodes.len() - 1);
        let seed = Seed::Unit { layer, channel: 0, row: 0, column: 0 };
        let request = GradientRequest { seed, rule: ReluRule::Plain, wanted: vec![Value::Input] };
        let pulled = backward(capture, &request, &cancel, &mut Progress::none()).unwrap();
        let bytes = |shape: &Shape| shape.len() * size_of::<f32>();
        let largest = capture.shapes.iter().map(bytes).max().unwrap();
        let most = pulled.most_held;
        assert!(most > largest && most <= 3 * largest, "{most} bytes, the largest has {largest}");
    }
}
