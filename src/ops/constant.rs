//! Numbers that stand in the file as they are.

use std::borrow::Cow;

use candle_core::{Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::operation::{Channels, Draw, Op, Operation, Place, Reads, Weight};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};

/// A value that no input changes; its first axis is that of the pictures, of extent 1.
#[derive(Clone, Debug)]
pub struct Constant {
    /// The numbers.
    pub value: Tensor,
}

impl Operation for Constant {
    fn word(&self) -> Cow<'static, str> {
        "constant".into()
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        if !inputs.is_empty() {
            return Err("it takes no input".into());
        }
        Dims::new(self.value.dims()).ok_or_else(|| "it has too many axes".into())
    }

    fn field(&self, _: &[Seen], _: &Dims) -> Field {
        Field::NOTHING
    }

    fn multiply_adds(&self, _: &[Dims], _: &Dims) -> u64 {
        0
    }

    fn channels(&self) -> Channels {
        Channels::Moved
    }

    fn weights(&self) -> Vec<Weight<'_>> {
        vec![Weight::trained("value", &self.value)]
    }

    fn redrawn(&self, _: Draw<'_>) -> Result<Option<Op>> {
        Ok(Some(Self { value: self.value.zeros_like()? }.into()))
    }

    fn prepare(&self, to: &Place) -> Result<Op> {
        Ok(Self { value: to.load(&self.value)? }.into())
    }

    fn forward(&self, _: &[Tensor]) -> Result<Tensor> {
        Ok(self.value.clone())
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Nothing
    }

    fn backward(&self, _: usize, _: &Tensor, _: &Record<'_>) -> Result<Tensor> {
        candle_core::bail!("a constant has no input")
    }
}

/// A map.
pub fn samples(drawing: &mut Drawing) -> Result<Vec<Sample>> {
    let value = drawing.normal(&[1, 2, 3, 4])?;
    Ok(vec![Sample { op: Constant { value }.into(), inputs: Vec::new(), positive: false }])
}
