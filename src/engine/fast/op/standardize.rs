//! A norm by the statistics of the picture.

use candle_core::Result;

use super::kernel::{Extents, Kernel, Needs, Record};
use crate::engine::fast::conv::Cores;
use crate::engine::fast::layout::LANES;
use crate::engine::fast::planes::{each, plane, row as positions_of};
use crate::engine::fast::pool::Blocked;
use crate::ops::{Op, ReluRule, Standardize};

/// Made ready, if it is one.
pub fn row(op: &Op) -> Result<Option<Box<dyn Kernel>>> {
    Ok(op.get::<Standardize>().map(|norm| Box::new(*norm) as _))
}

impl Kernel for Standardize {
    fn forward(
        &self,
        on: &Cores,
        inputs: &[&Blocked],
        _: &Extents,
        out: &mut Blocked,
    ) -> Result<()> {
        let [x] = inputs else { candle_core::bail!("a norm takes one input") };
        let (mean, deviation) = moments(on, x, self.eps);
        each(on, [x], out, |number, [x]| {
            let at = number * LANES;
            std::array::from_fn(|i| (x[i] - mean[at + i]) / deviation[at + i])
        });
        Ok(())
    }

    fn needs(&self, _: ReluRule) -> Needs {
        Needs { inputs: true, output: false }
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
        let (_, deviation) = moments(on, run.input()?, self.eps);
        each(on, [g], to, |number, [g]| {
            let first = number * LANES;
            std::array::from_fn(|i| g[i] / deviation[first + i])
        });
        Ok(())
    }
}

/// The mean of each channel of each picture, and `sqrt(variance + eps)`.
fn moments(on: &Cores, input: &Blocked, eps: f64) -> (Vec<f32>, Vec<f32>) {
    let layout = input.layout();
    let planes = layout.shape.n * layout.blocks;
    let mut all = vec![0.0; planes * 2 * LANES];
    on.pieces(&mut all, 2 * LANES, |number, into| {
        let plane = plane(input, number);
        let count = layout.shape.area().max(1) as f64;
        let mut mean = [0f64; LANES];
        let positions = || (0..layout.shape.h).flat_map(|y| positions_of(plane, layout, y));
        positions().for_each(|p| mean.iter_mut().zip(p).for_each(|(m, v)| *m += f64::from(*v)));
        let mean = mean.map(|sum| sum / count);
        let mut squares = [0f64; LANES];
        for position in positions() {
            for i in 0..LANES {
                let off = f64::from(position[i]) - mean[i];
                squares[i] += off * off;
            }
        }
        for i in 0..LANES {
            into[i] = mean[i] as f32;
            into[LANES + i] = (squares[i] / count + eps).sqrt() as f32;
        }
    });
    let half = |first: usize| {
        all.chunks(2 * LANES).flat_map(|both| both[first..first + LANES].to_vec()).collect()
    };
    (half(0), half(LANES))
}
