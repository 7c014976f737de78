//! Values one after the other along an axis.

use std::borrow::Cow;

use candle_core::{Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::operation::{Channels, Operation, Reads, without_weights};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};

/// All inputs, one after the other along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Concat {
    /// Not that of the pictures.
    pub axis: usize,
}

impl Operation for Concat {
    fn word(&self) -> Cow<'static, str> {
        if self.axis == 1 { "concat".into() } else { format!("concat axis {}", self.axis).into() }
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let [first, rest @ ..] = inputs else { return Err("it takes some inputs".into()) };
        if self.axis == 0 || self.axis >= first.rank() {
            return Err("it has no such axis".into());
        }
        let fits = |other: &&Dims| other.with(self.axis, first.at(self.axis)) == *first;
        if rest.iter().filter(fits).count() < rest.len() {
            return Err("its inputs differ in other axes".into());
        }
        Ok(first.with(self.axis, inputs.iter().map(|input| input.at(self.axis)).sum()))
    }

    fn field(&self, inputs: &[Seen], out: &Dims) -> Field {
        // Along rows and columns positions move to other places.
        if self.axis > 1 && out.rank() == 4 { Field::ALL } else { Seen::union(inputs) }
    }

    fn multiply_adds(&self, _: &[Dims], _: &Dims) -> u64 {
        0
    }

    fn channels(&self) -> Channels {
        if self.axis == 1 { Channels::Joined } else { Channels::Moved }
    }

    without_weights!();

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        Tensor::cat(inputs, self.axis)
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Nothing
    }

    fn backward(&self, which: usize, g: &Tensor, run: &Record<'_>) -> Result<Tensor> {
        let before = run.dims.iter().take(which).map(|dims| dims.at(self.axis)).sum();
        g.narrow(self.axis, before, run.dims(which)?.at(self.axis))?.contiguous()
    }
}

/// Of channels, of rows, and of vectors.
pub fn samples(_: &mut Drawing) -> Result<Vec<Sample>> {
    let of =
        |axis, inputs: Vec<Dims>| Sample { op: Concat { axis }.into(), inputs, positive: false };
    let maps = |c| Dims::maps(2, c, 3, 5);
    Ok(vec![
        of(1, vec![maps(4), maps(2), maps(3)]),
        of(1, vec![maps(4)]),
        of(2, vec![maps(4), maps(4)]),
        of(1, vec![Dims::vectors(2, 5), Dims::vectors(2, 3)]),
    ])
}
