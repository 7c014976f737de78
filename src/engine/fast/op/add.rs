//! The sum of two values.

use candle_core::Result;

use super::kernel::{Extents, Kernel, Record, reads_nothing};
use crate::engine::fast::conv::Cores;
use crate::engine::fast::planes::{copy, each};
use crate::engine::fast::pool::Blocked;
use crate::ops::{Binary, Op};

struct Add;

/// Made ready, if it is one.
pub fn row(op: &Op) -> Result<Option<Box<dyn Kernel>>> {
    Ok((Binary::is_sum(op)).then(|| Box::new(Add) as _))
}

/// The sum of two values.
pub fn add(on: &Cores, a: &Blocked, b: &Blocked, out: &mut Blocked) {
    each(on, [a, b], out, |_, [a, b]| std::array::from_fn(|i| a[i] + b[i]));
}

impl Kernel for Add {
    fn forward(
        &self,
        on: &Cores,
        inputs: &[&Blocked],
        _: &Extents,
        out: &mut Blocked,
    ) -> Result<()> {
        let [a, b] = inputs else { candle_core::bail!("a sum takes two inputs") };
        add(on, a, b, out);
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
        copy(on, g, to);
        Ok(())
    }
}
