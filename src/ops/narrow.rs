//! A part of a value along an axis.

use std::borrow::Cow;

use candle_core::{Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::operation::{Channels, Operation, Reads, without_weights};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};

/// Every `step`th slice along an axis: `start`, `start + step`, `count` in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Narrow {
    /// Not that of the pictures.
    pub axis: usize,
    /// The first slice.
    pub start: usize,
    /// How many.
    pub count: usize,
    /// From one to the next.
    pub step: usize,
}

impl Narrow {
    fn slices(&self, like: &Tensor) -> Result<Tensor> {
        let slices: Vec<u32> =
            (0..self.count).map(|i| (self.start + i * self.step) as u32).collect();
        Tensor::new(slices, like.device())
    }
}

impl Operation for Narrow {
    fn word(&self) -> Cow<'static, str> {
        let axis = match self.axis {
            1 => String::new(),
            axis => format!(" of axis {axis}"),
        };
        let last = self.start + self.count.saturating_sub(1) * self.step;
        let step = if self.step > 1 { format!(" step {}", self.step) } else { String::new() };
        format!("slice {}-{last}{step}{axis}", self.start).into()
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let [x] = inputs else { return Err("it takes one input".into()) };
        let last = self.start + self.count.saturating_sub(1) * self.step;
        if self.axis == 0 || self.axis >= x.rank() || last >= x.at(self.axis) || self.count == 0 {
            return Err(Unfit(format!("it takes slice {last} of axis {}", self.axis)));
        }
        Ok(x.with(self.axis, self.count))
    }

    fn field(&self, inputs: &[Seen], out: &Dims) -> Field {
        let field = Seen::union(inputs);
        if out.rank() != 4 { field } else { field.narrowed(self.axis, self.start, self.step) }
    }

    fn multiply_adds(&self, _: &[Dims], _: &Dims) -> u64 {
        0
    }

    fn channels(&self) -> Channels {
        match (self.axis, self.step) {
            (1, 1) => Channels::Taken { first: self.start },
            (1, _) => Channels::Moved,
            _ => Channels::Kept,
        }
    }

    without_weights!();

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x] = inputs else { candle_core::bail!("it takes one input") };
        if self.step == 1 {
            return x.narrow(self.axis, self.start, self.count)?.contiguous();
        }
        x.contiguous()?.index_select(&self.slices(x)?, self.axis)
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Nothing
    }

    fn backward(&self, _: usize, g: &Tensor, run: &Record<'_>) -> Result<Tensor> {
        let dims = run.dims(0)?;
        if self.step == 1 {
            let after = dims.at(self.axis) - self.start - self.count;
            return g.pad_with_zeros(self.axis, self.start, after);
        }
        let none = Tensor::zeros(dims.as_slice(), g.dtype(), g.device())?;
        none.index_add(&self.slices(g)?, &g.contiguous()?, self.axis)
    }
}

/// Of channels, rows and vectors, whole and with a step.
pub fn samples(_: &mut Drawing) -> Result<Vec<Sample>> {
    let narrow = |axis, start, count, step| Narrow { axis, start, count, step };
    Ok(vec![
        Sample::on(narrow(1, 1, 3, 1), 2, 6, 5, 4),
        Sample::on(narrow(1, 0, 3, 2), 2, 6, 5, 4),
        Sample::on(narrow(2, 1, 3, 1), 2, 6, 5, 4),
        Sample::on(narrow(3, 1, 2, 2), 2, 6, 5, 4),
        Sample::on_vector(narrow(1, 2, 3, 1), 2, 7),
    ])
}
