//! What can be asked about a graph by its edges and operations alone.

use std::ops::Range;
use std::sync::OnceLock;

use candle_core::{DType, Device, Tensor};

use super::ModelError;
use super::graph::{Graph, Node, Value};
use crate::base::{LayerId, Shape};
use crate::ops::{
    Activation, AveragePool, Channels, Conv, Dims, Flatten, Linear, Place, Reads, Record, ReluRule,
    Reshape,
};

impl Graph {
    /// The layer that the network answers with: its first output.
    pub fn answer(&self) -> LayerId {
        match self.outputs.first() {
            Some(Value::Output { layer, .. }) => *layer,
            Some(Value::Input) | None => LayerId(self.nodes.len().saturating_sub(1)),
        }
    }

    /// How many classes the answer tells apart; 0 where it is not a vector from a linear layer, or from a convolution
    /// in a linear layer's place: with a bias, and pooled or flattened after it.
    pub fn classes(&self) -> usize {
        let (mut at, mut is_vector) = (self.answer(), false);
        while let Some(Node { op, inputs, .. }) = self.nodes.get(at.0) {
            if let Some(linear) = op.get::<Linear>() {
                return linear.outputs();
            }
            if let Some(conv) = op.get::<Conv>().filter(|conv| is_vector && conv.bias.is_some()) {
                return conv.weight.dims().first().copied().unwrap_or(0);
            }
            let flattens = op.is::<Flatten>() || op.is::<Reshape>();
            is_vector |= flattens;
            let passes = flattens || op.is::<AveragePool>() || op.is::<Activation>();
            match inputs.first() {
                Some(Value::Output { layer, .. }) if passes => at = *layer,
                _ => return 0,
            }
        }
        0
    }

    /// For every layer the kernels that make its channels, given the extents that [`super::extents`] found: a convolution's
    /// own, or those of the ones before it with nothing in between but layers that keep, join or take channels. Of several
    /// inputs with all channels, those of the first: in a block that is the last convolution, to which the shortcut is
    /// added. A gate's are those of the value that it weighs.
    pub fn makers(&self, extents: &[Dims]) -> Vec<Vec<Made>> {
        let mut all: Vec<Vec<Made>> = Vec::with_capacity(self.nodes.len());
        for (i, node) in self.nodes.iter().enumerate() {
            let Some(out) = extents.get(i) else { break };
            let input = |value: &Value| match value {
                Value::Output { layer, .. } => Some((extents.get(layer.0)?, all.get(layer.0)?)),
                Value::Input => None,
            };
            let mut inputs = node.inputs.iter().map(input);
            let first = |inputs: &mut dyn Iterator<Item = Option<(&Dims, &Vec<Made>)>>| {
                inputs.next().flatten().map(|(_, made)| made.clone()).unwrap_or_default()
            };
            all.push(match node.op.channels() {
                Channels::Made if node.op.is::<Conv>() => {
                    vec![Made { channels: 0..out.at(1), by: LayerId(i), first: 0 }]
                }
                Channels::Kept | Channels::Normalized => {
                    let whole = |input: &Option<(&Dims, &Vec<Made>)>| {
                        input.is_some_and(|(dims, _)| dims.len() == out.len())
                    };
                    match node.inputs.len() {
                        0 | 1 => first(&mut inputs),
                        _ => first(&mut inputs.filter(whole)),
                    }
                }
                Channels::Taken { first: start } => {
                    part(&first(&mut inputs), start..start + out.at(1))
                }
                Channels::Shuffled { groups } => {
                    let (made, each) = (first(&mut inputs), out.at(1) / groups.max(1));
                    let source = |channel: usize| channel % groups * each + channel / groups;
                    let one = |channel: usize| {
                        shifted(part(&made, source(channel)..source(channel) + 1), channel)
                    };
                    (0..groups * each).flat_map(one).collect()
                }
                Channels::Joined => {
                    let (mut made, mut start) = (Vec::new(), 0);
                    for value in &node.inputs {
                        let known = input(value);
                        made.extend(shifted(known.map_or(Vec::new(), |(_, m)| m.clone()), start));
                        start += known.map_or(self.input_channels, |(dims, _)| dims.at(1));
                    }
                    made
                }
                Channels::Made | Channels::Mixed | Channels::Moved => Vec::new(),
            });
        }
        all
    }

    /// Which layers a layer's value goes into, itself among them.
    pub fn after(&self, layer: LayerId) -> Vec<bool> {
        let mut after = vec![false; self.nodes.len()];
        for (i, node) in self.nodes.iter().enumerate() {
            after[i] = i == layer.0
                || node.inputs.iter().any(|value| match value {
                    Value::Output { layer, .. } => after[layer.0],
                    Value::Input => false,
                });
        }
        after
    }

    /// The last layer on the way to the answer that has rows and columns, given the shapes that [`super::infer`] found:
    /// where class activation maps are taken by default.
    pub fn last_map(&self, shapes: &[Shape]) -> Option<LayerId> {
        last_map(shapes.iter().take(self.answer().0 + 1))
    }

    /// The layer that feeds a global average pool, and that pool, where nothing but linear layers lead from it to the
    /// answer.
    pub fn pooled(&self) -> Option<(LayerId, LayerId)> {
        let mut at = self.answer();
        loop {
            let Node { op, inputs, .. } = self.nodes.get(at.0)?;
            let [Value::Output { layer: input, .. }] = *inputs.as_slice() else { return None };
            if op.get() == Some(&AveragePool::Global) {
                return Some((input, at));
            }
            // A gradient that reads nothing of the run is the same everywhere.
            if op.reads(ReluRule::Plain) != Reads::Nothing {
                return None;
            }
            at = input;
        }
    }
}

impl Graph {
    /// What the answer's value of a class is made of: the layer that feeds the global average pool, and a number for each
    /// of its channels, where nothing but linear layers follow ([`Graph::pooled`]).
    ///
    /// # Errors
    /// When the network takes no input of that shape, or a weight cannot be read.
    pub fn pooled_weights(
        &self,
        class: usize,
        input: Shape,
    ) -> Result<Option<(LayerId, Vec<f64>)>, ModelError> {
        let Some((map, pool)) = self.pooled() else { return Ok(None) };
        let extents = super::extents(self, Shape { n: 1, ..input })?;
        let place = Place { dtype: DType::F64, device: Device::Cpu };
        let mut at = self.answer();
        let dims = |layer: LayerId| extents.get(layer.0).copied().unwrap_or(Dims::vectors(1, 1));
        let answer = dims(at);
        let one = |i: usize| f64::from(u8::from(i == class));
        let values: Vec<f64> = (0..answer.len()).map(one).collect();
        let mut gradient = Tensor::from_vec(values, answer.as_slice(), &Device::Cpu)?;
        while at != pool {
            let Some(Node { op, inputs, .. }) = self.nodes.get(at.0) else { return Ok(None) };
            let [Value::Output { layer, .. }] = *inputs.as_slice() else { return Ok(None) };
            let (once, before) = (OnceLock::new(), [dims(layer)]);
            let rule = ReluRule::Plain;
            let run = Record { dims: &before, inputs: &[], output: None, rule, once: &once };
            gradient = op.prepare(&place)?.backward(0, &gradient, &run)?;
            at = layer;
        }
        Ok(Some((map, gradient.flatten_all()?.to_vec1()?)))
    }
}

/// A run of a layer's channels that kernels of one convolution make, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The channels.
    pub channels: Range<usize>,
    /// The convolution.
    pub by: LayerId,
    /// The kernel of the first channel.
    pub first: usize,
}

/// What makes some of the channels, counted from their first.
fn part(of: &[Made], channels: Range<usize>) -> Vec<Made> {
    let within = |made: &Made| {
        let start = made.channels.start.max(channels.start);
        let end = made.channels.end.min(channels.end);
        (start < end).then(|| Made {
            channels: start - channels.start..end - channels.start,
            by: made.by,
            first: made.first + start - made.channels.start,
        })
    };
    of.iter().filter_map(within).collect()
}

/// The same for channels that are `by` places further on.
fn shifted(mut made: Vec<Made>, by: usize) -> Vec<Made> {
    for Made { channels, .. } in &mut made {
        *channels = channels.start + by..channels.end + by;
    }
    made
}

/// The last of some layers that has rows and columns, given the shapes of all layers up to it.
pub fn last_map<'s>(shapes: impl Iterator<Item = &'s Shape>) -> Option<LayerId> {
    let with_map = |(_, shape): &(usize, &Shape)| !shape.flat && shape.area() > 1;
    shapes.enumerate().filter(with_map).last().map(|(i, _)| LayerId(i))
}
