//! What the mouse did.

use std::time::Duration;

/// Something the mouse did at a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mouse {
    /// What.
    pub kind: MouseKind,
    /// Where.
    pub column: u16,
    /// Where.
    pub row: u16,
    /// When, since the program started.
    pub time: Duration,
}

/// What the mouse did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseKind {
    /// The left button went down.
    Press,
    /// It moved with the button down.
    Drag,
    /// It moved without a button.
    Move,
    /// The wheel.
    WheelUp,
    /// The wheel.
    WheelDown,
}
