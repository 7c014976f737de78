//! What a network is: a graph of named layers with weights, shapes, costs and receptive fields.
//!
//! A network is found in a file's listing ([`find`]); loaders ([`resnet`]) build a [`Graph`] from its tensors; everything else is written once, against
//! the graph. Nothing here runs it.

mod cost;
mod error;
pub mod find;
mod graph;
mod naming;
mod queries;
mod receptive;
mod redraw;
pub mod resnet;
mod shape;

pub use cost::{Cost, costs};
pub use error::ModelError;
pub use graph::{Graph, Node, Value};
pub use queries::last_map;
pub use receptive::receptive_fields;
pub use redraw::redrawn;
pub use shape::infer;
