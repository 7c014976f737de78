//! What comes from outside: checkpoints, photos and the built-in network become tensors and arrays;
//! [`hub`] brings checkpoints from afar.

mod builtin;
mod checkpoint;
mod error;
pub mod hub;
mod npy;
mod photo;
mod preprocess;
mod recipe;
pub mod recognize;
mod repo_config;

pub use builtin::{SAMPLES, Sample, network as builtin_network};
pub use checkpoint::{Checkpoint, is_checkpoint};
pub use error::SourceError;
pub use npy::read_input;
pub use photo::{Photo, collect, is_input_array, is_photo};
pub use preprocess::{Placement, Prepared, prepare};
pub use recipe::{Fit, Interpolation, Overrides, Recipe, Stated};
pub use repo_config::RepoConfig;
