//! Pooling to a size, whatever the input's.

use std::borrow::Cow;
use std::ops::Range;

use candle_core::{DType, Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Resampled, Seen};
use super::operation::{Channels, Operation, Reads, without_weights};
use super::record::{Record, ReluRule};
use super::resample::{self, Sampling};
use super::sample::{Drawing, Sample};

/// Pooling to a fixed number of rows and columns; `None` keeps it. Unit `i` of `n` pools positions `floor(i size / n)` to
/// `ceil((i + 1) size / n)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdaptivePool {
    /// Rows and columns.
    pub to: [Option<usize>; 2],
    /// The maximum instead of the mean.
    pub max: bool,
}

impl AdaptivePool {
    fn parts(&self, axis: usize, size: usize) -> Vec<Range<usize>> {
        let to = self.to[axis].unwrap_or(size);
        (0..to).map(|i| i * size / to..((i + 1) * size).div_ceil(to)).collect()
    }

    fn means(&self, sides: [usize; 2]) -> [Sampling; 2] {
        [0, 1].map(|axis| {
            let mean = |part: Range<usize>| {
                let share = 1.0 / part.len().max(1) as f64;
                part.map(|at| (at, share)).collect()
            };
            let taps = self.parts(axis, sides[axis]).into_iter().map(mean).collect();
            Sampling::new(sides[axis], taps)
        })
    }

    /// The maxima of the parts of an axis (0 rows, 1 columns).
    fn most(&self, x: &Tensor, axis: usize) -> Result<Tensor> {
        let dim = axis + 2;
        let most = |part: Range<usize>| x.narrow(dim, part.start, part.len())?.max_keepdim(dim);
        let parts = self.parts(axis, x.dim(dim)?).into_iter().map(most);
        Tensor::cat(&parts.collect::<Result<Vec<_>>>()?, dim)
    }

    /// The gradient of [`AdaptivePool::most`]: the first of the largest values of a part gets it.
    fn least_back(&self, g: &Tensor, x: &Tensor, axis: usize) -> Result<Tensor> {
        let (dim, size) = (axis + 2, x.dim(axis + 2)?);
        let mut sum = g.zeros_like()?.narrow(dim, 0, 1)?.contiguous()?;
        sum = sum.broadcast_as(x.shape())?.contiguous()?;
        for (i, part) in self.parts(axis, size).into_iter().enumerate() {
            let values = x.narrow(dim, part.start, part.len())?.contiguous()?;
            let most = values.max_keepdim(dim)?;
            let hit = values.broadcast_eq(&most)?;
            let first = first_of(&hit, dim)?.to_dtype(g.dtype())?;
            let share = first.broadcast_mul(&g.narrow(dim, i, 1)?)?;
            sum = (sum + share.pad_with_zeros(dim, part.start, size - part.end)?)?;
        }
        Ok(sum)
    }
}

/// The first 1 along an axis.
fn first_of(hit: &Tensor, dim: usize) -> Result<Tensor> {
    let count = hit.dim(dim)?;
    let mut free = hit.narrow(dim, 0, 1)?.ones_like()?;
    let mut slices = Vec::with_capacity(count);
    for k in 0..count {
        let own = (hit.narrow(dim, k, 1)?.contiguous()? * &free)?;
        free = (free - &own)?;
        slices.push(own);
    }
    Tensor::cat(&slices, dim)?.to_dtype(DType::U8)
}

impl Operation for AdaptivePool {
    fn word(&self) -> Cow<'static, str> {
        let side = |side: Option<usize>| side.map_or("all".to_string(), |side| side.to_string());
        let kind = if self.max { "max" } else { "average" };
        format!("{kind} pool to {}x{}", side(self.to[0]), side(self.to[1])).into()
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let [x] = inputs else { return Err("it takes one input".into()) };
        if x.rank() != 4 {
            return Err("it takes maps with rows and columns".into());
        }
        let [h, w] = x.sides();
        Ok(Dims::maps(x.at(0), x.at(1), self.to[0].unwrap_or(h), self.to[1].unwrap_or(w)))
    }

    fn field(&self, inputs: &[Seen], out: &Dims) -> Field {
        let Some(input) = inputs.first() else { return Field::NOTHING };
        let (from, to) = (input.dims.sides(), out.sides());
        input.field.resampled([0, 1].map(|axis| Resampled::parts(from[axis], to[axis])))
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
        if self.max {
            return self.most(&self.most(x, 1)?, 0);
        }
        let (_, _, h, w) = x.dims4()?;
        resample::forward(x, &self.means([h, w]))
    }

    fn reads(&self, _: ReluRule) -> Reads {
        if self.max { Reads::Inputs } else { Reads::Nothing }
    }

    fn backward(&self, _: usize, g: &Tensor, run: &Record<'_>) -> Result<Tensor> {
        if self.max {
            // Columns were pooled first: of equal values the first row by row gets it.
            let x = run.input(0)?;
            let rows = self.least_back(g, &self.most(x, 1)?, 0)?;
            return self.least_back(&rows, x, 1);
        }
        resample::backward(g, &self.means(run.dims(0)?.sides()))
    }
}

/// To one, to a divisor, to parts that overlap, to more than there are.
pub fn samples(_: &mut Drawing) -> Result<Vec<Sample>> {
    let sizes = [[Some(1); 2], [Some(2), Some(3)], [Some(3), Some(4)], [None, Some(1)]];
    let both = [false, true].into_iter();
    let pools = both.flat_map(|max| sizes.map(|to| AdaptivePool { to, max }));
    Ok(pools.map(|pool| Sample::on(pool, 2, 3, 6, 7)).collect())
}
