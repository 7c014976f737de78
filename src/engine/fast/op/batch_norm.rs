//! A norm that follows no convolution.

use candle_core::Result;

use super::kernel::{Extents, Kernel, Record, reads_nothing};
use crate::engine::fast::conv::{Cores, folded, padded};
use crate::engine::fast::planes::affine;
use crate::engine::fast::pool::Blocked;
use crate::ops::{BatchNorm, Op};

/// `x * scale + shift`, padded to whole blocks.
struct Norm {
    scale: Vec<f32>,
    shift: Vec<f32>,
}

/// Made ready, if it is one.
pub fn row(op: &Op) -> Result<Option<Box<dyn Kernel>>> {
    let Some(norm) = op.get::<BatchNorm>() else { return Ok(None) };
    let (scale, shift) = folded(norm)?;
    Ok(Some(Box::new(Norm { scale: padded(&scale), shift: padded(&shift) })))
}

impl Kernel for Norm {
    fn forward(
        &self,
        on: &Cores,
        inputs: &[&Blocked],
        _: &Extents,
        out: &mut Blocked,
    ) -> Result<()> {
        let [x] = inputs else { candle_core::bail!("a norm takes one input") };
        affine(on, x, &self.scale, &self.shift, out);
        Ok(())
    }

    reads_nothing!();

    fn backward(
        &self,
        on: &Cores,
        _: usize,
        g: &Blocked,
        _: &Record<'_>,
        to: &mut Blocked,
    ) -> Result<()> {
        affine(on, g, &self.scale, &vec![0.0; self.scale.len()], to);
        Ok(())
    }
}
