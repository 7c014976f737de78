//! What is asked of a picture whatever the network says: that it is smooth and bounded.

use super::Number;
use crate::base::Shape;

/// The total variation `sum (dx^2 + dy^2)^(beta / 2)` over channels and pixels with beta = 2 (Mahendran & Vedaldi
/// 2015): forward differences, 0 in the last column and the last row. `weight` times its gradient is added to `gradient`.
pub fn variation<T: Number>(shape: Shape, values: &[T], weight: f64, gradient: &mut [T]) -> f64 {
    let (area, w, twice) = (shape.area().max(1), shape.w.max(1), T::of(2.0 * weight));
    let mut sum = 0.0;
    for (map, pull) in values.chunks(area).zip(gradient.chunks_mut(area)) {
        for (row, pull) in map.chunks(w).zip(pull.chunks_mut(w)) {
            let next = row.get(1..).unwrap_or(&[]);
            sum += squares(row, next);
            let right = pull.get_mut(1..).unwrap_or(&mut []);
            add(right, row, next, twice);
            add(pull, row, next, -twice);
        }
        let below = map.get(w..).unwrap_or(&[]);
        sum +=
            map.chunks(w).zip(below.chunks(w)).map(|(row, below)| squares(row, below)).sum::<f64>();
        let lower = pull.get_mut(w..).unwrap_or(&mut []);
        add(lower, map, below, twice);
        add(pull, map, below, -twice);
    }
    sum
}

/// The sum of `(b - a)^2`, over as many as both have.
fn squares<T: Number>(a: &[T], b: &[T]) -> f64 {
    const LANES: usize = 16;
    let mut lanes = [T::zero(); LANES];
    let square = |a: T, b: T| (b - a) * (b - a);
    let (a, b) = (&a[..a.len().min(b.len())], &b[..a.len().min(b.len())]);
    let (parts, others) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest = parts.remainder().iter().zip(others.remainder());
    let rest: f64 = rest.map(|(a, b)| square(*a, *b).wide()).sum();
    for (a, b) in parts.zip(others) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane = *lane + square(*a, *b);
        }
    }
    lanes.iter().map(|lane| lane.wide()).sum::<f64>() + rest
}

/// Adds `weight (b - a)`.
fn add<T: Number>(to: &mut [T], a: &[T], b: &[T], weight: T) {
    for ((to, a), b) in to.iter_mut().zip(a).zip(b) {
        *to = *to + weight * (*b - *a);
    }
}

/// `|x|_6^6`, the sum of sixth powers (Mahendran & Vedaldi 2015, alpha = 6). `weight` times its gradient is added to
/// `gradient`.
pub fn sixth_power<T: Number>(values: &[T], weight: f64, gradient: &mut [T]) -> f64 {
    let six = T::of(6.0 * weight);
    let mut sum = 0.0;
    for (value, pull) in values.iter().zip(gradient) {
        let square = *value * *value;
        let fifth = square * square * *value;
        sum += (fifth * *value).wide();
        *pull = *pull + six * fifth;
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
