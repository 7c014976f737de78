//! What comes from outside: checkpoints, photos and the built-in network become tensors and arrays;
//! [`hub`] brings checkpoints from afar.

mod builtin;
mod checkpoint;
mod error;
mod given;
pub mod hub;
pub mod npy;
mod photo;
mod preprocess;
mod recipe;
pub mod recognize;
mod repo_config;

pub use builtin::{SAMPLES, Sample, network as builtin_network};
pub use checkpoint::{Checkpoint, is_checkpoint};
pub use error::SourceError;
pub use given::{Given, is_input_array};
pub use photo::{Photo, collect, is_photo};
pub use preprocess::{Placement, Prepared, prepare};
pub use recipe::{Fit, Interpolation, Overrides, Recipe, Stated};
pub use repo_config::RepoConfig;
