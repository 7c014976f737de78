//! Linear layer.

use std::borrow::Cow;

use candle_core::{DType, Module, Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::operation::{Channels, Draw, Op, Operation, Place, Reads, Weight};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};

/// `y = W x + b` on `[N, in]`: `weight` is `[out, in]`, `bias` `[out]`.
#[derive(Clone, Debug)]
pub struct Linear {
    /// The matrix.
    pub weight: Tensor,
    /// The shift.
    pub bias: Option<Tensor>,
}

impl Linear {
    /// The weights of one output: `[in]`.
    ///
    /// # Errors
    /// When there is no such output.
    pub fn row(&self, output: usize) -> Result<Vec<f32>> {
        self.weight.get(output)?.to_dtype(DType::F32)?.to_vec1()
    }

    /// How many outputs there are.
    pub fn outputs(&self) -> usize {
        self.weight.dims().first().copied().unwrap_or(0)
    }
}

impl Operation for Linear {
    fn word(&self) -> Cow<'static, str> {
        "linear".into()
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let [x] = inputs else { return Err("it takes one input".into()) };
        match *self.weight.dims() {
            [out, inside] if x.rank() == 2 && inside == x.at(1) => Ok(Dims::vectors(x.at(0), out)),
            [_, inside] => Err(Unfit(format!("expected {inside} values"))),
            _ => Err("its weight is not a matrix".into()),
        }
    }

    fn field(&self, inputs: &[Seen], _: &Dims) -> Field {
        Seen::union(inputs)
    }

    fn multiply_adds(&self, _: &[Dims], _: &Dims) -> u64 {
        self.weight.elem_count() as u64
    }

    fn channels(&self) -> Channels {
        Channels::Made
    }

    fn weights(&self) -> Vec<Weight<'_>> {
        let bias = self.bias.iter().map(|bias| Weight::trained("bias", bias));
        std::iter::once(Weight::trained("weight", &self.weight)).chain(bias).collect()
    }

    fn redrawn(&self, draw: Draw<'_>) -> Result<Option<Op>> {
        Ok(Some(Self { weight: draw(self.weight.dims())?, bias: None }.into()))
    }

    fn prepare(&self, to: &Place) -> Result<Op> {
        let (weight, bias) = (to.load(&self.weight)?, to.load_some(self.bias.as_ref())?);
        Ok(Self { weight, bias }.into())
    }

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x] = inputs else { candle_core::bail!("a linear layer takes one input") };
        candle_nn::Linear::new(self.weight.clone(), self.bias.clone()).forward(x)
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Nothing
    }

    fn backward(&self, _: usize, g: &Tensor, _: &Record<'_>) -> Result<Tensor> {
        g.matmul(&self.weight)
    }
}

/// With and without a shift.
pub fn samples(drawing: &mut Drawing) -> Result<Vec<Sample>> {
    let (weight, bias) = (drawing.normal(&[3, 5])?, drawing.normal(&[3])?);
    let with = Linear { weight: weight.clone(), bias: Some(bias) };
    Ok(vec![Sample::on_vector(with, 2, 5), Sample::on_vector(Linear { weight, bias: None }, 2, 5)])
}
