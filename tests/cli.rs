//! The command line as a user meets it: the program itself, its output, its exit codes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "cli/answers.rs"]
mod answers;
#[path = "cli/bench.rs"]
mod bench;
#[path = "cli/benching.rs"]
mod benching;
#[path = "cli/configs.rs"]
mod configs;
#[path = "cli/doctor.rs"]
mod doctor;
#[path = "cli/explaining.rs"]
mod explaining;
#[path = "cli/files.rs"]
mod files;
#[path = "cli/help.rs"]
mod help;
#[path = "cli/kernels.rs"]
mod kernels;
#[path = "cli/labels.rs"]
mod labels;
#[path = "cli/limits.rs"]
mod limits;
#[path = "cli/listing.rs"]
mod listing;
#[path = "cli/models.rs"]
mod models;
#[path = "cli/outputs.rs"]
mod outputs;
#[path = "cli/photos.rs"]
mod photos;
#[path = "cli/predicting.rs"]
mod predicting;
#[path = "cli/refusals.rs"]
mod refusals;
#[path = "cli/reports.rs"]
mod reports;
#[path = "cli/schema.rs"]
mod schema;
#[path = "cli/shells.rs"]
mod shells;
