//! What a network is: a graph of named layers with weights, shapes, costs and receptive fields.
//!
//! A network is found in a file's listing ([`find`]); loaders ([`resnet`]) build a [`Graph`] from its tensors; everything else is written once, against
//! the graph. Nothing here runs it.

mod cost;
mod error;
pub mod find;
mod graph;
mod naming;
mod receptive;
mod redraw;
pub mod resnet;
mod shape;

pub use cost::{Cost, costs};
pub use error::ModelError;
pub use graph::{
    AveragePool, BatchNorm, Conv, Graph, Linear, Node, Op, PadShortcut, Value, Window,
};
pub use receptive::{Field, FieldAxis, receptive_fields};
pub use redraw::redrawn;
pub use shape::infer;
pub(crate) use shape::window_steps;
