//! Bytes in and out: taking the screen, input, signals, and how many colours there are.

pub mod colors;
pub mod guard;
pub mod input;
pub mod signals;
