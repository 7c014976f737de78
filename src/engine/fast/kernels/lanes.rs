//! Sixteen float32 values at once, in the registers of each instruction set.
//!
//! Kernels are written once, against [`Lanes`]; `dispatch` puts each instance inside a function that may
//! use its instructions. Everything here is inlined there.

/// Sixteen float32 values. A product and sum is one rounding where the machine has it, else two.
///
/// # Safety
/// Every function needs its instruction set; pointers must be valid for what they read and write:
/// sixteen values, or one for `splat`.
pub trait Lanes: Copy {
    /// The most output positions of a tile with two blocks of output channels, and with one.
    const WIDEST: [usize; 2];

    /// Sixteen times 0.
    unsafe fn zero() -> Self;
    /// Sixteen values.
    unsafe fn load(from: *const f32) -> Self;
    /// One value sixteen times.
    unsafe fn splat(from: *const f32) -> Self;
    /// Writes them.
    unsafe fn store(self, to: *mut f32);
    /// `self + a * b`.
    unsafe fn fma(self, a: Self, b: Self) -> Self;
    /// `self + other`.
    unsafe fn add(self, other: Self) -> Self;
    /// `self - other`.
    unsafe fn sub(self, other: Self) -> Self;
    /// `max(floor, self)`, where a NaN in `self` stays.
    unsafe fn at_least(self, floor: Self) -> Self;
    /// `self` where `sign > 0`, else 0.
    unsafe fn where_positive(self, sign: Self) -> Self;
    /// `self` where `a == b` or `a` is NaN, else 0; and `self` elsewhere, else 0.
    unsafe fn split_where_equal(self, a: Self, b: Self) -> (Self, Self);
}

/// Without instructions of its own: what the compiler makes of arrays.
#[derive(Clone, Copy)]
pub struct Scalar([f32; 16]);

impl Lanes for Scalar {
    const WIDEST: [usize; 2] = [0, 2];

    #[inline(always)]
    unsafe fn zero() -> Self {
        Self([0.0; 16])
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's.
        Self(unsafe { from.cast::<[f32; 16]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn splat(from: *const f32) -> Self {
        // SAFETY: the caller's.
        Self([unsafe { from.read() }; 16])
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's.
        unsafe { to.cast::<[f32; 16]>().write_unaligned(self.0) }
    }

    #[inline(always)]
    unsafe fn fma(self, a: Self, b: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] + a.0[i] * b.0[i]))
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] + other.0[i]))
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] - other.0[i]))
    }

    #[inline(always)]
    unsafe fn at_least(self, floor: Self) -> Self {
        Self(std::array::from_fn(|i| if self.0[i] < floor.0[i] { floor.0[i] } else { self.0[i] }))
    }

    #[inline(always)]
    unsafe fn where_positive(self, sign: Self) -> Self {
        Self(std::array::from_fn(|i| if sign.0[i] > 0.0 { self.0[i] } else { 0.0 }))
    }

    #[inline(always)]
    unsafe fn split_where_equal(self, a: Self, b: Self) -> (Self, Self) {
        let hit = |i: usize| a.0[i] == b.0[i] || a.0[i].is_nan();
        (
            Self(std::array::from_fn(|i| if hit(i) { self.0[i] } else { 0.0 })),
            Self(std::array::from_fn(|i| if hit(i) { 0.0 } else { self.0[i] })),
        )
    }
}

#[cfg(target_arch = "x86_64")]
pub use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::Lanes;

    /// One register of AVX-512; there are 32.
    #[derive(Clone, Copy)]
    pub struct Avx512(__m512);

    // SAFETY of all functions below: the caller's, as the trait says.
    impl Lanes for Avx512 {
        const WIDEST: [usize; 2] = [14, 14];

        #[inline(always)]
        unsafe fn zero() -> Self {
            Self(unsafe { _mm512_setzero_ps() })
        }

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            Self(unsafe { _mm512_loadu_ps(from) })
        }

        #[inline(always)]
        unsafe fn splat(from: *const f32) -> Self {
            Self(unsafe { _mm512_set1_ps(from.read()) })
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            unsafe { _mm512_storeu_ps(to, self.0) }
        }

        #[inline(always)]
        unsafe fn fma(self, a: Self, b: Self) -> Self {
            Self(unsafe { _mm512_fmadd_ps(a.0, b.0, self.0) })
        }

        #[inline(always)]
        unsafe fn add(self, other: Self) -> Self {
            Self(unsafe { _mm512_add_ps(self.0, other.0) })
        }

        #[inline(always)]
        unsafe fn sub(self, other: Self) -> Self {
            Self(unsafe { _mm512_sub_ps(self.0, other.0) })
        }

        #[inline(always)]
        unsafe fn at_least(self, floor: Self) -> Self {
            // The second operand is given where one is NaN.
            Self(unsafe { _mm512_max_ps(floor.0, self.0) })
        }

        #[inline(always)]
        unsafe fn where_positive(self, sign: Self) -> Self {
            unsafe {
                let mask = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(sign.0, _mm512_setzero_ps());
                Self(_mm512_maskz_mov_ps(mask, self.0))
            }
        }

        #[inline(always)]
        unsafe fn split_where_equal(self, a: Self, b: Self) -> (Self, Self) {
            unsafe {
                let mask = _mm512_cmp_ps_mask::<_CMP_EQ_UQ>(a.0, b.0);
                (Self(_mm512_maskz_mov_ps(mask, self.0)), Self(_mm512_maskz_mov_ps(!mask, self.0)))
            }
        }
    }

    /// Two registers of AVX2 with FMA; there are 16.
    #[derive(Clone, Copy)]
    pub struct Avx2(__m256, __m256);

    impl Lanes for Avx2 {
        const WIDEST: [usize; 2] = [0, 6];

        #[inline(always)]
        unsafe fn zero() -> Self {
            unsafe { Self(_mm256_setzero_ps(), _mm256_setzero_ps()) }
        }

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            unsafe { Self(_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))) }
        }

        #[inline(always)]
        unsafe fn splat(from: *const f32) -> Self {
            let one = unsafe { _mm256_set1_ps(from.read()) };
            Self(one, one)
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            unsafe {
                _mm256_storeu_ps(to, self.0);
                _mm256_storeu_ps(to.add(8), self.1);
            }
        }

        #[inline(always)]
        unsafe fn fma(self, a: Self, b: Self) -> Self {
            unsafe { Self(_mm256_fmadd_ps(a.0, b.0, self.0), _mm256_fmadd_ps(a.1, b.1, self.1)) }
        }

        #[inline(always)]
        unsafe fn add(self, other: Self) -> Self {
            unsafe { Self(_mm256_add_ps(self.0, other.0), _mm256_add_ps(self.1, other.1)) }
        }

        #[inline(always)]
        unsafe fn sub(self, other: Self) -> Self {
            unsafe { Self(_mm256_sub_ps(self.0, other.0), _mm256_sub_ps(self.1, other.1)) }
        }

        #[inline(always)]
        unsafe fn at_least(self, floor: Self) -> Self {
            unsafe { Self(_mm256_max_ps(floor.0, self.0), _mm256_max_ps(floor.1, self.1)) }
        }

        #[inline(always)]
        unsafe fn where_positive(self, sign: Self) -> Self {
            unsafe {
                let zero = _mm256_setzero_ps();
                let (a, b) = (
                    _mm256_cmp_ps::<_CMP_GT_OQ>(sign.0, zero),
                    _mm256_cmp_ps::<_CMP_GT_OQ>(sign.1, zero),
                );
                Self(_mm256_and_ps(a, self.0), _mm256_and_ps(b, self.1))
            }
        }

        #[inline(always)]
        unsafe fn split_where_equal(self, a: Self, b: Self) -> (Self, Self) {
            unsafe {
                let first = _mm256_cmp_ps::<_CMP_EQ_UQ>(a.0, b.0);
                let second = _mm256_cmp_ps::<_CMP_EQ_UQ>(a.1, b.1);
                (
                    Self(_mm256_and_ps(first, self.0), _mm256_and_ps(second, self.1)),
                    Self(_mm256_andnot_ps(first, self.0), _mm256_andnot_ps(second, self.1)),
                )
            }
        }
    }
}

#[cfg(target_arch = "aarch64")]
pub use arm::Neon;

#[cfg(target_arch = "aarch64")]
mod arm {
    use std::arch::aarch64::*;

    use super::Lanes;

    /// Four registers of NEON; there are 32.
    #[derive(Clone, Copy)]
    pub struct Neon([float32x4_t; 4]);

    impl Neon {
        #[inline(always)]
        fn each(of: impl Fn(usize) -> float32x4_t) -> Self {
            Self([of(0), of(1), of(2), of(3)])
        }
    }

    // SAFETY of all functions below: the caller's, as the trait says.
    impl Lanes for Neon {
        const WIDEST: [usize; 2] = [0, 6];

        #[inline(always)]
        unsafe fn zero() -> Self {
            Self::each(|_| unsafe { vdupq_n_f32(0.0) })
        }

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            Self::each(|i| unsafe { vld1q_f32(from.add(4 * i)) })
        }

        #[inline(always)]
        unsafe fn splat(from: *const f32) -> Self {
            let one = unsafe { vld1q_dup_f32(from) };
            Self([one; 4])
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            for (i, part) in self.0.into_iter().enumerate() {
                unsafe { vst1q_f32(to.add(4 * i), part) }
            }
        }

        #[inline(always)]
        unsafe fn fma(self, a: Self, b: Self) -> Self {
            Self::each(|i| unsafe { vfmaq_f32(self.0[i], a.0[i], b.0[i]) })
        }

        #[inline(always)]
        unsafe fn add(self, other: Self) -> Self {
            Self::each(|i| unsafe { vaddq_f32(self.0[i], other.0[i]) })
        }

        #[inline(always)]
        unsafe fn sub(self, other: Self) -> Self {
            Self::each(|i| unsafe { vsubq_f32(self.0[i], other.0[i]) })
        }

        #[inline(always)]
        unsafe fn at_least(self, floor: Self) -> Self {
            // A NaN in either operand is given.
            Self::each(|i| unsafe { vmaxq_f32(self.0[i], floor.0[i]) })
        }

        #[inline(always)]
        unsafe fn where_positive(self, sign: Self) -> Self {
            Self::each(|i| unsafe {
                let mask = vcgtq_f32(sign.0[i], vdupq_n_f32(0.0));
                vreinterpretq_f32_u32(vandq_u32(mask, vreinterpretq_u32_f32(self.0[i])))
            })
        }

        #[inline(always)]
        unsafe fn split_where_equal(self, a: Self, b: Self) -> (Self, Self) {
            let bits = |i: usize| unsafe { vreinterpretq_u32_f32(self.0[i]) };
            // Equal, or not equal to itself.
            let hit = |i: usize| unsafe {
                vorrq_u32(vceqq_f32(a.0[i], b.0[i]), vmvnq_u32(vceqq_f32(a.0[i], a.0[i])))
            };
            (
                Self::each(|i| unsafe { vreinterpretq_f32_u32(vandq_u32(bits(i), hit(i))) }),
                Self::each(|i| unsafe { vreinterpretq_f32_u32(vbicq_u32(bits(i), hit(i))) }),
            )
        }
    }
}
