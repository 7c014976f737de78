//! The whole program in a real pseudo-terminal, which answers no question unless a test does, and the
//! bytes of pictures.
//!
//! [`session`] drives it: bytes in, an emulated screen out. A shell around the program shows what
//! it leaves behind when it goes.
#![cfg(all(unix, feature = "tui"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "terminal/colors.rs"]
mod colors;
#[path = "terminal/fatal.rs"]
mod fatal;
#[path = "terminal/files.rs"]
mod files;
#[path = "terminal/graphics.rs"]
mod graphics;
#[path = "terminal/input.rs"]
mod input;
#[path = "terminal/leave.rs"]
mod leave;
#[path = "terminal/names.rs"]
mod names;
#[path = "terminal/odd.rs"]
mod odd;
#[cfg(debug_assertions)]
#[path = "terminal/panics.rs"]
mod panics;
#[path = "terminal/pictures.rs"]
mod pictures;
#[path = "terminal/printing.rs"]
mod printing;
#[path = "terminal/resize.rs"]
mod resize;
#[path = "terminal/sequences.rs"]
mod sequences;
#[path = "terminal/session.rs"]
mod session;
#[path = "terminal/suspend.rs"]
mod suspend;
#[path = "terminal/walk.rs"]
mod walk;
