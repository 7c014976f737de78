//! The ReLU, and its rules for gradients.

use candle_core::Result;

use super::kernel::{Extents, Kernel, Needs, Record};
use crate::engine::fast::conv::{Cores, Mask};
use crate::engine::fast::kernels::{Piece, vectorised};
use crate::engine::fast::layout::Layout;
use crate::engine::fast::planes::{Position, each, plane, row as positions, row_mut};
use crate::engine::fast::pool::Blocked;
use crate::ops::{Activation, Op, ReluRule};

struct Relu;

/// Made ready, if it is one.
pub fn row(op: &Op) -> Result<Option<Box<dyn Kernel>>> {
    Ok((Activation::is_relu(op)).then(|| Box::new(Relu) as _))
}

impl Kernel for Relu {
    fn forward(
        &self,
        on: &Cores,
        inputs: &[&Blocked],
        _: &Extents,
        out: &mut Blocked,
    ) -> Result<()> {
        let [x] = inputs else { candle_core::bail!("a ReLU takes one input") };
        // NaN stays.
        each(on, [x], out, |_, [x]| x.map(|v| if v < 0.0 { 0.0 } else { v }));
        Ok(())
    }

    fn needs(&self, rule: ReluRule) -> Needs {
        Needs { inputs: false, output: rule != ReluRule::Deconvnet }
    }

    fn masks(&self) -> bool {
        false
    }

    fn backward(
        &self,
        on: &Cores,
        _: usize,
        g: &Blocked,
        run: &Record<'_>,
        to: &mut Blocked,
    ) -> Result<()> {
        let sign = if run.rule == ReluRule::Deconvnet { None } else { Some(run.output()?) };
        back(on, run.rule, g, sign, to);
        Ok(())
    }
}

/// A gradient through a ReLU; `sign` is above 0 where its input is, and not needed for a deconvnet.
pub fn back(on: &Cores, rule: ReluRule, g: &Blocked, sign: Option<&Blocked>, to: &mut Blocked) {
    match sign {
        Some(sign) => each(on, [g, sign], to, |_, [g, sign]| masked(rule, g, sign)),
        None => each(on, [g], to, |_, [g]| masked(rule, g, g)),
    }
}

/// A plane of a gradient through a ReLU, in place, while it is in the cache.
pub fn back_in_place(on: &Cores, mask: Mask<'_>, layout: Layout, number: usize, into: &mut [f32]) {
    vectorised(on.isa, &Masked { mask, layout }, number, into);
}

struct Masked<'a> {
    mask: Mask<'a>,
    layout: Layout,
}

impl Piece for Masked<'_> {
    #[inline(always)]
    fn run(&self, number: usize, into: &mut [f32]) {
        let Mask { rule, value } = self.mask;
        for y in 0..self.layout.shape.h {
            let sign = positions(plane(value, number), value.layout(), y);
            for (to, sign) in row_mut(into, &self.layout, y).iter_mut().zip(sign) {
                *to = masked(rule, to, sign);
            }
        }
    }
}

/// The gradient of a position after its ReLU.
#[inline(always)]
fn masked(rule: ReluRule, g: &Position, sign: &Position) -> Position {
    let above = |g: f32, sign: f32| if sign > 0.0 { g } else { 0.0 };
    match rule {
        ReluRule::Plain => std::array::from_fn(|i| above(g[i], sign[i])),
        ReluRule::Guided => std::array::from_fn(|i| above(above(g[i], sign[i]), g[i])),
        ReluRule::Deconvnet => g.map(|g| above(g, g)),
    }
}
