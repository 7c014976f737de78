//! From an attribution to what is seen and compared: maps at the size of the input, from 0 to 1.

use super::{Attribution, Kind};
use crate::base::{Array, Shape};

/// Keeps the denominator above 0 when a map is constant; pytorch-grad-cam's constant.
const EPSILON: f64 = 1e-7;

/// A class activation map `[1, 1, h, w]` as it is shown, `[1, 1, height, width]`: what is above 0, from 0
/// to 1, resized, and once more from 0 to 1. `scale_cam_image` of pytorch-grad-cam 1.5, which does it twice
/// as well. A map without anything above 0 becomes all zeros.
pub fn finished(map: &Array, height: usize, width: usize) -> Array {
    let positive: Vec<f32> = map.data.iter().map(|v| v.max(0.0)).collect();
    let small = Array { shape: map.shape, data: unit(&positive) };
    let large = resized(&small, height, width);
    Array { data: unit(&large.data), ..large }
}

/// From 0 to 1.
fn unit(values: &[f32]) -> Vec<f32> {
    let least = values.iter().copied().fold(f32::INFINITY, f32::min);
    let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let span = EPSILON + f64::from(most) - f64::from(least);
    values.iter().map(|v| ((f64::from(*v) - f64::from(least)) / span) as f32).collect()
}

/// Bilinear, pixels' centers at halves, borders repeated: `cv2.resize` and PyTorch's `interpolate` without
/// `align_corners`, of every channel of `[1, C, h, w]`.
pub fn resized(array: &Array, height: usize, width: usize) -> Array {
    let Shape { c, h, w, .. } = array.shape;
    let half = |to: usize, from: usize| {
        move |i: usize| ((i as f64 + 0.5) * from as f64 / to as f64 - 0.5).max(0.0)
    };
    let (rows, columns) = (taps(height, h, half(height, h)), taps(width, w, half(width, w)));
    bilinear(array, c, &rows, &columns)
}

/// Bilinear, corner to corner: PyTorch's `UpsamplingBilinear2d`, of every channel of `[1, C, h, w]`.
pub fn stretched(array: &Array, height: usize, width: usize) -> Array {
    let Shape { c, h, w, .. } = array.shape;
    let corner = |to: usize, from: usize| {
        let step = if to > 1 { (from - 1) as f64 / (to - 1) as f64 } else { 0.0 };
        move |i: usize| i as f64 * step
    };
    let (rows, columns) = (taps(height, h, corner(height, h)), taps(width, w, corner(width, w)));
    bilinear(array, c, &rows, &columns)
}

/// For each new place the two old ones and the share of the second.
fn taps(to: usize, from: usize, place: impl Fn(usize) -> f64) -> Vec<(usize, usize, f64)> {
    let last = from.saturating_sub(1);
    (0..to)
        .map(|i| {
            let at = place(i);
            let first = (at as usize).min(last);
            (first, (first + 1).min(last), at - first as f64)
        })
        .collect()
}

fn bilinear(
    array: &Array,
    channels: usize,
    rows: &[(usize, usize, f64)],
    columns: &[(usize, usize, f64)],
) -> Array {
    let (area, w) = (array.shape.area(), array.shape.w);
    let mut data = Vec::with_capacity(channels * rows.len() * columns.len());
    for map in array.data.chunks(area.max(1)).take(channels) {
        for &(top, bottom, down) in rows {
            for &(left, right, across) in columns {
                let at = |y: usize, x: usize| map.get(y * w + x).copied().map_or(0.0, f64::from);
                let above = at(top, left) + (at(top, right) - at(top, left)) * across;
                let below = at(bottom, left) + (at(bottom, right) - at(bottom, left)) * across;
                data.push((above + (below - above) * down) as f32);
            }
        }
    }
    Array { shape: Shape::new(1, channels, rows.len(), columns.len()), data }
}

/// One number for each pixel, `[1, 1, height, width]`, the larger the more it counts: a finished map; the
/// sum over the channels of gradients' magnitudes; or the sum of shares.
pub fn pixel_map(of: &Attribution, height: usize, width: usize) -> Array {
    if of.kind == Kind::Map {
        return finished(&of.values, height, width);
    }
    let area = of.values.shape.area();
    let mut sums = vec![0f64; area];
    for channel in of.values.data.chunks(area.max(1)) {
        for (sum, value) in sums.iter_mut().zip(channel) {
            let value = f64::from(*value);
            *sum += if of.kind == Kind::Gradient { value.abs() } else { value };
        }
    }
    super::weighted::map(of.values.shape, &sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(h: usize, w: usize, data: &[f32]) -> Array {
        Array { shape: Shape::new(1, 1, h, w), data: data.to_vec() }
    }

    /// torch.nn.functional.interpolate([0, 1], 4, mode="linear") and with align_corners=True.
    #[test]
    fn both_ways_of_growing_are_pytorchs() {
        let two = map(1, 2, &[0.0, 1.0]);
        assert_eq!(resized(&two, 1, 4).data, [0.0, 0.25, 0.75, 1.0]);
        assert_eq!(stretched(&two, 1, 5).data, [0.0, 0.25, 0.5, 0.75, 1.0]);
        assert_eq!(stretched(&two, 3, 1).data, [0.0; 3]);
    }

    #[test]
    fn a_map_without_anything_above_0_is_all_zeros() {
        let none = finished(&map(2, 2, &[-1.0, -2.0, 0.0, -3.0]), 4, 4);
        assert!(none.data.iter().all(|v| *v == 0.0));
        let some = finished(&map(1, 2, &[-1.0, 4.0]), 1, 2);
        assert!(some.data[0] == 0.0 && (some.data[1] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn shares_keep_their_sign_and_gradients_do_not() {
        let shape = Shape::new(1, 2, 1, 1);
        let of = |kind| Attribution::plain(kind, Array { shape, data: vec![1.0, -3.0] });
        assert_eq!(pixel_map(&of(Kind::Gradient), 1, 1).data, [4.0]);
        assert_eq!(pixel_map(&of(Kind::Share), 1, 1).data, [-2.0]);
    }
}
