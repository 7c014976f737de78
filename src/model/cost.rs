//! What a layer costs: parameters and multiply-adds.

use super::{Graph, Value};
use crate::base::Shape;
use crate::ops::Dims;

/// The cost of one layer for one picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Trained values: weights, biases, scales and shifts; running statistics do not count.
    pub parameters: u64,
    /// Products of convolutions and linear layers, one for each use of a weight.
    pub multiply_adds: u64,
}

/// The cost of every layer, given the input's shape and the extents that [`super::extents`] found.
pub fn costs(graph: &Graph, input: Shape, extents: &[Dims]) -> Vec<Cost> {
    let dims = |value: &Value| match value {
        Value::Input => Dims::from(input),
        Value::Output { layer, .. } => extents[layer.0],
    };
    let cost = |(node, out): (&super::Node, &Dims)| {
        let trained = node.op.weights().into_iter().filter(|weight| weight.trained);
        let inputs: Vec<Dims> = node.inputs.iter().map(dims).collect();
        Cost {
            parameters: trained.map(|weight| weight.tensor.elem_count() as u64).sum(),
            multiply_adds: node.op.multiply_adds(&inputs, out),
        }
    };
    graph.nodes.iter().zip(extents).map(cost).collect()
}
