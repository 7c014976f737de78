//! Receptive fields: which input pixels a unit can see.
//!
//! The rule of Araujo et al., "Computing receptive fields of convolutional neural networks"
//! (Distill 2019): a window of `k` taps, dilation `d` adds `(k - 1) d` jumps to the size; a sum
//! sees the union of what its inputs see.

use super::dims::Dims;
use super::window::Window;

/// The field along one axis: unit `i` sees input positions `start + i jump ..` of length `size`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldAxis {
    /// Input positions that one unit sees; some may lie in the border.
    pub size: usize,
    /// Input positions between two neighboring units.
    pub jump: usize,
    /// First input position that unit 0 sees; negative in the border.
    pub start: isize,
}

impl FieldAxis {
    const INPUT: Self = Self { size: 1, jump: 1, start: 0 };

    fn through(self, window: &Window, axis: usize) -> Self {
        let (before, _) = window.pads_of(axis);
        Self {
            size: self.size + (window.span(axis) - 1) * self.jump,
            jump: self.jump * window.stride[axis],
            start: self.start - (before * self.jump) as isize,
        }
    }

    fn over_all(self, units: usize) -> Self {
        let size = self.size + units.saturating_sub(1) * self.jump;
        Self { size, jump: self.jump * units.max(1), start: self.start }
    }

    fn union(self, other: Self) -> Self {
        let start = self.start.min(other.start);
        let end = (self.start + self.size as isize).max(other.start + other.size as isize);
        Self { size: (end - start) as usize, jump: self.jump.max(other.jump), start }
    }

    /// What unit `i` sees of an input of `length` positions, clipped to it: (first, past the last).
    pub fn range(&self, unit: usize, length: usize) -> (usize, usize) {
        let first = self.start + (unit * self.jump) as isize;
        let clip = |at: isize| at.clamp(0, length as isize) as usize;
        (clip(first), clip(first + self.size as isize))
    }

    /// Which of the units has the center of its field nearest to a position of the input.
    pub fn unit_at(&self, position: f32, units: usize) -> usize {
        let center = self.start as f32 + self.size as f32 / 2.0;
        let unit = ((position - center) / self.jump.max(1) as f32).round().max(0.0) as usize;
        unit.min(units.saturating_sub(1))
    }
}

/// The field of a layer's units along rows and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Along the rows (vertical).
    pub rows: FieldAxis,
    /// Along the columns (horizontal).
    pub columns: FieldAxis,
}

impl Field {
    /// A pixel of the input sees itself.
    pub const INPUT: Self = Self { rows: FieldAxis::INPUT, columns: FieldAxis::INPUT };

    /// What the windows over units with this field see.
    #[must_use]
    pub fn through(self, window: &Window) -> Self {
        Self { rows: self.rows.through(window, 0), columns: self.columns.through(window, 1) }
    }

    /// What all the units of a map with this field see together.
    #[must_use]
    pub fn over_all(self, [rows, columns]: [usize; 2]) -> Self {
        Self { rows: self.rows.over_all(rows), columns: self.columns.over_all(columns) }
    }

    /// What one or the other sees.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self { rows: self.rows.union(other.rows), columns: self.columns.union(other.columns) }
    }
}

/// An input of an operation, and what its units see of the network's input.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Its extents.
    pub dims: Dims,
    /// The field of its units.
    pub field: Field,
}

impl Seen {
    /// What units at one place of every input see together.
    pub fn union(inputs: &[Self]) -> Field {
        let fields = inputs.iter().map(|input| input.field);
        fields.reduce(Field::union).unwrap_or(Field::INPUT)
    }

    /// What all the units of the first input see together.
    pub fn all(inputs: &[Self]) -> Field {
        inputs.first().map_or(Field::INPUT, |input| input.field.over_all(input.dims.sides()))
    }
}
