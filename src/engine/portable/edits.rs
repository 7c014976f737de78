//! Changes to a value while the network runs, and what they do to its gradient.

use candle_core::{DType, Result, Tensor};

use crate::base::Exact;
use crate::engine::Change;

/// A value `[N, C, H, W]` or `[N, C]` with some channels changed.
pub fn apply(value: &Tensor, channels: &[usize], change: Change) -> Result<Tensor> {
    match change {
        // No product: NaN times 0 is NaN.
        Change::Scale(Exact(0.0)) => instead(value, channels, &value.zeros_like()?),
        Change::Scale(Exact(factor)) => {
            instead(value, channels, &value.affine(f64::from(factor), 0.0)?)
        }
        Change::Set(Exact(to)) => {
            let to = Tensor::full(to, value.shape(), value.device())?.to_dtype(value.dtype())?;
            instead(value, channels, &to)
        }
        Change::Mean => instead(value, channels, &mean(value)?),
    }
}

/// The gradient before a change, from the one after it.
pub fn pull(gradient: &Tensor, channels: &[usize], change: Change) -> Result<Tensor> {
    match change {
        Change::Scale(_) => apply(gradient, channels, change),
        Change::Set(_) => instead(gradient, channels, &gradient.zeros_like()?),
        // Every position has its share in every position.
        Change::Mean => instead(gradient, channels, &mean(gradient)?),
    }
}

/// `value`, but in these channels `other`.
fn instead(value: &Tensor, channels: &[usize], other: &Tensor) -> Result<Tensor> {
    let mut dims = vec![1; value.rank()];
    dims[1] = value.dim(1)?;
    let mask: Vec<u8> = (0..dims[1]).map(|c| u8::from(channels.contains(&c))).collect();
    let mask = Tensor::from_vec(mask, dims, value.device())?.broadcast_as(value.shape())?;
    mask.where_cond(other, value)
}

/// The mean over a channel's positions, at each of them.
fn mean(value: &Tensor) -> Result<Tensor> {
    if value.rank() < 4 {
        return Ok(value.clone());
    }
    let wide = if value.dtype().size_in_bytes() < 4 { DType::F32 } else { value.dtype() };
    let mean = value.to_dtype(wide)?.mean_keepdim((2, 3))?.to_dtype(value.dtype())?;
    mean.broadcast_as(value.shape())?.contiguous()
}
