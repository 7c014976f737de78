//! Bytes in and out: taking the screen, input, signals, asking what the terminal can, its colors, and
//! pictures for it.

pub mod clipboard;
pub mod colors;
mod fatal;
pub mod graphics;
pub mod guard;
pub mod inline;
pub mod input;
mod late;
pub mod pictures;
pub mod probe;
pub mod signals;
pub mod tty;
pub mod window;
