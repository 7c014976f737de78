//! How much two maps agree: by the order of their pixels, and by what they point at.

/// Spearman's rank correlation, equal values at their mean rank; `scipy.stats.spearmanr`. 0 where one of them
/// is the same everywhere: there is no order to agree on.
pub fn rank_correlation(a: &[f32], b: &[f32]) -> f64 {
    let (a, b) = (ranks(a), ranks(b));
    let mean = (a.len() as f64 - 1.0) / 2.0;
    let (mut together, mut of_a, mut of_b) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(&b) {
        let (a, b) = (a - mean, b - mean);
        together += a * b;
        of_a += a * a;
        of_b += b * b;
    }
    let spread = (of_a * of_b).sqrt();
    if spread > 0.0 { together / spread } else { 0.0 }
}

/// The place of each value among all, from 0.
fn ranks(values: &[f32]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    for equal in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let mean = first as f64 + (equal.len() as f64 - 1.0) / 2.0;
        for place in equal {
            ranks[*place] = mean;
        }
        first += equal.len();
    }
    ranks
}

/// The fraction of the largest tenth of the values that both have in the same places.
pub fn shared_top(a: &[f32], b: &[f32]) -> f64 {
    let top = |values: &[f32]| {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
        order.truncate((values.len() / 10).max(1));
        order.into_iter().collect::<std::collections::HashSet<_>>()
    };
    let (a, b) = (top(a), top(b));
    a.intersection(&b).count() as f64 / a.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_of_equal_values_are_shared() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [2.5, 0.0, 2.5, 1.0]);
        assert_eq!(rank_correlation(&[1.0, 2.0, 3.0], &[2.0, 4.0, 9.0]), 1.0);
        assert_eq!(rank_correlation(&[1.0, 2.0, 3.0], &[9.0, 4.0, 2.0]), -1.0);
        assert_eq!(rank_correlation(&[1.0, 1.0], &[1.0, 2.0]), 0.0);
    }

    #[test]
    fn what_both_point_at_is_shared() {
        let ramp: Vec<f32> = (0..20).map(|i| i as f32).collect();
        let mut other = ramp.clone();
        other.swap(19, 0);
        assert_eq!(shared_top(&ramp, &ramp), 1.0);
        assert_eq!(shared_top(&ramp, &other), 0.5);
    }
}
