//! The receptive field of every layer.

use super::{Graph, Value};
use crate::base::Shape;
use crate::ops::{Dims, Field, Seen};

/// The receptive field of every layer, given the input and the shapes that [`super::infer`] found.
pub fn receptive_fields(graph: &Graph, input: Shape, shapes: &[Shape]) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::with_capacity(graph.nodes.len());
    for (node, shape) in graph.nodes.iter().zip(shapes) {
        let seen = node.inputs.iter().map(|value| match value {
            Value::Input => Seen { field: Field::INPUT, dims: input.into() },
            Value::Output { layer, .. } => {
                Seen { field: fields[layer.0], dims: shapes[layer.0].into() }
            }
        });
        fields.push(node.op.field(&seen.collect::<Vec<_>>(), &Dims::from(*shape)));
    }
    fields
}
