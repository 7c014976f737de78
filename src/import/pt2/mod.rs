//! A program that `torch.export` wrote: its nodes are the layers, with the paths of the modules that they came from.
//!
//! ```text
//! schema      the text of a program
//! args        the arguments of a call
//! reader      what is known so far: values, constants, names
//! walk        one call after the other
//! aten/       what each call of PyTorch is here, a family a file
//! fold        calls on numbers of the file alone
//! computed    those of them that are layers elsewhere
//! ```

mod args;
mod aten;
mod computed;
mod fold;
mod reader;
mod schema;
mod walk;

use std::collections::HashMap;

use candle_core::Tensor;

use crate::model::{Graph, ModelError, Value};
use crate::ops::Softmax;
pub use aten::calls;
use reader::Reader;
use schema::{Node, Program, broken, unread};

/// The schema that is understood.
const MAJOR: u64 = 8;
/// Most bytes of a program's text: ten times what the deepest known network has.
const LONGEST: usize = 32 << 20;

/// Builds the graph of a program from its text and its tensors by their names in the file.
///
/// # Errors
/// When the text is none, or holds something that cannot be run.
pub fn build(text: &str, tensors: &HashMap<String, Tensor>) -> Result<Graph, ModelError> {
    let program = parse(text)?;
    let mut reader = Reader::new(&program.graph_module, tensors)?;
    for node in &program.graph_module.graph.nodes {
        let step = node.read().map_err(|why| unread(&why))?;
        for name in walk::names_of(&step.inputs) {
            *reader.uses.entry(name).or_default() += 1;
        }
    }
    for node in &program.graph_module.graph.nodes {
        reader.call(&node.read().map_err(|why| unread(&why))?)?;
    }
    let outputs = reader.outputs(&program.graph_module.signature)?;
    let (mut notes, input) = (Vec::new(), reader.draft.input().dims);
    let (nodes, mut outputs) = reader.draft.finish(&outputs);
    // Shares are explained by what stands before them, and are not made twice.
    if let Some(first) = outputs.first_mut()
        && let Value::Output { layer, .. } = *first
        && let Some(node) = nodes.get(layer.0).filter(|node| node.op.is::<Softmax>())
        && let Some(before) = node.inputs.first()
    {
        *first = *before;
        notes.push(format!(
            "the network ends with {}: classes are told and explained by the values before it",
            node.name
        ));
    }
    Ok(Graph {
        name: class(&program.graph_module.graph.nodes).unwrap_or_else(|| "exported network".into()),
        input_channels: input.at(1),
        usual_input: input.sides(),
        nodes,
        outputs,
        assumptions: Vec::new(),
        notes,
    })
}

/// The names of the tensors of the file that a program reads.
///
/// # Errors
/// As [`build`].
pub fn tensors(text: &str) -> Result<Vec<String>, ModelError> {
    let program = parse(text)?;
    Ok(reader::sources(&program.graph_module.signature)?.into_values().collect())
}

/// The class of the whole network: the outermost module of any call.
fn class(nodes: &[Node<'_>]) -> Option<String> {
    let stack = |node: &Node<'_>| node.read().ok()?.metadata.remove("nn_module_stack");
    let stack = nodes.iter().find_map(stack)?;
    let class = stack.split(';').next()?.splitn(3, ',').nth(2)?;
    class.rsplit('.').next().filter(|class| !class.is_empty()).map(str::to_string)
}

fn parse(text: &str) -> Result<Program<'_>, ModelError> {
    if text.len() > LONGEST {
        return Err(broken(&format!("has {} MiB of text, which is not read", text.len() >> 20)));
    }
    let program: Program<'_> = serde_json::from_str(text).map_err(|why| unread(&why))?;
    let major = program.schema_version.major;
    if major != MAJOR {
        return Err(broken(&format!(
            "has the schema {major}.{}, {MAJOR}.x is read: export it with another PyTorch",
            program.schema_version.minor
        )));
    }
    Ok(program)
}
