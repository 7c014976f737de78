//! A value repeated along axes where it has one slice.

use std::borrow::Cow;

use candle_core::{Result, Tensor};

use super::binary::gathered;
use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::operation::{Channels, Operation, Reads, without_weights};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};

/// The value repeated to these extents after the pictures, along axes where it has extent 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expand {
    /// The extents; the first, that of the pictures, is whatever comes.
    pub to: Dims,
}

impl Expand {
    fn dims(&self, from: &Dims) -> Option<Dims> {
        let to = self.to.with(0, from.at(0));
        (from.rank() == to.rank() && from.repeated(&to) == Some(to)).then_some(to)
    }
}

impl Operation for Expand {
    fn word(&self) -> Cow<'static, str> {
        let to: Vec<String> = self.to.as_slice().iter().skip(1).map(usize::to_string).collect();
        format!("repeat {}", to.join("x")).into()
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let [x] = inputs else { return Err("it takes one input".into()) };
        self.dims(x).ok_or_else(|| {
            Unfit("the file fixes its extents: use the size that it was exported with".into())
        })
    }

    fn field(&self, inputs: &[Seen], out: &Dims) -> Field {
        inputs.first().map_or(Field::INPUT, |input| input.repeated_to(out))
    }

    fn multiply_adds(&self, _: &[Dims], _: &Dims) -> u64 {
        0
    }

    fn channels(&self) -> Channels {
        Channels::Mixed
    }

    without_weights!();

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x] = inputs else { candle_core::bail!("it takes one input") };
        let Some(to) = Dims::new(x.dims()).and_then(|from| self.dims(&from)) else {
            candle_core::bail!("the file fixes other extents")
        };
        x.broadcast_as(to.as_slice())?.contiguous()
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Nothing
    }

    fn backward(&self, _: usize, g: &Tensor, run: &Record<'_>) -> Result<Tensor> {
        gathered(g, run.dims(0)?)
    }
}

/// Along rows and columns, and along channels.
pub fn samples(_: &mut Drawing) -> Result<Vec<Sample>> {
    let to = Dims::maps(1, 4, 3, 5);
    Ok(vec![Sample::on(Expand { to }, 2, 4, 1, 1), Sample::on(Expand { to }, 2, 1, 3, 5)])
}
