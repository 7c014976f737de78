//! The graph cut into units: what is computed in one go.

use std::sync::Arc;

use super::conv::ConvUnit;
use super::layout::{LANES, Layout};
use super::op::{self, Kernel};
use crate::base::{LayerId, Shape};
use crate::engine::{Edits, EngineError};
use crate::model::{Graph, Node, Value};
use crate::ops::{Activation, BatchNorm, Binary, Conv, Linear, Window};

/// A network as the fast backend runs it.
pub struct Plan {
    /// The network.
    pub graph: Arc<Graph>,
    /// In an order in which they can run.
    pub units: Vec<Unit>,
    /// The unit of each layer.
    pub unit_of: Vec<usize>,
    /// Each layer by itself; `None` of convolutions and linear layers, which are bodies of units.
    kernels: Vec<Option<Box<dyn Kernel>>>,
    /// The border that each layer's value needs for those that read it.
    halo: Vec<usize>,
    /// The same for the input.
    input_halo: usize,
    /// The input's few channels lie next to each other.
    interleaved: bool,
}

/// One layer, or a convolution with what follows it: `[conv [norm]] [add] [relu]`.
pub struct Unit {
    /// Its layers, in their order.
    pub layers: Vec<LayerId>,
    /// What the first layer reads, one value but for a layer by itself.
    pub inputs: Vec<Value>,
    /// What is added.
    pub residual: Option<Value>,
    /// What its first layers compute.
    pub body: Body,
    /// The norm after a convolution.
    pub norm: Option<LayerId>,
    /// The sum.
    pub add: Option<LayerId>,
    /// The ReLU.
    pub relu: Option<LayerId>,
}

/// What a unit begins with.
pub enum Body {
    /// A convolution, and the norm after it, if there is one.
    Conv(LayerId, Box<ConvUnit>),
    /// A linear layer: a convolution of maps of one position.
    Linear(LayerId, Box<ConvUnit>),
    /// Another layer, by itself.
    Alone(LayerId),
    /// Nothing: it is a sum or a ReLU by itself.
    None,
}

impl Unit {
    /// The last layer: the only one that other units read.
    pub fn out(&self) -> LayerId {
        self.layers.last().copied().unwrap_or(LayerId(0))
    }

    /// What it reads.
    pub fn reads(&self) -> impl Iterator<Item = Value> {
        self.inputs.iter().copied().chain(self.residual)
    }

    /// Whether something changes a value on the way to its last.
    pub fn is_changed_inside(&self, edits: &Edits) -> bool {
        let inner = self.layers.split_last().map_or(&[][..], |(_, inner)| inner);
        edits.iter().any(|edit| inner.contains(&edit.layer()))
    }
}

impl Plan {
    /// Cuts the graph.
    ///
    /// # Errors
    /// When a weight cannot be read.
    pub fn new(graph: Arc<Graph>) -> Result<Self, EngineError> {
        let users = users(&graph);
        let interleaved = graph.input_channels < LANES && input_is_gathered(&graph);
        let mut unit_of = vec![usize::MAX; graph.nodes.len()];
        let mut units: Vec<Unit> = Vec::new();
        for i in 0..graph.nodes.len() {
            if unit_of[i] != usize::MAX {
                continue;
            }
            let unit = unit(&graph, &users, &unit_of, LayerId(i), interleaved)?;
            for layer in &unit.layers {
                unit_of[layer.0] = units.len();
            }
            units.push(unit);
        }
        // A unit can run when the last of its inputs has: by its last layer.
        let mut order: Vec<usize> = (0..units.len()).collect();
        order.sort_by_key(|unit| units[*unit].out());
        let mut place = vec![0; units.len()];
        order.iter().enumerate().for_each(|(at, unit)| place[*unit] = at);
        unit_of.iter_mut().for_each(|unit| *unit = place[*unit]);
        units.sort_by_key(Unit::out);
        let kernel = |node: &Node| -> Result<Option<Box<dyn Kernel>>, EngineError> {
            let has_body = node.op.is::<Conv>() || vectors(node).is_some();
            let failed = |source| EngineError::Tensor { layer: node.name.clone(), source };
            (!has_body).then(|| op::kernel(&node.op)).transpose().map_err(failed)
        };
        let kernels = graph.nodes.iter().map(kernel).collect::<Result<_, _>>()?;
        let mut plan = Self {
            kernels,
            halo: vec![0; graph.nodes.len()],
            input_halo: 0,
            interleaved,
            graph,
            units,
            unit_of,
        };
        plan.find_halos();
        Ok(plan)
    }

    fn find_halos(&mut self) {
        for unit in &self.units {
            let Body::Conv(_, conv) = &unit.body else { continue };
            let needed = conv.weights.window().pads.into_iter().max().unwrap_or(0);
            let halo = match unit.inputs.first() {
                Some(Value::Output { layer, .. }) => &mut self.halo[layer.0],
                Some(Value::Input) | None => &mut self.input_halo,
            };
            *halo = needed.max(*halo);
        }
    }

    /// How a layer's value lies in memory.
    pub fn layout(&self, layer: LayerId, shape: Shape) -> Layout {
        Layout::blocked(shape, self.halo[layer.0])
    }

    /// How the input lies in memory.
    pub const fn input_layout(&self, shape: Shape) -> Layout {
        if self.interleaved {
            Layout::interleaved(shape, self.input_halo)
        } else {
            Layout::blocked(shape, self.input_halo)
        }
    }

    /// A layer by itself.
    ///
    /// # Errors
    /// When it is the body of a unit.
    pub fn kernel(&self, layer: LayerId) -> candle_core::Result<&dyn Kernel> {
        let kernel = self.kernels.get(layer.0).and_then(Option::as_deref);
        kernel.ok_or_else(|| candle_core::Error::msg("this layer runs as a unit only"))
    }

    /// The node of a layer.
    pub fn node(&self, layer: LayerId) -> &Node {
        &self.graph.nodes[layer.0]
    }
}

/// How often each layer's value is read.
fn users(graph: &Graph) -> Vec<usize> {
    let mut users = vec![0; graph.nodes.len()];
    for value in graph.nodes.iter().flat_map(|node| &node.inputs) {
        if let Value::Output { layer, .. } = value {
            users[layer.0] += 1;
        }
    }
    users
}

/// Whether only convolutions without groups read the input.
fn input_is_gathered(graph: &Graph) -> bool {
    let mut readers = graph.nodes.iter().filter(|node| node.inputs.contains(&Value::Input));
    readers.all(|node| node.op.get::<Conv>().is_some_and(|conv| conv.groups == 1))
}

/// The unit that begins with a layer, of layers that belong to none.
fn unit(
    graph: &Graph,
    users: &[usize],
    unit_of: &[usize],
    first: LayerId,
    interleaved: bool,
) -> Result<Unit, EngineError> {
    let node = &graph.nodes[first.0];
    let failed = |source| EngineError::Tensor { layer: node.name.clone(), source };
    let input = node.inputs.first().copied().unwrap_or(Value::Input);
    let mut layers = vec![first];
    let next = |layers: &[LayerId], fits: &dyn Fn(&Node) -> bool| {
        only_reader(graph, users, *layers.last()?)
            .filter(|at| unit_of[at.0] == usize::MAX && fits(&graph.nodes[at.0]))
    };
    let (mut norm, mut add, mut relu, mut residual) = (None, None, None, None);
    let mut inputs = vec![input];
    let body = if let Some(conv) = node.op.get::<Conv>() {
        norm = next(&layers, &|node| node.op.is::<BatchNorm>());
        layers.extend(norm);
        let folded = norm.and_then(|norm| graph.nodes[norm.0].op.get::<BatchNorm>());
        let reads_input = interleaved && input == Value::Input;
        let channels = reads_input.then_some(graph.input_channels);
        let unit = ConvUnit::new(conv, folded, channels).map_err(failed)?;
        Body::Conv(first, Box::new(unit))
    } else if let Some(linear) = vectors(node) {
        Body::Linear(first, Box::new(as_convolution(linear).map_err(failed)?))
    } else if is_add(node) {
        (add, residual) = (Some(first), node.inputs.get(1).copied());
        Body::None
    } else if is_relu(node) {
        relu = Some(first);
        Body::None
    } else {
        inputs.clone_from(&node.inputs);
        Body::Alone(first)
    };
    if matches!(body, Body::Conv(..)) {
        add = next(&layers, &is_add);
        residual = add.zip(layers.last().copied()).and_then(|(add, last)| {
            let mut others = graph.nodes[add.0].inputs.iter();
            others.find(|value| **value != Value::of(last)).copied()
        });
        layers.extend(add);
    }
    if relu.is_none() && matches!(body, Body::Conv(..) | Body::None) {
        relu = next(&layers, &is_relu);
        layers.extend(relu);
    }
    Ok(Unit { layers, inputs, residual, body, norm, add, relu })
}

/// A linear layer on vectors.
fn vectors(node: &Node) -> Option<&Linear> {
    node.op.get::<Linear>().filter(|linear| !linear.last_axis)
}

fn is_add(node: &Node) -> bool {
    Binary::is_sum(&node.op)
}

fn is_relu(node: &Node) -> bool {
    Activation::is_relu(&node.op)
}

/// The layer that reads a value, where it is the only one.
fn only_reader(graph: &Graph, users: &[usize], of: LayerId) -> Option<LayerId> {
    let reads = |at: &usize| graph.nodes[*at].inputs.contains(&Value::of(of));
    (of.0 + 1..graph.nodes.len()).find(reads).map(LayerId).filter(|_| users[of.0] == 1)
}

/// A product with a matrix as a convolution of one position.
fn as_convolution(linear: &Linear) -> candle_core::Result<ConvUnit> {
    let (outside, inside) = linear.weight.dims2()?;
    let weight = linear.weight.reshape((outside, inside, 1, 1))?;
    let window = Window::square(1, 1, 0);
    ConvUnit::new(&Conv { weight, bias: linear.bias.clone(), window, groups: 1 }, None, None)
}
