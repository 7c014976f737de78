//! Which values the first and the last color stand for, and where a value lies between them.

use crate::base::RangeMode;

/// The values of the first and of the last color.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Drawn in the first color.
    pub low: f32,
    /// Drawn in the last color.
    pub high: f32,
}

impl Range {
    /// From the least to the largest finite value; 0 to 0 when there is none.
    pub fn spanning(values: &[f32]) -> Self {
        let mut range = Self { low: f32::INFINITY, high: f32::NEG_INFINITY };
        for value in values.iter().copied().filter(|v| v.is_finite()) {
            range = Self { low: range.low.min(value), high: range.high.max(value) };
        }
        if range.low > range.high { Self { low: 0.0, high: 0.0 } } else { range }
    }

    /// The range of a map in this mode; `layer` is the range of its whole layer.
    pub fn of(map: &[f32], mode: RangeMode, layer: Self) -> Self {
        match mode {
            RangeMode::Map => Self::spanning(map),
            RangeMode::Layer => layer,
            RangeMode::Symmetric => Self::spanning(map).symmetric(),
            RangeMode::Percentile => Self::percentiles(map, 0.01, 0.99),
        }
    }

    /// The least range about 0 that holds this one. All zeros give -1 to 1, so that 0 keeps the
    /// middle color there too.
    pub fn symmetric(self) -> Self {
        let reach = self.low.abs().max(self.high.abs());
        let reach = if reach > 0.0 { reach } else { 1.0 };
        Self { low: -reach, high: reach }
    }

    /// The place of `value` in 0..1; `None` for NaN and infinity, which are marked instead.
    ///
    /// Values outside take the nearer end. In a range without extent (a constant map, or a
    /// percentile range of a map that is nearly all zeros) only what lies above it is 1.
    pub fn unit(&self, value: f32) -> Option<f32> {
        if !value.is_finite() {
            return None;
        }
        // In float64, because the extent of a range may exceed the largest float32.
        let extent = f64::from(self.high) - f64::from(self.low);
        if extent > 0.0 {
            let place = (f64::from(value) - f64::from(self.low)) / extent;
            Some(place.clamp(0.0, 1.0) as f32)
        } else {
            Some(if value > self.high { 1.0 } else { 0.0 })
        }
    }

    fn percentiles(values: &[f32], low: f64, high: f64) -> Self {
        let mut finite: Vec<f32> = values.iter().copied().filter(|v| v.is_finite()).collect();
        Self { low: percentile(&mut finite, low), high: percentile(&mut finite, high) }
    }
}

/// How many values are NaN or infinite.
pub fn invalid(values: &[f32]) -> usize {
    values.iter().filter(|v| !v.is_finite()).count()
}

/// `numpy.percentile` with its default linear interpolation; 0 when there is no value.
fn percentile(values: &mut [f32], fraction: f64) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let place = fraction * (values.len() - 1) as f64;
    let at = place as usize;
    let (_, below, rest) = values.select_nth_unstable_by(at, f32::total_cmp);
    let below = f64::from(*below);
    let above = rest.iter().copied().min_by(f32::total_cmp).map_or(below, f64::from);
    (below + (above - below) * (place - at as f64)) as f32
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    const NONE: Range = Range { low: 0.0, high: 0.0 };

    #[test]
    fn only_finite_values_count() {
        let values = [f32::NAN, 2.0, f32::INFINITY, -1.0, f32::NEG_INFINITY];
        assert_eq!(Range::spanning(&values), Range { low: -1.0, high: 2.0 });
        assert_eq!(Range::of(&values, RangeMode::Symmetric, NONE), Range { low: -2.0, high: 2.0 });
        assert_eq!(invalid(&values), 3);
        for mode in [RangeMode::Map, RangeMode::Percentile] {
            assert_eq!(Range::of(&[f32::NAN], mode, NONE), NONE);
            assert_eq!(Range::of(&[], mode, NONE), NONE);
        }
    }

    #[test]
    fn layers_have_their_own() {
        let layer = Range { low: -5.0, high: 9.0 };
        assert_eq!(Range::of(&[1.0], RangeMode::Layer, layer), layer);
    }

    /// `numpy.percentile(numpy.arange(101.0) ** 2, [1, 99])` and of `[3, 1, 2]`.
    #[test]
    fn percentiles_are_numpys() {
        let squares: Vec<f32> = (0..101).rev().map(|i| (i * i) as f32).collect();
        let range = Range::of(&squares, RangeMode::Percentile, NONE);
        assert_eq!(range, Range { low: 1.0, high: 9801.0 });
        let range = Range::of(&[3.0, 1.0, 2.0], RangeMode::Percentile, NONE);
        assert_eq!(range, Range { low: 1.02, high: 2.98 });
    }

    #[test]
    fn ranges_without_extent() {
        let constant = Range::spanning(&[3.0, 3.0]);
        assert_eq!([constant.unit(3.0), constant.unit(3.5)], [Some(0.0), Some(1.0)]);
        let dead = Range::spanning(&[0.0, 0.0]);
        assert_eq!([dead.unit(0.0), dead.symmetric().unit(0.0)], [Some(0.0), Some(0.5)]);
        let widest = Range { low: f32::MIN, high: f32::MAX };
        assert_eq!([widest.unit(0.0), widest.unit(f32::NAN)], [Some(0.5), None]);
    }

    fn modes() -> impl Strategy<Value = RangeMode> {
        use crate::base::Choice;
        (0..RangeMode::ALL.len()).prop_map(|i| RangeMode::ALL[i])
    }

    proptest! {
        #[test]
        fn units_stay_inside_and_are_monotone(
            values in prop::collection::vec(any::<f32>(), 0..40),
            mode in modes(),
            a in any::<f32>(),
            b in any::<f32>(),
        ) {
            let layer = Range::spanning(&values);
            let range = Range::of(&values, mode, layer);
            let (low, high) = (range.unit(a.min(b)), range.unit(a.max(b)));
            prop_assert!(low.into_iter().chain(high).all(|u| (0.0..=1.0).contains(&u)));
            if let (Some(low), Some(high)) = (low, high) {
                prop_assert!(low <= high);
            }
        }

        #[test]
        fn percentiles_match_a_full_sort(mut values in prop::collection::vec(-1e6f32..1e6, 1..200)) {
            let ours = Range::of(&values, RangeMode::Percentile, NONE);
            values.sort_by(f32::total_cmp);
            for (fraction, ours) in [(0.01, ours.low), (0.99, ours.high)] {
                let place = fraction * (values.len() - 1) as f64;
                let (below, above) = (values[place.floor() as usize], values[place.ceil() as usize]);
                let (below, above) = (f64::from(below), f64::from(above));
                let naive = below + (above - below) * place.fract();
                prop_assert!((f64::from(ours) - naive).abs() <= 1e-6 * naive.abs().max(1.0));
            }
        }
    }
}
