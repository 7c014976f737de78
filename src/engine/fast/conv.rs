//! A convolution with what follows it in one go, and its gradient.

use candle_core::{DType, Tensor};

use super::kernels::{
    CoBlock, Epilogue, Extents, Gather, InnerSinks, Isa, Piece, Sink, Source, Strides, Team,
    Tiling, Winograd, vectorised,
};
use super::layout::{LANES, Layout};
use super::pool::Blocked;
use super::taps::Pass;
use super::weights::{Packed, Weights};
use crate::base::Shape;
use crate::ops::{BatchNorm, Conv, ReluRule};

/// What computes: the instructions and the threads.
#[derive(Debug)]
pub struct Cores {
    /// The instructions.
    pub isa: Isa,
    /// The threads.
    pub team: Team,
}

impl Cores {
    /// Gives each piece of so many floats to `work`, with its number, on all threads.
    pub fn pieces(&self, all: &mut [f32], length: usize, work: impl Fn(usize, &mut [f32]) + Sync) {
        self.team.pieces(all, length, work);
    }

    /// The same with the machine's own instructions.
    pub fn fast_pieces(&self, all: &mut [f32], length: usize, work: &impl Piece) {
        self.team.pieces(all, length, |number, piece| {
            vectorised(self.isa, work, number, piece);
        });
    }
}

/// A convolution and the norm after it, if there is one.
pub struct ConvUnit {
    /// Its weights.
    pub weights: Weights,
    /// From the sums to the norm's value, or to the convolution's own; padded to whole blocks.
    scale: Vec<f32>,
    shift: Vec<f32>,
    /// From the sums to the convolution's value.
    bias: Option<Vec<f32>>,
    /// The norm's scale by itself.
    pub norm_scale: Vec<f64>,
}

/// Where the values of a unit go; those that are not wanted are not written.
pub struct Written<'a> {
    /// The last value.
    pub out: &'a mut Blocked,
    /// The convolution's.
    pub raw: Option<&'a mut Blocked>,
    /// The norm's.
    pub norm: Option<&'a mut Blocked>,
    /// After adding.
    pub sum: Option<&'a mut Blocked>,
}

/// What becomes of a gradient once all of it is there.
#[derive(Clone, Copy)]
pub struct Mask<'a> {
    /// By which rule.
    pub rule: ReluRule,
    /// What came out of the ReLU.
    pub value: &'a Blocked,
}

impl ConvUnit {
    /// Folds the norm into a scale and a shift, in float64. `interleaved` as in [`Weights`].
    ///
    /// # Errors
    /// When a weight cannot be read.
    pub fn new(
        conv: &Conv,
        norm: Option<&BatchNorm>,
        interleaved: Option<usize>,
    ) -> candle_core::Result<Self> {
        let outside = conv.weight.dims().first().copied().unwrap_or(0);
        let bias = conv.bias.as_ref().map(wide).transpose()?;
        let (scale, mut shift) = match norm {
            Some(norm) => folded(norm)?,
            None => (vec![1.0; outside], vec![0.0; outside]),
        };
        if let Some(bias) = &bias {
            for ((shift, scale), bias) in shift.iter_mut().zip(&scale).zip(bias) {
                *shift += scale * bias;
            }
        }
        Ok(Self {
            weights: Weights::new(conv, interleaved, scale.clone()),
            bias: bias.map(|bias| padded(&bias)),
            shift: padded(&shift),
            scale: padded(&scale),
            norm_scale: scale,
        })
    }

    /// Computes a unit's values from its input, and from what is added to it.
    ///
    /// # Errors
    /// When a weight cannot be read.
    pub fn forward(
        &self,
        on: &Cores,
        input: &Blocked,
        residual: Option<&Blocked>,
        relu: bool,
        to: Written<'_>,
    ) -> candle_core::Result<()> {
        let inner = InnerSinks {
            raw: to.raw.map(|raw| (sink(raw), self.bias.as_deref())),
            norm: to.norm.map(sink),
            sum: to.sum.map(sink),
        };
        let over = to.out.layout().extents();
        let epilogue = Epilogue {
            scale: &self.scale,
            shift: &self.shift,
            floor: if relu { 0.0 } else { f32::NEG_INFINITY },
            residual: residual.map(source),
            mask: None,
            out: sink(to.out),
            inner,
        };
        if self.weights.fits_winograd() && saves(&over) {
            self.winograd(on, input, over, epilogue, self.weights.winograd(on)?);
        } else {
            let pass = Pass::forward(self.weights.window());
            let packed = self.weights.forward(on)?;
            let blocks = self.weights.grouping.inside.div_ceil(input.layout().lanes);
            gather(on, input, &pass, blocks, packed, over, epilogue);
        }
        Ok(())
    }

    /// Packs the weights that a pass forward to an output of that layout reads.
    ///
    /// # Errors
    /// When a weight cannot be read.
    pub fn prepare(&self, on: &Cores, out: &Layout) -> candle_core::Result<()> {
        if self.weights.fits_winograd() && saves(&out.extents()) {
            self.weights.winograd(on)?;
        } else {
            self.weights.forward(on)?;
        }
        Ok(())
    }

    fn winograd(
        &self,
        on: &Cores,
        input: &Blocked,
        over: Extents,
        epilogue: Epilogue<'_>,
        packed: &Packed,
    ) {
        let strides = input.layout().strides_from([1, 1]);
        Winograd {
            input: Source { data: input.data(), strides },
            inside: input.layout().blocks,
            weights: packed.data.as_slice(),
            blocks: &packed.blocks,
            over,
            epilogue,
        }
        .run(on.isa, &on.team);
    }

    /// The border that a gradient of this output needs, when the input has that shape.
    pub fn halo_back(&self, input: Shape, output: Shape) -> usize {
        let extents = self.extents_back(input);
        let passes = self.weights.passes_back();
        let of = |pass: &Pass| {
            let count = pass.count(extents);
            pass.halo(0, output.h, count[0]).max(pass.halo(1, output.w, count[1]))
        };
        passes.iter().map(of).max().unwrap_or(0)
    }

    fn extents_back(&self, input: Shape) -> [usize; 2] {
        if self.weights.is_together() {
            let [sh, sw] = self.weights.window().stride;
            [input.h.div_ceil(sh), input.w.div_ceil(sw)]
        } else {
            [input.h, input.w]
        }
    }

    /// How the gradient of an input of that shape lies in memory; of a small input, see
    /// [`Weights::is_together`].
    pub fn layout_back(&self, input: Shape, halo: usize) -> Layout {
        if self.weights.is_together() {
            let [h, w] = self.extents_back(input);
            let remainders = self.weights.window().stride.iter().product::<usize>();
            Layout::blocked(Shape::new(input.n, input.c * remainders, h, w), halo)
        } else {
            Layout::blocked(input, halo)
        }
    }

    /// The gradient of the input from that of the norm's value, or of the convolution's own where it is
    /// `bare`; plus `addend`, and through the mask.
    ///
    /// # Errors
    /// When a weight cannot be read.
    pub fn backward(
        &self,
        on: &Cores,
        gradient: &Blocked,
        bare: bool,
        addend: Option<&Blocked>,
        mask: Option<Mask<'_>>,
        to: &mut Blocked,
    ) -> candle_core::Result<()> {
        let layout = *to.layout();
        let ones = vec![1.0; layout.blocks * LANES];
        let zeros = vec![0.0; layout.blocks * LANES];
        let whole = layout.extents();
        if !bare && self.weights.fits_winograd() && saves(&whole) {
            let epilogue = epilogue_back(&ones, &zeros, addend, mask, to, Layout::strides);
            self.winograd(on, gradient, whole, epilogue, self.weights.backward_winograd(on)?);
            return Ok(());
        }
        let made;
        let packed: &[Packed] = if bare {
            made = self.weights.backward_bare(on)?;
            &made
        } else {
            self.weights.backward(on)?
        };
        let blocks = self.weights.grouping.outside.div_ceil(LANES);
        for (pass, packed) in self.weights.passes_back().iter().zip(packed) {
            let [rows, columns] = pass.count([layout.shape.h, layout.shape.w]);
            let stepped = |layout: &Layout| {
                let strides = layout.strides();
                Strides {
                    origin: strides.at(0, 0, pass.first[0], pass.first[1]),
                    row: strides.row * pass.apart[0],
                    column: strides.column * pass.apart[1],
                    ..strides
                }
            };
            let epilogue = epilogue_back(&ones, &zeros, addend, mask, to, stepped);
            gather(
                on,
                gradient,
                pass,
                blocks,
                packed,
                Extents { rows, columns, ..whole },
                epilogue,
            );
        }
        Ok(())
    }
}

fn epilogue_back<'a>(
    ones: &'a [f32],
    zeros: &'a [f32],
    addend: Option<&'a Blocked>,
    mask: Option<Mask<'a>>,
    to: &'a mut Blocked,
    strides: impl Fn(&Layout) -> Strides,
) -> Epilogue<'a> {
    let source =
        |value: &'a Blocked| Source { data: value.data(), strides: strides(value.layout()) };
    let rule = mask.map(|mask| mask.rule);
    Epilogue {
        scale: ones,
        shift: zeros,
        floor: match rule {
            Some(ReluRule::Guided | ReluRule::Deconvnet) => 0.0,
            Some(ReluRule::Plain) | None => f32::NEG_INFINITY,
        },
        residual: addend.map(source),
        mask: mask.filter(|mask| mask.rule != ReluRule::Deconvnet).map(|mask| source(mask.value)),
        out: Sink { strides: strides(to.layout()), data: to.data_mut() },
        inner: InnerSinks::default(),
    }
}

/// Whether Winograd's tiles, which are two wide, save enough on a map of that size.
const fn saves(over: &Extents) -> bool {
    let products = over.rows.div_ceil(2) * over.columns.div_ceil(2) * 16;
    4 * products < 3 * over.rows * over.columns * 9
}

fn gather(
    on: &Cores,
    input: &Blocked,
    pass: &Pass,
    inside: usize,
    packed: &Packed,
    over: Extents,
    epilogue: Epilogue<'_>,
) {
    let layout = input.layout();
    let (runs, run) = pass.runs(layout, inside);
    let strides = Strides {
        origin: 0,
        picture: layout.picture(),
        block: layout.plane(),
        row: layout.row() * pass.step[0],
        column: layout.lanes * pass.step[1],
    };
    let block = |block: &CoBlock| CoBlock { input: block.input * layout.plane(), ..*block };
    let blocks: Vec<CoBlock> = packed.blocks.iter().map(block).collect();
    Gather {
        input: Source { data: input.data(), strides },
        runs: &runs,
        run,
        weights: packed.data.as_slice(),
        blocks: &blocks,
        over,
        tiling: &Tiling::of(on.isa, over.columns),
        epilogue,
    }
    .run(on.isa, &on.team);
}

/// `w (x - mean) / sqrt(var + eps) + b` as scale and shift.
pub fn folded(norm: &BatchNorm) -> candle_core::Result<(Vec<f64>, Vec<f64>)> {
    let affine = norm.folded()?;
    Ok((wide(&affine.scale)?, wide(&affine.shift)?))
}

/// A tensor's values as float64.
pub fn wide(tensor: &Tensor) -> candle_core::Result<Vec<f64>> {
    tensor.to_dtype(DType::F64)?.flatten_all()?.to_vec1()
}

/// As float32, with zeros up to whole blocks.
pub fn padded(values: &[f64]) -> Vec<f32> {
    let zeros = values.len().next_multiple_of(LANES) - values.len();
    values.iter().map(|v| *v as f32).chain(std::iter::repeat_n(0.0, zeros)).collect()
}

fn source(value: &Blocked) -> Source<'_> {
    Source { strides: value.layout().strides(), data: value.data() }
}

fn sink(value: &mut Blocked) -> Sink<'_> {
    Sink { strides: value.layout().strides(), data: value.data_mut() }
}
