//! The text of a program as `torch.export` writes it: what is read of it. Unknown fields are passed over.
//!
//! Schema: `torch/_export/serde/schema.py`.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value as Json;

/// A program.
#[derive(Deserialize)]
pub struct Program {
    pub graph_module: Module,
    pub schema_version: Version,
}

#[derive(Deserialize)]
pub struct Version {
    pub major: u64,
    #[serde(default)]
    pub minor: u64,
}

#[derive(Deserialize)]
pub struct Module {
    pub graph: Text,
    pub signature: Signature,
}

/// The nodes in the order in which they run.
#[derive(Deserialize)]
pub struct Text {
    pub nodes: Vec<Step>,
    #[serde(default)]
    pub tensor_values: HashMap<String, Meta>,
    #[serde(default)]
    pub sym_int_values: HashMap<String, Json>,
}

/// A call.
#[derive(Deserialize)]
pub struct Step {
    pub target: String,
    #[serde(default)]
    pub inputs: Vec<Named>,
    #[serde(default)]
    pub outputs: Vec<Json>,
    #[serde(default)]
    pub metadata: HashMap<String, String>,
}

/// An argument by its name.
#[derive(Deserialize)]
pub struct Named {
    #[serde(default)]
    pub name: String,
    pub arg: Json,
}

/// What is known of a tensor.
#[derive(Deserialize)]
pub struct Meta {
    #[serde(default)]
    pub sizes: Vec<Json>,
    /// The type of its numbers, as PyTorch counts types.
    #[serde(default)]
    pub dtype: Option<i64>,
}

/// What the inputs and outputs of the graph are.
#[derive(Deserialize)]
pub struct Signature {
    #[serde(default)]
    pub input_specs: Vec<Json>,
    #[serde(default)]
    pub output_specs: Vec<Json>,
}
