//! Maps as one vector.

use candle_core::Result;

use super::kernel::{Extents, Kernel, Record, reads_nothing};
use crate::engine::fast::conv::Cores;
use crate::engine::fast::layout::LANES;
use crate::engine::fast::planes::{at, everywhere};
use crate::engine::fast::pool::Blocked;
use crate::ops::{Flatten, Op};

/// Made ready, if it is one.
pub fn row(op: &Op) -> Result<Option<Box<dyn Kernel>>> {
    Ok(op.get::<Flatten>().map(|flatten| Box::new(*flatten) as _))
}

impl Kernel for Flatten {
    fn forward(
        &self,
        _: &Cores,
        inputs: &[&Blocked],
        _: &Extents,
        out: &mut Blocked,
    ) -> Result<()> {
        let [x] = inputs else { candle_core::bail!("it takes one input") };
        flatten(x, out);
        Ok(())
    }

    reads_nothing!();

    fn backward(
        &self,
        _: &Cores,
        _: usize,
        g: &Blocked,
        _: &Record<'_>,
        to: &mut Blocked,
    ) -> Result<()> {
        back(g, to);
        Ok(())
    }
}

fn flatten(input: &Blocked, out: &mut Blocked) {
    let (from, layout) = (*input.layout(), *out.layout());
    for (n, c, y, x) in everywhere(&from) {
        let to = (c * from.shape.h + y) * from.shape.w + x;
        out.data_mut()[at(&layout, n, to, 0, 0)] = input.data()[at(&from, n, c, y, x)];
    }
    let used = layout.shape.c % LANES;
    if used > 0 {
        for n in 0..layout.shape.n {
            let last = at(&layout, n, layout.shape.c - 1, 0, 0);
            out.data_mut()[last + 1..last + 1 + LANES - used].fill(0.0);
        }
    }
}

fn back(g: &Blocked, to: &mut Blocked) {
    let (from, layout) = (*g.layout(), *to.layout());
    for (n, c, y, x) in everywhere(&layout) {
        let place = (c * layout.shape.h + y) * layout.shape.w + x;
        to.data_mut()[at(&layout, n, c, y, x)] = g.data()[at(&from, n, place, 0, 0)];
    }
}
