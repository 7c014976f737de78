//! How the values of a map are spread.

/// Counts of values in bins of equal width.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Left edge of the first bin.
    pub low: f32,
    /// Right edge of the last bin; values equal to it fall into that bin, as in numpy.
    pub high: f32,
    /// Values in each bin.
    pub counts: Vec<u32>,
}

impl Histogram {
    /// Counts the finite values between their own minimum and maximum.
    pub fn of(values: &[f32], bins: usize) -> Self {
        let finite = || values.iter().copied().filter(|v| v.is_finite());
        let (low, high) =
            finite().fold((f32::INFINITY, f32::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        let mut counts = vec![0; bins.max(1)];
        if low > high {
            return Self { low: 0.0, high: 0.0, counts };
        }
        let last = counts.len() - 1;
        // In float64: the span of two float32 values can overflow float32.
        let span = f64::from(high) - f64::from(low);
        for value in finite() {
            let place = (f64::from(value) - f64::from(low)) / span * counts.len() as f64;
            let bin = if span > 0.0 { (place as usize).min(last) } else { 0 };
            counts[bin] += 1;
        }
        Self { low, high, counts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finite_value_is_counted_once() {
        let seen = Histogram::of(&[0.0, 0.1, 0.5, 1.0, f32::NAN], 2);
        assert_eq!((seen.low, seen.high, seen.counts), (0.0, 1.0, vec![2, 2]));
        assert_eq!(Histogram::of(&[2.0; 3], 4).counts, [3, 0, 0, 0]);
        assert_eq!(Histogram::of(&[f32::MIN, f32::MAX], 2).counts, [1, 1]);
        assert_eq!(Histogram::of(&[], 2).counts, [0, 0]);
    }
}
