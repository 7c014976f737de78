//! Receptive fields: which input pixels a unit can see.
//!
//! The rule of Araujo et al., "Computing receptive fields of convolutional neural networks"
//! (Distill 2019): a window of `k` taps, dilation `d` adds `(k - 1) d` jumps to the size; a sum
//! sees the union of what its inputs see.

use super::{AveragePool, Graph, Op, Value, Window};
use crate::base::Shape;

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

/// The receptive field of every layer, given the input and the shapes that [`super::infer`] found.
pub fn receptive_fields(graph: &Graph, input: Shape, shapes: &[Shape]) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let seen = node.inputs.iter().map(|value| match value {
            Value::Input => (Field { rows: FieldAxis::INPUT, columns: FieldAxis::INPUT }, input),
            Value::Output { layer, .. } => (fields[layer.0], shapes[layer.0]),
        });
        let united = seen.reduce(|(a, shape), (b, _)| {
            (Field { rows: a.rows.union(b.rows), columns: a.columns.union(b.columns) }, shape)
        });
        let Some((field, shape)) = united else { continue };
        fields.push(match &node.op {
            Op::Conv(conv) => slide(field, &conv.window),
            Op::MaxPool(window) | Op::AveragePool(AveragePool::Windowed { window, .. }) => {
                slide(field, window)
            }
            Op::PadShortcut(pad) => {
                slide(field, &Window { stride: pad.stride, ..Window::square(1, 1, 0) })
            }
            Op::AveragePool(AveragePool::Global) | Op::Flatten => Field {
                rows: field.rows.over_all(shape.h),
                columns: field.columns.over_all(shape.w),
            },
            Op::BatchNorm(_) | Op::Standardize { .. } | Op::Relu | Op::Add | Op::Linear(_) => field,
        });
    }
    fields
}

fn slide(field: Field, window: &Window) -> Field {
    Field { rows: field.rows.through(window, 0), columns: field.columns.through(window, 1) }
}
