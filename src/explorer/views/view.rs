//! What every view can do.

use crate::base::{Rect, Shape};
use crate::explorer::{Effect, State};
use crate::session::ask::{Mark, Request, Seen, Shown};

/// A place on the screen where a terminal that can shows a real picture.
pub struct Picture {
    /// Where.
    pub rect: Rect,
    /// What stands there in cells.
    pub of: Shown,
    /// What is drawn over it.
    pub mark: Option<Mark>,
}

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
    /// What it needs, nearest the cursor first.
    fn wants(&self, state: &State) -> Vec<Request>;

    /// Moves its cursor.
    fn go(&self, state: &mut State, to: Move);

    /// Opens what is under the cursor.
    fn open(&self, state: &mut State) -> Vec<Effect>;

    /// The unit (row, column) whose receptive field is shown: the middle one where there is no cursor.
    fn unit(&self, state: &State) -> (usize, usize) {
        state.layer_info().map_or((0, 0), |l| (l.shape.h / 2, l.shape.w / 2))
    }

    /// The extents of a tile's values and how many tiles there are; `None` without a grid.
    fn tiles(&self, _: &State) -> Option<(Shape, usize)> {
        None
    }

    /// Where real pictures can stand.
    fn pictures(&self, _: &State) -> Vec<Picture> {
        Vec::new()
    }

    /// What is on the screen, for files; `None` where that is no picture.
    fn seen(&self, _: &State) -> Option<Seen> {
        None
    }

    /// Whether the values on the screen are signed, so that the signed colors are in use.
    fn signed(&self, state: &State) -> bool {
        state.is_signed()
    }

    /// A press at a cell of the view's inside.
    fn press(&self, state: &mut State, x: u16, y: u16);

    /// The mouse moved to a cell, inside the view or not. Only a view whose `ViewId::follows_the_mouse` is true is told.
    fn point(&self, _: &mut State, _: u16, _: u16) {}

    /// The wheel was turned above a cell of the view.
    fn wheel(&self, state: &mut State, _: u16, _: u16, up: bool) {
        self.go(state, if up { Move::PageUp } else { Move::PageDown });
    }
}
