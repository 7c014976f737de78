//! What can be asked about a graph by its edges and operations alone.

use super::graph::{Graph, Node, Value};
use crate::base::{LayerId, Shape};
use crate::ops::{Activation, AveragePool, Channels, Conv, Flatten, Linear, Reshape};

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

    /// The convolution that makes a layer's channels: the layer itself, or the one before it with
    /// nothing in between but layers that keep the channels apart. Of a sum, the one of its first
    /// input: in a block that is the last convolution, to which the shortcut is added.
    pub fn kernels_of(&self, layer: LayerId) -> Option<LayerId> {
        let mut at = layer;
        loop {
            let node = self.nodes.get(at.0)?;
            match (node.op.channels(), node.inputs.first()) {
                (Channels::Made, _) => return node.op.is::<Conv>().then_some(at),
                (Channels::Kept, Some(Value::Output { layer, .. })) => at = *layer,
                (_, _) => return None,
            }
        }
    }

    /// Which layers a layer's value goes into, itself among them.
    pub fn behind(&self, layer: LayerId) -> Vec<bool> {
        let mut behind = vec![false; self.nodes.len()];
        for (i, node) in self.nodes.iter().enumerate() {
            behind[i] = i == layer.0
                || node.inputs.iter().any(|value| match value {
                    Value::Output { layer, .. } => behind[layer.0],
                    Value::Input => false,
                });
        }
        behind
    }

    /// The last layer on the way to the answer that has rows and columns, given the shapes that [`super::infer`] found:
    /// where class activation maps are taken by default.
    pub fn last_map(&self, shapes: &[Shape]) -> Option<LayerId> {
        last_map(shapes.iter().take(self.answer().0 + 1))
    }

    /// The layer that feeds a global average pool and, behind it, nothing but the linear layer that makes
    /// the answer.
    pub fn pooled(&self) -> Option<(LayerId, &Linear)> {
        let input = |layer: LayerId| match self.nodes.get(layer.0)?.inputs.as_slice() {
            [Value::Output { layer, .. }] => Some(*layer),
            _ => None,
        };
        let answer = self.answer();
        let linear = self.nodes.get(answer.0)?.op.get::<Linear>()?;
        let mut at = input(answer)?;
        if self.nodes.get(at.0)?.op.is::<Flatten>() {
            at = input(at)?;
        }
        let pool = self.nodes.get(at.0)?.op.get::<AveragePool>();
        (pool == Some(&AveragePool::Global))
            .then(|| input(at))
            .flatten()
            .map(|layer| (layer, linear))
    }
}

/// The last of some layers that has rows and columns, given the shapes of all layers up to it.
pub fn last_map<'s>(shapes: impl Iterator<Item = &'s Shape>) -> Option<LayerId> {
    let with_map = |(_, shape): &(usize, &Shape)| !shape.flat && shape.area() > 1;
    shapes.enumerate().filter(with_map).last().map(|(i, _)| LayerId(i))
}
