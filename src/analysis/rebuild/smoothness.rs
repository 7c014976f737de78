//! What is asked of a picture whatever the network says: that it is smooth and bounded.

use crate::base::Shape;

/// The total variation `sum (dx^2 + dy^2)^(beta / 2)` over channels and pixels with beta = 2 (Mahendran & Vedaldi
/// 2015): forward differences, 0 in the last column and the last row. `weight` times its gradient is added to `gradient`.
pub fn variation(shape: Shape, values: &[f64], weight: f64, gradient: &mut [f64]) -> f64 {
    let (area, w) = (shape.area().max(1), shape.w.max(1));
    let mut sum = 0.0;
    for (map, pull) in values.chunks(area).zip(gradient.chunks_mut(area)) {
        for (row, pull) in map.chunks(w).zip(pull.chunks_mut(w)) {
            for (at, pair) in row.windows(2).enumerate() {
                let step = pair[1] - pair[0];
                sum += step * step;
                pull[at + 1] += weight * 2.0 * step;
                pull[at] -= weight * 2.0 * step;
            }
        }
        for (at, (row, below)) in map.chunks(w).zip(map.chunks(w).skip(1)).enumerate() {
            let Some(pull) = pull.get_mut(at * w..(at + 2) * w) else { continue };
            let (pull, pull_below) = pull.split_at_mut(w);
            for x in 0..row.len().min(below.len()) {
                let step = below[x] - row[x];
                sum += step * step;
                pull_below[x] += weight * 2.0 * step;
                pull[x] -= weight * 2.0 * step;
            }
        }
    }
    sum
}

/// `|x|_6^6`, the sum of sixth powers (Mahendran & Vedaldi 2015, alpha = 6). `weight` times its gradient is added to
/// `gradient`.
pub fn sixth_power(values: &[f64], weight: f64, gradient: &mut [f64]) -> f64 {
    let mut sum = 0.0;
    for (value, pull) in values.iter().zip(gradient) {
        let square = value * value;
        let fifth = square * square * value;
        sum += fifth * value;
        *pull += weight * 6.0 * fifth;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Random;

    #[test]
    fn gradients_are_those_of_finite_differences() {
        let shape = Shape::new(1, 2, 3, 5);
        let mut normal = Random::new(1);
        let values: Vec<f64> = (0..shape.len()).map(|_| normal.normal()).collect();
        let both = |values: &[f64], g: &mut [f64]| {
            0.3 * variation(shape, values, 0.3, g) + 0.7 * sixth_power(values, 0.7, g)
        };
        let mut gradient = vec![0.0; shape.len()];
        both(&values, &mut gradient);
        for (i, g) in gradient.iter().enumerate() {
            let moved = |by: f64| {
                let mut moved = values.clone();
                moved[i] += by;
                both(&moved, &mut vec![0.0; shape.len()])
            };
            let difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((g - difference).abs() < 1e-6 * (1.0 + g.abs()), "{i}: {g}, {difference}");
        }
    }

    #[test]
    fn differences_are_0_at_the_last_row_and_column() {
        let shape = Shape::new(1, 1, 2, 2);
        // Rows (1, 3) and (6, 10): 2 and 5 from the first, 7 down from the second, 4 right from the third.
        let sum = variation(shape, &[1.0, 3.0, 6.0, 10.0], 0.0, &mut [0.0; 4]);
        assert_eq!(sum, 4.0 + 25.0 + 49.0 + 16.0);
    }
}
