//! Maximum over windows.

use candle_core::Result;

use super::kernel::{Extents, Kernel, Needs, Record};
use super::relu::back_in_place;
use crate::engine::fast::conv::{Cores, Mask};
use crate::engine::fast::kernels::{Piece, Routing, Sink, Source};
use crate::engine::fast::layout::{LANES, Layout};
use crate::engine::fast::planes::{plane, reach, row as positions, row_mut};
use crate::engine::fast::pool::Blocked;
use crate::ops::{MaxPool, Op, ReluRule, Window};

/// Made ready, if it is one.
pub fn row(op: &Op) -> Result<Option<Box<dyn Kernel>>> {
    Ok(op.get::<MaxPool>().map(|pool| Box::new(*pool) as _))
}

impl Kernel for MaxPool {
    fn forward(
        &self,
        on: &Cores,
        inputs: &[&Blocked],
        _: &Extents,
        out: &mut Blocked,
    ) -> Result<()> {
        let [input] = inputs else { candle_core::bail!("a pool takes one input") };
        let layout = *out.layout();
        let pool = Largest { window: self.0, input, layout };
        on.fast_pieces(out.data_mut(), layout.plane(), &pool);
        Ok(())
    }

    fn needs(&self, _: ReluRule) -> Needs {
        Needs { inputs: true, output: true }
    }

    fn masks(&self) -> bool {
        true
    }

    fn backward(
        &self,
        on: &Cores,
        _: usize,
        g: &Blocked,
        run: &Record<'_>,
        to: &mut Blocked,
    ) -> Result<()> {
        back(on, &self.0, g, [run.input()?, run.output()?], run.mask, to);
        Ok(())
    }
}

/// The largest value of each window; a NaN is larger than everything.
struct Largest<'a> {
    window: Window,
    input: &'a Blocked,
    layout: Layout,
}

impl Piece for Largest<'_> {
    #[inline(always)]
    fn run(&self, number: usize, into: &mut [f32]) {
        let (plane, from) = (plane(self.input, number), self.input.layout());
        for y in 0..self.layout.shape.h {
            let reach_y = reach(&self.window, 0, y, from.shape.h);
            for (x, to) in row_mut(into, &self.layout, y).iter_mut().enumerate() {
                let mut most = [f32::NEG_INFINITY; LANES];
                for y in reach_y.clone() {
                    let row = positions(plane, from, y);
                    for x in reach(&self.window, 1, x, from.shape.w) {
                        let value = &row[x];
                        for i in 0..LANES {
                            let above = value[i] > most[i] || value[i].is_nan();
                            most[i] = if above { value[i] } else { most[i] };
                        }
                    }
                }
                *to = most;
            }
        }
    }
}

/// The first of the largest values in a window, row by row, gets its gradient.
fn back(
    on: &Cores,
    window: &Window,
    g: &Blocked,
    [x, y]: [&Blocked; 2],
    mask: Option<Mask<'_>>,
    to: &mut Blocked,
) {
    let (layout, from) = (*to.layout(), *g.layout());
    let (outside, inside) = ([from.shape.h, from.shape.w], [layout.shape.h, layout.shape.w]);
    let reaches = [0, 1].map(|axis| {
        let of = |at: usize| {
            let mut positions = reach(window, axis, at, inside[axis]);
            let first = positions.next();
            first.map_or(0..0, |first| first..first + 1 + positions.count())
        };
        (0..outside[axis]).map(of).collect::<Vec<_>>()
    });
    on.pieces(to.data_mut(), layout.plane(), |number, into| {
        (0..inside[0]).for_each(|y| row_mut(into, &layout, y).fill([0.0; LANES]));
        let source =
            |value| Source { data: plane(value, number), strides: value.layout().strides() };
        Routing {
            gradient: source(g),
            largest: source(y),
            value: source(x),
            into: Sink { strides: layout.strides(), data: into },
            outside,
            inside,
            reach: [&reaches[0], &reaches[1]],
            apart: window.dilation,
        }
        .run(on.isa);
        if let Some(mask) = mask {
            back_in_place(on, mask, layout, number, into);
        }
    });
}
