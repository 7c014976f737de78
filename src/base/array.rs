//! Dense arrays as they leave the engine, and the shapes of values.

use std::fmt;

/// The index of a node in its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LayerId(pub usize);

/// The extents of a value `[N, C, H, W]`; `flat` where the network's own value is `[N, C]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Pictures in the batch.
    pub n: usize,
    /// Channels.
    pub c: usize,
    /// Rows.
    pub h: usize,
    /// Columns.
    pub w: usize,
    /// The value has no spatial axes (after `flatten`).
    pub flat: bool,
}

impl Shape {
    /// A value with spatial axes.
    pub const fn new(n: usize, c: usize, h: usize, w: usize) -> Self {
        Self { n, c, h, w, flat: false }
    }

    /// A value `[N, C]`.
    pub const fn flat(n: usize, c: usize) -> Self {
        Self { n, c, h: 1, w: 1, flat: true }
    }

    /// Values of one channel of one picture.
    pub const fn area(&self) -> usize {
        self.h * self.w
    }

    /// Values in all.
    pub const fn len(&self) -> usize {
        self.n * self.c * self.h * self.w
    }

    /// Whether there is no value at all.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The extents as the network itself has them: two axes when flat, else four.
    pub fn dims(&self) -> Vec<usize> {
        if self.flat { vec![self.n, self.c] } else { vec![self.n, self.c, self.h, self.w] }
    }
}

impl fmt::Display for Shape {
    /// `64x56x56` for one picture, `[2, 64, 56, 56]` for a batch.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.n, self.flat) {
            (1, true) => write!(f, "{}", self.c),
            (1, false) => write!(f, "{}x{}x{}", self.c, self.h, self.w),
            _ => write!(f, "{:?}", self.dims()),
        }
    }
}

/// Float32 values `[N, C, H, W]`, rows innermost.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// The extents.
    pub shape: Shape,
    /// `shape.len()` values.
    pub data: Vec<f32>,
}

/// A rectangle of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Part {
    /// First row and the one past the last.
    pub rows: (usize, usize),
    /// First column and the one past the last.
    pub columns: (usize, usize),
}

impl Part {
    /// Height and width.
    pub const fn extent(self) -> (usize, usize) {
        (self.rows.1.saturating_sub(self.rows.0), self.columns.1.saturating_sub(self.columns.0))
    }

    /// Whether the unit lies inside.
    pub const fn contains(self, (row, column): (usize, usize)) -> bool {
        row >= self.rows.0
            && row < self.rows.1
            && column >= self.columns.0
            && column < self.columns.1
    }

    /// What the part of a map of `from` rows and columns is of one of `to`, stretched over the same area.
    pub fn scaled(self, from: (usize, usize), to: (usize, usize)) -> Self {
        let scale = |(first, end): (usize, usize), from: usize, to: usize| {
            let at = |place: usize| place * to / from.max(1);
            (at(first), at(end).max(at(first) + 1).min(to))
        };
        Self { rows: scale(self.rows, from.0, to.0), columns: scale(self.columns, from.1, to.1) }
    }

    /// Its items of a map, `width` in a row.
    pub fn of<T: Copy>(self, map: &[T], width: usize) -> Vec<T> {
        let row = |y: usize| map.get(y * width + self.columns.0..y * width + self.columns.1);
        (self.rows.0..self.rows.1).flat_map(|y| row(y).unwrap_or(&[])).copied().collect()
    }
}

impl Array {
    /// Wraps `data`; `None` when its length is not that of the shape.
    pub fn new(shape: Shape, data: Vec<f32>) -> Option<Self> {
        (data.len() == shape.len()).then_some(Self { shape, data })
    }

    /// Zeros.
    pub fn zeros(shape: Shape) -> Self {
        Self { shape, data: vec![0.0; shape.len()] }
    }

    /// The `H x W` values of channel `c` of the first picture; empty when there is no such channel.
    pub fn map(&self, c: usize) -> &[f32] {
        let area = self.shape.area();
        self.data.get(c * area..(c + 1) * area).unwrap_or(&[])
    }
}
