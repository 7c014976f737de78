//! The shortcut without weights of a ResNet on CIFAR.

use std::borrow::Cow;

use candle_core::{Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::operation::{Channels, Operation, Reads, without_weights};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};
use super::window::{self, Window};

/// A shortcut without weights (He et al. 2015, option A): every `stride`th pixel, between channels of
/// zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PadShortcut {
    /// Step over rows and columns.
    pub stride: [usize; 2],
    /// Channels of zeros in front.
    pub before: usize,
    /// Channels of zeros after.
    pub after: usize,
}

impl PadShortcut {
    const fn window(&self) -> Window {
        Window { stride: self.stride, ..Window::square(1, 1, 0) }
    }
}

impl Operation for PadShortcut {
    fn word(&self) -> Cow<'static, str> {
        "padded shortcut".into()
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let [x] = inputs else { return Err("it takes one input".into()) };
        self.window().over(x, x.at(1) + self.before + self.after)
    }

    fn field(&self, inputs: &[Seen], _: &Dims) -> Field {
        Seen::union(inputs).through(&self.window())
    }

    fn multiply_adds(&self, _: &[Dims], _: &Dims) -> u64 {
        0
    }

    fn channels(&self) -> Channels {
        Channels::Moved
    }

    without_weights!();

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x] = inputs else { candle_core::bail!("a shortcut takes one input") };
        let mut at = x.clone();
        for axis in [0, 1] {
            at = window::tap(&at, &self.window(), axis, 0, &at)?;
        }
        window::border(&at, 1, self.before, self.after, 0.0)
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Nothing
    }

    fn backward(&self, _: usize, g: &Tensor, run: &Record<'_>) -> Result<Tensor> {
        let dims = run.dims(0)?;
        let mut at = g.narrow(1, self.before, dims.at(1))?.contiguous()?;
        for axis in [0, 1] {
            let wide = window::spread(&at, axis, self.stride[axis])?;
            at = window::fit(&wide, axis + 2, 0, dims.at(axis + 2))?;
        }
        Ok(at)
    }
}

/// With channels on one side and on both.
pub fn samples(_: &mut Drawing) -> Result<Vec<Sample>> {
    let both = PadShortcut { stride: [2, 2], before: 2, after: 2 };
    let after = PadShortcut { stride: [1, 2], before: 0, after: 3 };
    Ok(vec![Sample::on(both, 2, 4, 5, 6), Sample::on(after, 2, 4, 5, 6)])
}
