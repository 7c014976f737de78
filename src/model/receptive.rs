//! The receptive field of every layer.

use super::{Graph, Value};
use crate::base::Shape;
use crate::ops::{Dims, Field, Seen};

/// The receptive field of every layer, given the input and the extents that [`super::extents`] found.
pub fn receptive_fields(graph: &Graph, input: Shape, extents: &[Dims]) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::with_capacity(graph.nodes.len());
    for (node, out) in graph.nodes.iter().zip(extents) {
        let seen = node.inputs.iter().map(|value| match value {
            Value::Input => Seen { field: Field::INPUT, dims: input.into() },
            Value::Output { layer, .. } => Seen { field: fields[layer.0], dims: extents[layer.0] },
        });
        fields.push(node.op.field(&seen.collect::<Vec<_>>(), out));
    }
    fields
}
