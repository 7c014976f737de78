//! A convolution's weights in the order in which its kernels read them.

use std::sync::OnceLock;

use candle_core::{DType, Storage, Tensor};

use super::conv::Cores;
use super::kernels::{Buffer, CoBlock, Piece, transformed};
use super::layout::LANES;
use super::taps::{Pass, Tap, tap_at};
use crate::ops::{Conv, Window};

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
struct Order {
    groups: usize,
    inside: usize,
    /// Input channels next to each other.
    lanes: usize,
    outside: usize,
    taps: usize,
}

impl Order {
    /// Packs. `weights` is told group, output channel and input channel, and writes the taps between the two.
    fn pack(&self, on: &Cores, weights: impl Fn(usize, [usize; 2], &mut [f32]) + Sync) -> Packed {
        let rows = self.inside.next_multiple_of(self.lanes) * self.taps;
        let (blocks, each) = blocks(self.groups, self.inside, self.outside, rows);
        let mut data = Buffer::zeroed(blocks.iter().map(|b| rows * LANES * b.blocks).sum());
        let in_group = self.outside.div_ceil(LANES);
        on.pieces(data.as_mut_slice(), rows * LANES * each, |piece, into| {
            let block = blocks[piece];
            let width = LANES * block.blocks;
            let (group, first) = (block.first / in_group, block.first % in_group * LANES);
            let mut taps = vec![0.0; self.taps];
            // A block of inputs at a time: what is read and written stays in the first cache.
            for inputs in (0..self.inside).step_by(self.lanes) {
                let into = &mut into[inputs * self.taps * width..];
                for o in 0..width.min(self.outside - first) {
                    for lane in 0..self.lanes.min(self.inside - inputs) {
                        weights(group, [first + o, inputs + lane], &mut taps);
                        for (tap, weight) in taps.iter().enumerate() {
                            into[(tap * self.lanes + lane) * width + o] = *weight;
                        }
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
    /// Of a convolution with a norm's scale after it.
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
    pub fn forward(&self, on: &Cores) -> candle_core::Result<&Packed> {
        made(&self.forward, || {
            let Grouping { count, inside, outside, .. } = self.grouping;
            let lanes = self.interleaved.unwrap_or(LANES);
            let taps = self.conv.window.kernel.iter().product();
            let order = Order { groups: count, inside, lanes, outside, taps };
            self.read(|kernels| {
                order.pack(on, |group, [o, i], taps| match kernels.of(group, o, i) {
                    Some(kernel) => taps.copy_from_slice(kernel),
                    None => taps.fill(0.0),
                })
            })
        })
    }

    /// For Winograd's algorithm.
    pub fn winograd(&self, on: &Cores) -> candle_core::Result<&Packed> {
        made(&self.winograd, || {
            let Grouping { inside, outside, .. } = self.grouping;
            self.read(|kernels| {
                pack_winograd(on, inside, outside, |o, i, tap| {
                    kernels.of(0, o, i).map_or(0.0, |kernel| f64::from(kernel[tap]))
                })
            })
        })
    }

    /// For each pass of [`Weights::passes_back`]; the norm's scale is in the weights.
    pub fn backward(&self, on: &Cores) -> candle_core::Result<&[Packed]> {
        made(&self.backward, || self.pack_back(on, true)).map(Vec::as_slice)
    }

    /// As [`Weights::backward`], without the norm: for gradients that begin at the convolution itself.
    pub fn backward_bare(&self, on: &Cores) -> candle_core::Result<Vec<Packed>> {
        self.pack_back(on, false)
    }

    /// The gradient by Winograd's algorithm: the kernels turned around, with the norm's scale.
    pub fn backward_winograd(&self, on: &Cores) -> candle_core::Result<&Packed> {
        made(&self.backward_winograd, || {
            let Grouping { inside, outside, .. } = self.grouping;
            self.read(|kernels| {
                pack_winograd(on, outside, inside, |o, i, tap| {
                    let kernel = kernels.of(0, i, o);
                    kernel.map_or(0.0, |kernel| f64::from(kernel[8 - tap]) * self.scale(i))
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

    fn scale(&self, output: usize) -> f64 {
        self.scale.get(output).copied().unwrap_or(1.0)
    }

    fn pack_back(&self, on: &Cores, scaled: bool) -> candle_core::Result<Vec<Packed>> {
        let Grouping { count, inside, outside, .. } = self.grouping;
        let window = &self.conv.window;
        let ([_, kw], [_, sw]) = (window.kernel, window.stride);
        let remainders = if self.is_together() { window.stride.iter().product() } else { 1 };
        let scale = |o: usize| if scaled { self.scale(o) } else { 1.0 };
        let one = |kernel: &[f32], [y, x]: [usize; 2], scale: f64| {
            (f64::from(kernel[y * kw + x]) * scale) as f32
        };
        self.read(|kernels| {
            let pack = |pass: &Pass| {
                let order = Order {
                    groups: count,
                    inside: outside,
                    lanes: LANES,
                    outside: inside * remainders,
                    taps: pass.taps.len(),
                };
                // The tap of each remainder that reads from there, if it has one.
                let together: Vec<Vec<Option<[usize; 2]>>> = (0..remainders)
                    .map(|place| {
                        let tap = |tap: &Tap| {
                            let y = tap_at(window, 0, place / sw, tap.offset[0])?;
                            Some([y, tap_at(window, 1, place % sw, tap.offset[1])?])
                        };
                        pass.taps.iter().map(tap).collect()
                    })
                    .collect();
                order.pack(on, |group, [i, o], taps| {
                    let Some(kernel) = kernels.of(group, o, i % inside) else {
                        return taps.fill(0.0);
                    };
                    let scale = scale(group * outside + o);
                    if self.is_together() {
                        for (to, from) in taps.iter_mut().zip(&together[i / inside]) {
                            *to = from.map_or(0.0, |from| one(kernel, from, scale));
                        }
                    } else {
                        for (to, from) in taps.iter_mut().zip(&pass.taps) {
                            *to = one(kernel, from.kernel, scale);
                        }
                    }
                })
            };
            self.passes_back().iter().map(pack).collect()
        })
    }

    /// Hands over the kernels.
    fn read<T>(&self, of: impl FnOnce(&Kernels<'_>) -> T) -> candle_core::Result<T> {
        let [all_outside, inside, kh, kw] = *self.conv.weight.dims() else {
            candle_core::bail!("a convolution's weight has four extents")
        };
        let outside = all_outside / self.conv.groups.max(1);
        let merged = self.grouping.merged;
        with_floats(&self.conv.weight, |data| {
            of(&Kernels { data, merged, outside, inside, taps: kh * kw })
        })
    }
}

/// The kernels of a convolution `[C_out, C_in / groups, kh, kw]`, by channels of merged groups.
struct Kernels<'a> {
    data: &'a [f32],
    merged: usize,
    /// Output channels of each of the convolution's own groups.
    outside: usize,
    /// Input channels of each.
    inside: usize,
    taps: usize,
}

impl Kernels<'_> {
    /// Of an output and an input channel of a merged group; `None` where they belong to two groups.
    fn of(&self, group: usize, o: usize, i: usize) -> Option<&[f32]> {
        let mut i = i;
        if self.merged > 1 {
            if o / self.outside != i / self.inside {
                return None;
            }
            i %= self.inside;
        }
        let o = group * self.merged * self.outside + o;
        let start = (o * self.inside + i) * self.taps;
        self.data.get(start..start + self.taps)
    }
}

fn pack_winograd(
    on: &Cores,
    inside: usize,
    outside: usize,
    weight: impl Fn(usize, usize, usize) -> f64 + Sync,
) -> Packed {
    let padded = inside.next_multiple_of(LANES);
    let (blocks, each) = blocks(1, inside, outside, 16 * padded);
    let mut data = Buffer::zeroed(blocks.iter().map(|b| 16 * padded * LANES * b.blocks).sum());
    let work = Transform { blocks: &blocks, inside, outside, padded, weight };
    on.fast_pieces(data.as_mut_slice(), 16 * padded * LANES * each, &work);
    Packed { data, blocks }
}

struct Transform<'a, F> {
    blocks: &'a [CoBlock],
    inside: usize,
    outside: usize,
    padded: usize,
    /// Of an output channel, an input channel and a tap.
    weight: F,
}

impl<F: Fn(usize, usize, usize) -> f64 + Sync> Piece for Transform<'_, F> {
    #[inline(always)]
    fn run(&self, piece: usize, into: &mut [f32]) {
        let block = self.blocks[piece];
        let width = LANES * block.blocks;
        for (i, part) in (0..self.inside).flat_map(|i| (0..block.blocks).map(move |part| (i, part)))
        {
            let first = (block.first + part) * LANES;
            let mut g = [[0f64; LANES]; 9];
            for o in 0..LANES.min(self.outside - first) {
                for (tap, g) in g.iter_mut().enumerate() {
                    g[o] = (self.weight)(first + o, i, tap);
                }
            }
            for (place, value) in transformed(&g).into_iter().enumerate() {
                let start = (place * self.padded + i) * width + LANES * part;
                into[start..start + LANES].copy_from_slice(&value.map(|v| v as f32));
            }
        }
    }
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
