//! Values less their mean, divided by their deviation: what layer, group and instance norm have in common.

use candle_core::{Result, Tensor};

use super::standardize::widened;

/// `[rows, count]`: each row less its mean, divided by `sqrt(variance + eps)`.
pub fn forward(rows: &Tensor, eps: f64) -> Result<Tensor> {
    let wide = widened(rows)?;
    let (centered, deviation) = moments(&wide, eps)?;
    centered.broadcast_div(&deviation)?.to_dtype(rows.dtype())
}

/// The gradient at the rows, from the one after the division.
pub fn backward(g: &Tensor, rows: &Tensor, eps: f64) -> Result<Tensor> {
    let (wide, g_wide) = (widened(rows)?, widened(g)?);
    let (centered, deviation) = moments(&wide, eps)?;
    let normal = centered.broadcast_div(&deviation)?;
    // Mean and deviation move with every value.
    let along = (&g_wide * &normal)?.mean_keepdim(1)?;
    let rest = g_wide.broadcast_sub(&g_wide.mean_keepdim(1)?)?;
    let rest = (rest - normal.broadcast_mul(&along)?)?;
    rest.broadcast_div(&deviation)?.to_dtype(g.dtype())
}

fn moments(rows: &Tensor, eps: f64) -> Result<(Tensor, Tensor)> {
    let centered = rows.broadcast_sub(&rows.mean_keepdim(1)?)?;
    let variance = centered.sqr()?.mean_keepdim(1)?;
    Ok((centered, (variance + eps)?.sqrt()?))
}
