//! The backend on candle's own operations: the same code on every device, in float32 or float64.
//!
//! It is the exact reference (`--dtype f64`) and the path for GPUs; nothing in it is tuned for CPUs.

mod capture;
mod forward;
mod ops;

pub use forward::Portable;
