//! What is loaded and what is known about it.
//!
//! [`Session::answer`] is the one door: the explorer's views and the command line ask the same
//! requests. [`Lanes`] run it on threads. Tensors never leave the session; answers carry `Arc`s of
//! plain numbers and pictures.

mod answer;
pub mod ask;
mod bounded;
mod claims;
mod classes;
mod describe;
mod difference;
mod error;
mod export;
mod forward;
mod job;
mod jobs;
mod kernels;
mod knock_out;
mod lanes;
mod listing;
mod locate;
mod naming;
mod network;
mod options;
mod outputs;
mod place;
mod raster;
mod room;
mod run;
mod sheet;
mod timing;
mod write;

pub use answer::Session;
pub use error::SessionError;
pub use export::{made_by, serialize};
pub use lanes::{Event, LaneName, Lanes};
pub use network::Wishes;
pub use options::Options;
pub use write::{Existing, Pending, folder_of, write_new, write_together};
