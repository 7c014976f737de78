//! Maximum over windows.

use std::borrow::Cow;

use candle_core::{DType, Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::operation::{Channels, Operation, Reads, without_weights};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};
use super::window::{self, Window};

/// The maximum over each window; the border is minus infinity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxPool(pub Window);

impl Operation for MaxPool {
    fn word(&self) -> Cow<'static, str> {
        format!("max pool {}", self.0.word()).into()
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let [x] = inputs else { return Err("it takes one input".into()) };
        self.0.over(x, x.at(1))
    }

    fn field(&self, inputs: &[Seen], _: &Dims) -> Field {
        Seen::union(inputs).through(&self.0)
    }

    fn multiply_adds(&self, _: &[Dims], _: &Dims) -> u64 {
        0
    }

    fn channels(&self) -> Channels {
        Channels::Kept
    }

    without_weights!();

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x] = inputs else { candle_core::bail!("a pool takes one input") };
        // Over rows of taps, then over columns: a window is separable.
        let mut at = window::pad(x, &self.0, f64::NEG_INFINITY)?;
        for axis in [0, 1] {
            let mut best = window::tap(&at, &self.0, axis, 0, x)?;
            for k in 1..self.0.kernel[axis] {
                let next = window::tap(&at, &self.0, axis, k, x)?;
                // `maximum` keeps a NaN on its left only; PyTorch keeps every one.
                best = next.ne(&next)?.where_cond(&next, &best.maximum(&next)?)?;
            }
            at = best;
        }
        Ok(at)
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Inputs
    }

    fn backward(&self, _: usize, g: &Tensor, run: &Record<'_>) -> Result<Tensor> {
        // The first of the largest values in a window, row by row, gets its gradient.
        let x = run.input(0)?;
        let padded = window::pad(x, &self.0, f64::NEG_INFINITY)?;
        let most = self.forward(std::slice::from_ref(x))?;
        let none = g.zeros_like()?;
        let mut free = Tensor::ones(g.shape(), DType::U8, g.device())?;
        window::adjoint(&self.0, &padded, run.dims(0)?, |row, column| {
            let part = window::tap(&padded, &self.0, 0, row, x)?;
            let part = window::tap(&part, &self.0, 1, column, x)?;
            // A NaN is the largest value of its window.
            let hit = part.eq(&most)?.maximum(&part.ne(&part)?)?;
            let first = (&hit * &free)?;
            free = (&free - &first)?;
            first.where_cond(g, &none)
        })
    }
}

/// Square windows and others, with borders, dilation and windows that leave the input.
pub fn samples(_: &mut Drawing) -> Result<Vec<Sample>> {
    let plain = Window::square(3, 2, 1);
    let odd = Window { kernel: [2, 3], stride: [1, 2], pads: [0, 1, 1, 0], ..plain };
    let windows = [
        plain,
        Window::square(2, 2, 0),
        Window { ceil_mode: true, ..Window::square(3, 2, 0) },
        Window { dilation: [2, 1], ..Window::square(2, 1, 0) },
        odd,
    ];
    Ok(windows.into_iter().map(|window| Sample::on(MaxPool(window), 2, 4, 8, 7)).collect())
}
