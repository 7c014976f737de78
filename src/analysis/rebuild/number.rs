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
}

impl Number for f32 {
    fn of(value: f64) -> Self {
        value as Self
    }

    fn wide(self) -> f64 {
        self.into()
    }
}

impl Number for f64 {
    fn of(value: f64) -> Self {
        value
    }

    fn wide(self) -> f64 {
        self
    }
}
