//! The shortcut without weights.

use candle_core::Result;

use super::kernel::{Extents, Kernel, Record, reads_nothing};
use crate::engine::fast::conv::Cores;
use crate::engine::fast::layout::LANES;
use crate::engine::fast::planes::{at, everywhere, row_mut};
use crate::engine::fast::pool::Blocked;
use crate::ops::{Op, PadShortcut};

/// Made ready, if it is one.
pub fn row(op: &Op) -> Result<Option<Box<dyn Kernel>>> {
    Ok(op.get::<PadShortcut>().map(|pad| Box::new(*pad) as _))
}

impl Kernel for PadShortcut {
    fn forward(
        &self,
        _: &Cores,
        inputs: &[&Blocked],
        _: &Extents,
        out: &mut Blocked,
    ) -> Result<()> {
        let [x] = inputs else { candle_core::bail!("a shortcut takes one input") };
        pad_shortcut(self, x, out);
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
        back(self, g, to);
        Ok(())
    }
}

fn pad_shortcut(pad: &PadShortcut, input: &Blocked, out: &mut Blocked) {
    let (from, layout) = (*input.layout(), *out.layout());
    // Channels that no input channel has stay 0, whatever the memory held.
    for number in 0..layout.shape.n * layout.blocks {
        let plane = &mut out.data_mut()[number * layout.plane()..(number + 1) * layout.plane()];
        for y in 0..layout.shape.h {
            row_mut(plane, &layout, y).fill([0.0; LANES]);
        }
    }
    let [sh, sw] = pad.stride;
    for n in 0..from.shape.n {
        for c in 0..from.shape.c {
            for y in 0..layout.shape.h {
                for x in 0..layout.shape.w {
                    let value = input.data()[at(&from, n, c, y * sh, x * sw)];
                    out.data_mut()[at(&layout, n, c + pad.before, y, x)] = value;
                }
            }
        }
    }
}

fn back(pad: &PadShortcut, g: &Blocked, to: &mut Blocked) {
    let (from, layout) = (*g.layout(), *to.layout());
    let [sh, sw] = pad.stride;
    for (n, c, y, x) in everywhere(&layout) {
        let read = y % sh == 0 && x % sw == 0;
        let gradient = || g.data()[at(&from, n, c + pad.before, y / sh, x / sw)];
        to.data_mut()[at(&layout, n, c, y, x)] = if read { gradient() } else { 0.0 };
    }
}
