//! ONNX graphs: their nodes are the layers, with the paths of the modules that they came from, as far as the exporter kept
//! them.
//!
//! ```text
//! names       what a user calls a node
//! step        a node with all that its rule may ask for
//! walk        one node after the other
//! fold        nodes on numbers of the file alone: shapes, axes, tables
//! rules/      what each operation of ONNX is here, a family a file
//! ```

mod fold;
mod names;
mod rules;
mod step;
mod walk;

use std::collections::HashMap;

use candle_core::Tensor;

use crate::model::{Graph, ModelError};
use crate::onnx::{Element, Kept, Model};
use walk::Walk;

/// Builds the graph of a model from its nodes and its tensors by their names in the file.
///
/// # Errors
/// When it holds something that cannot be run.
pub fn build(model: &Model, tensors: &HashMap<String, Tensor>) -> Result<Graph, ModelError> {
    let nodes = model.nodes().collect::<Result<Vec<_>, _>>();
    let nodes = nodes.map_err(|why| ModelError::NoNetwork(format!("the model {why}")))?;
    let mut walk = Walk::new(model, &nodes, tensors)?;
    for node in &nodes {
        walk.node(node)?;
    }
    let Walk { reader, mut notes, .. } = walk;
    let name = match model.name.as_str() {
        "" | "main_graph" | "torch_jit" | "torch-jit-export" | "main" => "ONNX network",
        name => name,
    };
    let mut graph = reader.finish(name.to_string(), model.outputs.iter().cloned())?;
    graph.notes.append(&mut notes);
    Ok(graph)
}

/// The names of the tensors that a model has: of floating-point numbers, and of whole ones beside the file.
pub fn tensors(model: &Model) -> Vec<String> {
    let float = model.initializers.iter().filter(|tensor| {
        let beside = matches!(tensor.kept(), Kept::Beside { .. });
        let read = match tensor.element() {
            Some(Element::Whole(8, true)) => beside,
            Some(element) => element.is_float(),
            None => false,
        };
        read && !tensor.dims.contains(&0)
    });
    float.map(|tensor| tensor.name.clone()).collect()
}
