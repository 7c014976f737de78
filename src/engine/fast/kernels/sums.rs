//! Sums, extremes and counts of the channels of a block.

use super::Isa;
use super::dispatch::Kernel;
use super::lanes::Lanes;

/// What is known of 16 channels; values that are no numbers are counted and otherwise left out.
#[derive(Clone, Debug)]
pub struct Sums {
    /// Smallest value.
    pub min: [f32; 16],
    /// Largest value.
    pub max: [f32; 16],
    /// Sum.
    pub sum: [f64; 16],
    /// Sum of squares.
    pub squares: [f64; 16],
    /// Values that are exactly 0.
    pub zeros: [u32; 16],
    /// NaN and infinities.
    pub invalid: [u32; 16],
}

impl Default for Sums {
    fn default() -> Self {
        Self {
            min: [f32::INFINITY; 16],
            max: [f32::NEG_INFINITY; 16],
            sum: [0.0; 16],
            squares: [0.0; 16],
            zeros: [0; 16],
            invalid: [0; 16],
        }
    }
}

/// Adds positions, 16 channels each.
pub fn sums(isa: Isa, positions: &[f32], to: &mut Sums) {
    // SAFETY: the instruction set was detected; the kernel is safe code.
    unsafe { isa.run(Add(positions, to)) }
}

struct Add<'a>(&'a [f32], &'a mut Sums);

impl Kernel for Add<'_> {
    /// Plain loops, compiled for the instructions around them.
    #[inline(always)]
    unsafe fn run<V: Lanes>(self) {
        let Self(positions, to) = self;
        let mut all = to.clone();
        for position in positions.as_chunks::<16>().0 {
            for i in 0..16 {
                let value = position[i];
                let valid = value.abs() <= f32::MAX;
                all.invalid[i] += u32::from(!valid);
                all.zeros[i] += u32::from(value == 0.0);
                all.min[i] = if value < all.min[i] && valid { value } else { all.min[i] };
                all.max[i] = if value > all.max[i] && valid { value } else { all.max[i] };
                let wide = if valid { f64::from(value) } else { 0.0 };
                all.sum[i] += wide;
                all.squares[i] += wide * wide;
            }
        }
        *to = all;
    }
}
