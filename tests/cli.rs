//! The command line as a user meets it: the program itself, its output, its exit codes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "cli/bench.rs"]
mod bench;
#[path = "cli/files.rs"]
mod files;
#[path = "cli/listing.rs"]
mod listing;
#[path = "cli/predicting.rs"]
mod predicting;
#[path = "cli/refusals.rs"]
mod refusals;
