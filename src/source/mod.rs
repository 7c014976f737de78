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
mod stated;

pub use builtin::{SAMPLES, Sample, network as builtin_network};
pub use checkpoint::{Checkpoint, Loaded, is_checkpoint};
pub use error::SourceError;
pub use given::{Given, is_input_array, is_input_bytes};
pub use photo::{Photo, collect, is_photo};
pub use preprocess::{Placement, Prepared, prepare};
pub use recipe::{Crop, Fit, Interpolation, Recipe};
pub use repo_config::{Claim, RepoConfig, Trait};
pub use stated::{Overrides, Stated};
