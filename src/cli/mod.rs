//! The command line: the headless twin of every view, and the door to the explorer.
//!
//! Every command asks the same [`crate::session::Session`] with the same requests as the explorer.
//! Results go to stdout, words to stderr, bars only to a terminal. Exit codes: 0; 2 when the command
//! line names what does not exist ([`Usage`]); 1 when the world fails.

mod ablate;
mod args;
mod bench;
mod channels;
mod completions;
mod config;
mod context;
mod dispatch;
mod doctor;
mod dream;
mod explain;
mod explained;
mod explore;
mod export;
mod failure;
mod fetch;
mod files;
mod help;
mod invert;
mod judge;
mod kernels;
mod layers;
mod making;
mod man;
mod maps;
mod models;
mod notes;
mod output;
mod photos;
mod pictures;
mod predict;
mod print;
mod progress;
mod report;
mod stats;
mod table;
mod target;
mod tiles;
mod truth;
mod unused;
mod user_files;

pub use dispatch::run;
pub use failure::Usage;
