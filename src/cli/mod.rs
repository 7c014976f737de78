//! The command line: the headless twin of every view, and the door to the explorer.
//!
//! Every command asks the same [`crate::session::Session`] with the same requests as the explorer.
//! Results go to stdout, words to stderr, bars only to a terminal. Exit codes: 0; 2 when the command
//! line names what does not exist ([`Usage`]); 1 when the world fails.

mod args;
mod config;
mod context;
mod dispatch;
mod explore;
mod export;
mod failure;
mod layers;
mod maps;
mod output;
mod predict;
mod print;
mod progress;
mod stats;
mod table;
mod truth;

pub use dispatch::run;
pub use failure::Usage;
