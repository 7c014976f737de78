//! ROAD: remove and debias (Rong et al. 2022).

use crate::analysis::{AnalysisError, Subject, Target, finite};
use crate::base::{Array, Cancel, Progress};

/// Pixels that stay, in per cent, in every round.
pub const PERCENTILES: [usize; 9] = [10, 20, 30, 40, 50, 60, 70, 80, 90];

/// What the target's logit does when pixels are filled in from their neighbors.
#[derive(Clone, Debug, PartialEq)]
pub struct Road {
    /// The change when the most important pixels go, for each of [`PERCENTILES`].
    pub most: Vec<f64>,
    /// The change when the least important pixels go.
    pub least: Vec<f64>,
    /// Half of (mean of `least` - mean of `most`); high is good.
    pub score: f64,
    /// Percentiles at which too many pixels are equal and none stays: the input is then all zeros.
    pub empty: usize,
}

/// `ROADCombined` of pytorch-grad-cam without its noise, of a map `[1, 1, H, W]` from 0 to 1.
///
/// # Errors
/// When a pass fails, a change is not finite, or the token was set.
pub fn road(
    subject: &Subject<'_>,
    target: Target,
    map: &Array,
    work: (&Cancel, &mut Progress),
) -> Result<Road, AnalysisError> {
    let (cancel, progress) = work;
    let before = subject.value(target)?;
    let most: Vec<f64> = map.data.iter().map(|v| f64::from(*v)).collect();
    let least: Vec<f64> = most.iter().map(|v| 1.0 - v).collect();
    let mut found = Road { most: Vec::new(), least: Vec::new(), score: 0.0, empty: 0 };
    for percentile in PERCENTILES {
        for (values, changes) in [(&most, &mut found.most), (&least, &mut found.least)] {
            let stays = staying(values, percentile);
            found.empty += usize::from(!stays.contains(&true));
            let filled = imputed(subject.input(), &stays, cancel)?;
            let after = subject.values_of(&filled, target, cancel)?;
            changes.push(after.first().map_or(0.0, |after| after - before));
        }
        progress.report(2 * found.most.len(), 2 * PERCENTILES.len());
    }
    finite("ROAD", found.most.iter().chain(&found.least).copied())?;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    found.score = (mean(&found.least) - mean(&found.most)) / 2.0;
    Ok(found)
}

/// Which pixels stay: those below the percentile, interpolated as numpy does.
pub fn staying(values: &[f64], percentile: usize) -> Vec<bool> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return Vec::new() };
    let at = last as f64 * (percentile as f64 / 100.0);
    let (low, high) = (sorted[at as usize], sorted[(at as usize + 1).min(last)]);
    let (step, share) = (high - low, at.fract());
    let threshold = if share < 0.5 { low + share * step } else { high - (1.0 - share) * step };
    values.iter().map(|v| *v < threshold).collect()
}

/// The weights of a pixel's neighbors: those beside it count twice those across.
const NEIGHBORS: [(isize, isize, f64); 8] = [
    (1, 1, 1.0 / 12.0),
    (0, 1, 1.0 / 6.0),
    (-1, 1, 1.0 / 12.0),
    (1, -1, 1.0 / 12.0),
    (0, -1, 1.0 / 6.0),
    (-1, -1, 1.0 / 12.0),
    (1, 0, 1.0 / 6.0),
    (-1, 0, 1.0 / 6.0),
];

/// When what is left of the equations is this much smaller than what there was, they are solved.
const SOLVED: f64 = 1e-9;

/// An input `[1, C, H, W]` in which every pixel that does not stay is the weighted mean of its neighbors inside the
/// picture: `NoisyLinearImputer` of pytorch-grad-cam without its noise. The equations are symmetric and positive, and
/// solved by conjugate gradients.
///
/// # Errors
/// When the token was set.
pub fn imputed(input: &Array, stays: &[bool], cancel: &Cancel) -> Result<Array, AnalysisError> {
    let holes = Holes::new(stays, input.shape.h, input.shape.w);
    let mut filled = input.clone();
    for plane in filled.data.chunks_mut(input.shape.area().max(1)) {
        let right = holes.known(plane);
        let found = holes.solve(&right, cancel)?;
        for (pixel, value) in holes.pixels.iter().zip(found) {
            plane[*pixel] = value as f32;
        }
    }
    Ok(filled)
}

/// The pixels that are filled in, and how they hang together.
struct Holes {
    /// Their places in a plane.
    pixels: Vec<usize>,
    /// For each, its neighbors that are holes as well, by their number.
    inside: Vec<Vec<(usize, f64)>>,
    /// For each, its neighbors that stay, by their place.
    outside: Vec<Vec<(usize, f64)>>,
    /// For each, the sum of the weights of all neighbors inside the picture.
    sums: Vec<f64>,
}

impl Holes {
    fn new(stays: &[bool], h: usize, w: usize) -> Self {
        let pixels: Vec<usize> = (0..stays.len()).filter(|i| !stays[*i]).collect();
        let mut number = vec![usize::MAX; stays.len()];
        for (i, pixel) in pixels.iter().enumerate() {
            number[*pixel] = i;
        }
        let mut holes = Self {
            inside: vec![Vec::new(); pixels.len()],
            outside: vec![Vec::new(); pixels.len()],
            sums: vec![0.0; pixels.len()],
            pixels,
        };
        for (i, pixel) in holes.pixels.iter().enumerate() {
            let (y, x) = ((pixel / w) as isize, (pixel % w) as isize);
            for (down, right, weight) in NEIGHBORS {
                let (y, x) = (y + down, x + right);
                if y < 0 || x < 0 || y >= h as isize || x >= w as isize {
                    continue;
                }
                let at = y as usize * w + x as usize;
                holes.sums[i] += weight;
                match number[at] {
                    usize::MAX => holes.outside[i].push((at, weight)),
                    other => holes.inside[i].push((other, weight)),
                }
            }
        }
        holes
    }

    fn known(&self, plane: &[f32]) -> Vec<f64> {
        let sum =
            |all: &Vec<(usize, f64)>| all.iter().map(|(at, w)| w * f64::from(plane[*at])).sum();
        self.outside.iter().map(sum).collect()
    }

    fn times(&self, x: &[f64], out: &mut [f64]) {
        for (i, out) in out.iter_mut().enumerate() {
            let around: f64 = self.inside[i].iter().map(|(at, weight)| weight * x[*at]).sum();
            *out = self.sums[i] * x[i] - around;
        }
    }

    fn solve(&self, right: &[f64], cancel: &Cancel) -> Result<Vec<f64>, AnalysisError> {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let mut x = vec![0.0; right.len()];
        let mut rest = right.to_vec();
        let mut way = rest.clone();
        let mut product = vec![0.0; right.len()];
        let mut left = dot(&rest, &rest);
        let enough = left * SOLVED * SOLVED;
        // In exact arithmetic there are as many steps as pixels.
        for _ in 0..right.len() {
            if left <= enough {
                break;
            }
            if cancel.is_cancelled() {
                return Err(crate::engine::EngineError::Canceled.into());
            }
            self.times(&way, &mut product);
            let step = left / dot(&way, &product);
            for ((x, rest), (way, product)) in
                x.iter_mut().zip(&mut rest).zip(way.iter().zip(&product))
            {
                *x += step * way;
                *rest -= step * product;
            }
            let now = dot(&rest, &rest);
            for (way, rest) in way.iter_mut().zip(&rest) {
                *way = rest + now / left * *way;
            }
            left = now;
        }
        Ok(x)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::base::Shape;

    #[test]
    fn a_hole_in_a_ramp_is_filled_with_the_ramp() {
        let shape = Shape::new(1, 1, 9, 9);
        let data: Vec<f32> = (0..81).map(|i| (i % 9) as f32 + 2.0 * (i / 9) as f32).collect();
        let input = Array::new(shape, data.clone()).unwrap();
        let stays: Vec<bool> =
            (0..81).map(|i| !((2..7).contains(&(i % 9)) && (2..7).contains(&(i / 9)))).collect();
        let mut holed = input.clone();
        for (value, stays) in holed.data.iter_mut().zip(&stays) {
            if !stays {
                *value = f32::NAN;
            }
        }
        let filled = imputed(&holed, &stays, &Cancel::new()).unwrap();
        assert!(filled.data.iter().zip(&data).all(|(a, b)| (a - b).abs() < 1e-4));
    }

    #[test]
    fn equal_pixels_leave_nothing_to_stay() {
        assert_eq!(staying(&[0.0, 0.0, 0.0, 1.0], 50), [false; 4]);
        assert_eq!(staying(&[0.0, 1.0, 2.0, 3.0], 50), [true, true, false, false]);
        let input = Array::new(Shape::new(1, 1, 2, 2), vec![1.0; 4]).unwrap();
        let filled = imputed(&input, &[false; 4], &Cancel::new()).unwrap();
        assert_eq!(filled.data, [0.0; 4]);
    }
}
