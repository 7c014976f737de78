//! See inside a convolutional network from the terminal.

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
pub mod model;
pub mod picture;
#[cfg(feature = "tui")]
pub mod screen;
pub mod session;
pub mod source;
#[cfg(feature = "tui")]
pub mod terminal;
