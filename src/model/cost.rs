//! What a layer costs: parameters and multiply-adds.

use super::{Graph, Op};
use crate::base::Shape;

/// The cost of one layer for one picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Trained values: weights, biases, scales and shifts; running statistics do not count.
    pub parameters: u64,
    /// Products of convolutions and linear layers, one for each use of a weight.
    pub multiply_adds: u64,
}

/// The cost of every layer, given the shapes that [`super::infer`] found.
pub fn costs(graph: &Graph, shapes: &[Shape]) -> Vec<Cost> {
    graph.nodes.iter().zip(shapes).map(|(node, shape)| cost(&node.op, shape)).collect()
}

fn cost(op: &Op, shape: &Shape) -> Cost {
    let elements = |t: &candle_core::Tensor| t.elem_count() as u64;
    match op {
        Op::Conv(conv) => Cost {
            parameters: elements(&conv.weight) + conv.bias.as_ref().map_or(0, elements),
            multiply_adds: elements(&conv.weight) * shape.area() as u64,
        },
        Op::BatchNorm(norm) => {
            Cost { parameters: elements(&norm.weight) + elements(&norm.bias), multiply_adds: 0 }
        }
        Op::Linear(linear) => Cost {
            parameters: elements(&linear.weight) + linear.bias.as_ref().map_or(0, elements),
            multiply_adds: elements(&linear.weight),
        },
        Op::Standardize { .. }
        | Op::Relu
        | Op::MaxPool(_)
        | Op::AveragePool(_)
        | Op::Add
        | Op::PadShortcut(_)
        | Op::Flatten => Cost::default(),
    }
}
