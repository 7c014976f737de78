//! The gradient of a maximum: the first of the largest values of a window gets it.

use std::ops::Range;

use super::Isa;
use super::dispatch::Kernel;
use super::grid::{Extents, Sink, Source};
use super::lanes::Lanes;

/// One plane of a maximum pool, back. Rows and columns are pairs, in that order.
pub struct Routing<'a> {
    /// The gradient after it.
    pub gradient: Source<'a>,
    /// What came out.
    pub largest: Source<'a>,
    /// What went in.
    pub value: Source<'a>,
    /// Where the gradient goes: what is there is added to.
    pub into: Sink<'a>,
    /// Rows and columns of what came out.
    pub outside: [usize; 2],
    /// Rows and columns of what went in.
    pub inside: [usize; 2],
    /// For each row and each column of what came out, the first position of its window that lies inside and how many
    /// there are.
    pub reach: [&'a [Range<usize>]; 2],
    /// Positions between two of a window.
    pub apart: [usize; 2],
}

impl Routing<'_> {
    /// Runs it.
    ///
    /// # Panics
    /// When a value is too small, or a window reaches outside.
    pub fn run(mut self, isa: Isa) {
        let extents =
            |[rows, columns]: [usize; 2]| Extents { pictures: 1, blocks: 1, rows, columns };
        for axis in [0, 1] {
            assert_eq!(self.reach[axis].len(), self.outside[axis], "a window for each position");
            let apart = self.apart[axis].max(1);
            let ends = self.reach[axis].iter().filter(|reach| !reach.is_empty());
            let end = ends.map(|reach| reach.start + (reach.len() - 1) * apart).max();
            assert!(end.is_none_or(|end| end < self.inside[axis]), "a window reaches outside");
        }
        let (outside, inside) = (extents(self.outside), extents(self.inside));
        let work = Route {
            gradient: self.gradient.checked(&outside).at_first(),
            largest: self.largest.checked(&outside).at_first(),
            value: self.value.checked(&inside).at_first(),
            into: self.into.checked(&inside).at_first(),
            of: &self,
        };
        // SAFETY: the instruction set was detected; all that is touched was checked above.
        unsafe { isa.run(work) }
    }
}

struct Route<'a> {
    gradient: *mut f32,
    largest: *mut f32,
    value: *mut f32,
    into: *mut f32,
    of: &'a Routing<'a>,
}

impl Kernel for Route<'_> {
    #[inline(always)]
    unsafe fn run<V: Lanes>(self) {
        let of = self.of;
        let at = |strides: &super::Strides, row: usize, column: usize| {
            row * strides.row + column * strides.column
        };
        let [rows, columns] = of.reach;
        // SAFETY: the caller's.
        unsafe {
            for (row, reach_y) in rows.iter().enumerate() {
                for (column, reach_x) in columns.iter().enumerate() {
                    let mut left =
                        V::load(self.gradient.add(at(&of.gradient.strides, row, column)));
                    let most = V::load(self.largest.add(at(&of.largest.strides, row, column)));
                    for y in 0..reach_y.len() {
                        let y = reach_y.start + y * of.apart[0];
                        for x in 0..reach_x.len() {
                            let x = reach_x.start + x * of.apart[1];
                            let value = V::load(self.value.add(at(&of.value.strides, y, x)));
                            let into = self.into.add(at(&of.into.strides, y, x));
                            let (hit, rest) = left.split_where_equal(value, most);
                            V::load(into).add(hit).store(into);
                            // Nothing is left once the first of the largest has it.
                            left = rest;
                        }
                    }
                }
            }
        }
    }
}
