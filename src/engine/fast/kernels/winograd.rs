//! Winograd's minimal filtering F(2x2, 3x3): 16 products where a direct 3x3 convolution has 36.
//!
//! Lavin & Gray 2015, "Fast algorithms for convolutional neural networks". Four by four inputs, two apart, are
//! transformed; at each of the 16 places a matrix product over the channels; the 16 results become two by two
//! outputs. All factors are 0, 1 and 1/2, so that the noise is that of a direct convolution.

use std::cell::RefCell;
use std::ops::Range;

use super::direct::{CoBlock, Epilogue, RawEpilogue, split};
use super::dispatch::Kernel;
use super::grid::{Extents, Raw, Source};
use super::lanes::Lanes;
use super::tile::{Finish, Place, Tile, finish};
use super::{Buffer, Isa, Team};

/// Bytes of transformed inputs and products that a task works on: they stay in the second cache.
const WORKING_SET: usize = 560 << 10;

/// Bytes of a block's weights that may be read again for each band of tiles.
const REREAD: usize = 300 << 10;

/// Tiles of a band: their products stay in the first cache.
const BAND: usize = 14;

/// A 3x3 convolution of stride 1.
pub struct Winograd<'a> {
    /// The input at the first tap of output position (0, 0). Two rows and columns after the last tap of the
    /// last position may be read, where the output's extent is odd: they must exist, and be finite.
    pub input: Source<'a>,
    /// Blocks of 16 input channels.
    pub inside: usize,
    /// For each block of output channels `[16][16 * inside][16 * blocks]`, of [`transformed`] kernels.
    pub weights: &'a [f32],
    /// The output channels; all read the same input channels.
    pub blocks: &'a [CoBlock],
    /// The output positions; `blocks` counts 16 channels each.
    pub over: Extents,
    /// What happens to the sums.
    pub epilogue: Epilogue<'a>,
}

/// Kernels `[3][3]` of 16 output channels at the 16 places: `G g G^T`.
#[inline(always)]
pub fn transformed(g: &[[f64; 16]; 9]) -> [[f64; 16]; 16] {
    let row = |a: &[f64; 16], b: &[f64; 16], c: &[f64; 16]| -> [[f64; 16]; 4] {
        [
            *a,
            std::array::from_fn(|i| (a[i] + b[i] + c[i]) / 2.0),
            std::array::from_fn(|i| (a[i] - b[i] + c[i]) / 2.0),
            *c,
        ]
    };
    let columns = [0, 1, 2].map(|x| row(&g[x], &g[3 + x], &g[6 + x]));
    let mut all = [[0.0; 16]; 16];
    for y in 0..4 {
        let across = row(&columns[0][y], &columns[1][y], &columns[2][y]);
        all[4 * y..4 * y + 4].copy_from_slice(&across);
    }
    all
}

thread_local! {
    static SCRATCH: RefCell<Buffer> = RefCell::new(Buffer::zeroed(0));
}

impl Winograd<'_> {
    /// Runs it.
    ///
    /// # Panics
    /// When a value, the weights, the scale or the shift are too small for the extents.
    pub fn run(mut self, isa: Isa, team: &Team) {
        let over = self.over;
        let channels = over.blocks * 16;
        let scale_and_shift = self.epilogue.scale.len().min(self.epilogue.shift.len());
        assert!(scale_and_shift >= channels, "a scale or shift is too short");
        for block in self.blocks {
            let weights = 16 * 16 * self.inside * 16 * block.blocks;
            assert!(block.weights + weights <= self.weights.len(), "too few weights");
            assert!(block.first + block.blocks <= over.blocks, "too many blocks");
        }
        let [rows, columns] = [over.rows.div_ceil(2), over.columns.div_ceil(2)];
        let reads =
            Extents { blocks: self.inside, rows: 2 * rows + 2, columns: 2 * columns + 2, ..over };
        let input = self.input.checked(&reads);
        let finish = RawEpilogue::checked(&mut self.epilogue, &over);

        let of_row = columns * 16 * (16 * self.inside + 32) * size_of::<f32>();
        let most = (WORKING_SET / of_row.max(1)).clamp(1, rows.max(1));
        let chunks = rows.div_ceil(most);
        let few = over.pictures * chunks < 2 * team.threads();
        let parts = if few { team.threads().min(self.blocks.len()) } else { 1 };
        let whole = Plan { isa, input, finish, of: &self };
        // The parts of the channels come outermost: they are equal, the chunks of rows may not be.
        team.run(parts * over.pictures * chunks, |task| {
            let (chunk, rest) = (task % chunks, task / chunks);
            let (picture, part) = (rest % over.pictures, rest / over.pictures);
            let tile_rows = chunk * rows / chunks..(chunk + 1) * rows / chunks;
            let count = self.blocks.len();
            let blocks = part * count / parts..(part + 1) * count / parts;
            SCRATCH.with_borrow_mut(|scratch| {
                let mut task = Task::new(&whole, picture, tile_rows, columns, scratch);
                // SAFETY: the instruction set was detected; all that is touched was checked above, and
                // tasks have different outputs.
                unsafe {
                    isa.run(Transform(&mut task));
                    for block in &self.blocks[blocks] {
                        for band in 0..task.bands {
                            task.band = band * task.tiles / task.bands
                                ..(band + 1) * task.tiles / task.bands;
                            task.multiply(block);
                            isa.run(Untransform(&mut task, block));
                        }
                    }
                }
            });
        });
    }
}

struct Plan<'a> {
    isa: Isa,
    input: Raw,
    finish: RawEpilogue,
    of: &'a Winograd<'a>,
}

/// Some rows of tiles of a picture.
struct Task<'a> {
    plan: &'a Plan<'a>,
    picture: usize,
    rows: Range<usize>,
    columns: usize,
    /// Tiles in all.
    tiles: usize,
    /// Transformed inputs `[16][inside][tiles][16]`.
    inputs: *mut f32,
    /// Floats between two of the 16 places; not a multiple of a page, whose lines would share one set of a cache.
    inputs_apart: usize,
    /// Into how many bands the tiles are cut, and the one that is multiplied.
    bands: usize,
    band: Range<usize>,
    /// Products of a band `[16][2][band][16]`.
    products: *mut f32,
    products_apart: usize,
    /// What each block of input channels adds to an address in the transformed inputs.
    runs: Vec<u32>,
    /// How the tiles of a band are cut, for the shortest and the longest band.
    widths: [Vec<usize>; 2],
}

impl<'a> Task<'a> {
    fn new(
        plan: &'a Plan<'a>,
        picture: usize,
        rows: Range<usize>,
        columns: usize,
        scratch: &mut Buffer,
    ) -> Self {
        let tiles = rows.len() * columns;
        let inputs_apart = tiles * 16 * plan.of.inside + 16;
        let small = 16 * 16 * plan.of.inside * 32 * size_of::<f32>() <= REREAD;
        let bands = if small { tiles.div_ceil(BAND) } else { 1 };
        let products_apart = tiles.div_ceil(bands) * 32 + 16;
        let runs = (0..plan.of.inside).map(|i| (i * tiles * 16) as u32).collect();
        let widest = plan.isa.widest(if plan.isa.pairs() { 2 } else { 1 });
        let widths = [tiles / bands, tiles.div_ceil(bands)].map(|tiles| split(tiles, widest));
        let len = 16 * (inputs_apart + products_apart);
        if scratch.as_slice().len() < len {
            *scratch = Buffer::zeroed(len);
        }
        let (inputs, products) = scratch.as_mut_slice().split_at_mut(16 * inputs_apart);
        let (inputs, products) = (inputs.as_mut_ptr(), products.as_mut_ptr());
        Self {
            plan,
            picture,
            rows,
            columns,
            tiles,
            inputs,
            inputs_apart,
            bands,
            band: 0..tiles,
            products,
            products_apart,
            runs,
            widths,
        }
    }

    /// The 16 matrix products for one block of output channels.
    ///
    /// # Safety
    /// The block's weights must have been checked.
    unsafe fn multiply(&mut self, block: &CoBlock) {
        const ONES: [f32; 32] = [1.0; 32];
        const ZEROS: [f32; 32] = [0.0; 32];
        let isa = self.plan.isa;
        let inside = self.plan.of.inside;
        let together = if isa.widest(2) > 0 { block.blocks } else { 1 };
        let width = 16 * block.blocks;
        let tiles = self.band.len();
        let widths = &self.widths[usize::from(tiles > self.tiles / self.bands)];
        for place in 0..16 {
            for part in (0..block.blocks).step_by(together) {
                let mut tile = 0;
                for &wide in widths {
                    let Some(code) = isa.tile((1, wide, together), 16) else { continue };
                    // SAFETY: inside the scratch memory and the weights.
                    unsafe {
                        let input = self
                            .inputs
                            .add(place * self.inputs_apart + (self.band.start + tile) * 16)
                            .cast_const();
                        let out = self
                            .products
                            .add(place * self.products_apart + (part * tiles + tile) * 16);
                        let weights = block.weights + place * inside * 16 * width + 16 * part;
                        code(&Tile {
                            input: [input; 2],
                            step: 16,
                            runs: &self.runs,
                            run: 16,
                            weights: self.plan.of.weights.as_ptr().add(weights),
                            width,
                            finish: Finish {
                                scale: ONES.as_ptr(),
                                shift: ZEROS.as_ptr(),
                                floor: f32::NEG_INFINITY,
                                residual: None,
                                mask: None,
                                out: Place { at: [out; 2], step: 16, block: tiles * 16 },
                                inner: None,
                            },
                        });
                    }
                    tile += wide;
                }
            }
        }
    }
}

/// Inputs to the 16 places: `B^T d B`.
struct Transform<'t, 'a>(&'t mut Task<'a>);

impl Kernel for Transform<'_, '_> {
    #[inline(always)]
    unsafe fn run<V: Lanes>(self) {
        let task = self.0;
        let strides = task.plan.input.strides;
        // SAFETY: the input's extents were checked; the scratch memory has room for all tiles.
        unsafe {
            for block in 0..task.plan.of.inside {
                let mut tile = 0;
                for row in task.rows.clone() {
                    for column in 0..task.columns {
                        let from =
                            task.plan.input.address(task.picture, block, 2 * row, 2 * column);
                        let mut d = [[V::zero(); 4]; 4];
                        for y in 0..4 {
                            for x in 0..4 {
                                d[y][x] = V::load(from.add(y * strides.row + x * strides.column));
                            }
                        }
                        let mut t = [[V::zero(); 4]; 4];
                        for x in 0..4 {
                            t[0][x] = d[0][x].sub(d[2][x]);
                            t[1][x] = d[1][x].add(d[2][x]);
                            t[2][x] = d[2][x].sub(d[1][x]);
                            t[3][x] = d[1][x].sub(d[3][x]);
                        }
                        let to = task.inputs.add((block * task.tiles + tile) * 16);
                        for (y, t) in t.iter().enumerate() {
                            let all =
                                [t[0].sub(t[2]), t[1].add(t[2]), t[2].sub(t[1]), t[1].sub(t[3])];
                            for (x, value) in all.into_iter().enumerate() {
                                value.store(to.add((4 * y + x) * task.inputs_apart));
                            }
                        }
                        tile += 1;
                    }
                }
            }
        }
    }
}

/// Products to outputs: `A^T m A`.
struct Untransform<'t, 'a>(&'t mut Task<'a>, &'t CoBlock);

impl Kernel for Untransform<'_, '_> {
    #[inline(always)]
    unsafe fn run<V: Lanes>(self) {
        let (task, block) = (self.0, self.1);
        let over = task.plan.of.over;
        // SAFETY: the scratch memory holds all products; the output's extents were checked.
        unsafe {
            for q in 0..block.blocks {
                for tile in 0..task.band.len() {
                    let at = task.band.start + tile;
                    let (row, column) = (task.rows.start + at / task.columns, at % task.columns);
                    let rows = [2 * row, (2 * row + 1).min(over.rows - 1)];
                    {
                        let from = task.products.add((q * task.band.len() + tile) * 16);
                        let m = |y: usize, x: usize| {
                            V::load(from.add((4 * y + x) * task.products_apart))
                        };
                        let mut t = [[V::zero(); 4]; 2];
                        for x in 0..4 {
                            let middle = m(1, x);
                            t[0][x] = m(0, x).add(middle).add(m(2, x));
                            t[1][x] = middle.sub(m(2, x)).sub(m(3, x));
                        }
                        let out =
                            t.map(|t| [[t[0].add(t[1]).add(t[2])], [t[1].sub(t[2]).sub(t[3])]]);
                        let place =
                            task.plan.finish.at(task.picture, block.first + q, rows, 2 * column);
                        match (rows[0] < rows[1], 2 * column + 1 < over.columns) {
                            (true, true) => finish::<V, 2, 2, 1>(&place, &out),
                            (true, false) => finish::<V, 2, 1, 1>(&place, &out.map(|o| [o[0]])),
                            (false, true) => finish::<V, 1, 2, 1>(&place, &[out[0]]),
                            (false, false) => finish::<V, 1, 1, 1>(&place, &[[out[0][0]]]),
                        }
                    }
                }
            }
        }
    }
}
