//! How like a photo a picture is to the eye: structural similarity (Wang, Bovik, Sheikh & Simoncelli 2004).

use super::Colors;
use crate::base::Array;

/// Pixels of a window's side.
const WINDOW: usize = 7;
/// `(0.01 L)^2` and `(0.03 L)^2` for values from 0 to `L = 1`.
const CONSTANTS: [f64; 2] = [1e-4, 9e-4];
/// Rec. 601: the gray of a color.
const LUMA: [f64; 3] = [0.299, 0.587, 0.114];

/// The structural similarity to a photo: the mean over all windows of 7x7 pixels inside of the picture, each pixel with
/// the same weight, of `(2 mu_x mu_y + 1e-4)(2 cov + 9e-4) / ((mu_x^2 + mu_y^2 + 1e-4)(var_x + var_y + 9e-4))`, on gray
/// values from 0 to 1.
pub struct Similarity {
    width: usize,
    mean: Vec<f64>,
    std: Vec<f64>,
    gray: Vec<f64>,
    /// Of each window: the photo's mean and variance.
    windows: Vec<(f64, f64)>,
}

impl Similarity {
    /// To a photo `[1, C, H, W]`, normalized as `colors` says. Without a mean and a deviation for each channel, values
    /// stay as they are.
    pub fn to(photo: &Array, colors: &Colors<'_>) -> Self {
        let wide = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect();
        let (mean, std) = (wide(colors.mean), wide(colors.std));
        let mut own =
            Self { width: photo.shape.w, mean, std, gray: Vec::new(), windows: Vec::new() };
        own.gray = own.gray_of(photo);
        let squares: Vec<f64> = own.gray.iter().map(|v| v * v).collect();
        let (means, squares) = (own.means(&own.gray), own.means(&squares));
        own.windows = means.iter().zip(squares).map(|(m, s)| (*m, s - m * m)).collect();
        own
    }

    /// About how many bytes it takes.
    pub fn bytes(&self) -> usize {
        size_of_val(self.gray.as_slice()) + size_of_val(self.windows.as_slice())
    }

    /// Of a picture of the photo's shape: 1 for the photo itself. `None` of pictures smaller than a window.
    pub fn of(&self, picture: &Array) -> Option<f64> {
        if self.windows.is_empty() {
            return None;
        }
        let gray = self.gray_of(picture);
        let products =
            |other: &[f64]| -> Vec<f64> { gray.iter().zip(other).map(|(a, b)| a * b).collect() };
        let means = self.means(&gray);
        let squares = self.means(&products(&gray));
        let shared = self.means(&products(&self.gray));
        let [c1, c2] = CONSTANTS;
        let all = self.windows.iter().zip(&means).zip(squares.iter().zip(&shared));
        let sum: f64 = all
            .map(|(((mu, var), m), (square, shared))| {
                let (own, covariance) = (square - m * m, shared - m * mu);
                (2.0 * m * mu + c1) * (2.0 * covariance + c2)
                    / ((m * m + mu * mu + c1) * (own + var + c2))
            })
            .sum();
        Some(sum / self.windows.len() as f64)
    }

    /// Gray values, cut to what can be shown.
    fn gray_of(&self, picture: &Array) -> Vec<f64> {
        let channels = picture.shape.c;
        let mut gray = vec![0.0; picture.shape.area()];
        let weights =
            if channels == 3 { LUMA.to_vec() } else { vec![1.0 / channels as f64; channels] };
        for (c, weight) in weights.into_iter().enumerate() {
            let mean = self.mean.get(c).copied().unwrap_or(0.0);
            let std = self.std.get(c).copied().unwrap_or(1.0);
            for (gray, value) in gray.iter_mut().zip(picture.map(c)) {
                *gray += weight * (f64::from(*value) * std + mean).clamp(0.0, 1.0);
            }
        }
        gray
    }

    /// The mean of every window, rows first.
    fn means(&self, map: &[f64]) -> Vec<f64> {
        let rows: Vec<Vec<f64>> = map.chunks(self.width.max(1)).map(sums).collect();
        let mut column = vec![0.0; rows.first().map_or(0, Vec::len)];
        let mut means = Vec::with_capacity(map.len());
        for (y, row) in rows.iter().enumerate() {
            let old = y.checked_sub(WINDOW).and_then(|old| rows.get(old));
            for (x, sum) in column.iter_mut().enumerate() {
                *sum += row[x] - old.map_or(0.0, |old| old[x]);
            }
            if y + 1 >= WINDOW {
                means.extend(column.iter().map(|sum| sum / (WINDOW * WINDOW) as f64));
            }
        }
        means
    }
}

/// The sums of every [`WINDOW`] neighbors.
fn sums(row: &[f64]) -> Vec<f64> {
    let mut sum: f64 = row.iter().take(WINDOW - 1).sum();
    let pairs = row.iter().zip(row.iter().skip(WINDOW - 1));
    pairs
        .map(|(first, last)| {
            let all = sum + last;
            sum = all - first;
            all
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::base::Shape;

    const PLAIN: Colors<'_> = Colors { mean: &[0.0], std: &[1.0] };

    fn picture(values: impl Fn(usize) -> f32, (h, w): (usize, usize)) -> Array {
        Array { shape: Shape::new(1, 1, h, w), data: (0..h * w).map(values).collect() }
    }

    /// PyTorch's `avg_pool2d(x, 7, 1)` in float64 for every mean, on the same numbers.
    #[test]
    fn it_is_the_mean_over_windows() {
        let a = |i: usize| (i * 37 % 101) as f32 / 100.0;
        let b = |i: usize| (a(i) * 0.8 + (i * 53 % 29) as f32 / 100.0).clamp(0.0, 1.0);
        let (a, b) = (picture(a, (11, 13)), picture(b, (11, 13)));
        let found = Similarity::to(&a, &PLAIN).of(&b).unwrap();
        assert!((found - 0.918_295_504).abs() < 1e-6, "{found}");
        assert!((Similarity::to(&b, &PLAIN).of(&a).unwrap() - found).abs() < 1e-12);
        assert!((Similarity::to(&a, &PLAIN).of(&a).unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn colors_become_gray_as_they_are_shown() {
        let colors = Colors { mean: &[0.5, 0.4, 0.3], std: &[0.2, 0.25, 0.5] };
        let shape = Shape::new(1, 3, 8, 8);
        let data: Vec<f32> = (0..shape.len()).map(|i| (i * 29 % 17) as f32 / 8.0 - 1.0).collect();
        let rgb = Array { shape, data };
        let gray = |i: usize| {
            let of = |c: usize| {
                let value = f64::from(rgb.map(c)[i]) * f64::from(colors.std[c]);
                LUMA[c] * (value + f64::from(colors.mean[c])).clamp(0.0, 1.0)
            };
            (of(0) + of(1) + of(2)) as f32
        };
        let other = picture(|i| (i * 31 % 13) as f32 / 13.0, (8, 8));
        let expected = Similarity::to(&other, &PLAIN).of(&picture(gray, (8, 8))).unwrap();
        let mut reference = Similarity::to(&other, &PLAIN);
        reference.mean = colors.mean.iter().map(|v| f64::from(*v)).collect();
        reference.std = colors.std.iter().map(|v| f64::from(*v)).collect();
        assert!((reference.of(&rgb).unwrap() - expected).abs() < 1e-6);
    }

    #[test]
    fn what_is_smaller_than_a_window_has_no_similarity() {
        let small = picture(|_| 0.5, (6, 40));
        assert_eq!(Similarity::to(&small, &PLAIN).of(&small), None);
        let none = picture(|_| 0.5, (0, 0));
        assert_eq!(Similarity::to(&none, &PLAIN).of(&none), None);
    }
}
