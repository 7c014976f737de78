//! Direct convolution: every output position gathers its taps.

use super::dispatch::TileFn;
use super::grid::{Extents, Raw, Sink, Source};
use super::tile::{Finish, Inner, Place, Tile};
use super::{Isa, Team};

/// A convolution over one grid of output positions.
pub struct Gather<'a> {
    /// The input at the first tap of output position (0, 0); rows and columns step as the window does.
    pub input: Source<'a>,
    /// What each run of taps adds to a position's address in the input.
    pub runs: &'a [u32],
    /// Neighboring floats in a run.
    pub run: usize,
    /// For each block of output channels `[runs][run][16 * blocks]`.
    pub weights: &'a [f32],
    /// The output channels.
    pub blocks: &'a [CoBlock],
    /// The output positions; `blocks` counts 16 channels each.
    pub over: Extents,
    /// Tiles of a row.
    pub tiling: &'a Tiling,
    /// What happens to the sums.
    pub epilogue: Epilogue<'a>,
}

/// One or two blocks of 16 output channels that are computed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoBlock {
    /// The first block of the output.
    pub first: usize,
    /// How many: 1 or 2.
    pub blocks: usize,
    /// Where its weights begin.
    pub weights: usize,
    /// What it adds to an address in the input: where its group begins.
    pub input: usize,
}

/// From the sums to what is written: scale and shift, plus the residual, at least the floor, 0 where the mask says so.
pub struct Epilogue<'a> {
    /// For each output channel, a multiple of 16.
    pub scale: &'a [f32],
    /// For each output channel, a multiple of 16.
    pub shift: &'a [f32],
    /// Minus infinity where there is none.
    pub floor: f32,
    /// What is added.
    pub residual: Option<Source<'a>>,
    /// Where it is not above 0, the result is 0.
    pub mask: Option<Source<'a>>,
    /// The result.
    pub out: Sink<'a>,
    /// Values on the way.
    pub inner: InnerSinks<'a>,
}

/// The values on the way to the result, where somebody wants them.
#[derive(Default)]
pub struct InnerSinks<'a> {
    /// The sums, and what is added to them.
    pub raw: Option<(Sink<'a>, Option<&'a [f32]>)>,
    /// After scale and shift.
    pub norm: Option<Sink<'a>>,
    /// With the residual.
    pub sum: Option<Sink<'a>>,
}

/// How a row of output positions is cut into tiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tiling {
    /// Widths from left to right.
    pub widths: Vec<usize>,
    /// Whether two rows make a tile.
    pub paired: bool,
}

impl Tiling {
    /// Of rows of so many positions.
    pub fn of(isa: Isa, columns: usize) -> Self {
        if isa.pairs() && super::dispatch::PAIRED.contains(&columns) {
            return Self { widths: vec![columns], paired: true };
        }
        let most = isa.widest(if isa.pairs() { 2 } else { 1 });
        Self { widths: split(columns, most), paired: false }
    }
}

/// Widths that there is code for, with the sum `columns`, at the least cost.
pub(super) fn split(columns: usize, most: usize) -> Vec<usize> {
    // A tile's cost: its products, and what every tile costs.
    let cost = |width: usize| width.max(4) + 1;
    let mut best: Vec<(usize, usize)> = vec![(0, 0)];
    for n in 1..=columns {
        let widths = super::dispatch::WIDTHS.iter().copied().filter(|w| *w <= n.min(most));
        let found = widths
            .map(|w| (best[n - w].0 + cost(w), w))
            .min_by_key(|(cost, w)| (*cost, usize::MAX - w));
        best.push(found.unwrap_or((usize::MAX, 1)));
    }
    let mut widths = Vec::new();
    let mut left = columns;
    while left > 0 {
        widths.push(best[left].1);
        left -= best[left].1;
    }
    widths.sort_unstable_by(|a, b| b.cmp(a));
    widths
}

impl Gather<'_> {
    /// Runs it.
    ///
    /// # Panics
    /// When a value, the weights, the scale or the shift are too small for the extents.
    pub fn run(mut self, isa: Isa, team: &Team) {
        let over = self.over;
        let channels = over.blocks * 16;
        let scale_and_shift = self.epilogue.scale.len().min(self.epilogue.shift.len());
        assert!(scale_and_shift >= channels, "a scale or shift is too short");
        let reach = self.runs.iter().max().map_or(0, |most| *most as usize + self.run);
        for block in self.blocks {
            let weights = self.runs.len() * self.run * 16 * block.blocks;
            assert!(block.weights + weights <= self.weights.len(), "too few weights");
            assert!(block.first + block.blocks <= over.blocks, "too many blocks");
            let one = Extents { blocks: 1, ..over };
            let end = self.input.strides.end(&one, 0) + block.input + reach;
            assert!(reach == 0 || end <= self.input.data.len(), "an input is too small");
        }
        assert_eq!(self.tiling.widths.iter().sum::<usize>(), over.columns, "a tiling does not fit");
        let finish = RawEpilogue::checked(&mut self.epilogue, &over);
        let input = Raw { at: self.input.data.as_ptr().cast_mut(), strides: self.input.strides };
        let plan = Plan {
            isa,
            input,
            step: self.input.strides.column,
            runs: self.runs,
            run: self.run,
            weights: self.weights,
            tiling: self.tiling,
            finish,
        };
        let tasks = Tasks::new(team.threads(), &over, self.blocks, self.tiling.paired);
        team.run(tasks.count(), |task| {
            let (picture, rows, blocks) = tasks.get(task);
            for block in &self.blocks[blocks] {
                // SAFETY: all that it touches was checked above; tasks have different outputs.
                unsafe { plan.block(picture, rows.clone(), block) };
            }
        });
    }
}

/// How a layer is shared out: by picture, rows, and blocks of output channels.
pub(super) struct Tasks {
    pictures: usize,
    rows: usize,
    row_parts: usize,
    blocks: usize,
    block_parts: usize,
    /// Rows that stay together.
    grain: usize,
}

impl Tasks {
    fn new(threads: usize, over: &Extents, blocks: &[CoBlock], paired: bool) -> Self {
        Self::of(threads, over.pictures, over.rows, blocks.len(), if paired { 2 } else { 1 })
    }

    /// At least four tasks for each thread, so that one that is interrupted holds nobody up for long; by rows
    /// while there are enough, because weights are read once for each part of the rows.
    pub fn of(threads: usize, pictures: usize, rows: usize, blocks: usize, grain: usize) -> Self {
        let wanted = if threads == 1 { 1 } else { threads * 4 };
        let grains = rows.div_ceil(grain).max(1);
        let (mut row_parts, mut block_parts) = (1, 1);
        while pictures * row_parts * block_parts < wanted {
            // Many rows for each block: cut the rows; else the blocks.
            if grains / row_parts >= 8 && row_parts * 2 <= grains {
                row_parts *= 2;
            } else if block_parts * 2 <= blocks {
                block_parts *= 2;
            } else if row_parts * 2 <= grains {
                row_parts *= 2;
            } else {
                break;
            }
        }
        Self { pictures, rows, row_parts, blocks, block_parts, grain }
    }

    pub fn count(&self) -> usize {
        self.pictures * self.row_parts * self.block_parts
    }

    pub fn get(&self, task: usize) -> (usize, std::ops::Range<usize>, std::ops::Range<usize>) {
        let row_part = task % self.row_parts;
        let rest = task / self.row_parts;
        let (block_part, picture) = (rest % self.block_parts, rest / self.block_parts);
        let grains = self.rows.div_ceil(self.grain);
        let row = |part: usize| (part * grains / self.row_parts * self.grain).min(self.rows);
        let block = |part: usize| part * self.blocks / self.block_parts;
        (picture, row(row_part)..row(row_part + 1), block(block_part)..block(block_part + 1))
    }
}

struct Plan<'a> {
    isa: Isa,
    input: Raw,
    step: usize,
    runs: &'a [u32],
    run: usize,
    weights: &'a [f32],
    tiling: &'a Tiling,
    finish: RawEpilogue,
}

impl Plan<'_> {
    /// Some rows of one block of output channels.
    ///
    /// # Safety
    /// All must lie inside what was checked.
    unsafe fn block(&self, picture: usize, rows: std::ops::Range<usize>, block: &CoBlock) {
        let together = if self.isa.widest(2) > 0 { block.blocks } else { 1 };
        for part in (0..block.blocks).step_by(together) {
            let mut row = rows.start;
            while row < rows.end {
                let height = if self.tiling.paired && row + 1 < rows.end { 2 } else { 1 };
                let mut column = 0;
                for &width in &self.tiling.widths {
                    let shape = (height, width, together);
                    if let Some(code) = self.isa.tile(shape, self.step) {
                        // SAFETY: the caller's.
                        unsafe {
                            self.tile(code, picture, [row, row + height - 1], column, block, part)
                        };
                    }
                    column += width;
                }
                row += height;
            }
        }
    }

    /// # Safety
    /// As [`Plan::block`].
    unsafe fn tile(
        &self,
        code: TileFn,
        picture: usize,
        rows: [usize; 2],
        column: usize,
        block: &CoBlock,
        part: usize,
    ) {
        // SAFETY: the caller's.
        unsafe {
            let input = rows.map(|row| {
                self.input.address(picture, 0, row, column).cast_const().add(block.input)
            });
            code(&Tile {
                input,
                step: self.step,
                runs: self.runs,
                run: self.run,
                weights: self.weights.as_ptr().add(block.weights + 16 * part),
                width: 16 * block.blocks,
                finish: self.finish.at(picture, block.first + part, rows, column),
            });
        }
    }
}

/// An [`Epilogue`] whose extents were checked.
pub(super) struct RawEpilogue {
    scale: *const f32,
    shift: *const f32,
    floor: f32,
    residual: Option<Raw>,
    mask: Option<Raw>,
    out: Raw,
    raw: Option<(Raw, *const f32)>,
    norm: Option<Raw>,
    sum: Option<Raw>,
}

// SAFETY: as for `Raw`; scale, shift and bias are only read.
unsafe impl Send for RawEpilogue {}
// SAFETY: as above.
unsafe impl Sync for RawEpilogue {}

impl RawEpilogue {
    /// # Panics
    /// When a value is too small for the extents.
    pub fn checked(epilogue: &mut Epilogue<'_>, over: &Extents) -> Self {
        let out = epilogue.out.checked(over);
        let raw = epilogue.inner.raw.as_mut().map(|(sink, bias)| {
            let bias = bias.map_or(std::ptr::null(), |bias| {
                assert!(bias.len() >= over.blocks * 16, "a bias is too short");
                bias.as_ptr()
            });
            (sink.checked(over), bias)
        });
        Self {
            scale: epilogue.scale.as_ptr(),
            shift: epilogue.shift.as_ptr(),
            floor: epilogue.floor,
            residual: epilogue.residual.as_ref().map(|residual| residual.checked(over)),
            mask: epilogue.mask.as_ref().map(|mask| mask.checked(over)),
            out,
            raw,
            norm: epilogue.inner.norm.as_mut().map(|sink| sink.checked(over)),
            sum: epilogue.inner.sum.as_mut().map(|sink| sink.checked(over)),
        }
    }

    /// For a tile that begins there.
    ///
    /// # Safety
    /// The tile must lie inside the extents that were checked.
    pub unsafe fn at(
        &self,
        picture: usize,
        block: usize,
        rows: [usize; 2],
        column: usize,
    ) -> Finish {
        // SAFETY: the caller's.
        unsafe {
            let place = |raw: Raw| Place {
                at: rows.map(|row| raw.address(picture, block, row, column)),
                step: raw.strides.column,
                block: raw.strides.block,
            };
            let wanted = self.raw.is_some() || self.norm.is_some() || self.sum.is_some();
            let inner = || Inner {
                raw: self.raw.map(|(raw, bias)| {
                    let bias = if bias.is_null() { bias } else { bias.add(16 * block) };
                    (place(raw), bias)
                }),
                norm: self.norm.map(place),
                sum: self.sum.map(place),
            };
            Finish {
                scale: self.scale.add(16 * block),
                shift: self.shift.add(16 * block),
                floor: self.floor,
                residual: self.residual.map(place),
                mask: self.mask.map(place),
                out: place(self.out),
                inner: wanted.then(inner),
            }
        }
    }
}
