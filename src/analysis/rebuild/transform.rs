//! Small random movements of a picture, and the exact adjoint of each, by which gradients come back.
//!
//! A picture that only a network at one exact place likes (fine checkered patterns) does not survive them
//! (Olah et al. 2017, "The enemy of feature visualization").

use crate::base::Random;

/// How far pictures move, either way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// Of the shorter side.
    pub shift: f64,
    /// Of the size.
    pub scale: f64,
    /// Degrees.
    pub angle: f64,
}

impl Reach {
    /// lucid's: two jitters, of 8 and 4 pixels, move its 128 px by up to 6; `random_scale` of 0.9 to 1.1;
    /// `random_rotate(range(-10, 11))`.
    pub const LUCID: Self = Self { shift: 6.0 / 128.0, scale: 0.1, angle: 10.0 };
}

/// A movement of a map `[H, W]` about its middle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Motion {
    /// Pixels down and to the right.
    pub shift: [f64; 2],
    /// The factor by which it grows.
    pub scale: f64,
    /// Radians.
    pub angle: f64,
}

impl Motion {
    /// The next random movement of maps of that size.
    pub fn random([height, width]: [usize; 2], reach: &Reach, normal: &mut Random) -> Self {
        let mut either_way = |reach: f64| (2.0 * normal.unit() - 1.0) * reach;
        let pixels = reach.shift * height.min(width) as f64;
        Self {
            shift: [either_way(pixels), either_way(pixels)],
            scale: 1.0 + either_way(reach.scale),
            angle: either_way(reach.angle.to_radians()),
        }
    }
}

/// A movement as a linear map: every new pixel is a sum of four old ones. Outside the picture there is 0, the mean
/// color of a normalized input.
pub struct Resampling {
    area: usize,
    taps: Vec<[(usize, f64); 4]>,
}

impl Resampling {
    /// Bilinear, for maps of that size.
    pub fn new(height: usize, width: usize, motion: &Motion) -> Self {
        let middle = [height, width].map(|side| (side as f64 - 1.0) / 2.0);
        let (sine, cosine) = motion.angle.sin_cos();
        let mut taps = Vec::with_capacity(height * width);
        for y in 0..height {
            for x in 0..width {
                let down = (y as f64 - middle[0] - motion.shift[0]) / motion.scale;
                let right = (x as f64 - middle[1] - motion.shift[1]) / motion.scale;
                let from_y = middle[0] + cosine * down - sine * right;
                let from_x = middle[1] + sine * down + cosine * right;
                taps.push(four(height, width, from_y, from_x));
            }
        }
        Self { area: height * width, taps }
    }

    /// Every map of `[C, H, W]`, moved.
    pub fn apply(&self, values: &[f64]) -> Vec<f64> {
        let maps = values.chunks(self.area.max(1));
        maps.flat_map(|map| {
            self.taps.iter().map(|taps| taps.iter().map(|(i, w)| map[*i] * w).sum())
        })
        .collect()
    }

    /// The adjoint: gradients `[C, H, W]` of the moved maps become those of the maps.
    pub fn pull(&self, gradient: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; gradient.len()];
        let maps = gradient.chunks(self.area.max(1)).zip(out.chunks_mut(self.area.max(1)));
        for (g, into) in maps {
            for (g, taps) in g.iter().zip(&self.taps) {
                for (i, weight) in taps {
                    into[*i] += g * weight;
                }
            }
        }
        out
    }
}

/// The pixels around a place and their weights; those outside weigh 0.
fn four(height: usize, width: usize, y: f64, x: f64) -> [(usize, f64); 4] {
    let (top, left) = (y.floor(), x.floor());
    let (down, right) = (y - top, x - left);
    let tap = |y: f64, x: f64, weight: f64| {
        let inside = y >= 0.0 && x >= 0.0 && y < height as f64 && x < width as f64;
        if inside { (y as usize * width + x as usize, weight) } else { (0, 0.0) }
    };
    [
        tap(top, left, (1.0 - down) * (1.0 - right)),
        tap(top, left + 1.0, (1.0 - down) * right),
        tap(top + 1.0, left, down * (1.0 - right)),
        tap(top + 1.0, left + 1.0, down * right),
    ]
}

/// Every map of `[C, H, W]` moved by whole pixels, around the edges; the adjoint is the way back.
pub fn rolled<T: Copy>(values: &[T], [height, width]: [usize; 2], by: [isize; 2]) -> Vec<T> {
    let from = |at: usize, by: isize, side: usize| {
        (at as isize - by).rem_euclid(side.max(1) as isize) as usize
    };
    let mut out = Vec::with_capacity(values.len());
    let left = from(0, by[1], width);
    for map in values.chunks((height * width).max(1)) {
        for y in 0..height {
            let row = from(y, by[0], height) * width;
            out.extend_from_slice(&map[row + left..row + width]);
            out.extend_from_slice(&map[row..row + left]);
        }
    }
    out
}

/// Whole pixels down and to the right, up to `reach` either way.
pub fn random_roll(reach: usize, normal: &mut Random) -> [isize; 2] {
    let mut one = || normal.below(2 * reach + 1) as isize - reach as isize;
    [one(), one()]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn numbers(count: usize, seed: u64) -> Vec<f64> {
        let mut normal = Random::new(seed);
        (0..count).map(|_| normal.normal()).collect()
    }

    fn product(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn the_way_back_is_the_adjoint() {
        let (h, w) = (11, 8);
        let (x, y) = (numbers(2 * h * w, 1), numbers(2 * h * w, 2));
        for seed in 0..20 {
            let mut normal = Random::new(seed);
            let motion = Motion::random([h, w], &Reach::LUCID, &mut normal);
            let moved = Resampling::new(h, w, &motion);
            let (there, back) = (product(&moved.apply(&x), &y), product(&x, &moved.pull(&y)));
            assert!((there - back).abs() < 1e-10, "{motion:?}: {there} {back}");
            let by = random_roll(5, &mut normal);
            let there = product(&rolled(&x, [h, w], by), &y);
            let back = product(&x, &rolled(&y, [h, w], by.map(|v| -v)));
            assert!((there - back).abs() < 1e-10, "{by:?}");
        }
    }

    #[test]
    fn movements_go_where_they_say() {
        let mut map = vec![0.0; 25];
        map[7] = 1.0;
        let still = Motion { shift: [0.0; 2], scale: 1.0, angle: 0.0 };
        let moved = |motion: Motion| {
            let moved = Resampling::new(5, 5, &motion).apply(&map);
            (0..25).max_by(|a, b| moved[*a].total_cmp(&moved[*b])).unwrap()
        };
        assert_eq!(Resampling::new(5, 5, &still).apply(&map), map);
        assert_eq!(moved(Motion { shift: [2.0, -1.0], ..still }), 16);
        // From one above the middle to two above it; and to one beside it.
        assert_eq!(moved(Motion { scale: 2.0, ..still }), 2);
        let turned = moved(Motion { angle: std::f64::consts::FRAC_PI_2, ..still });
        assert!(turned == 11 || turned == 13, "{turned}");
        assert_eq!(rolled(&map, [5, 5], [-2, 1])[23], 1.0);
    }
}
