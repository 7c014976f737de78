//! The extents of a tensor, and why they do not fit.

use std::fmt;

use crate::base::Shape;

/// Extents of any rank up to [`Dims::MOST`], the pictures of a batch first.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Dims {
    extents: [usize; Self::MOST],
    rank: usize,
}

impl Dims {
    /// The most axes of a tensor.
    pub const MOST: usize = 8;

    /// These extents; `None` of too many.
    pub fn new(extents: &[usize]) -> Option<Self> {
        let mut all = [1; Self::MOST];
        all.get_mut(..extents.len())?.copy_from_slice(extents);
        Some(Self { extents: all, rank: extents.len() })
    }

    /// `[N, C, H, W]`.
    pub const fn maps(n: usize, c: usize, h: usize, w: usize) -> Self {
        Self { extents: [n, c, h, w, 1, 1, 1, 1], rank: 4 }
    }

    /// `[N, C]`.
    pub const fn vectors(n: usize, c: usize) -> Self {
        Self { extents: [n, c, 1, 1, 1, 1, 1, 1], rank: 2 }
    }

    /// The extents.
    pub fn as_slice(&self) -> &[usize] {
        self.extents.get(..self.rank).unwrap_or(&[])
    }

    /// Axes.
    pub const fn rank(&self) -> usize {
        self.rank
    }

    /// The extent of an axis, 1 after the last.
    pub fn at(&self, axis: usize) -> usize {
        self.extents.get(axis).copied().unwrap_or(1)
    }

    /// The same with another extent at an axis.
    #[must_use]
    pub fn with(mut self, axis: usize, extent: usize) -> Self {
        if let Some(at) = self.extents.get_mut(axis).filter(|_| axis < self.rank) {
            *at = extent;
        }
        self
    }

    /// The extents of two values of which one is repeated along axes where it has extent 1, their last axes at the same
    /// place; `None` where neither can be.
    pub fn repeated(&self, other: &Self) -> Option<Self> {
        let rank = self.rank.max(other.rank);
        let extent = |of: &Self, axis: usize| {
            axis.checked_sub(rank - of.rank).map_or(1, |axis| of.extents[axis])
        };
        let both = |axis: usize| match (extent(self, axis), extent(other, axis)) {
            (a, b) if a == b => Some(a),
            (1, b) => Some(b),
            (a, 1) => Some(a),
            _ => None,
        };
        Self::new(&(0..rank).map(both).collect::<Option<Vec<_>>>()?)
    }

    /// Values in all.
    pub fn len(&self) -> usize {
        self.as_slice().iter().product()
    }

    /// Whether there is no value at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rows and columns of maps `[N, C, H, W]`; 1 of what has fewer axes.
    pub const fn sides(&self) -> [usize; 2] {
        [self.extents[2], self.extents[3]]
    }

    /// How people see it, its values in the same order: vectors where there are two axes; else maps of the last two axes,
    /// with all between the pictures and them as channels. Of three axes the last is a row.
    pub fn shape(&self) -> Shape {
        match *self.as_slice() {
            [] => Shape::flat(1, 1),
            [n] => Shape::flat(n, 1),
            [n, c] => Shape::flat(n, c),
            [n, c, w] => Shape::new(n, c, 1, w),
            [n, ref channels @ .., h, w] => Shape::new(n, channels.iter().product(), h, w),
        }
    }
}

impl From<Shape> for Dims {
    fn from(shape: Shape) -> Self {
        let Shape { n, c, h, w, flat } = shape;
        if flat { Self::vectors(n, c) } else { Self::maps(n, c, h, w) }
    }
}

impl fmt::Debug for Dims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

/// Why an operation takes no such inputs, to be said after "cannot take an input of 3x8x8: ".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit(pub String);

impl From<&str> for Unfit {
    fn from(why: &str) -> Self {
        Self(why.to_string())
    }
}
