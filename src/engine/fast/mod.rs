//! The backend for CPUs: everything is captured, at the speed of large matrix products.
//!
//! The graph is cut into units, a convolution with the norm, the sum and the ReLU after it (`plan`), which run in one
//! go: values are written once, in blocks of 16 channels with a border of zeros (`layout`), into memory that is
//! used again (`pool`). A capture keeps what each unit gives, after its ReLU; what lies between is recomputed by one
//! convolution when it is read (`capture`). Gradients go through the same kernels (`taps`, `backward`). Other
//! operations have a file each in `op`; those that have none are handed over to their reference.
//! `kernels` has the arithmetic, and the only unsafe code.

mod backward;
mod capture;
mod conv;
mod convert;
mod core;
mod edits;
mod forward;
pub mod kernels;
mod layout;
mod op;
mod plan;
mod planes;
mod pool;
mod statistics;
mod sweep;
mod taps;
mod weights;

pub use conv::Cores;
pub use forward::Fast;
