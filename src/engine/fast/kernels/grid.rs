//! How kernels see a value: blocks of channels at positions, with a step along each axis.

/// Floats from one to the next along each axis, and where the first is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strides {
    /// The first position of the first block of the first picture.
    pub origin: usize,
    /// From picture to picture.
    pub picture: usize,
    /// From block of channels to block of channels.
    pub block: usize,
    /// From row to row.
    pub row: usize,
    /// From position to position in a row.
    pub column: usize,
}

/// Extents of what a kernel goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extents {
    /// Pictures.
    pub pictures: usize,
    /// Blocks of 16 channels.
    pub blocks: usize,
    /// Rows.
    pub rows: usize,
    /// Positions in a row.
    pub columns: usize,
}

impl Strides {
    /// Where a position begins.
    pub const fn at(&self, picture: usize, block: usize, row: usize, column: usize) -> usize {
        self.origin
            + picture * self.picture
            + block * self.block
            + row * self.row
            + column * self.column
    }

    /// One past the last float of these extents, with `lanes` at each position.
    pub const fn end(&self, over: &Extents, lanes: usize) -> usize {
        if over.pictures * over.blocks * over.rows * over.columns == 0 {
            return 0;
        }
        self.at(over.pictures - 1, over.blocks - 1, over.rows - 1, over.columns - 1) + lanes
    }
}

/// A value that is read.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The floats.
    pub data: &'a [f32],
    /// Where what is.
    pub strides: Strides,
}

/// A value that is written, by many threads at once, each of them its own positions.
pub struct Sink<'a> {
    /// The floats.
    pub data: &'a mut [f32],
    /// Where what is.
    pub strides: Strides,
}

/// What a kernel keeps of a [`Source`] or [`Sink`] after checking that all of it lies inside.
#[derive(Clone, Copy)]
pub(super) struct Raw {
    pub at: *mut f32,
    pub strides: Strides,
}

// SAFETY: made by `checked` from borrows that outlive the kernel; kernels give each thread positions of its
// own, and the borrows keep everybody else away.
unsafe impl Send for Raw {}
// SAFETY: as above.
unsafe impl Sync for Raw {}

impl Source<'_> {
    /// # Panics
    /// When the extents, with 16 channels at each position, do not lie inside the data.
    pub(super) fn checked(&self, over: &Extents) -> Raw {
        assert!(self.strides.end(over, 16) <= self.data.len(), "a value is too small to be read");
        Raw { at: self.data.as_ptr().cast_mut(), strides: self.strides }
    }
}

impl Sink<'_> {
    /// # Panics
    /// When the extents, with 16 channels at each position, do not lie inside the data.
    pub(super) fn checked(&mut self, over: &Extents) -> Raw {
        assert!(
            self.strides.end(over, 16) <= self.data.len(),
            "a value is too small to be written"
        );
        Raw { at: self.data.as_mut_ptr(), strides: self.strides }
    }
}

impl Raw {
    /// The address of the first position.
    pub fn at_first(&self) -> *mut f32 {
        self.at.wrapping_add(self.strides.origin)
    }

    /// The address of a position.
    ///
    /// # Safety
    /// The position must be inside the extents that were checked.
    #[inline(always)]
    pub unsafe fn address(
        &self,
        picture: usize,
        block: usize,
        row: usize,
        column: usize,
    ) -> *mut f32 {
        // SAFETY: the caller's.
        unsafe { self.at.add(self.strides.at(picture, block, row, column)) }
    }
}
