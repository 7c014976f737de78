//! A program that `torch.export` wrote: its nodes are the layers, with the paths of the modules that they came from.
//!
//! ```text
//! schema      the text of a program
//! walk        one call after the other
//! fold        calls on numbers of the file alone
//! ```

mod fold;
mod schema;
mod walk;

use std::collections::HashMap;

use candle_core::Tensor;

use crate::import::calls::args::Args;
pub use crate::import::calls::aten::calls;
use crate::model::{Graph, ModelError};
use schema::{Node, Program, broken, unread};
use walk::Walk;

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
    let module = &program.graph_module;
    let mut walk = Walk::new(module, tensors)?;
    for node in &module.graph.nodes {
        let step = node.read().map_err(|why| unread(&why))?;
        walk.reader.count(Args(&step.inputs).names().map(str::to_string));
    }
    for node in &module.graph.nodes {
        walk.call(&node.read().map_err(|why| unread(&why))?)?;
    }
    let outputs = module.signature.output_specs.iter();
    let name = class(&module.graph.nodes).unwrap_or_else(|| "exported network".into());
    walk.reader.finish(name, outputs.filter_map(|spec| walk::user(spec, "user_output")))
}

/// The names of the tensors of the file that a program reads.
///
/// # Errors
/// As [`build`].
pub fn tensors(text: &str) -> Result<Vec<String>, ModelError> {
    let program = parse(text)?;
    Ok(walk::sources(&program.graph_module.signature)?.into_values().collect())
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
