//! What can be wrong with a network.

use thiserror::Error;

use crate::base::first_line;

/// Why tensors are no network, or why a network takes no such input.
#[derive(Debug, Error)]
pub enum ModelError {
    /// The file holds no network that can be run; what it looks like.
    #[error("{0}")]
    NoNetwork(String),
    /// There is no such network in the file.
    #[error("--state {wanted}: not in this file; {hint}")]
    UnknownState {
        /// The name as given.
        wanted: String,
        /// What there is.
        hint: String,
    },
    /// A tensor that the architecture needs is not there.
    #[error("tensor {0} is missing: the checkpoint is incomplete")]
    Missing(String),
    /// A tensor is there with other extents than its neighbors ask for.
    #[error("{name} has shape {found:?}, expected {expected}: the checkpoint is inconsistent")]
    WrongShape {
        /// The tensor.
        name: String,
        /// Its extents.
        found: Vec<usize>,
        /// The extents in words.
        expected: String,
    },
    /// Something that is understood but cannot be run.
    #[error("{name}: {what} is not supported yet")]
    Unsupported {
        /// The tensor that shows it.
        name: String,
        /// What it belongs to.
        what: String,
    },
    /// An input that a layer cannot take.
    #[error("{layer} cannot take an input of {input}: {why}")]
    Shape {
        /// The layer's name.
        layer: String,
        /// The shape that reached it.
        input: String,
        /// What is wrong with it.
        why: String,
    },
    /// A layer name that the network does not have.
    #[error("there is no layer \"{wanted}\"{}", hint(.near))]
    UnknownLayer {
        /// The name as given.
        wanted: String,
        /// Similar names.
        near: Vec<String>,
    },
    /// A tensor could not be read.
    #[error("{}", first_line(.0))]
    Tensor(#[from] candle_core::Error),
}

fn hint(near: &[String]) -> String {
    match near {
        [] => "; `convscope layers` lists them".to_string(),
        near => format!("; did you mean {}?", near.join(" or ")),
    }
}
