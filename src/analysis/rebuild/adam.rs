//! Adam (Kingma & Ba 2015), the descent that the rebuilding methods share.

use super::Number;

/// How much of the mean gradient and of the mean square stays from one step to the next; PyTorch's and
/// TensorFlow's defaults.
const BETAS: [f64; 2] = [0.9, 0.999];
/// Keeps the denominator above 0.
const EPSILON: f64 = 1e-8;

/// A rate after a share of the way down half a cosine, to `last` of it at the end.
pub fn cosine(rate: f64, last: f64, share: f64) -> f64 {
    let height = 0.5 + 0.5 * (std::f64::consts::PI * share).cos();
    rate * (last + (1.0 - last) * height)
}

/// The running means of some values' gradients.
pub struct Adam<T: Number> {
    first: Vec<T>,
    second: Vec<T>,
    /// `beta^t` of both means: their bias towards the 0 that they start from.
    powers: [f64; 2],
}

impl<T: Number> Adam<T> {
    /// For `count` values, at rest.
    pub fn new(count: usize) -> Self {
        let zeros = vec![T::zero(); count];
        Self { first: zeros.clone(), second: zeros, powers: [1.0; 2] }
    }

    /// One step downhill: `values -= rate * mean / (sqrt(mean square) + 1e-8)`, both without their bias.
    pub fn step(&mut self, values: &mut [T], gradient: &[T], rate: f64) {
        self.powers = [self.powers[0] * BETAS[0], self.powers[1] * BETAS[1]];
        let [unbias, unbias_square] = self.powers.map(|power| T::of(1.0 / (1.0 - power)));
        let ([b1, b2], [c1, c2]) = (BETAS.map(T::of), BETAS.map(|beta| T::of(1.0 - beta)));
        let (rate, epsilon) = (T::of(rate) * unbias, T::of(EPSILON));
        let means = self.first.iter_mut().zip(&mut self.second);
        for ((value, g), (mean, square)) in values.iter_mut().zip(gradient).zip(means) {
            *mean = b1 * *mean + c1 * *g;
            *square = b2 * *square + c2 * *g * *g;
            *value = *value - rate * *mean / ((*square * unbias_square).sqrt() + epsilon);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bowl_is_descended_to_its_bottom() {
        let (mut at, bottom, steep) = ([3.0f64, -2.0], [0.5, 1.0], [1.0, 50.0]);
        let mut adam = Adam::new(2);
        for step in 0..600 {
            let g: Vec<f64> = (0..2).map(|i| 2.0 * steep[i] * (at[i] - bottom[i])).collect();
            adam.step(&mut at, &g, 0.1 * (1.0 - f64::from(step) / 600.0));
        }
        assert!((0..2).all(|i| (at[i] - bottom[i]).abs() < 1e-3), "{at:?}");
    }

    /// torch.optim.Adam(lr=0.1) on x = 1, with the gradients 2 and then -1.
    #[test]
    fn steps_are_pytorchs() {
        let (mut at, mut adam) = ([1.0f64], Adam::new(1));
        adam.step(&mut at, &[2.0], 0.1);
        assert!((at[0] - 0.9).abs() < 1e-8);
        adam.step(&mut at, &[-1.0], 0.1);
        let mean = (0.9 * 0.2 - 0.1) / 0.19;
        let square: f64 = (0.999 * 0.004 + 0.001) / 0.001_999;
        assert!((at[0] - (0.9 - 0.1 * mean / square.sqrt())).abs() < 1e-8);
    }
}
