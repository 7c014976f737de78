//! Bytes in and out: taking the screen, input, signals, asking what the terminal can, its colours, and
//! pictures for it.

pub mod colors;
pub mod graphics;
pub mod guard;
pub mod input;
mod late;
pub mod probe;
pub mod signals;
