//! The views: what each shows and how keys move in it. `screen` draws them.

mod arrange;
pub mod depth;
pub mod explain;
pub mod kernels;
pub mod map;
pub mod maps;
mod paging;
pub mod rebuild;
pub mod vector;
mod view;

pub use paging::Page;
use paging::moved;
pub use view::{Move, Picture, View};

use super::State;
pub use super::state::ViewId;

impl ViewId {
    /// What the view shows and how keys move in it.
    pub fn view(self) -> &'static dyn View {
        match self {
            Self::Maps => &maps::Maps,
            Self::Map => &map::Map,
            Self::Kernels => &kernels::Kernels,
            Self::Depth => &depth::Depth,
            Self::Explain => &explain::Explain,
            Self::Rebuild => &rebuild::Rebuild,
        }
    }
}

impl State {
    /// The view on the screen.
    pub fn view(&self) -> &'static dyn View {
        self.view.view()
    }

    /// The cursor of the Map view is at the maximum until the user moves it.
    pub(super) fn follow_the_maximum(&mut self) {
        if self.cursor.at_maximum
            && self.view == ViewId::Map
            && let Some(unit) = map::maximum(self)
        {
            self.cursor.unit = unit;
        }
    }
}
