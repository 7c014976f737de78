//! Bytes in and out of the terminal.

pub mod colors;
