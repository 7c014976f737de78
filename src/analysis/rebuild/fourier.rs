//! A picture as its spectrum and decorrelated colors, in which gradient ascent makes patterns of every size at once
//! (Olah et al. 2017, "Preconditioning and parameterization"; lucid's `fft_image` and `to_valid_rgb`).

use std::sync::Arc;

use rustfft::num_complex::Complex64;
use rustfft::{Fft, FftPlanner};

use super::Colors;
use crate::base::Random;
use crate::base::{Array, Shape};

/// The deviation of the spectrum that it starts from; lucid's.
const START: f64 = 0.01;
/// lucid's divisor between the inverse transform and the colors.
const CALM: f64 = 4.0;
/// A square root of the correlation of ImageNet's colors: lucid's `color_correlation_svd_sqrt`.
const COLOR: [[f64; 3]; 3] = [[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]];

/// From parameters to a normalized picture `[1, C, H, W]`: `(sigmoid(M F^-1(p / frequency) / 4) - mean) / std`, where
/// `M` mixes the colors of pictures with three channels and `frequency` is raised to a power.
pub struct Parameterization {
    shape: Shape,
    /// Frequencies along the rows: the others are their conjugates.
    half: usize,
    /// The share of each parameter `[H, half]` in the picture.
    scale: Vec<f64>,
    forward: [Arc<dyn Fft<f64>>; 2],
    inverse: [Arc<dyn Fft<f64>>; 2],
    mean: Vec<f64>,
    std: Vec<f64>,
}

impl Parameterization {
    /// For pictures of a shape, normalized as `colors` says. The share of a frequency `f` in the picture falls with
    /// `f^decay`; lucid's `decay_power` is 1.
    pub fn new(shape: Shape, colors: &Colors<'_>, decay: f64) -> Self {
        let (h, w, half) = (shape.h, shape.w, shape.w / 2 + 1);
        let mut planner = FftPlanner::new();
        let mut scale = Vec::with_capacity(h * half);
        for y in 0..h {
            let down = y.min(h - y) as f64 / h as f64;
            for x in 0..half {
                let frequency = down.hypot(x as f64 / w as f64);
                // The mean color has frequency 0: it counts as the lowest that fits.
                let lowest = 1.0 / h.max(w) as f64;
                let grown = ((h * w) as f64).sqrt() / frequency.max(lowest).powf(decay);
                // All but the first column, and the last when the width is even, stand for two.
                let twice = if x == 0 || 2 * x == w { 1.0 } else { 2.0 };
                scale.push(grown * twice / (h * w) as f64 / CALM);
            }
        }
        Self {
            shape,
            half,
            scale,
            forward: [planner.plan_fft_forward(w), planner.plan_fft_forward(h)],
            inverse: [planner.plan_fft_inverse(w), planner.plan_fft_inverse(h)],
            mean: colors.mean.iter().map(|v| f64::from(*v)).collect(),
            std: colors.std.iter().map(|v| f64::from(*v)).collect(),
        }
    }

    /// Random parameters: real and imaginary part of `[C, H, W / 2 + 1]` frequencies.
    pub fn start(&self, normal: &mut Random) -> Vec<f64> {
        let count = 2 * self.shape.c * self.scale.len();
        (0..count).map(|_| START * normal.normal()).collect()
    }

    /// The normalized picture's values `[C, H, W]`.
    pub fn picture(&self, parameters: &[f64]) -> Vec<f64> {
        let mut values = Vec::with_capacity(self.shape.len());
        for parameters in parameters.chunks(2 * self.scale.len()) {
            let mut plane = self.spread(parameters);
            self.transform(&mut plane, &self.inverse);
            values.extend(plane.iter().map(|v| v.re));
        }
        self.mix(&mut values, |to, from| mixing()[to][from]);
        for (c, map) in values.chunks_mut(self.shape.area().max(1)).enumerate() {
            for value in map {
                *value = (sigmoid(*value) - self.mean[c]) / self.std[c];
            }
        }
        values
    }

    /// The gradient of the parameters, from a picture's values `[C, H, W]` and their gradient.
    pub fn pull(&self, picture: &[f64], gradient: &[f64]) -> Vec<f64> {
        let area = self.shape.area().max(1);
        let mut g = gradient.to_vec();
        for (c, (g, map)) in g.chunks_mut(area).zip(picture.chunks(area)).enumerate() {
            for (g, value) in g.iter_mut().zip(map) {
                let shown = value * self.std[c] + self.mean[c];
                *g *= shown * (1.0 - shown) / self.std[c];
            }
        }
        self.mix(&mut g, |to, from| mixing()[from][to]);
        let mut out = Vec::with_capacity(2 * self.shape.c * self.scale.len());
        for map in g.chunks(area) {
            let mut plane: Vec<Complex64> = map.iter().map(|v| Complex64::new(*v, 0.0)).collect();
            self.transform(&mut plane, &self.forward);
            for (row, scale) in plane.chunks(self.shape.w).zip(self.scale.chunks(self.half)) {
                for (value, scale) in row.iter().zip(scale) {
                    out.extend([value.re * scale, value.im * scale]);
                }
            }
        }
        out
    }

    /// Values `[C, H, W]` as an input `[1, C, H, W]`.
    pub fn array(&self, values: &[f64]) -> Array {
        Array { shape: self.shape, data: values.iter().map(|v| *v as f32).collect() }
    }

    /// The spectrum `[H, W]` of one channel. The half that mirrors the other is left 0: only the real part of what
    /// comes of it is used, which is that of the whole.
    fn spread(&self, parameters: &[f64]) -> Vec<Complex64> {
        let mut plane = vec![Complex64::default(); self.shape.area()];
        let rows = parameters.chunks(2 * self.half).zip(self.scale.chunks(self.half));
        for (row, (parameters, scale)) in plane.chunks_mut(self.shape.w).zip(rows) {
            for ((value, p), scale) in row.iter_mut().zip(parameters.chunks(2)).zip(scale) {
                *value = Complex64::new(p[0] * scale, p[1] * scale);
            }
        }
        plane
    }

    /// Rows, then columns; without a factor either way.
    fn transform(&self, plane: &mut [Complex64], by: &[Arc<dyn Fft<f64>>; 2]) {
        let (h, w) = (self.shape.h, self.shape.w);
        by[0].process(plane);
        let mut turned: Vec<Complex64> = (0..w)
            .flat_map(|x| (0..h).map(move |y| (x, y)))
            .map(|(x, y)| plane[y * w + x])
            .collect();
        by[1].process(&mut turned);
        for (x, column) in turned.chunks(h.max(1)).enumerate() {
            for (y, value) in column.iter().enumerate() {
                plane[y * w + x] = *value;
            }
        }
    }

    /// Mixes the colors of every pixel; pictures without three channels stay as they are.
    fn mix(&self, values: &mut [f64], weight: impl Fn(usize, usize) -> f64) {
        if self.shape.c != 3 {
            return;
        }
        let area = self.shape.area();
        for at in 0..area {
            let old = [0, 1, 2].map(|c| values[c * area + at]);
            for to in 0..3 {
                values[to * area + at] = (0..3).map(|from| weight(to, from) * old[from]).sum();
            }
        }
    }
}

/// [`COLOR`], divided by the largest norm of its columns as lucid does.
fn mixing() -> [[f64; 3]; 3] {
    let norm = |c: usize| COLOR.iter().map(|row| row[c] * row[c]).sum::<f64>().sqrt();
    let largest = (0..3).map(norm).fold(0.0, f64::max);
    COLOR.map(|row| row.map(|v| v / largest))
}

fn sigmoid(value: f64) -> f64 {
    1.0 / (1.0 + (-value).exp())
}

#[cfg(test)]
mod tests {
    use super::super::transform::{Motion, Resampling};
    use super::*;

    const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
    const STD: [f32; 3] = [0.229, 0.224, 0.225];

    fn of(c: usize, h: usize, w: usize) -> Parameterization {
        let colors = Colors { mean: &MEAN[..c.min(3)], std: &STD[..c.min(3)] };
        Parameterization::new(Shape::new(1, c, h, w), &colors, 1.0)
    }

    #[test]
    fn gradients_through_parameters_and_movements_are_those_of_finite_differences() {
        for (c, h, w) in [(3, 6, 8), (3, 5, 7), (1, 4, 5), (2, 7, 6)] {
            let map = of(c, h, w);
            let mut normal = Random::new(3);
            let mut parameters: Vec<f64> =
                map.start(&mut normal).iter().map(|v| v * 30.0).collect();
            let moved = Resampling::new(h, w, &Motion::random(h, w, &mut normal));
            let seed: Vec<f64> = (0..c * h * w).map(|_| normal.normal()).collect();
            // Curved in the picture as a network is.
            let value = |parameters: &[f64]| -> f64 {
                let moved = moved.apply(&map.picture(parameters));
                moved.iter().zip(&seed).map(|(v, s)| s * v * v).sum()
            };
            let picture = map.picture(&parameters);
            let outer: Vec<f64> =
                moved.apply(&picture).iter().zip(&seed).map(|(v, s)| 2.0 * s * v).collect();
            let gradient = map.pull(&picture, &moved.pull(&outer));
            let largest = gradient.iter().fold(0f64, |most, g| most.max(g.abs()));
            for i in 0..parameters.len() {
                let old = parameters[i];
                parameters[i] = old + 1e-5;
                let more = value(&parameters);
                parameters[i] = old - 1e-5;
                let difference = (more - value(&parameters)) / 2e-5;
                parameters[i] = old;
                let off = (gradient[i] - difference).abs() / largest;
                assert!(off < 1e-7, "{c}x{h}x{w} {i}: {} {difference}", gradient[i]);
            }
        }
    }

    /// numpy.fft.irfft2 of a spectrum 2 x 3 of a map 2 x 4, before the colors: by its definition.
    #[test]
    fn the_spectrum_is_that_of_a_real_picture() {
        let map = of(1, 2, 4);
        let parameters: Vec<f64> = (0..12).map(|i| f64::from(i) / 10.0 - 0.4).collect();
        let picture = map.picture(&parameters);
        for (y, x) in [(0, 0), (1, 3), (0, 2), (1, 1)] {
            let mut sum = 0.0;
            for v in 0..2 {
                for u in 0..4 {
                    // The mirrored half is the conjugate at the negative frequency.
                    let (fv, fu, sign) =
                        if u < 3 { (v, u, 1.0) } else { ((2 - v) % 2, 4 - u, -1.0) };
                    let at = fv * 3 + fu;
                    let frequency = ((v * v) as f64 / 4.0 + (fu * fu) as f64 / 16.0).sqrt();
                    let scale = 8f64.sqrt() / frequency.max(0.25) / 8.0 / 4.0;
                    let angle =
                        std::f64::consts::TAU * ((v * y) as f64 / 2.0 + (u * x) as f64 / 4.0);
                    let (re, im) = (parameters[2 * at], sign * parameters[2 * at + 1]);
                    sum += scale * (re * angle.cos() - im * angle.sin());
                }
            }
            let wanted = (sigmoid(sum) - f64::from(MEAN[0])) / f64::from(STD[0]);
            assert!((picture[y * 4 + x] - wanted).abs() < 1e-9, "({y}, {x})");
        }
    }

    #[test]
    fn pictures_keep_to_the_colors_there_are() {
        let map = of(3, 9, 12);
        let parameters: Vec<f64> = map.start(&mut Random::new(5)).iter().map(|v| v * 1e3).collect();
        let array = map.array(&map.picture(&parameters));
        for c in 0..3 {
            let shown = array.map(c).iter().map(|v| v * STD[c] + MEAN[c]);
            assert!(shown.into_iter().all(|v| (-1e-6..=1.0 + 1e-6).contains(&v)));
        }
    }
}
