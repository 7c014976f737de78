//! How a value lies in memory.

use super::kernels::{Extents, Strides};
use crate::base::Shape;

/// Channels that lie next to each other.
pub const LANES: usize = 16;

/// `[N][blocks][rows][columns][lanes]`, with a border of zeros around the rows and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Layout {
    /// The value's extents.
    pub shape: Shape,
    /// Channels next to each other: 16, but for inputs of a few channels all of them.
    pub lanes: usize,
    /// Blocks of channels.
    pub blocks: usize,
    /// Zeros around the rows and columns.
    pub halo: usize,
}

impl Layout {
    /// Blocks of 16 channels with a border.
    pub const fn blocked(shape: Shape, halo: usize) -> Self {
        Self { shape, lanes: LANES, blocks: shape.c.div_ceil(LANES), halo }
    }

    /// All channels of a position next to each other.
    pub const fn interleaved(shape: Shape, halo: usize) -> Self {
        Self { shape, lanes: shape.c, blocks: 1, halo }
    }

    /// Rows and columns of zeros that follow an odd extent: tiles are two wide.
    const fn tail(extent: usize, halo: usize) -> usize {
        if halo > 0 { extent % 2 } else { 0 }
    }

    /// Floats from row to row.
    pub const fn row(&self) -> usize {
        let columns = self.shape.w + 2 * self.halo + Self::tail(self.shape.w, self.halo);
        columns * self.lanes
    }

    /// Floats of a block of channels.
    pub const fn plane(&self) -> usize {
        let rows = self.shape.h + 2 * self.halo + Self::tail(self.shape.h, self.halo);
        rows * self.row()
    }

    /// Floats of a picture.
    pub const fn picture(&self) -> usize {
        self.blocks * self.plane()
    }

    /// Floats in all.
    pub const fn len(&self) -> usize {
        self.shape.n * self.picture()
    }

    /// Bytes in all.
    pub const fn bytes(&self) -> usize {
        self.len() * size_of::<f32>()
    }

    /// From the first position inside the border.
    pub const fn strides(&self) -> Strides {
        self.strides_from([0, 0])
    }

    /// From so many rows and columns before the first position; the border must be as wide.
    pub const fn strides_from(&self, before: [usize; 2]) -> Strides {
        Strides {
            origin: (self.halo - before[0]) * self.row() + (self.halo - before[1]) * self.lanes,
            picture: self.picture(),
            block: self.plane(),
            row: self.row(),
            column: self.lanes,
        }
    }

    /// What a kernel goes through to fill it.
    pub const fn extents(&self) -> Extents {
        Extents {
            pictures: self.shape.n,
            blocks: self.blocks,
            rows: self.shape.h,
            columns: self.shape.w,
        }
    }

    /// Where a row of a plane begins inside the border.
    pub const fn row_at(&self, row: usize) -> usize {
        (row + self.halo) * self.row() + self.halo * self.lanes
    }
}
