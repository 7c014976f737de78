//! Where the weights of a network are, once they are on this machine.

use std::path::PathBuf;

use super::SessionError;
use super::ask::ModelRef;
use super::network::file_name;
use crate::source::Stated;

/// A network's weights and what is known about them besides.
#[derive(Clone, Debug, PartialEq)]
pub struct Located {
    /// Where they are.
    pub weights: Weights,
    /// What people call it: `builtin`, a file's name, a repository.
    pub name: String,
    /// The catalogue's word on the preprocessing.
    pub recipe: Option<Stated>,
    /// What should be said about how they got here.
    pub notes: Vec<String>,
}

/// A place of weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Weights {
    /// In the program.
    Builtin,
    /// A checkpoint, an index of several, or a folder that holds one.
    File(PathBuf),
}

/// Finds the weights.
pub fn locate(model: &ModelRef) -> Result<Located, SessionError> {
    let (weights, name) = match model {
        ModelRef::Builtin => (Weights::Builtin, "builtin".to_string()),
        ModelRef::File(path) => (Weights::File(path.clone()), file_name(path)),
    };
    Ok(Located { weights, name, recipe: None, notes: Vec::new() })
}
