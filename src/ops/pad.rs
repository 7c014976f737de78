//! A border around a value.

use std::borrow::Cow;

use candle_core::{Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::operation::{Channels, Operation, Reads, without_weights};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};
use super::window;

/// Slices before and after along every axis but that of the pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct Pad {
    /// How many before and after, from axis 1 on.
    pub amounts: Vec<[usize; 2]>,
    /// What stands in them.
    pub border: Border,
}

/// What stands in a border.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Border {
    /// One number.
    Constant(f64),
    /// The value mirrored at its first and last slice.
    Reflect,
    /// The first and the last slice again.
    Replicate,
}

impl Pad {
    fn axes(&self) -> impl DoubleEndedIterator<Item = (usize, [usize; 2])> + '_ {
        self.amounts.iter().enumerate().map(|(i, amounts)| (i + 1, *amounts))
    }

    /// For each slice of the output along an axis of `size` slices, the slice of the input.
    fn sources(&self, [before, after]: [usize; 2], size: usize) -> Vec<u32> {
        let last = size as isize - 1;
        let source = |at: usize| {
            let at = at as isize - before as isize;
            match self.border {
                Border::Reflect => last - (last - at.abs()).abs(),
                Border::Constant(_) | Border::Replicate => at.clamp(0, last),
            }
        };
        (0..size + before + after).map(|at| source(at) as u32).collect()
    }
}

impl Operation for Pad {
    fn word(&self) -> Cow<'static, str> {
        let kind = match self.border {
            Border::Constant(0.0) => String::new(),
            Border::Constant(value) => format!(" {value}"),
            Border::Reflect => " reflect".into(),
            Border::Replicate => " replicate".into(),
        };
        let most = self.amounts.iter().flatten().max().copied().unwrap_or(0);
        format!("pad {most}{kind}").into()
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let [x] = inputs else { return Err("it takes one input".into()) };
        if self.amounts.len() >= x.rank() {
            return Err("it has fewer axes than the padding".into());
        }
        let mut out = *x;
        for (axis, [before, after]) in self.axes() {
            let size = x.at(axis);
            if self.border == Border::Reflect && before.max(after) >= size {
                return Err("it is too small to be mirrored; use a larger --size".into());
            }
            out = out.with(axis, size + before + after);
        }
        Ok(out)
    }

    fn field(&self, inputs: &[Seen], out: &Dims) -> Field {
        let field = Seen::union(inputs);
        if out.rank() != 4 {
            return field;
        }
        let amounts = |axis: usize| self.amounts.get(axis - 1).copied().unwrap_or([0; 2]);
        match self.border {
            Border::Constant(_) => field.shifted([amounts(2)[0], amounts(3)[0]]),
            Border::Reflect | Border::Replicate => {
                // A unit of the border sees what it copies: as wide as the border.
                let sides = [2, 3].map(amounts);
                field.spread(sides).shifted([sides[0][0], sides[1][0]])
            }
        }
    }

    fn multiply_adds(&self, _: &[Dims], _: &Dims) -> u64 {
        0
    }

    fn channels(&self) -> Channels {
        match self.amounts.first() {
            Some([0, 0]) | None => Channels::Kept,
            Some(_) => Channels::Moved,
        }
    }

    without_weights!();

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x] = inputs else { candle_core::bail!("it takes one input") };
        let mut at = x.clone();
        for (axis, amounts) in self.axes().filter(|(_, amounts)| *amounts != [0, 0]) {
            at = match self.border {
                Border::Constant(value) => {
                    window::border(&at, axis, amounts[0], amounts[1], value)?
                }
                Border::Reflect | Border::Replicate => {
                    let sources = self.sources(amounts, at.dim(axis)?);
                    at.contiguous()?.index_select(&Tensor::new(sources, x.device())?, axis)?
                }
            };
        }
        Ok(at)
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Nothing
    }

    fn backward(&self, _: usize, g: &Tensor, run: &Record<'_>) -> Result<Tensor> {
        let dims = run.dims(0)?;
        let mut at = g.clone();
        for (axis, amounts) in self.axes().rev().filter(|(_, amounts)| *amounts != [0, 0]) {
            let size = dims.at(axis);
            at = match self.border {
                Border::Constant(_) => at.narrow(axis, amounts[0], size)?.contiguous()?,
                Border::Reflect | Border::Replicate => {
                    let sources = Tensor::new(self.sources(amounts, size), g.device())?;
                    let mut shape = at.dims().to_vec();
                    shape[axis] = size;
                    let none = Tensor::zeros(shape, g.dtype(), g.device())?;
                    none.index_add(&sources, &at.contiguous()?, axis)?
                }
            };
        }
        Ok(at)
    }
}

/// Every border, on all sides, on some, and around channels.
pub fn samples(_: &mut Drawing) -> Result<Vec<Sample>> {
    let all = [Border::Constant(0.0), Border::Constant(0.7), Border::Reflect, Border::Replicate];
    let pad = |amounts: &[[usize; 2]], border| Pad { amounts: amounts.to_vec(), border };
    let mut samples = Vec::new();
    for border in all {
        samples.push(Sample::on(pad(&[[0, 0], [1, 2], [2, 0]], border), 2, 3, 5, 4));
    }
    samples.push(Sample::on(pad(&[[1, 2]], Border::Constant(0.0)), 2, 3, 5, 4));
    Ok(samples)
}
