//! The numbers that pictures and their parameters are made of: float32 where speed counts, float64 where gradients are
//! checked.

use rustfft::FftNum;
use rustfft::num_traits::Float;

/// float32 or float64.
pub trait Number: FftNum + Float {
    /// The nearest one.
    fn of(value: f64) -> Self;
    /// Exactly, or nearly so.
    fn wide(self) -> f64;
    /// `1 / (1 + exp(-x))`.
    fn logistic(self) -> Self;
}

impl Number for f32 {
    fn of(value: f64) -> Self {
        value as Self
    }

    fn wide(self) -> f64 {
        self.into()
    }

    /// Within 3e-7, in operations that a compiler makes vectors of: `exp` of the standard library is a call for each value.
    fn logistic(self) -> Self {
        /// Adding it rounds to a whole number, which stands in the lowest bits.
        const ROUND: f32 = 12_582_912.0;
        /// `ln(2)^n / n!`, the highest power first.
        const POWERS: [f32; 6] = [
            0.000_154_035_3,
            0.001_333_355_8,
            0.009_618_129,
            0.055_504_11,
            0.240_226_5,
            std::f32::consts::LN_2,
        ];
        let exponent = self.clamp(-80.0, 80.0) * -std::f32::consts::LOG2_E;
        let rounded = exponent + ROUND;
        let rest = exponent - (rounded - ROUND);
        let power = POWERS.iter().fold(0.0, |sum, factor| (sum + factor) * rest) + 1.0;
        let scale = Self::from_bits(rounded.to_bits().wrapping_add(127) << 23);
        1.0 / (1.0 + power * scale)
    }
}

impl Number for f64 {
    fn of(value: f64) -> Self {
        value
    }

    fn wide(self) -> f64 {
        self
    }

    fn logistic(self) -> Self {
        1.0 / (1.0 + (-self).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_logistic_is_the_exact_one() {
        for i in -3000..=3000 {
            let x = f64::from(i) / 100.0;
            let (fast, exact) = (f64::from((x as f32).logistic()), f64::from(x as f32).logistic());
            assert!((fast - exact).abs() < 3e-7, "{x}: {fast}, {exact}");
        }
        assert_eq!([-1e30f32, 1e30].map(Number::logistic)[1], 1.0);
        assert!((-1e30f32).logistic() < 1e-30);
    }
}
