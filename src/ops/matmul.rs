//! Products of matrices.

use std::borrow::Cow;

use candle_core::{Result, Tensor};

use super::binary::gathered;
use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::operation::{Channels, Operation, Reads, without_weights};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};

/// The product of the matrices of two values' last two axes; the axes before are repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatMul;

impl Operation for MatMul {
    fn word(&self) -> Cow<'static, str> {
        "matrix product".into()
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let [a, b] = inputs else { return Err("it takes two inputs".into()) };
        let (first, second) = (a.as_slice(), b.as_slice());
        let ([before @ .., rows, inside], [others @ .., found, columns]) = (first, second) else {
            return Err("it takes matrices".into());
        };
        if inside != found {
            return Err(Unfit(format!("{inside} columns do not meet {found} rows")));
        }
        let batch = Dims::new(before).zip(Dims::new(others)).and_then(|(a, b)| a.repeated(&b));
        let batch = batch.ok_or_else(|| Unfit("their batches differ".into()))?;
        let all: Vec<usize> = batch.as_slice().iter().copied().chain([*rows, *columns]).collect();
        Dims::new(&all).ok_or_else(|| "it has too many axes".into())
    }

    fn field(&self, _: &[Seen], _: &Dims) -> Field {
        Field::ALL
    }

    fn multiply_adds(&self, inputs: &[Dims], out: &Dims) -> u64 {
        let inside = inputs.first().map_or(1, |a| a.at(a.rank().saturating_sub(1)));
        out.as_slice().iter().skip(1).product::<usize>() as u64 * inside as u64
    }

    fn channels(&self) -> Channels {
        Channels::Mixed
    }

    without_weights!();

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [a, b] = inputs else { candle_core::bail!("a product takes two inputs") };
        product(a, b)
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Inputs
    }

    fn backward(&self, which: usize, g: &Tensor, run: &Record<'_>) -> Result<Tensor> {
        let part = match which {
            0 => product(g, &run.input(1)?.t()?)?,
            _ => product(&run.input(0)?.t()?, g)?,
        };
        gathered(&part, run.dims(which)?)
    }
}

/// candle's product takes two axes before the matrices at most.
fn product(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let (a, b) = (a.contiguous()?, b.contiguous()?);
    if a.rank().max(b.rank()) <= 4 {
        return a.broadcast_matmul(&b);
    }
    let [before @ .., rows, inside] = a.dims() else { candle_core::bail!("it takes matrices") };
    let [others @ .., _, columns] = b.dims() else { candle_core::bail!("it takes matrices") };
    let batch = Dims::new(before).zip(Dims::new(others)).and_then(|(a, b)| a.repeated(&b));
    let Some(batch) = batch else { candle_core::bail!("the batches of a product differ") };
    let flat = |x: &Tensor, rows: usize, columns: usize| {
        let to: Vec<usize> = batch.as_slice().iter().copied().chain([rows, columns]).collect();
        x.broadcast_as(to)?.contiguous()?.reshape(((), rows, columns))
    };
    let product = flat(&a, *rows, *inside)?.matmul(&flat(&b, *inside, *columns)?)?;
    let to: Vec<usize> = batch.as_slice().iter().copied().chain([*rows, *columns]).collect();
    product.reshape(to)
}

/// Of maps.
pub fn samples(_: &mut Drawing) -> Result<Vec<Sample>> {
    let inputs = vec![Dims::maps(2, 3, 4, 4); 2];
    Ok(vec![Sample { op: MatMul.into(), inputs, positive: false }])
}
