//! The ranges of numbers that users give: the command line, the settings and the explorer take the same ones.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// A number's range.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds<T> {
    least: T,
    most: T,
}

impl<T: Copy + PartialOrd + FromStr + Display> Bounds<T> {
    /// Both ends belong to the range.
    pub const fn new(range: RangeInclusive<T>) -> Self
    where
        T: Copy,
    {
        Self { least: *range.start(), most: *range.end() }
    }

    /// The least number.
    pub const fn least(&self) -> T {
        self.least
    }

    /// The largest number.
    pub const fn most(&self) -> T {
        self.most
    }

    /// Whether a number is in the range; NaN is not.
    pub fn contains(&self, number: T) -> bool {
        self.least <= number && number <= self.most
    }

    /// The number that a text writes.
    ///
    /// # Errors
    /// When it is not a number, or out of the range: says the range.
    pub fn parse(&self, text: &str) -> Result<T, String> {
        let number = text.trim().parse().ok().filter(|number| self.contains(*number));
        number.ok_or_else(|| format!("expected a number from {self}"))
    }
}

impl<T: Display> Display for Bounds<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} to {}", self.least, self.most)
    }
}

/// Rows or columns of an input.
pub const SIDE: Bounds<usize> = Bounds::new(1..=8192);
/// Threads that compute; 0 is one for each core.
pub const THREADS: Bounds<usize> = Bounds::new(0..=1024);
/// Iterations that make a picture.
pub const ITERATIONS: Bounds<usize> = Bounds::new(1..=100_000);
/// Pictures of one thing that are made together.
pub const VARIANTS: Bounds<usize> = Bounds::new(1..=9);
/// Points on the path of integrated gradients.
pub const STEPS: Bounds<usize> = Bounds::new(1..=10_000);
/// Noisy inputs of SmoothGrad.
pub const SAMPLES: Bounds<usize> = Bounds::new(1..=10_000);
/// Timed runs.
pub const RUNS: Bounds<usize> = Bounds::new(1..=100_000);
/// How many classes or channels are named.
pub const TOP: Bounds<usize> = Bounds::new(1..=1_000_000);
/// The index of a channel, a row or a column: no layer has more.
pub const INDEX: Bounds<usize> = Bounds::new(0..=1_000_000);
/// What random numbers start from.
pub const SEED: Bounds<u64> = Bounds::new(0..=u64::MAX);
/// Columns of terminal cells.
pub const COLUMNS: Bounds<u16> = Bounds::new(1..=1000);
/// Pixels for each value of a picture.
pub const PIXELS_EACH: Bounds<u16> = Bounds::new(1..=256);
/// Columns of a tile.
pub const TILE: Bounds<u16> = Bounds::new(1..=1000);
/// MiB of captures: up to a TiB.
pub const CAPTURE_MIB: Bounds<u64> = Bounds::new(1..=1 << 20);
/// What is subtracted from pixels from 0 to 1, or the means of another scale.
pub const MEAN: Bounds<f32> = Bounds::new(-1000.0..=1000.0);
/// What pixels are divided by: less would make every value infinite or noise.
pub const STD: Bounds<f32> = Bounds::new(1e-5..=1000.0);
/// What a channel is multiplied by, or replaced with.
pub const FACTOR: Bounds<f32> = Bounds::new(-1e6..=1e6);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_the_range_are_taken() {
        assert_eq!(THREADS.parse(" 8 "), Ok(8));
        assert_eq!([THREADS.parse("0"), THREADS.parse("1024")], [Ok(0), Ok(1024)]);
        assert_eq!(SEED.parse("18446744073709551615"), Ok(u64::MAX));
        assert_eq!(FACTOR.parse("-0.5"), Ok(-0.5));
    }

    #[test]
    fn others_are_refused_with_the_range() {
        let refused = Err("expected a number from 1 to 100000".to_string());
        for text in ["", "0", "-1", "100001", "4294967295", "99999999999999999999", "1e3", "x"] {
            assert_eq!(ITERATIONS.parse(text), refused, "{text}");
        }
        for text in ["nan", "inf", "-inf", "1e-45", "3.4e38", "0", "-1"] {
            assert!(STD.parse(text).is_err(), "{text}");
        }
        assert!(["nan", "inf", "1e39", "3.4e38"].iter().all(|text| FACTOR.parse(text).is_err()));
    }
}
