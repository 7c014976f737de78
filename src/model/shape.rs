//! Shapes of all values, for any batch and any size.

use super::{Graph, ModelError, Node, Value};
use crate::base::Shape;
use crate::ops::{Dims, Unfit};

/// The output shape of every layer for an input `[N, C, H, W]`.
///
/// # Errors
/// When a layer cannot take what reaches it, with the layer's name.
pub fn infer(graph: &Graph, input: Shape) -> Result<Vec<Shape>, ModelError> {
    Ok(extents(graph, input)?.iter().map(Dims::shape).collect())
}

/// The same with all axes.
///
/// # Errors
/// As [`infer`].
pub fn extents(graph: &Graph, input: Shape) -> Result<Vec<Dims>, ModelError> {
    let mut all: Vec<Dims> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let dims = |value: &Value| match value {
            Value::Input => Some(input.into()),
            Value::Output { layer, .. } => all.get(layer.0).copied(),
        };
        let inputs: Option<Vec<Dims>> = node.inputs.iter().map(dims).collect();
        let inputs = inputs.ok_or_else(|| refuse(node, &[], "it comes before its input".into()))?;
        if inputs.iter().any(Dims::is_empty) {
            return Err(refuse(node, &inputs, "it is empty".into()));
        }
        let out = node.op.infer(&inputs).map_err(|why| refuse(node, &inputs, why))?;
        all.push(out);
    }
    Ok(all)
}

fn refuse(node: &Node, inputs: &[Dims], why: Unfit) -> ModelError {
    let input: Vec<_> = inputs.iter().map(|dims| dims.shape().to_string()).collect();
    ModelError::Shape { layer: node.name.clone(), input: input.join(" and "), why: why.0 }
}
