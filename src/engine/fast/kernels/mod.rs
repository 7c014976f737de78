//! The arithmetic of the fast backend, and the only place with unsafe code.
//!
//! Values are blocks of 16 channels at each position: `[N][C / 16][H][W][16]`, with a border of zeros, so
//! that no tap of a convolution is a special case. What is public here is safe: each kernel checks
//! once that everything it is going to touch lies inside its slices. `lanes` has the instruction sets,
//! `tile` the loop of multiplications, `direct` and `winograd` walk over a layer with it, `team` shares
//! the walk out to threads.
#![allow(unsafe_code)]
// Registers are arrays, and loops over constant ranges of them are unrolled.
#![allow(clippy::needless_range_loop)]

mod buffer;
mod direct;
mod dispatch;
mod grid;
mod lanes;
mod peak;
mod routing;
mod sums;
mod team;
mod tile;
mod winograd;

pub use buffer::Buffer;
pub use direct::{CoBlock, Epilogue, Gather, InnerSinks, Tiling};
pub use dispatch::{Isa, Piece, vectorised};
pub use grid::{Extents, Sink, Source, Strides};
pub use peak::peak;
pub use routing::Routing;
pub use sums::{Sums, sums};
pub use team::Team;
pub use winograd::{Winograd, transformed};
