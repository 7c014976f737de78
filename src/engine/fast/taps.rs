//! Which inputs an output position gathers: convolutions, and their gradients as convolutions.

use super::layout::Layout;
use crate::ops::Window;

/// One product of a kernel, and where its input lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tap {
    /// Row and column in the kernel.
    pub kernel: [usize; 2],
    /// Rows and columns from the position that a window begins at.
    pub offset: [isize; 2],
}

/// A grid of output positions that have the same taps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// The taps, row by row.
    pub taps: Vec<Tap>,
    /// Input rows and columns between neighboring output positions of the pass.
    pub step: [usize; 2],
    /// The first output row and column.
    pub first: [usize; 2],
    /// Output rows and columns between neighboring positions of the pass.
    pub apart: [usize; 2],
}

impl Pass {
    /// A convolution's windows.
    pub fn forward(window: &Window) -> Self {
        let at = |axis: usize, k: usize| {
            (k * window.dilation[axis]) as isize - window.pads[axis] as isize
        };
        let tap = |y, x| Tap { kernel: [y, x], offset: [at(0, y), at(1, x)] };
        let [kh, kw] = window.kernel;
        let taps = (0..kh).flat_map(|y| (0..kw).map(move |x| tap(y, x))).collect();
        Self { taps, step: window.stride, first: [0, 0], apart: [1, 1] }
    }

    /// What gathers a convolution's gradient. With a stride, the inputs of a row that a tap reads lie that far
    /// apart: one pass for each remainder.
    pub fn backward(window: &Window) -> Vec<Self> {
        let [sh, sw] = window.stride;
        let pass = |first: [usize; 2]| {
            let rows = matching(window, 0, first[0]);
            let columns = matching(window, 1, first[1]);
            let tap = |(y, dy): (usize, isize), (x, dx): (usize, isize)| Tap {
                kernel: [y, x],
                offset: [dy, dx],
            };
            let taps = rows.iter().flat_map(|y| columns.iter().map(move |x| tap(*y, *x))).collect();
            Self { taps, step: [1, 1], first, apart: window.stride }
        };
        (0..sh).flat_map(|y| (0..sw).map(move |x| [y, x])).map(pass).collect()
    }

    /// The gradient of an input of a few channels in one pass: its output has the channels of all remainders
    /// next to each other. The taps are those of any remainder; `kernel` of a tap means nothing.
    pub fn backward_together(window: &Window) -> Self {
        let range = |axis: usize| {
            let all = (0..window.stride[axis]).flat_map(|first| matching(window, axis, first));
            let all: Vec<isize> = all.map(|(_, offset)| offset).collect();
            let ends = (all.iter().min().copied(), all.iter().max().copied());
            if let (Some(low), Some(high)) = ends { low..high + 1 } else { 0..0 }
        };
        let tap = |dy, dx| Tap { kernel: [0, 0], offset: [dy, dx] };
        let taps = range(0).flat_map(|dy| range(1).map(move |dx| tap(dy, dx))).collect();
        Self { taps, step: [1, 1], first: [0, 0], apart: [1, 1] }
    }

    /// The border that an input of an axis's `size` needs so that `count` positions find their taps.
    pub fn halo(&self, axis: usize, size: usize, count: usize) -> usize {
        let last = (count.saturating_sub(1) * self.step[axis]) as isize;
        let of = |tap: &Tap| {
            let low = -tap.offset[axis];
            let high = last + tap.offset[axis] - (size as isize - 1);
            low.max(high).max(0) as usize
        };
        self.taps.iter().map(of).max().unwrap_or(0)
    }

    /// What the runs of taps add to an address, for `blocks` blocks of input channels, and the length of a run.
    pub fn runs(&self, input: &Layout, blocks: usize) -> (Vec<u32>, usize) {
        let halo = input.halo as isize;
        let at = |tap: &Tap| {
            let [dy, dx] = tap.offset.map(|offset| (offset + halo).max(0) as usize);
            dy * input.row() + dx * input.lanes
        };
        if input.lanes != super::layout::LANES {
            // Taps of a row lie next to each other, when nothing is left out between them.
            let width = self.taps.iter().take_while(|tap| tap.kernel[0] == 0).count();
            let joined = self.taps.windows(2).all(|pair| {
                pair[0].kernel[0] != pair[1].kernel[0] || pair[0].offset[1] + 1 == pair[1].offset[1]
            });
            return if joined && width > 0 {
                let firsts = self.taps.iter().step_by(width);
                (firsts.map(|tap| at(tap) as u32).collect(), width * input.lanes)
            } else {
                (self.taps.iter().map(|tap| at(tap) as u32).collect(), input.lanes)
            };
        }
        let block = |block: usize| {
            self.taps.iter().map(move |tap| (block * input.plane() + at(tap)) as u32)
        };
        ((0..blocks).flat_map(block).collect(), input.lanes)
    }

    /// How many positions of the pass lie in an output's rows and columns.
    pub fn count(&self, extents: [usize; 2]) -> [usize; 2] {
        [0, 1].map(|axis| {
            extents[axis].saturating_sub(self.first[axis]).div_ceil(self.apart[axis].max(1))
        })
    }
}

/// The taps of an axis that read the inputs `first + i stride`, and from which output position.
fn matching(window: &Window, axis: usize, first: usize) -> Vec<(usize, isize)> {
    let stride = window.stride[axis] as isize;
    let tap = |k: usize| {
        let distance = (first + window.pads[axis]) as isize - (k * window.dilation[axis]) as isize;
        (distance.rem_euclid(stride) == 0).then(|| (k, distance.div_euclid(stride)))
    };
    (0..window.kernel[axis]).filter_map(tap).collect()
}

/// The kernel's row or column that reads, for remainder `first`, from `offset`.
pub fn tap_at(window: &Window, axis: usize, first: usize, offset: isize) -> Option<usize> {
    matching(window, axis, first).into_iter().find(|(_, at)| *at == offset).map(|(k, _)| k)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gradient_gathers_what_the_forward_pass_scattered() {
        for window in [
            Window::square(3, 1, 1),
            Window::square(3, 2, 1),
            Window::square(1, 2, 0),
            Window::square(7, 2, 3),
            Window { dilation: [2, 1], pads: [2, 0, 1, 1], ..Window::square(3, 3, 0) },
        ] {
            let forward = Pass::forward(&window);
            let scattered = |y: isize, x: isize| {
                let mut all: Vec<_> = (0..9isize)
                    .flat_map(|oy| (0..9isize).map(move |ox| [oy, ox]))
                    .flat_map(|[oy, ox]| {
                        let [sh, sw] = window.stride.map(|s| s as isize);
                        let hit = move |tap: &&Tap| {
                            [oy * sh + tap.offset[0], ox * sw + tap.offset[1]] == [y, x]
                        };
                        let hits = forward.taps.iter().filter(hit);
                        hits.map(move |tap| (tap.kernel, [oy, ox])).collect::<Vec<_>>()
                    })
                    .collect();
                all.sort_unstable();
                all
            };
            for pass in Pass::backward(&window) {
                for i in 0..2 {
                    let y = pass.first[0] + i * pass.apart[0];
                    let x = pass.first[1] + i * pass.apart[1];
                    let mut gathered: Vec<_> = pass
                        .taps
                        .iter()
                        .map(|tap| (tap.kernel, tap.offset.map(|offset| offset + i as isize)))
                        .filter(|(_, at)| at.iter().all(|at| *at >= 0))
                        .collect();
                    gathered.sort_unstable();
                    assert_eq!(gathered, scattered(y as isize, x as isize), "{window:?} {y} {x}");
                }
            }
        }
    }
}
