//! Which view is on the screen.

use crate::base::Choice;

/// Which view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ViewId {
    /// Every channel as a tile.
    Maps,
    /// One channel as large as possible.
    Map,
    /// The weights that make the channels.
    Kernels,
    /// How layers change with depth.
    Depth,
    /// Which places of the photo made the class.
    Explain,
    /// Pictures made by gradients.
    Rebuild,
}

impl Choice for ViewId {
    /// In the order of their digits.
    const ALL: &'static [Self] =
        &[Self::Maps, Self::Map, Self::Kernels, Self::Depth, Self::Explain, Self::Rebuild];

    fn name(self) -> &'static str {
        match self {
            Self::Maps => "maps",
            Self::Map => "map",
            Self::Kernels => "kernels",
            Self::Depth => "depth",
            Self::Explain => "explain",
            Self::Rebuild => "rebuild",
        }
    }
}

impl ViewId {
    /// Whether it says what the mouse points to. Every move is reported then, which costs bytes over SSH.
    pub const fn follows_the_mouse(self) -> bool {
        matches!(self, Self::Map)
    }
}
