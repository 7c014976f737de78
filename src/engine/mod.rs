//! Running a graph: one interface, and the backends behind it.
//!
//! [`Backend`] runs a network on an input, whole or from an edited layer onward, and backward; a
//! [`Capture`] is what a run left behind: every layer's value, read as plain arrays, and all that a
//! gradient needs. [`device`] says where. `analysis` and `session` see only these two, never a tensor.
//! [`portable`] is the backend on candle's own operations, [`fast`] the one for CPUs.

mod backend;
mod capture;
pub mod device;
mod edit;
mod error;
pub mod fast;
mod keep;
pub mod portable;
mod seed;

pub use backend::{Backend, GradientRequest, Keep, Seed};
pub use capture::{Capture, ChannelStatistics};
pub use edit::{Change, Edit, Edits};
pub use error::EngineError;
