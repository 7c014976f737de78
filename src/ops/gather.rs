//! Slices of a value in an order of the file's.

use std::borrow::Cow;

use candle_core::{Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::operation::{Channels, Operation, Reads, without_weights};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};

/// Slices along an axis, in any order, some of them repeated: resizing to the nearest and mirroring, written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gather {
    /// Not that of the pictures.
    pub axis: usize,
    /// For each slice of the output that of the input.
    pub slices: Vec<u32>,
}

impl Gather {
    fn slices(&self, like: &Tensor) -> Result<Tensor> {
        Tensor::new(self.slices.as_slice(), like.device())
    }
}

impl Operation for Gather {
    fn word(&self) -> Cow<'static, str> {
        match self.axis {
            1 => format!("gather {}", self.slices.len()).into(),
            axis => format!("gather {} of axis {axis}", self.slices.len()).into(),
        }
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let [x] = inputs else { return Err("it takes one input".into()) };
        let last = self.slices.iter().max().map_or(usize::MAX, |last| *last as usize);
        if self.axis == 0 || self.axis >= x.rank() || last >= x.at(self.axis) {
            return Err("the file fixes its extents: use the size that it was exported with".into());
        }
        Ok(x.with(self.axis, self.slices.len()))
    }

    fn field(&self, inputs: &[Seen], out: &Dims) -> Field {
        let moved = out.rank() == 4 && self.axis > 1;
        if moved { Field::ALL } else { Seen::union(inputs) }
    }

    fn multiply_adds(&self, _: &[Dims], _: &Dims) -> u64 {
        0
    }

    fn channels(&self) -> Channels {
        if self.axis == 1 { Channels::Moved } else { Channels::Kept }
    }

    without_weights!();

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x] = inputs else { candle_core::bail!("it takes one input") };
        x.contiguous()?.index_select(&self.slices(x)?, self.axis)
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Nothing
    }

    fn backward(&self, _: usize, g: &Tensor, run: &Record<'_>) -> Result<Tensor> {
        let none = Tensor::zeros(run.dims(0)?.as_slice(), g.dtype(), g.device())?;
        none.index_add(&self.slices(g)?, &g.contiguous()?, self.axis)
    }
}

/// Channels turned around, rows and columns repeated, entries of a vector.
pub fn samples(_: &mut Drawing) -> Result<Vec<Sample>> {
    let of = |axis, slices: &[u32]| Gather { axis, slices: slices.to_vec() };
    Ok(vec![
        Sample::on(of(1, &[3, 2, 1, 0]), 2, 4, 3, 5),
        Sample::on(of(2, &[1, 0, 1, 2, 1]), 2, 4, 3, 5),
        Sample::on(of(3, &[0, 0, 2, 4]), 2, 4, 3, 5),
        Sample::on_vector(of(1, &[5, 0, 0]), 2, 6),
    ])
}
