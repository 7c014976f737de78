//! Files that are broken, cut off, hostile or something else than their name says: each gives an
//! error of one line that names the file and that a terminal cannot obey. Nothing panics.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "bad_files/arrays.rs"]
mod arrays;
#[path = "bad_files/checkpoints.rs"]
mod checkpoints;
#[path = "bad_files/configs.rs"]
mod configs;
#[path = "bad_files/exported.rs"]
mod exported;
#[path = "bad_files/keys.rs"]
mod keys;
#[path = "bad_files/memory.rs"]
mod memory;
#[path = "bad_files/networks.rs"]
mod networks;
#[path = "bad_files/onnx.rs"]
mod onnx;
#[path = "bad_files/photos.rs"]
mod photos;
#[path = "bad_files/pickles.rs"]
mod pickles;
#[path = "bad_files/shards.rs"]
mod shards;
#[path = "bad_files/support.rs"]
mod support;
#[path = "bad_files/torch.rs"]
mod torch;
