//! Which instructions this machine has, and the tiles compiled for them.

use std::fmt;

#[cfg(target_arch = "aarch64")]
use super::lanes::Neon;
#[cfg(target_arch = "x86_64")]
use super::lanes::{Avx2, Avx512};
use super::lanes::{Lanes, Scalar};
use super::tile::{Tile, tile};

/// A set of vector instructions that there are kernels for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// AVX-512 F: 32 registers of 16 values.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// AVX2 with FMA: 16 registers of 8 values.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// NEON: 32 registers of 4 values.
    #[cfg(target_arch = "aarch64")]
    Neon,
    /// What every machine of its kind has.
    Scalar,
}

/// A tile compiled for one shape and one instruction set.
pub type TileFn = unsafe fn(&Tile<'_>);

/// Positions in a row of a tile that there is code for, the widest first.
pub const WIDTHS: [usize; 11] = [14, 12, 10, 8, 7, 6, 5, 4, 3, 2, 1];

/// Positions in each row of a tile of two rows.
pub const PAIRED: [usize; 5] = [7, 5, 4, 3, 2];

/// The instance for a shape: for the usual steps one that knows it, else one that reads it.
macro_rules! choose {
    ($of:ident, $shape:expr, $step:expr; $(($r:literal, $p:literal, $q:literal))*) => {
        match $shape {
            $(($r, $p, $q) => Some(match $step {
                16 => $of::<$r, $p, $q, 16> as TileFn,
                32 => $of::<$r, $p, $q, 32> as TileFn,
                6 => $of::<$r, $p, $q, 6> as TileFn,
                _ => $of::<$r, $p, $q, 0> as TileFn,
            }),)*
            _ => None,
        }
    };
}
impl Isa {
    /// Those that this machine has, the fastest first.
    pub fn available() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                all.push(Self::Avx512);
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                all.push(Self::Avx2);
            }
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") {
            all.push(Self::Neon);
        }
        all.push(Self::Scalar);
        all
    }

    /// The name by which it is asked for.
    pub const fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "avx2",
            #[cfg(target_arch = "aarch64")]
            Self::Neon => "neon",
            Self::Scalar => "scalar",
        }
    }

    /// The most positions of a tile with that many blocks of output channels; 0 when there is none.
    pub const fn widest(self, blocks: usize) -> usize {
        let all = match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => Avx512::WIDEST,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Avx2::WIDEST,
            #[cfg(target_arch = "aarch64")]
            Self::Neon => Neon::WIDEST,
            Self::Scalar => Scalar::WIDEST,
        };
        if blocks == 2 { all[0] } else { all[1] }
    }

    /// Whether there are tiles of two rows.
    pub const fn pairs(self) -> bool {
        self.widest(2) > 0
    }

    /// The code for a tile of so many rows, positions in each and blocks of output channels, with that step
    /// between the inputs of neighboring positions; `None` when there is none of that shape.
    pub(super) fn tile(self, shape: (usize, usize, usize), step: usize) -> Option<TileFn> {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => choose!(avx512, shape, step;
                (1, 14, 2) (1, 12, 2) (1, 10, 2) (1, 8, 2) (1, 7, 2) (1, 6, 2) (1, 5, 2) (1, 4, 2) (1, 3, 2)
                (1, 2, 2) (1, 1, 2) (2, 7, 2) (2, 5, 2) (2, 4, 2) (2, 3, 2) (2, 2, 2)
                (1, 14, 1) (1, 12, 1) (1, 10, 1) (1, 8, 1) (1, 7, 1) (1, 6, 1) (1, 5, 1) (1, 4, 1) (1, 3, 1)
                (1, 2, 1) (1, 1, 1) (2, 7, 1) (2, 5, 1) (2, 4, 1) (2, 3, 1) (2, 2, 1)),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => choose!(avx2, shape, step;
                (1, 6, 1) (1, 5, 1) (1, 4, 1) (1, 3, 1) (1, 2, 1) (1, 1, 1)),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => choose!(neon, shape, step;
                (1, 6, 1) (1, 5, 1) (1, 4, 1) (1, 3, 1) (1, 2, 1) (1, 1, 1)),
            Self::Scalar => choose!(scalar, shape, step; (1, 2, 1) (1, 1, 1)),
        }
    }
}

/// Work written once for every instruction set.
pub trait Kernel {
    /// Does it; always inlined, so that it is compiled for the caller's instructions.
    ///
    /// # Safety
    /// The instructions of `V` must be there, and what the kernel says of itself hold.
    unsafe fn run<V: Lanes>(self);
}

impl Isa {
    /// Does a kernel's work with these instructions.
    ///
    /// # Safety
    /// As [`Kernel::run`]; the machine must have the instructions.
    pub(super) unsafe fn run<K: Kernel>(self, kernel: K) {
        // SAFETY: the caller's.
        unsafe {
            match self {
                #[cfg(target_arch = "x86_64")]
                Self::Avx512 => run_avx512(kernel),
                #[cfg(target_arch = "x86_64")]
                Self::Avx2 => run_avx2(kernel),
                #[cfg(target_arch = "aarch64")]
                Self::Neon => run_neon(kernel),
                Self::Scalar => kernel.run::<Scalar>(),
            }
        }
    }
}

/// Safe work on one piece of many. Its function must be `#[inline(always)]`, to be compiled for the machine's own
/// instructions: those of a closure would be the compiler's choice.
pub trait Piece: Sync {
    /// Does it.
    fn run(&self, number: usize, into: &mut [f32]);
}

/// Does the work of a piece with these instructions.
pub fn vectorised(isa: Isa, work: &impl Piece, number: usize, into: &mut [f32]) {
    // SAFETY: the instruction set was detected; the work is safe code.
    unsafe { isa.run(Safe(work, number, into)) }
}

struct Safe<'a, P>(&'a P, usize, &'a mut [f32]);

impl<P: Piece> Kernel for Safe<'_, P> {
    #[inline(always)]
    unsafe fn run<V: Lanes>(self) {
        self.0.run(self.1, self.2);
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// # Safety
/// As [`tile`]; the machine must have AVX-512 F.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn avx512<const R: usize, const P: usize, const Q: usize, const S: usize>(of: &Tile<'_>) {
    // SAFETY: the caller's.
    unsafe { tile::<Avx512, R, P, Q, S>(of) }
}

/// # Safety
/// As [`tile`]; the machine must have AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2<const R: usize, const P: usize, const Q: usize, const S: usize>(of: &Tile<'_>) {
    // SAFETY: the caller's.
    unsafe { tile::<Avx2, R, P, Q, S>(of) }
}

/// # Safety
/// As [`tile`].
#[cfg(target_arch = "aarch64")]
#[target_feature(enable = "neon")]
unsafe fn neon<const R: usize, const P: usize, const Q: usize, const S: usize>(of: &Tile<'_>) {
    // SAFETY: the caller's.
    unsafe { tile::<Neon, R, P, Q, S>(of) }
}

/// # Safety
/// As [`tile`].
unsafe fn scalar<const R: usize, const P: usize, const Q: usize, const S: usize>(of: &Tile<'_>) {
    // SAFETY: the caller's.
    unsafe { tile::<Scalar, R, P, Q, S>(of) }
}

/// # Safety
/// As [`Kernel::run`]; the machine must have AVX-512 F.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn run_avx512<K: Kernel>(kernel: K) {
    // SAFETY: the caller's.
    unsafe { kernel.run::<Avx512>() }
}

/// # Safety
/// As [`Kernel::run`]; the machine must have AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn run_avx2<K: Kernel>(kernel: K) {
    // SAFETY: the caller's.
    unsafe { kernel.run::<Avx2>() }
}

/// # Safety
/// As [`Kernel::run`].
#[cfg(target_arch = "aarch64")]
#[target_feature(enable = "neon")]
unsafe fn run_neon<K: Kernel>(kernel: K) {
    // SAFETY: the caller's.
    unsafe { kernel.run::<Neon>() }
}
