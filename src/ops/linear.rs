//! Linear layer.

use std::borrow::Cow;

use candle_core::{Module, Result, Tensor};

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
    /// Whether it acts along the last of more axes, `[N, ..., in]`, instead of on vectors.
    pub last_axis: bool,
}

impl Linear {
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
        let last = x.rank().saturating_sub(1);
        let fits = if self.last_axis { last > 1 } else { last == 1 };
        match *self.weight.dims() {
            [out, inside] if fits && inside == x.at(last) => Ok(x.with(last, out)),
            [_, inside] => Err(Unfit(format!("expected {inside} values"))),
            _ => Err("its weight is not a matrix".into()),
        }
    }

    fn field(&self, inputs: &[Seen], out: &Dims) -> Field {
        let seen = Seen::union(inputs);
        // Along columns, of maps.
        if out.rank() == 4 { Field { columns: Field::ALL.columns, ..seen } } else { seen }
    }

    fn multiply_adds(&self, inputs: &[Dims], _: &Dims) -> u64 {
        let axes = inputs.first().map_or(&[][..], Dims::as_slice);
        let places = match axes {
            [_, places @ .., _] => places.iter().product(),
            _ => 1,
        };
        (self.weight.elem_count() * places) as u64
    }

    fn channels(&self) -> Channels {
        if self.last_axis { Channels::Mixed } else { Channels::Made }
    }

    fn weights(&self) -> Vec<Weight<'_>> {
        let bias = self.bias.iter().map(|bias| Weight::trained("bias", bias));
        std::iter::once(Weight::trained("weight", &self.weight)).chain(bias).collect()
    }

    fn redrawn(&self, draw: Draw<'_>) -> Result<Option<Op>> {
        let weight = draw(self.weight.dims())?;
        Ok(Some(Self { weight, bias: None, last_axis: self.last_axis }.into()))
    }

    fn prepare(&self, to: &Place) -> Result<Op> {
        let (weight, bias) = (to.load(&self.weight)?, to.load_some(self.bias.as_ref())?);
        Ok(Self { weight, bias, last_axis: self.last_axis }.into())
    }

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x] = inputs else { candle_core::bail!("a linear layer takes one input") };
        let linear = candle_nn::Linear::new(self.weight.clone(), self.bias.clone());
        along_last(x, |rows| linear.forward(rows))
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Nothing
    }

    fn backward(&self, _: usize, g: &Tensor, _: &Record<'_>) -> Result<Tensor> {
        along_last(g, |rows| rows.matmul(&self.weight))
    }
}

/// A function of vectors, of those along the last axis.
fn along_last(x: &Tensor, of: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    let [places @ .., inside] = x.dims() else { candle_core::bail!("it takes vectors") };
    if places.len() == 1 {
        return of(x);
    }
    let rows = of(&x.contiguous()?.reshape(((), *inside))?)?;
    let out: Vec<usize> = places.iter().copied().chain([rows.dim(1)?]).collect();
    rows.reshape(out)
}

/// With and without a shift, and along columns.
pub fn samples(drawing: &mut Drawing) -> Result<Vec<Sample>> {
    let (weight, bias) = (drawing.normal(&[3, 5])?, drawing.normal(&[3])?);
    let of = |bias: Option<&Tensor>, last_axis| Linear {
        weight: weight.clone(),
        bias: bias.cloned(),
        last_axis,
    };
    Ok(vec![
        Sample::on_vector(of(Some(&bias), false), 2, 5),
        Sample::on_vector(of(None, false), 2, 5),
        Sample::on(of(Some(&bias), true), 2, 4, 3, 5),
    ])
}
