//! Settings, key table, catalogue of networks, names of repositories, class labels and paths: text becomes plain
//! structs here.
//!
//! Nothing is read from the disk: callers hand over a file's path (for messages) and its text. Files
//! that ship with the program are embedded, and what is wrong in a user's file is said with its line.

mod address;
mod catalogue;
mod document;
mod error;
mod keys;
mod labels;
mod paths;
mod repo;
mod settings;
mod templates;

pub use address::decoded as percent_decoded;
pub use catalogue::{Catalogue, Filter, LabelSet, Model};
pub use error::ConfigError;
pub use keys::{KeyTable, LEAVE};
pub use labels::{Label, from_json as labels_from_json, imagenet, read as read_labels};
pub use paths::{config_dir, state_dir};
pub use repo::{RepoError, RepoRef, is_commit, is_hex, is_inside};
pub use settings::{Display, Memory, Run, Settings};
pub use templates::templates;
