//! What is loaded and what is known about it.
//!
//! [`Session::ask`] is the one door: the explorer's views and the command line ask the same requests. Each request is a
//! type that knows the type of its answer; [`Lanes`] run the sum of them on threads. Tensors never leave the session;
//! answers carry `Arc`s of plain numbers and pictures.

pub mod ask;
mod bounded;
mod claims;
mod classes;
mod describe;
mod difference;
mod dispatch;
mod error;
mod export;
mod forward;
mod found;
mod input;
mod jobs;
mod kernels;
mod lanes;
mod listing;
mod load;
mod locate;
mod lock;
mod maps;
mod naming;
mod network;
mod options;
mod outputs;
mod place;
mod raster;
mod room;
mod run;
mod sheet;
mod store;
mod timing;
mod weights;
mod write;

pub use error::SessionError;
pub use export::{made_by, serialize};
pub use lanes::{Event, LaneName, Lanes};
pub use locate::cached_files;
pub use options::{Options, Wishes};
pub use store::Session;
pub use write::{Existing, Pending, folder_of, write_new, write_together};
