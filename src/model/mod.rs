//! What a network is: a graph of named layers with weights, shapes, costs and receptive fields.
//!
//! Loaders (`crate::import`) build a [`Graph`]; everything else is written once, against the graph. Nothing here runs it.

mod cost;
mod error;
mod graph;
mod naming;
mod queries;
mod receptive;
mod redraw;
mod shape;

pub use cost::{Cost, costs};
pub use error::ModelError;
pub use graph::{Graph, Node, Value};
pub use queries::{Made, last_map};
pub use receptive::receptive_fields;
pub use redraw::redrawn;
pub use shape::{extents, infer};
