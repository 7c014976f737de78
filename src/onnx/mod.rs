//! ONNX files as they are written: a message of Protocol Buffers with a graph of nodes, and numbers in it or beside it.
//!
//! ```text
//! schema      the fields that are read; unknown ones are passed over
//! limits      what a file may claim, checked before anything is made of it
//! tensor      where the numbers of a tensor are, and what they are
//! ```

mod limits;
mod schema;
mod tensor;

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;

pub use schema::{Attribute, Node, Pair, Tensor};
pub use tensor::{Element, Kept};

/// The oldest version of the format that is read, and the oldest and newest operations.
const OLDEST_FORMAT: i64 = 3;
const OPSETS: std::ops::RangeInclusive<i64> = 7..=24;

/// A file.
#[derive(Clone, Debug)]
pub struct Model {
    /// The version of its operations.
    pub opset: i64,
    /// What wrote it: `pytorch`, `tf2onnx`.
    pub producer: String,
    /// Text by name: class names, the input's size.
    pub metadata: BTreeMap<String, String>,
    /// The name of its graph.
    pub name: String,
    /// The nodes in the order in which they run, each a message that is not read yet.
    pub nodes: Vec<Bytes>,
    /// Numbers of the file.
    pub initializers: Vec<Tensor>,
    /// What goes in: names and extents, of which some are unknown.
    pub inputs: Vec<(String, Vec<Option<usize>>)>,
    /// What comes out.
    pub outputs: Vec<String>,
}

impl Model {
    /// Reads a file; its numbers stay where they are.
    ///
    /// # Errors
    /// One sentence without the file's name.
    pub fn read(file: &Bytes) -> Result<Self, String> {
        limits::check(file)?;
        let broken = |why: prost::DecodeError| {
            format!("is an ONNX model that cannot be read ({why}): copy or download it again")
        };
        let model = schema::Model::decode(file.clone()).map_err(broken)?;
        let graph = schema::Graph::decode(model.graph).map_err(broken)?;
        if model.ir_version < OLDEST_FORMAT {
            return Err(format!(
                "is an ONNX model of format {}, {OLDEST_FORMAT} and later are read: convert it with \
                 onnx.version_converter",
                model.ir_version
            ));
        }
        let own = |set: &&schema::Opset| matches!(set.domain.as_str(), "" | "ai.onnx");
        let opset = model.opset_import.iter().find(own).map_or(1, |set| set.version);
        if !OPSETS.contains(&opset) {
            return Err(format!(
                "is an ONNX model of opset {opset}, {} to {} are read: export it with another \
                 opset_version",
                OPSETS.start(),
                OPSETS.end()
            ));
        }
        if !model.functions.is_empty() {
            return Err(
                "is an ONNX model that defines functions, which are not read: inline them \
                 with onnx.inliner.inline_local_functions"
                    .into(),
            );
        }
        let metadata = model.metadata_props.into_iter().map(|pair| (pair.key, pair.value));
        let extents = |value: schema::ValueInfo| (value.name.clone(), value.extents());
        Ok(Self {
            opset,
            producer: model.producer_name,
            metadata: metadata.collect(),
            name: graph.name,
            nodes: graph.nodes,
            initializers: graph.initializers,
            inputs: graph.inputs.into_iter().map(extents).collect(),
            outputs: graph.outputs.into_iter().map(|value| value.name).collect(),
        })
    }

    /// The nodes, read one after the other.
    pub fn nodes(&self) -> impl Iterator<Item = Result<Node, String>> + '_ {
        let broken = |why: prost::DecodeError| format!("has a node that cannot be read ({why})");
        self.nodes.iter().map(move |node| Node::decode(node.clone()).map_err(broken))
    }
}
