//! Local response normalization.

use std::borrow::Cow;

use candle_core::{Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::operation::{Channels, Operation, Reads, without_weights};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};

/// `x / (k + alpha / size * sum of squares of neighboring channels)^beta` (Krizhevsky, Sutskever & Hinton 2012).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lrn {
    /// How many channels are neighbors, itself among them.
    pub size: usize,
    /// How much they count.
    pub alpha: f64,
    /// The power.
    pub beta: f64,
    /// What is there without them.
    pub k: f64,
}

impl Lrn {
    /// The sum over a channel's neighbors: `before` and `after` it.
    fn neighbors(&self, x: &Tensor, [before, after]: [usize; 2]) -> Result<Tensor> {
        let channels = x.dim(1)?;
        let wide = x.pad_with_zeros(1, before, after)?;
        let mut sum = wide.narrow(1, 0, channels)?.contiguous()?;
        for k in 1..self.size {
            sum = (sum + wide.narrow(1, k, channels)?)?;
        }
        Ok(sum)
    }

    const fn reach(&self) -> [usize; 2] {
        [self.size / 2, (self.size - 1) / 2]
    }

    fn divisor(&self, x: &Tensor) -> Result<Tensor> {
        self.neighbors(&x.sqr()?, self.reach())?.affine(self.alpha / self.size as f64, self.k)
    }
}

impl Operation for Lrn {
    fn word(&self) -> Cow<'static, str> {
        format!("lrn {}", self.size).into()
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let [x] = inputs else { return Err("it takes one input".into()) };
        if self.size == 0 { Err("it has no neighbors".into()) } else { Ok(*x) }
    }

    fn field(&self, inputs: &[Seen], _: &Dims) -> Field {
        Seen::union(inputs)
    }

    fn multiply_adds(&self, _: &[Dims], _: &Dims) -> u64 {
        0
    }

    fn channels(&self) -> Channels {
        Channels::Normalized
    }

    without_weights!();

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x] = inputs else { candle_core::bail!("a norm takes one input") };
        x / self.divisor(x)?.powf(self.beta)?
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Inputs
    }

    fn backward(&self, _: usize, g: &Tensor, run: &Record<'_>) -> Result<Tensor> {
        let x = run.input(0)?;
        let divisor = self.divisor(x)?;
        let own = (g / divisor.powf(self.beta)?)?;
        let [before, after] = self.reach();
        // Each channel stands in the sums of those of which it is a neighbor.
        let through = ((g * x)? / divisor.powf(self.beta + 1.0)?)?;
        let through = (x * self.neighbors(&through, [after, before])?)?;
        own - (through * (2.0 * self.alpha * self.beta / self.size as f64))?
    }
}

/// An odd and an even number of neighbors.
pub fn samples(_: &mut Drawing) -> Result<Vec<Sample>> {
    let of = |size| Lrn { size, alpha: 0.9, beta: 0.75, k: 1.5 };
    Ok(vec![Sample::on(of(3), 2, 6, 3, 4), Sample::on(of(4), 2, 6, 3, 4)])
}
