//! A picture as its spectrum and decorrelated colors, in which gradient ascent makes patterns of every size at once
//! (Olah et al. 2017, "Preconditioning and parameterization"; lucid's `fft_image` and `to_valid_rgb`).

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::{Fft, FftPlanner};

use super::{Colors, Number};
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
pub struct Parameterization<T: Number> {
    shape: Shape,
    /// Frequencies along the rows: the others are their conjugates.
    half: usize,
    /// The share of each parameter `[half, H]` in the picture.
    scale: Vec<T>,
    rows: (Arc<dyn RealToComplex<T>>, Arc<dyn ComplexToReal<T>>),
    columns: (Arc<dyn Fft<T>>, Arc<dyn Fft<T>>),
    mean: Vec<T>,
    std: Vec<T>,
}

impl<T: Number> Parameterization<T> {
    /// For pictures of a shape, normalized as `colors` says. The share of a frequency `f` in the picture falls with
    /// `f^decay`; lucid's `decay_power` is 1.
    pub fn new(shape: Shape, colors: &Colors<'_>, decay: f64) -> Self {
        let (h, w, half) = (shape.h, shape.w, shape.w / 2 + 1);
        let mut scale = Vec::with_capacity(h * half);
        for x in 0..half {
            for y in 0..h {
                let down = y.min(h - y) as f64 / h as f64;
                let frequency = down.hypot(x as f64 / w as f64);
                // The mean color has frequency 0: it counts as the lowest that fits.
                let lowest = 1.0 / h.max(w) as f64;
                let grown = ((h * w) as f64).sqrt() / frequency.max(lowest).powf(decay);
                scale.push(T::of(grown / (h * w) as f64 / CALM));
            }
        }
        let (mut planner, mut real) = (FftPlanner::new(), RealFftPlanner::new());
        Self {
            shape,
            half,
            scale,
            rows: (real.plan_fft_forward(w), real.plan_fft_inverse(w)),
            columns: (planner.plan_fft_forward(h), planner.plan_fft_inverse(h)),
            mean: colors.mean.iter().map(|v| T::of(f64::from(*v))).collect(),
            std: colors.std.iter().map(|v| T::of(f64::from(*v))).collect(),
        }
    }

    /// Random parameters: real and imaginary part of `[C, W / 2 + 1, H]` frequencies.
    pub fn start(&self, normal: &mut Random) -> Vec<T> {
        let count = 2 * self.shape.c * self.scale.len();
        (0..count).map(|_| T::of(START * normal.normal())).collect()
    }

    /// The normalized picture's values `[C, H, W]`.
    pub fn picture(&self, parameters: &[T]) -> Vec<T> {
        let mut values = vec![T::zero(); self.shape.len()];
        let planes = values.chunks_mut(self.shape.area().max(1));
        for (plane, parameters) in planes.zip(parameters.chunks(2 * self.scale.len())) {
            self.spread(parameters, plane);
        }
        self.mix(&mut values, mixing());
        for (c, map) in values.chunks_mut(self.shape.area().max(1)).enumerate() {
            let (mean, std) = (self.mean[c], self.std[c]);
            for value in map {
                *value = (value.logistic() - mean) / std;
            }
        }
        values
    }

    /// The gradient of the parameters, from a picture's values `[C, H, W]` and their gradient.
    pub fn pull(&self, picture: &[T], gradient: &[T]) -> Vec<T> {
        let area = self.shape.area().max(1);
        let mut g = gradient.to_vec();
        for (c, (g, map)) in g.chunks_mut(area).zip(picture.chunks(area)).enumerate() {
            let (mean, std) = (self.mean[c], self.std[c]);
            for (g, value) in g.iter_mut().zip(map) {
                let shown = *value * std + mean;
                *g = *g * shown * (T::one() - shown) / std;
            }
        }
        let mixing = mixing();
        let turned = [0, 1, 2].map(|to| [0, 1, 2].map(|from: usize| mixing[from][to]));
        self.mix(&mut g, turned);
        let each = 2 * self.scale.len();
        let mut out = vec![T::zero(); each * self.shape.c];
        for (plane, out) in g.chunks_mut(area).zip(out.chunks_mut(each.max(1))) {
            self.gather(plane, out);
        }
        out
    }

    /// Values `[C, H, W]` as an input `[1, C, H, W]`.
    pub fn array(&self, values: &[T]) -> Array {
        Array { shape: self.shape, data: values.iter().map(|v| v.wide() as f32).collect() }
    }

    /// One channel of the picture from its part of the parameters: columns, then rows.
    fn spread(&self, parameters: &[T], plane: &mut [T]) {
        let (h, half) = (self.shape.h, self.half);
        let mut spectrum: Vec<Complex<T>> = parameters
            .chunks_exact(2)
            .zip(&self.scale)
            .map(|(p, scale)| Complex::new(p[0] * *scale, p[1] * *scale))
            .collect();
        self.columns.1.process(&mut spectrum);
        let mut row = vec![Complex::new(T::zero(), T::zero()); half];
        let mut scratch = self.rows.1.make_scratch_vec();
        for (y, values) in plane.chunks_mut(self.shape.w.max(1)).enumerate() {
            for (x, value) in row.iter_mut().enumerate() {
                *value = spectrum[x * h + y];
            }
            // What is its own conjugate is real.
            row[0].im = T::zero();
            if self.shape.w.is_multiple_of(2) {
                row[half - 1].im = T::zero();
            }
            // It fails on other lengths alone, and on an imaginary part where there is none now.
            let done = self.rows.1.process_with_scratch(&mut row, values, &mut scratch);
            debug_assert!(done.is_ok(), "{done:?}");
        }
    }

    /// The adjoint of [`Self::spread`]: rows, then columns.
    fn gather(&self, plane: &mut [T], out: &mut [T]) {
        let (h, w, half) = (self.shape.h, self.shape.w, self.half);
        let mut spectrum = vec![Complex::new(T::zero(), T::zero()); half * h];
        let mut row = vec![Complex::new(T::zero(), T::zero()); half];
        let mut scratch = self.rows.0.make_scratch_vec();
        for (y, values) in plane.chunks_mut(w.max(1)).enumerate() {
            let done = self.rows.0.process_with_scratch(values, &mut row, &mut scratch);
            debug_assert!(done.is_ok(), "{done:?}");
            for (x, value) in row.iter().enumerate() {
                // All but the first column, and the last when the width is even, stand for two.
                let twice = if x == 0 || 2 * x == w { T::one() } else { T::one() + T::one() };
                spectrum[x * h + y] = value * twice;
            }
        }
        self.columns.0.process(&mut spectrum);
        for ((value, scale), out) in spectrum.iter().zip(&self.scale).zip(out.chunks_exact_mut(2)) {
            (out[0], out[1]) = (value.re * *scale, value.im * *scale);
        }
    }

    /// Mixes the colors of every pixel; pictures without three channels stay as they are.
    fn mix(&self, values: &mut [T], weight: [[f64; 3]; 3]) {
        let weight = weight.map(|row| row.map(T::of));
        let area = self.shape.area();
        let (first, rest) = values.split_at_mut(area.min(values.len()));
        let (second, third) = rest.split_at_mut(area.min(rest.len()));
        if self.shape.c != 3 {
            return;
        }
        for ((a, b), c) in first.iter_mut().zip(second).zip(third) {
            let old = [*a, *b, *c];
            let sum = |row: [T; 3]| row[0] * old[0] + row[1] * old[1] + row[2] * old[2];
            (*a, *b, *c) = (sum(weight[0]), sum(weight[1]), sum(weight[2]));
        }
    }
}

/// [`COLOR`], divided by the largest norm of its columns as lucid does.
fn mixing() -> [[f64; 3]; 3] {
    let norm = |c: usize| COLOR.iter().map(|row| row[c] * row[c]).sum::<f64>().sqrt();
    let largest = (0..3).map(norm).fold(0.0, f64::max);
    COLOR.map(|row| row.map(|v| v / largest))
}

#[cfg(test)]
mod tests {
    use super::super::transform::{Motion, Reach, Resampling};
    use super::*;

    const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
    const STD: [f32; 3] = [0.229, 0.224, 0.225];

    fn of(c: usize, h: usize, w: usize) -> Parameterization<f64> {
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
            let moved = Resampling::new(h, w, &Motion::random([h, w], &Reach::LUCID, &mut normal));
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

    #[test]
    fn float32_gives_what_float64_gives() {
        let (shape, colors) = (Shape::new(1, 3, 18, 25), Colors { mean: &MEAN, std: &STD });
        let wide = Parameterization::<f64>::new(shape, &colors, 1.3);
        let narrow = Parameterization::<f32>::new(shape, &colors, 1.3);
        let parameters: Vec<f64> =
            wide.start(&mut Random::new(2)).iter().map(|v| v * 20.0).collect();
        let short = |values: &[f64]| values.iter().map(|v| *v as f32).collect::<Vec<f32>>();
        let off = |found: &[f32], exact: &[f64]| {
            let largest = exact.iter().fold(0f64, |most, v| most.max(v.abs()));
            let pairs = found.iter().zip(exact);
            pairs.map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max) / largest
        };
        let (exact, found) = (wide.picture(&parameters), narrow.picture(&short(&parameters)));
        assert!(off(&found, &exact) < 1e-5, "{}", off(&found, &exact));
        let mut normal = Random::new(3);
        let gradient: Vec<f64> = (0..shape.len()).map(|_| normal.normal()).collect();
        let pulled = narrow.pull(&short(&exact), &short(&gradient));
        let exact = wide.pull(&exact, &gradient);
        assert!(off(&pulled, &exact) < 1e-5, "{}", off(&pulled, &exact));
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
                    let at = fu * 2 + fv;
                    let frequency = ((v * v) as f64 / 4.0 + (fu * fu) as f64 / 16.0).sqrt();
                    let scale = 8f64.sqrt() / frequency.max(0.25) / 8.0 / 4.0;
                    let angle =
                        std::f64::consts::TAU * ((v * y) as f64 / 2.0 + (u * x) as f64 / 4.0);
                    let (re, im) = (parameters[2 * at], sign * parameters[2 * at + 1]);
                    sum += scale * (re * angle.cos() - im * angle.sin());
                }
            }
            let wanted = (sum.logistic() - f64::from(MEAN[0])) / f64::from(STD[0]);
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
