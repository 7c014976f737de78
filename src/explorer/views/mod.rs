//! The views: what each shows and how keys move in it. `screen` draws them.

pub mod map;
pub mod maps;

use super::{Picker, State};
use crate::base::Rect;
use crate::session::ask::Request;

/// A direction or a jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// One step.
    Up,
    /// One step.
    Down,
    /// One step.
    Left,
    /// One step.
    Right,
    /// To the start.
    First,
    /// To the end.
    Last,
    /// A page back.
    PageUp,
    /// A page on.
    PageDown,
}

/// A view of the chosen layer.
pub trait View: Sync {
    /// The name on the command line and in the title bar, `Maps`.
    fn name(&self) -> &'static str;

    /// What it needs, nearest the cursor first.
    fn wants(&self, state: &State) -> Vec<Request>;

    /// Moves its cursor.
    fn go(&self, state: &mut State, to: Move);

    /// Opens what is under the cursor.
    fn open(&self, state: &mut State);

    /// A press at a cell of the view's inside.
    fn press(&self, state: &mut State, x: u16, y: u16);
}

/// Every view, in the order of its digit.
pub static ALL: [&dyn View; 2] = [&maps::Maps, &map::Map];

/// The index of the view of that name.
pub fn find(name: &str) -> Option<usize> {
    ALL.iter().position(|view| view.name().eq_ignore_ascii_case(name))
}

/// The first row of a list that is on the screen, so that the chosen one is near its middle.
pub fn first_visible(chosen: usize, rows: usize, height: usize) -> usize {
    chosen.saturating_sub(height / 2).min(rows.saturating_sub(height))
}

/// The first visible item of a list over the screen, and how many rows it has for items: an input
/// line and the border take three.
pub fn picker_window(area: Rect, picker: &Picker, items: usize) -> (usize, usize) {
    let height = usize::from(area.height.saturating_sub(3));
    (first_visible(picker.chosen, items, height), height)
}
