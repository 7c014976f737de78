//! A convolution's weights in the order in which its kernels read them.

use std::sync::OnceLock;

use candle_core::{DType, Storage, Tensor};

use super::kernels::{Buffer, CoBlock, Team, transformed};
use super::layout::LANES;
use super::taps::{Pass, tap_at};
use crate::model::{Conv, Window};

/// Weights of some passes, packed, and which outputs and inputs each block of them belongs to.
pub struct Packed {
    /// The weights.
    pub data: Buffer,
    /// The blocks of output channels; `input` counts blocks of input channels.
    pub blocks: Vec<CoBlock>,
}

/// How groups of channels are put together until their channels fill whole blocks; products with other groups'
/// channels are by 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grouping {
    /// How many there are then.
    pub count: usize,
    /// Groups of the convolution in each.
    pub merged: usize,
    /// Input channels of each.
    pub inside: usize,
    /// Output channels of each.
    pub outside: usize,
}

impl Grouping {
    /// Of a convolution from `inside` to `outside` channels for each of its groups.
    pub fn of(groups: usize, inside: usize, outside: usize) -> Self {
        let fills = |merged: usize| {
            groups.is_multiple_of(merged)
                && (merged * inside).is_multiple_of(LANES)
                && (merged * outside).is_multiple_of(LANES)
        };
        let merged = (1..groups).find(|merged| fills(*merged)).unwrap_or(groups);
        let count = groups / merged;
        Self { count, merged, inside: merged * inside, outside: merged * outside }
    }
}

/// What is packed: `[outside, inside]` for each group and tap.
struct Order<'a> {
    groups: usize,
    inside: usize,
    /// Input channels next to each other.
    lanes: usize,
    outside: usize,
    taps: usize,
    /// Of a group: output channel, input channel, tap.
    weight: &'a (dyn Fn(usize, usize, usize, usize) -> f32 + Sync),
}

impl Order<'_> {
    fn pack(&self, team: &Team) -> Packed {
        let rows = self.inside.next_multiple_of(self.lanes) * self.taps;
        let (blocks, each) = blocks(self.groups, self.inside, self.outside, rows);
        let mut data = Buffer::zeroed(blocks.iter().map(|b| rows * LANES * b.blocks).sum());
        let in_group = self.outside.div_ceil(LANES);
        team.pieces(data.as_mut_slice(), rows * LANES * each, |piece, into| {
            let block = blocks[piece];
            let width = LANES * block.blocks;
            let (group, first) = (block.first / in_group, block.first % in_group * LANES);
            for o in 0..width.min(self.outside - first) {
                for i in 0..self.inside {
                    let (block, lane) = (i / self.lanes, i % self.lanes);
                    for tap in 0..self.taps {
                        let row = (block * self.taps + tap) * self.lanes + lane;
                        into[row * width + o] = (self.weight)(group, first + o, i, tap);
                    }
                }
            }
        });
        Packed { data, blocks }
    }
}

/// The blocks of all groups, and how many blocks of channels each but the last has.
fn blocks(groups: usize, inside: usize, outside: usize, rows: usize) -> (Vec<CoBlock>, usize) {
    let in_group = outside.div_ceil(LANES);
    let each = if groups > 1 && in_group % 2 == 1 { 1 } else { 2 };
    let mut all = Vec::new();
    let mut weights = 0;
    for group in 0..groups {
        for first in (0..in_group).step_by(each) {
            let blocks = each.min(in_group - first);
            let input = group * inside / LANES;
            all.push(CoBlock { first: group * in_group + first, blocks, weights, input });
            weights += rows * LANES * blocks;
        }
    }
    (all, each)
}

/// The packed weights of a convolution, each made when it is first needed.
pub struct Weights {
    conv: Conv,
    /// How its groups are put together.
    pub grouping: Grouping,
    /// The channels of an input whose channels lie next to each other.
    pub interleaved: Option<usize>,
    /// What the gradient is multiplied by before it comes here: the norm's scale.
    scale: Vec<f64>,
    forward: OnceLock<Packed>,
    winograd: OnceLock<Packed>,
    backward: OnceLock<Vec<Packed>>,
    backward_winograd: OnceLock<Packed>,
}

impl Weights {
    /// Of a convolution with a norm's scale behind it.
    pub fn new(conv: &Conv, interleaved: Option<usize>, scale: Vec<f64>) -> Self {
        let (outside, inside) = match *conv.weight.dims() {
            [outside, inside, ..] => (outside / conv.groups.max(1), inside),
            _ => (0, 0),
        };
        Self {
            conv: conv.clone(),
            grouping: Grouping::of(conv.groups, inside, outside),
            interleaved,
            scale,
            forward: OnceLock::new(),
            winograd: OnceLock::new(),
            backward: OnceLock::new(),
            backward_winograd: OnceLock::new(),
        }
    }

    /// How the kernels slide.
    pub const fn window(&self) -> &Window {
        &self.conv.window
    }

    /// Whether Winograd's algorithm computes it at all.
    pub fn fits_winograd(&self) -> bool {
        let Window { kernel, stride, pads, dilation, .. } = self.conv.window;
        let small = kernel == [3; 2] && stride == [1; 2] && pads == [1; 4] && dilation == [1; 2];
        let Grouping { count, merged, inside, outside } = self.grouping;
        // With few channels the transforms cost more than they save.
        small && count * merged == 1 && inside >= 48 && outside >= 32 && self.interleaved.is_none()
    }

    /// For [`Pass::forward`].
    pub fn forward(&self, team: &Team) -> candle_core::Result<&Packed> {
        made(&self.forward, || {
            self.read(|get| {
                let taps = self.conv.window.kernel.iter().product();
                self.order(taps, &|group, o, i, tap| get(group, o, i, tap)).pack(team)
            })
        })
    }

    /// For Winograd's algorithm.
    pub fn winograd(&self, team: &Team) -> candle_core::Result<&Packed> {
        made(&self.winograd, || {
            self.read(|get| {
                let Grouping { inside, outside, .. } = self.grouping;
                pack_winograd(team, inside, outside, |o, i| {
                    std::array::from_fn(|tap| f64::from(get(0, o, i, tap)))
                })
            })
        })
    }

    /// For each pass of [`Weights::passes_back`]; the norm's scale is in the weights.
    pub fn backward(&self, team: &Team) -> candle_core::Result<&[Packed]> {
        made(&self.backward, || self.pack_back(team, &self.scale)).map(Vec::as_slice)
    }

    /// As [`Weights::backward`], without the norm: for gradients that begin at the convolution itself.
    pub fn backward_bare(&self, team: &Team) -> candle_core::Result<Vec<Packed>> {
        self.pack_back(team, &[])
    }

    /// The gradient by Winograd's algorithm: the kernels turned around, with the norm's scale.
    pub fn backward_winograd(&self, team: &Team) -> candle_core::Result<&Packed> {
        made(&self.backward_winograd, || {
            self.read(|get| {
                let Grouping { inside, outside, .. } = self.grouping;
                pack_winograd(team, outside, inside, |o, i| {
                    let scale = self.scale.get(i).copied().unwrap_or(1.0);
                    std::array::from_fn(|tap| f64::from(get(0, i, o, 8 - tap)) * scale)
                })
            })
        })
    }

    /// The passes that gather the gradient.
    pub fn passes_back(&self) -> Vec<Pass> {
        if self.is_together() {
            vec![Pass::backward_together(&self.conv.window)]
        } else {
            Pass::backward(&self.conv.window)
        }
    }

    /// Whether one pass gathers the gradient of a small input: with its channels at all remainders of the
    /// stride as the channels of its output.
    pub fn is_together(&self) -> bool {
        let [sh, sw] = self.conv.window.stride;
        self.interleaved.is_some_and(|channels| sh * sw * channels <= LANES)
    }

    fn order<'a>(
        &self,
        taps: usize,
        weight: &'a (dyn Fn(usize, usize, usize, usize) -> f32 + Sync),
    ) -> Order<'a> {
        let Grouping { count, inside, outside, .. } = self.grouping;
        let lanes = self.interleaved.unwrap_or(LANES);
        Order { groups: count, inside, lanes, outside, taps, weight }
    }

    fn pack_back(&self, team: &Team, scale: &[f64]) -> candle_core::Result<Vec<Packed>> {
        let Grouping { count, inside, outside, .. } = self.grouping;
        let [_, kw] = self.conv.window.kernel;
        self.read(|get| {
            // From an input channel's place in the merged group to the convolution's.
            let scaled = |group: usize, o: usize, i: usize, kernel: [usize; 2]| {
                let weight = f64::from(get(group, o, i, kernel[0] * kw + kernel[1]));
                (weight * scale.get(group * outside + o).copied().unwrap_or(1.0)) as f32
            };
            let pack = |pass: &Pass| {
                let taps = &pass.taps;
                let back = |group: usize, i: usize, o: usize, tap: usize| {
                    scaled(group, o, i, taps[tap].kernel)
                };
                let together = |_: usize, lane: usize, o: usize, tap: usize| {
                    let [_, sw] = self.conv.window.stride;
                    let (place, i) = (lane / inside, lane % inside);
                    let at = |axis: usize, first: usize| {
                        tap_at(&self.conv.window, axis, first, taps[tap].offset[axis])
                    };
                    match (at(0, place / sw), at(1, place % sw)) {
                        (Some(y), Some(x)) => scaled(0, o, i, [y, x]),
                        _ => 0.0,
                    }
                };
                let whole = self.is_together();
                let order = Order {
                    groups: count,
                    inside: outside,
                    lanes: LANES,
                    outside: if whole {
                        inside * self.conv.window.stride.iter().product::<usize>()
                    } else {
                        inside
                    },
                    taps: taps.len(),
                    weight: if whole { &together } else { &back },
                };
                order.pack(team)
            };
            self.passes_back().iter().map(pack).collect()
        })
    }

    /// Hands over how to read a weight: of a merged group, output channel, input channel, tap.
    fn read<T>(
        &self,
        of: impl FnOnce(&(dyn Fn(usize, usize, usize, usize) -> f32 + Sync)) -> T,
    ) -> candle_core::Result<T> {
        let [all_outside, inside, kh, kw] = *self.conv.weight.dims() else {
            candle_core::bail!("a convolution's weight has four extents")
        };
        let outside = all_outside / self.conv.groups.max(1);
        let taps = kh * kw;
        let merged = self.grouping.merged;
        with_floats(&self.conv.weight, |data| {
            of(&|group, o, i, tap| {
                if o / outside != i / inside {
                    return 0.0;
                }
                let o = group * merged * outside + o;
                data[(o * inside + i % inside) * taps + tap]
            })
        })
    }
}

fn pack_winograd(
    team: &Team,
    inside: usize,
    outside: usize,
    kernel: impl Fn(usize, usize) -> [f64; 9] + Sync,
) -> Packed {
    let padded = inside.next_multiple_of(LANES);
    let (blocks, each) = blocks(1, inside, outside, 16 * padded);
    let mut data = Buffer::zeroed(blocks.iter().map(|b| 16 * padded * LANES * b.blocks).sum());
    team.pieces(data.as_mut_slice(), 16 * padded * LANES * each, |piece, into| {
        let block = blocks[piece];
        let (width, first) = (LANES * block.blocks, block.first * LANES);
        for i in 0..inside {
            for o in 0..width.min(outside - first) {
                for (place, value) in transformed(kernel(first + o, i)).into_iter().enumerate() {
                    into[(place * padded + i) * width + o] = value as f32;
                }
            }
        }
    });
    Packed { data, blocks }
}

/// What is there, or else what is made now; two threads may both make it, and one is kept.
fn made<T>(
    cell: &OnceLock<T>,
    make: impl FnOnce() -> candle_core::Result<T>,
) -> candle_core::Result<&T> {
    if let Some(there) = cell.get() {
        return Ok(there);
    }
    let made = make()?;
    Ok(cell.get_or_init(|| made))
}

/// The values of a tensor as float32, where they lie if they are that.
pub fn with_floats<T>(tensor: &Tensor, of: impl FnOnce(&[f32]) -> T) -> candle_core::Result<T> {
    if tensor.dtype() == DType::F32 {
        let (storage, layout) = tensor.storage_and_layout();
        if let (Storage::Cpu(cpu), Some((first, end))) = (&*storage, layout.contiguous_offsets()) {
            return Ok(of(&cpu.as_slice::<f32>()?[first..end]));
        }
    }
    Ok(of(&tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_put_together_until_they_fill_blocks() {
        let of = |groups, inside, outside| {
            let Grouping { count, merged, .. } = Grouping::of(groups, inside, outside);
            (count, merged)
        };
        assert_eq!(of(1, 3, 64), (1, 1));
        assert_eq!(of(32, 4, 4), (8, 4));
        assert_eq!(of(32, 16, 32), (32, 1));
        assert_eq!(of(8, 8, 4), (2, 4));
        assert_eq!(of(64, 1, 1), (4, 16));
        // Nothing fits: one group, with zeros.
        assert_eq!(of(3, 5, 5), (1, 3));
    }
}
