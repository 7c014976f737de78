//! The one loop that everything is made of: a tile of output positions and channels in registers.

use super::lanes::Lanes;

/// What a tile is computed from, and where it goes. Pointers are to its first position; a second row of
/// positions has pointers of its own.
pub struct Tile<'a> {
    /// The input that the first tap of the first position reads.
    pub input: [*const f32; 2],
    /// Floats between the inputs of neighboring positions.
    pub step: usize,
    /// What each run of taps adds to `input`.
    pub runs: &'a [u32],
    /// Taps in a run, next to each other in the input.
    pub run: usize,
    /// `[runs][run][width]`.
    pub weights: *const f32,
    /// Output channels of a row of weights.
    pub width: usize,
    /// What happens to the sums.
    pub finish: Finish,
}

/// One tensor where a tile touches it.
#[derive(Clone, Copy)]
pub struct Place {
    /// Its first position in each row.
    pub at: [*mut f32; 2],
    /// Floats between neighboring positions.
    pub step: usize,
    /// Floats between blocks of 16 channels.
    pub block: usize,
}

/// From sums to what is written: `norm = sum * scale + shift`, plus `residual`, at least `floor`, 0 where
/// `mask` is not above 0.
pub struct Finish {
    /// For each channel.
    pub scale: *const f32,
    /// For each channel.
    pub shift: *const f32,
    /// Minus infinity where there is none.
    pub floor: f32,
    /// Added.
    pub residual: Option<Place>,
    /// Where it is not above 0, the result is 0.
    pub mask: Option<Place>,
    /// The result.
    pub out: Place,
    /// What else is written.
    pub inner: Option<Inner>,
}

/// The values on the way to the result, where somebody wants them.
#[derive(Clone, Copy, Default)]
pub struct Inner {
    /// The sums themselves, and what is added to them: for each channel, or null.
    pub raw: Option<(Place, *const f32)>,
    /// After scale and shift.
    pub norm: Option<Place>,
    /// With the residual.
    pub sum: Option<Place>,
}

/// Computes a tile of `R` rows of `P` positions and `Q` blocks of 16 channels. `S` is the step, where it is
/// known when this is compiled, else 0.
///
/// # Safety
/// All pointers must be valid for what the tile reads and writes, and the instructions of `V` there.
#[inline(always)]
pub unsafe fn tile<V: Lanes, const R: usize, const P: usize, const Q: usize, const S: usize>(
    tile: &Tile<'_>,
) {
    let step = if S == 0 { tile.step } else { S };
    // SAFETY: the caller's.
    unsafe {
        let mut sums = [[[V::zero(); Q]; P]; R];
        let mut weights = tile.weights;
        for &run in tile.runs {
            let input = [tile.input[0].add(run as usize), tile.input[1].add(run as usize)];
            for tap in 0..tile.run {
                let mut w = [V::zero(); Q];
                for q in 0..Q {
                    w[q] = V::load(weights.add(16 * q));
                }
                for r in 0..R {
                    for p in 0..P {
                        let x = V::splat(input[r].add(p * step + tap));
                        for q in 0..Q {
                            sums[r][p][q] = sums[r][p][q].fma(x, w[q]);
                        }
                    }
                }
                weights = weights.add(tile.width);
            }
        }
        finish(&tile.finish, &sums);
    }
}

/// Writes what becomes of the sums.
///
/// The loops over `sums` must be unrolled, or the sums lie in memory instead of registers: so each case has
/// a short loop of its own, and the long one works on a copy.
///
/// # Safety
/// As [`tile`].
#[inline(always)]
pub unsafe fn finish<V: Lanes, const R: usize, const P: usize, const Q: usize>(
    finish: &Finish,
    sums: &[[[V; Q]; P]; R],
) {
    // SAFETY: the caller's.
    unsafe {
        match (&finish.inner, finish.residual, finish.mask) {
            (None, None, None) => each(finish, sums, |v, _, _, _| v, |v, _, _, _| v),
            (None, Some(residual), None) => {
                each(finish, sums, |v, r, p, q| v.add(residual.load(r, p, q)), |v, _, _, _| v);
            }
            (None, None, Some(mask)) => each(
                finish,
                sums,
                |v, _, _, _| v,
                |v, r, p, q| v.where_positive(mask.load(r, p, q)),
            ),
            (None, Some(residual), Some(mask)) => each(
                finish,
                sums,
                |v, r, p, q| v.add(residual.load(r, p, q)),
                |v, r, p, q| v.where_positive(mask.load(r, p, q)),
            ),
            (Some(inner), ..) => {
                let mut copy = [[[V::zero(); Q]; P]; R];
                for r in 0..R {
                    for p in 0..P {
                        for q in 0..Q {
                            copy[r][p][q] = sums[r][p][q];
                        }
                    }
                }
                write_all::<V>(finish, inner, [R, P, Q], copy.as_ptr().cast());
            }
        }
    }
}

/// Scale and shift, what comes `before` the floor, and what comes `after` it, for each sum.
#[inline(always)]
unsafe fn each<V: Lanes, const R: usize, const P: usize, const Q: usize>(
    finish: &Finish,
    sums: &[[[V; Q]; P]; R],
    before: impl Fn(V, usize, usize, usize) -> V,
    after: impl Fn(V, usize, usize, usize) -> V,
) {
    // SAFETY: the caller's.
    unsafe {
        let floor = V::splat(&finish.floor);
        for q in 0..Q {
            let scale = V::load(finish.scale.add(16 * q));
            let shift = V::load(finish.shift.add(16 * q));
            for r in 0..R {
                for p in 0..P {
                    let v = before(shift.fma(sums[r][p][q], scale), r, p, q);
                    after(v.at_least(floor), r, p, q).store(finish.out.of(r, p, q));
                }
            }
        }
    }
}

/// The result and the values on the way to it, of sums `[R][P][Q]` in memory.
///
/// # Safety
/// As [`tile`].
#[inline(always)]
unsafe fn write_all<V: Lanes>(finish: &Finish, inner: &Inner, extents: [usize; 3], sums: *const V) {
    let [rows, positions, blocks] = extents;
    // SAFETY: the caller's.
    unsafe {
        let floor = V::splat(&finish.floor);
        for q in 0..blocks {
            let scale = V::load(finish.scale.add(16 * q));
            let shift = V::load(finish.shift.add(16 * q));
            for r in 0..rows {
                for p in 0..positions {
                    let sum = sums.add((r * positions + p) * blocks + q).read();
                    if let Some((raw, bias)) = inner.raw {
                        let bias =
                            if bias.is_null() { V::zero() } else { V::load(bias.add(16 * q)) };
                        sum.add(bias).store(raw.of(r, p, q));
                    }
                    let mut v = shift.fma(sum, scale);
                    if let Some(norm) = inner.norm {
                        v.store(norm.of(r, p, q));
                    }
                    if let Some(residual) = finish.residual {
                        v = v.add(residual.load(r, p, q));
                    }
                    if let Some(to) = inner.sum {
                        v.store(to.of(r, p, q));
                    }
                    v = v.at_least(floor);
                    if let Some(mask) = finish.mask {
                        v = v.where_positive(mask.load(r, p, q));
                    }
                    v.store(finish.out.of(r, p, q));
                }
            }
        }
    }
}

impl Place {
    #[inline(always)]
    unsafe fn of(&self, row: usize, position: usize, block: usize) -> *mut f32 {
        // SAFETY: the caller's.
        unsafe { self.at[row].add(position * self.step + block * self.block) }
    }

    #[inline(always)]
    unsafe fn load<V: Lanes>(&self, row: usize, position: usize, block: usize) -> V {
        // SAFETY: the caller's.
        unsafe { V::load(self.of(row, position, block)) }
    }
}
