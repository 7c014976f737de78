//! Asking the terminal what it is and what it can show.
//!
//! All questions are written at once, and the one that every terminal answers is the last: its answer
//! ends the waiting, and so does a limit. Keys that are pressed meanwhile are kept. What answers after
//! the limit is dropped by `terminal::late`. ratatui-image's parser is not used: it cannot tell keys from
//! answers, and a terminal without sixels from one that did not answer.

mod answers;
mod around;
mod capabilities;
mod query;
mod tmux;
mod typed;

pub use capabilities::{Capabilities, Inherited, choose};
pub use query::{probe, probe_on_normal_screen, unasked};
