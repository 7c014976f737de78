//! The backend on candle's own operations: the same code on every device, in every precision.
//!
//! It is the exact reference (`--dtype f64`) and the path for GPUs; nothing in it is tuned for CPUs.
//! Values stay on the device; what is looked at is copied. [`Portable::with_memory`] bounds what a
//! capture holds: `engine::keep` says which layers stay, `core` recomputes the others. `backward` walks the
//! graph in reverse. What each operation computes, and its gradient, are its own (`crate::ops`).

mod backward;
mod capture;
mod core;
mod edits;
#[cfg(test)]
mod finite_differences;
mod forward;
mod reduce;

pub use forward::Portable;
