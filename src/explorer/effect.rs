//! What the explorer is told, and what it wants done.

use std::sync::Arc;

use super::Work;
use crate::base::{Key, Mouse};
use crate::session::ask::{Answer, Picture, Request, SessionError};

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// A key.
    Key(Key),
    /// The mouse.
    Mouse(Mouse),
    /// The terminal has this many columns and rows, and cells this much higher than wide.
    Resize(u16, u16, f32),
    /// A request was answered or failed.
    Answered(Request, Result<Answer, SessionError>),
    /// A job has progressed.
    Progress(Work),
    /// Text was pasted.
    Paste(String),
    /// No key was pressed for a while.
    Settled,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Read a file.
    Transfer(Request),
    /// Run a network.
    Run(Request),
    /// Do long work.
    Job(Request),
    /// Stop the long work.
    CancelJob,
    /// Let the long work rest, or go on.
    PauseJob(bool),
    /// Stop reading and running.
    Cancel,
    /// Put text on the clipboard.
    Copy(String),
    /// Leave the screen, print a picture and words below it, and come back after a key.
    Print(Printed),
    /// Leave the screen until the shell says `fg`.
    Suspend,
    /// Leave.
    Quit,
}

/// What is printed on the normal screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Printed {
    /// The picture, where there is one.
    pub picture: Option<Arc<Picture>>,
    /// The words.
    pub words: Vec<String>,
}
