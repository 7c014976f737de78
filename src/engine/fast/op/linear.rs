//! The gradient of a linear layer; forward it is a convolution of one position.

use candle_core::Result;

use crate::engine::fast::planes::at;
use crate::engine::fast::pool::Blocked;
use crate::engine::fast::weights::with_floats;
use crate::ops::Linear;

/// `W^T g`. Most seeds are one class: outputs without a gradient cost nothing.
pub fn back(linear: &Linear, g: &Blocked, to: &mut Blocked) -> Result<()> {
    let (from, layout) = (*g.layout(), *to.layout());
    let inside = layout.shape.c;
    with_floats(&linear.weight, |weight| {
        let mut sum = vec![0f32; inside];
        for n in 0..from.shape.n {
            sum.fill(0.0);
            for (o, row) in weight.chunks_exact(inside.max(1)).enumerate() {
                let gradient = g.data()[at(&from, n, o, 0, 0)];
                if gradient != 0.0 {
                    sum.iter_mut().zip(row).for_each(|(sum, w)| *sum += gradient * w);
                }
            }
            for (c, sum) in sum.iter().enumerate() {
                to.data_mut()[at(&layout, n, c, 0, 0)] = *sum;
            }
        }
    })
}
