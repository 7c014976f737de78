//! Changes of size: shrinking averages areas exactly, growing repeats the nearest value, so that one
//! value stays one block. Each axis goes its own way.

use std::ops::Range;

/// A change of size that many maps share, worked out once.
#[derive(Clone, Debug)]
pub struct Fit {
    rows: Axis,
    columns: Axis,
}

/// One axis: for each place of the result, the places that it covers and their shares, which sum to 1.
#[derive(Clone, Debug)]
struct Axis {
    from: usize,
    covers: Vec<Range<usize>>,
    /// The shares of all ranges, one after another; none has a share of 0, which would turn an
    /// infinity into a NaN.
    shares: Vec<f32>,
}

impl Axis {
    fn new(from: usize, to: usize) -> Self {
        let (mut covers, mut shares) = (Vec::with_capacity(to), Vec::new());
        for place in 0..to {
            let (range, start, end) = if to >= from {
                // The place whose center is nearest: floor((place + 1/2) * from / to).
                let nearest = (2 * place + 1) * from / (2 * to);
                (nearest..nearest + 1, nearest * to, (nearest + 1) * to)
            } else {
                // In units of 1 / to of a source place, so that the shares are exact.
                let (start, end) = (place * from, (place + 1) * from);
                (start / to..end.div_ceil(to), start, end)
            };
            let extent = (end - start) as f32;
            shares.extend(range.clone().map(|i| {
                let overlap = ((i + 1) * to).min(end) - (i * to).max(start);
                overlap as f32 / extent
            }));
            covers.push(range);
        }
        Self { from, covers, shares }
    }

    fn to(&self) -> usize {
        self.covers.len()
    }

    fn is_identity(&self) -> bool {
        self.from == self.to()
    }

    /// Each place of the result with the (source place, share) pairs that make it.
    fn places(&self) -> impl Iterator<Item = impl Iterator<Item = (usize, f32)> + '_> + '_ {
        let mut rest = self.shares.as_slice();
        self.covers.iter().map(move |range| {
            let (shares, after) = rest.split_at_checked(range.len()).unwrap_or((rest, &[]));
            rest = after;
            range.clone().zip(shares.iter().copied())
        })
    }

    /// Resizes a list of rows of `width` values.
    fn rows(&self, values: &[f32], width: usize) -> Vec<f32> {
        let mut out = vec![0.0; self.to() * width];
        for (row, parts) in out.chunks_exact_mut(width).zip(self.places()) {
            for (source, share) in parts {
                let source = values.get(source * width..(source + 1) * width).unwrap_or(&[]);
                for (sum, value) in row.iter_mut().zip(source) {
                    *sum += share * value;
                }
            }
        }
        out
    }

    /// Resizes each row of a list of rows.
    fn columns(&self, values: &[f32]) -> Vec<f32> {
        let mut out = Vec::with_capacity(values.len() / self.from.max(1) * self.to());
        for row in values.chunks_exact(self.from) {
            out.extend(self.places().map(|parts| {
                parts.map(|(i, share)| row.get(i).map_or(0.0, |value| share * value)).sum::<f32>()
            }));
        }
        out
    }
}

impl Fit {
    /// From `height x width` to `out_height x out_width`.
    pub fn new(height: usize, width: usize, out_height: usize, out_width: usize) -> Self {
        Self { rows: Axis::new(height, out_height), columns: Axis::new(width, out_width) }
    }

    /// Resizes one map. NaN and infinity reach every place of the result that they touch; a map of the
    /// wrong length is all NaN, so that it shows.
    pub fn apply(&self, values: &[f32]) -> Vec<f32> {
        let (rows, columns) = (&self.rows, &self.columns);
        if values.len() != rows.from * columns.from || values.is_empty() {
            return vec![f32::NAN; rows.to() * columns.to()];
        }
        if columns.to() == 0 {
            return Vec::new();
        }
        match (rows.is_identity(), columns.is_identity()) {
            (true, true) => values.to_vec(),
            (false, true) => rows.rows(values, columns.from),
            (true, false) => columns.columns(values),
            (false, false) => columns.columns(&rows.rows(values, columns.from)),
        }
    }
}

/// Resizes `height x width` values once; see [`Fit`].
pub fn fit(
    values: &[f32],
    height: usize,
    width: usize,
    out_height: usize,
    out_width: usize,
) -> Vec<f32> {
    Fit::new(height, width, out_height, out_width).apply(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shrinking_averages_areas() {
        assert_eq!(fit(&[1.0, 2.0, 3.0, 4.0], 2, 2, 1, 1), [2.5]);
        let halves = fit(&[3.0, 6.0, 9.0], 1, 3, 1, 2);
        assert_eq!(halves, [4.0, 8.0]);
    }

    #[test]
    fn growing_repeats() {
        assert_eq!(fit(&[1.0, 2.0], 1, 2, 2, 4), [1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 2.0, 2.0]);
        assert_eq!(fit(&[1.0, 2.0], 1, 2, 1, 3), [1.0, 2.0, 2.0]);
    }

    #[test]
    fn axes_are_separate() {
        assert_eq!(fit(&[1.0, 3.0, 5.0, 7.0], 2, 2, 1, 4), [3.0, 3.0, 5.0, 5.0]);
    }

    #[test]
    fn what_is_not_finite_is_kept() {
        let out = fit(&[f32::NAN, 1.0, 1.0, f32::INFINITY], 1, 4, 1, 2);
        assert!(out[0].is_nan() && out[1] == f32::INFINITY);
        let untouched = fit(&[1.0, 1.0, f32::INFINITY, 1.0], 1, 4, 1, 2);
        assert_eq!(untouched[0], 1.0);
    }

    #[test]
    fn bad_extents_do_no_harm() {
        assert!(fit(&[1.0], 2, 2, 1, 1)[0].is_nan());
        assert!(fit(&[], 0, 0, 2, 2).iter().all(|v| v.is_nan()));
        assert!(fit(&[1.0], 1, 1, 0, 5).is_empty() && fit(&[1.0], 1, 1, 5, 0).is_empty());
    }

    proptest! {
        #[test]
        fn constants_stay(value in -1e3f32..1e3, h in 1usize..20, w in 1usize..20, oh in 1usize..20, ow in 1usize..20) {
            let out = fit(&vec![value; h * w], h, w, oh, ow);
            prop_assert_eq!(out.len(), oh * ow);
            prop_assert!(out.iter().all(|v| (v - value).abs() <= 1e-5 * value.abs()));
        }

        #[test]
        fn shrinking_keeps_the_mean(
            oh in 1usize..6, ow in 1usize..6, fy in 1usize..5, fx in 1usize..5,
            pool in prop::collection::vec(-10.0f32..10.0, 6 * 6 * 5 * 5),
        ) {
            let (h, w) = (oh * fy, ow * fx);
            let values = &pool[..h * w];
            let out = fit(values, h, w, oh, ow);
            let mean = |v: &[f32]| v.iter().sum::<f32>() / v.len() as f32;
            prop_assert!((mean(values) - mean(&out)).abs() < 1e-4);
        }

        #[test]
        fn nothing_leaves_the_range(
            values in prop::collection::vec(0.0f32..1.0, 35), oh in 1usize..30, ow in 1usize..30,
        ) {
            prop_assert!(fit(&values, 5, 7, oh, ow).iter().all(|v| (0.0..1.0001).contains(v)));
        }
    }
}
