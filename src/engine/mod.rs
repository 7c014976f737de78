//! Running a graph: one interface, and the backends behind it.
//!
//! [`Backend`] runs a network on an input, whole or from an edited layer onward; a [`Capture`] is
//! what such a run left behind: every layer's value, read as plain arrays. [`device`] says where. `analysis` and `session`
//! see only these two, never a tensor. [`portable`] is the backend on candle's own operations.
//! Reverse mode will be a third method of [`Backend`] over the same captures: a capture holds, or
//! computes again, every value that a gradient needs.

mod backend;
mod capture;
pub mod device;
mod error;
pub mod portable;

pub use backend::{Backend, Edit, Edits};
pub use capture::{Capture, ChannelStatistics};
pub use error::EngineError;
