//! Logits to classes.

/// The softmax of some logits, in float64 and shifted by the maximum.
pub fn probabilities(logits: &[f32]) -> Vec<f32> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = logits.iter().map(|v| f64::from(v - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|p| (p / sum) as f32).collect()
}

/// Indices with their probabilities, the likeliest first; equal ones in the order of the classes.
pub fn ranked(logits: &[f32]) -> Vec<(usize, f32)> {
    let mut all: Vec<(usize, f32)> = probabilities(logits).into_iter().enumerate().collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_sum_to_one_even_for_large_logits() {
        let p = probabilities(&[1000.0, 1000.0, -1000.0]);
        assert_eq!(p, [0.5, 0.5, 0.0]);
    }

    #[test]
    fn the_likeliest_comes_first() {
        let order: Vec<usize> = ranked(&[0.0, 3.0, 1.0]).into_iter().map(|(i, _)| i).collect();
        assert_eq!(order, [1, 2, 0]);
    }
}
