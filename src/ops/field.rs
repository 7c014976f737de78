//! Receptive fields: which input pixels a unit can see.
//!
//! The rule of Araujo et al., "Computing receptive fields of convolutional neural networks"
//! (Distill 2019): a window of `k` taps, dilation `d` adds `(k - 1) d` jumps to the size; a sum
//! sees the union of what its inputs see.

use super::dims::Dims;
use super::window::Window;

/// The field along one axis: unit `i` sees input positions from `start + i jump` on, over a length of `size`. Units of
/// resized maps lie between pixels, so these are no whole numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FieldAxis {
    /// Length that one unit sees; some of it may lie in the border.
    pub size: f64,
    /// Length between two neighboring units.
    pub jump: f64,
    /// Where unit 0 begins to see; negative in the border.
    pub start: f64,
}

/// More positions than any input has.
const EVERYTHING: f64 = (1 << 20) as f64;

/// By how much sums of fractions may be off.
const ROUNDING: f64 = 1e-6;

impl FieldAxis {
    const INPUT: Self = Self { size: 1.0, jump: 1.0, start: 0.0 };
    const NOTHING: Self = Self { size: 0.0, jump: 0.0, start: 0.0 };
    const ALL: Self = Self { size: EVERYTHING, jump: 0.0, start: -EVERYTHING / 2.0 };

    fn sees_nothing(self) -> bool {
        self.size == 0.0
    }

    /// Whether every unit sees the whole input.
    pub const fn sees_everything(self) -> bool {
        self.size >= EVERYTHING
    }

    /// Most input positions that one unit sees.
    pub fn pixels(self) -> usize {
        (self.size + ROUNDING).floor() as usize
    }

    /// Everything, with the centers of these units.
    fn all(self) -> Self {
        let center = self.start + self.size / 2.0;
        Self { size: EVERYTHING, jump: self.jump, start: center - EVERYTHING / 2.0 }
    }

    fn through(self, window: &Window, axis: usize) -> Self {
        let (before, _) = window.pads_of(axis);
        let jump = self.jump * window.stride[axis] as f64;
        if self.sees_nothing() {
            return Self { jump, ..self };
        }
        Self {
            size: self.size + (window.span(axis) - 1) as f64 * self.jump,
            jump,
            start: self.start - before as f64 * self.jump,
        }
    }

    fn over_all(self, units: usize) -> Self {
        if self.sees_nothing() {
            return self;
        }
        let size = self.size + units.saturating_sub(1) as f64 * self.jump;
        Self { size, jump: self.jump * units.max(1) as f64, start: self.start }
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
            return if self.jump > 0.0 { self.all() } else { other.all() };
        }
        let start = self.start.min(other.start);
        let end = (self.start + self.size).max(other.start + other.size);
        Self { size: end - start, jump: self.jump.max(other.jump), start }
    }

    /// Of units `start`, `start + step`, ... of these.
    fn narrowed(self, start: usize, step: usize) -> Self {
        let first = self.start + start as f64 * self.jump;
        Self { size: self.size, jump: self.jump * step as f64, start: first }
    }

    fn resampled(self, by: &Resampled) -> Self {
        if self.sees_nothing() {
            return self;
        }
        Self {
            size: self.size + 2.0 * by.reach * self.jump,
            jump: self.jump * by.step,
            start: self.start + (by.first - by.reach) * self.jump,
        }
    }

    /// What unit `i` sees of an input of `length` positions, clipped to it: (first, past the last).
    pub fn range(&self, unit: usize, length: usize) -> (usize, usize) {
        let start = self.start + unit as f64 * self.jump;
        let first = (start - ROUNDING).ceil();
        let end = (start + self.size + ROUNDING).floor().max(first);
        let clip = |at: f64| at.clamp(0.0, length as f64) as usize;
        (clip(first), clip(end))
    }

    /// Which of the units has the center of its field nearest to a position of the input.
    pub fn unit_at(&self, position: f32, units: usize) -> usize {
        let center = self.start + self.size / 2.0;
        let jump = if self.jump > 0.0 { self.jump } else { 1.0 };
        let unit = ((f64::from(position) - center) / jump).round().max(0.0) as usize;
        unit.min(units.saturating_sub(1))
    }
}

/// Along one axis, which units of a value one of the new units is made of: those within `reach` of `first + i step`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resampled {
    /// Where the first new unit lies.
    pub first: f64,
    /// From one new unit to the next.
    pub step: f64,
    /// How far it reaches.
    pub reach: f64,
}

impl Resampled {
    /// Of `to` parts that `units` are pooled into: from `floor(i units / to)` to `ceil((i + 1) units / to)`.
    pub fn parts(units: usize, to: usize) -> Self {
        let step = units as f64 / to.max(1) as f64;
        let whole = units.is_multiple_of(to.max(1));
        let reach = if whole { (step - 1.0) / 2.0 } else { step / 2.0 + 0.5 };
        Self { first: (step - 1.0) / 2.0, step, reach }
    }
}

/// The field of a layer's units along rows and columns.
#[derive(Clone, Copy, Debug, PartialEq)]
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

    /// Whether every unit sees the whole input, whatever its size: after a gate, a global norm.
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
        self.rows.start -= top as f64 * self.rows.jump;
        self.columns.start -= left as f64 * self.columns.jump;
        self
    }

    /// What units see of a value with copies of its own units before and after, `[before, after]` of rows and of columns:
    /// at the most twice as far as the border is wide.
    #[must_use]
    pub fn spread(mut self, sides: [[usize; 2]; 2]) -> Self {
        for (axis, [before, after]) in [&mut self.rows, &mut self.columns].into_iter().zip(sides) {
            axis.start -= 2.0 * after as f64 * axis.jump;
            axis.size += 2.0 * (before + after) as f64 * axis.jump;
        }
        self
    }

    /// What units see that are made of others, of rows and of columns.
    #[must_use]
    pub fn resampled(self, [rows, columns]: [Resampled; 2]) -> Self {
        Self { rows: self.rows.resampled(&rows), columns: self.columns.resampled(&columns) }
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
            true => FieldAxis { jump: 0.0, ..field.union(FieldAxis::ALL) },
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
