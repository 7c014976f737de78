//! Adam (Kingma & Ba 2015), the descent that the rebuilding methods share.

/// How much of the mean gradient and of the mean square stays from one step to the next; PyTorch's and
/// TensorFlow's defaults.
const BETAS: [f64; 2] = [0.9, 0.999];
/// Keeps the denominator above 0.
const EPSILON: f64 = 1e-8;

/// The running means of some values' gradients.
pub struct Adam {
    first: Vec<f64>,
    second: Vec<f64>,
    /// `beta^t` of both means: their bias towards the 0 that they start from.
    powers: [f64; 2],
}

impl Adam {
    /// For that many values.
    pub fn new(count: usize) -> Self {
        Self { first: vec![0.0; count], second: vec![0.0; count], powers: [1.0; 2] }
    }

    /// One step downhill: `values -= rate * mean / (sqrt(mean square) + 1e-8)`, both without their bias.
    pub fn step(&mut self, values: &mut [f64], gradient: &[f64], rate: f64) {
        let [b1, b2] = BETAS;
        self.powers = [self.powers[0] * b1, self.powers[1] * b2];
        let [unbias, unbias_square] = self.powers.map(|power| 1.0 / (1.0 - power));
        let means = self.first.iter_mut().zip(&mut self.second);
        for ((value, g), (mean, square)) in values.iter_mut().zip(gradient).zip(means) {
            *mean = b1 * *mean + (1.0 - b1) * g;
            *square = b2 * *square + (1.0 - b2) * g * g;
            *value -= rate * *mean * unbias / ((*square * unbias_square).sqrt() + EPSILON);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bowl_is_descended_to_its_bottom() {
        let (mut at, bottom, steep) = ([3.0, -2.0], [0.5, 1.0], [1.0, 50.0]);
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
        let (mut at, mut adam) = ([1.0], Adam::new(1));
        adam.step(&mut at, &[2.0], 0.1);
        assert!((at[0] - 0.9).abs() < 1e-8);
        adam.step(&mut at, &[-1.0], 0.1);
        let mean = (0.9 * 0.2 - 0.1) / 0.19;
        let square: f64 = (0.999 * 0.004 + 0.001) / 0.001_999;
        assert!((at[0] - (0.9 - 0.1 * mean / square.sqrt())).abs() < 1e-8);
    }
}
