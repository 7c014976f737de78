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

/// More positions than any input has.
const EVERYTHING: usize = 1 << 20;

impl FieldAxis {
    const INPUT: Self = Self { size: 1, jump: 1, start: 0 };
    const NOTHING: Self = Self { size: 0, jump: 0, start: 0 };
    const ALL: Self = Self { size: EVERYTHING, jump: 0, start: -(EVERYTHING as isize / 2) };

    fn sees_nothing(self) -> bool {
        self.size == 0
    }

    /// Whether every unit sees the whole input.
    pub const fn sees_everything(self) -> bool {
        self.size >= EVERYTHING
    }

    /// Everything, with the centers of these units.
    fn all(self) -> Self {
        let center = self.start + self.size as isize / 2;
        Self { size: EVERYTHING, jump: self.jump, start: center - EVERYTHING as isize / 2 }
    }

    fn through(self, window: &Window, axis: usize) -> Self {
        let (before, _) = window.pads_of(axis);
        let jump = self.jump * window.stride[axis];
        if self.sees_nothing() {
            return Self { jump, ..self };
        }
        Self {
            size: self.size + (window.span(axis) - 1) * self.jump,
            jump,
            start: self.start - (before * self.jump) as isize,
        }
    }

    fn over_all(self, units: usize) -> Self {
        if self.sees_nothing() {
            return self;
        }
        let size = self.size + units.saturating_sub(1) * self.jump;
        Self { size, jump: self.jump * units.max(1), start: self.start }
    }

    fn union(self, other: Self) -> Self {
        if self.sees_nothing() {
            return other;
        }
        if other.sees_nothing() {
            return self;
        }
        if self.sees_everything() || other.sees_everything() {
            // The one whose units have places says where they are.
            return if self.jump > 0 { self.all() } else { other.all() };
        }
        let start = self.start.min(other.start);
        let end = (self.start + self.size as isize).max(other.start + other.size as isize);
        Self { size: (end - start) as usize, jump: self.jump.max(other.jump), start }
    }

    /// Of units `start`, `start + step`, ... of these.
    fn narrowed(self, start: usize, step: usize) -> Self {
        let first = self.start + (start * self.jump) as isize;
        Self { size: self.size, jump: self.jump * step, start: first }
    }

    /// Of `to` units made of `from` of these, each of `reach` neighbors.
    fn resampled(self, from: usize, to: usize, reach: usize) -> Self {
        let grows = to.is_multiple_of(from.max(1)) && self.jump.is_multiple_of(to / from.max(1));
        let shrinks = from.is_multiple_of(to.max(1));
        let jump = match (self.sees_nothing(), from == to, grows, shrinks) {
            (true, ..) => return self,
            (_, true, ..) => self.jump,
            (_, _, true, _) => self.jump / (to / from.max(1)),
            (_, _, _, true) => self.jump * (from / to.max(1)),
            // Its units lie between pixels: where, no whole number says.
            _ => return self.all(),
        };
        // Around the same place, a neighborhood wider on both sides.
        let wider = reach.saturating_sub(1) * self.jump;
        let size = self.size + 2 * wider + self.jump.saturating_sub(jump);
        Self { size, jump, start: self.start - wider as isize }
    }

    /// Of `to` units that pool parts of `units` of these.
    fn pooled_to(self, units: usize, to: usize) -> Self {
        if to <= 1 {
            return self.over_all(units);
        }
        if units.is_multiple_of(to) {
            let each = units / to;
            let size = self.size + (each - 1) * self.jump;
            return if self.sees_nothing() {
                self
            } else {
                Self { size, jump: self.jump * each, start: self.start }
            };
        }
        // Parts of two sizes: no one step leads from each to the next.
        Self { jump: self.jump * units / to, ..self }.all()
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
    /// A constant sees no pixel.
    pub const NOTHING: Self = Self { rows: FieldAxis::NOTHING, columns: FieldAxis::NOTHING };
    /// Every unit sees the whole input.
    pub const ALL: Self = Self { rows: FieldAxis::ALL, columns: FieldAxis::ALL };

    /// Whether every unit sees the whole input, whatever its size: behind a gate, a global norm.
    pub const fn sees_everything(&self) -> bool {
        self.rows.sees_everything() && self.columns.sees_everything()
    }

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

    /// What slices of an axis (2 rows, 3 columns) see: from `start` on, every `step`th.
    #[must_use]
    pub fn narrowed(mut self, axis: usize, start: usize, step: usize) -> Self {
        match axis {
            2 => self.rows = self.rows.narrowed(start, step),
            3 => self.columns = self.columns.narrowed(start, step),
            _ => {}
        }
        self
    }

    /// What units see after `top` new rows and `left` new columns.
    #[must_use]
    pub fn shifted(mut self, [top, left]: [usize; 2]) -> Self {
        self.rows.start -= (top * self.rows.jump) as isize;
        self.columns.start -= (left * self.columns.jump) as isize;
        self
    }

    /// What units see of a value with copies of its own units before and after, `[before, after]` of rows and of columns:
    /// at the most twice as far as the border is wide.
    #[must_use]
    pub fn spread(mut self, sides: [[usize; 2]; 2]) -> Self {
        for (axis, [before, after]) in [&mut self.rows, &mut self.columns].into_iter().zip(sides) {
            axis.start -= (2 * after * axis.jump) as isize;
            axis.size += 2 * (before + after) * axis.jump;
        }
        self
    }

    /// What units see after resizing from `from` to `to` rows and columns, each made of `reach` neighbors along an axis.
    #[must_use]
    pub fn resampled(self, from: [usize; 2], to: [usize; 2], reach: usize) -> Self {
        Self {
            rows: self.rows.resampled(from[0], to[0], reach),
            columns: self.columns.resampled(from[1], to[1], reach),
        }
    }

    /// What units see that pool `units` rows and columns into `to` equal parts.
    #[must_use]
    pub fn pooled_to(self, units: [usize; 2], to: [usize; 2]) -> Self {
        Self {
            rows: self.rows.pooled_to(units[0], to[0]),
            columns: self.columns.pooled_to(units[1], to[1]),
        }
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
    /// The field of its units where it is repeated to larger extents: each shows everywhere.
    pub fn repeated_to(&self, out: &Dims) -> Field {
        let (own, out) = (self.dims.sides(), out.sides());
        let along = |axis: usize, field: FieldAxis| match own[axis] == 1 && out[axis] > 1 {
            true => FieldAxis { jump: 0, ..field.union(FieldAxis::ALL) },
            false => field,
        };
        Field { rows: along(0, self.field.rows), columns: along(1, self.field.columns) }
    }

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
