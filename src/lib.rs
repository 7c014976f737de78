//! See inside a convolutional network from the terminal.
//!
//! The map of the house, from the bottom up; `ARCHITECTURE.md` says why it is so, and
//! `tests/architecture.rs` keeps it so.
//!
//! - [`base`]: words that everyone shares
//! - [`config`]: settings, keys, labels: text to plain structs
//! - [`onnx`]: the messages of ONNX files
//! - [`source`]: checkpoints, photos, the built-in network: bytes to tensors and arrays
//! - [`model`]: the graph of named layers: shapes, costs, receptive fields
//! - [`engine`]: running it: [`engine::Backend`], [`engine::Capture`]
//! - [`analysis`]: what captures mean
//! - [`picture`]: numbers to pixels
//! - [`session`]: [`session::Session::answer`], the one door, and the lanes that run it on threads
//! - [`explorer`]: the state machine: keys to state to requests
//! - `screen`, `terminal`, `cli`, `app`: drawing, bytes, commands, the loop (feature `tui`)

pub mod analysis;
#[cfg(feature = "tui")]
pub mod app;
pub mod base;
#[cfg(feature = "tui")]
pub mod cli;
pub mod config;
pub mod engine;
pub mod explorer;
mod fault;
pub mod import;
pub mod model;
pub mod onnx;
pub mod ops;
pub mod picture;
#[cfg(feature = "tui")]
pub mod screen;
pub mod session;
pub mod source;
#[cfg(feature = "tui")]
pub mod terminal;
