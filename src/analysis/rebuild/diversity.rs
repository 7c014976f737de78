//! How alike two pictures are to a layer: the cosine of the Gram matrices of its activations (Olah et al. 2017,
//! "Diversity"; lucid's `diversity`).

use crate::base::Array;

/// A layer's activations of one picture, `[C, H, W]`, and the norm of their Gram matrix.
#[derive(Clone, Debug)]
pub struct Texture {
    channels: usize,
    /// `A`: channels by positions, row by row.
    values: Vec<f64>,
    /// `A A^T A`: the gradient of the squared norm, up to a factor of 4.
    own: Vec<f64>,
    /// `|A A^T|`.
    norm: f64,
}

impl Texture {
    /// Of the first picture of a layer's value.
    pub fn of(value: &Array) -> Self {
        let channels = value.shape.c;
        let picture = value.data.iter().take(channels * value.shape.area());
        let values: Vec<f64> = picture.map(|v| f64::from(*v)).collect();
        let own = gram_times(channels, &values, &values);
        let norm = dot(&values, &own).max(0.0).sqrt();
        Self { channels, values, own, norm }
    }

    /// About how many bytes it takes.
    pub fn bytes(&self) -> usize {
        size_of_val(self.values.as_slice()) + size_of_val(self.own.as_slice())
    }

    /// The mean cosine of its Gram matrix and those of `others`, from 0 to 1 where no activation is negative, and its
    /// gradient at the activations. A layer that is 0 everywhere is like no other.
    pub fn likeness(&self, others: &[&Self]) -> (f64, Vec<f64>) {
        let mut gradient = vec![0.0; self.values.len()];
        let mut sum = 0.0;
        let alive = others.iter().filter(|other| other.norm > 0.0 && self.norm > 0.0);
        for other in alive {
            let towards = gram_times(self.channels, &other.values, &self.values);
            let (product, norms) = (dot(&self.values, &towards), self.norm * other.norm);
            sum += product / norms;
            let shrink = product / (self.norm * self.norm);
            for (into, (towards, own)) in gradient.iter_mut().zip(towards.iter().zip(&self.own)) {
                *into += 2.0 / norms * (towards - shrink * own);
            }
        }
        let count = others.len().max(1) as f64;
        gradient.iter_mut().for_each(|g| *g /= count);
        (sum / count, gradient)
    }
}

/// `B B^T A` of two matrices of channels by positions, in the order that takes fewer products.
fn gram_times(channels: usize, b: &[f64], a: &[f64]) -> Vec<f64> {
    let positions = a.len() / channels.max(1);
    let mut out = vec![0.0; a.len()];
    if positions == 0 {
        return out;
    }
    let rows = |m| <[f64]>::chunks_exact(m, positions);
    if channels <= positions {
        for (b_row, out_row) in rows(b).zip(out.chunks_exact_mut(positions)) {
            for (other, a_row) in rows(b).zip(rows(a)) {
                add(out_row, dot(b_row, other), a_row);
            }
        }
        return out;
    }
    // `B^T A` is positions by positions.
    let mut inner = vec![0.0; positions * positions];
    for (b_row, a_row) in rows(b).zip(rows(a)) {
        for (share, into) in b_row.iter().zip(inner.chunks_exact_mut(positions)) {
            add(into, *share, a_row);
        }
    }
    for (b_row, out_row) in rows(b).zip(out.chunks_exact_mut(positions)) {
        for (share, row) in b_row.iter().zip(rows(&inner)) {
            add(out_row, *share, row);
        }
    }
    out
}

fn add(into: &mut [f64], share: f64, row: &[f64]) {
    into.iter_mut().zip(row).for_each(|(into, value)| *into += share * value);
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Random, Shape};

    fn texture(channels: usize, seed: u64) -> Texture {
        let shape = Shape::new(1, channels, 2, 3);
        let mut random = Random::new(seed);
        let data = (0..shape.len()).map(|_| random.normal() as f32).collect();
        Texture::of(&Array { shape, data })
    }

    /// Gram matrices and their cosine by their definitions.
    fn cosine(a: &Texture, b: &Texture) -> f64 {
        let gram = |of: &Texture| -> Vec<f64> {
            let rows: Vec<&[f64]> = of.values.chunks(6).collect();
            rows.iter().flat_map(|x| rows.iter().map(|y| dot(x, y)).collect::<Vec<_>>()).collect()
        };
        let (a, b) = (gram(a), gram(b));
        dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt()
    }

    #[test]
    fn likeness_is_the_cosine_of_gram_matrices_with_fewer_and_with_more_channels_than_positions() {
        for channels in [4, 9] {
            let [a, b, c] = [1, 2, 3].map(|seed| texture(channels, seed));
            let (found, _) = a.likeness(&[&b, &c]);
            let wanted = f64::midpoint(cosine(&a, &b), cosine(&a, &c));
            assert!((found - wanted).abs() < 1e-12, "{channels}: {found} {wanted}");
            assert!((a.likeness(&[&a]).0 - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn its_gradient_is_that_of_central_differences() {
        for channels in [4, 9] {
            let [a, b, c] = [4, 5, 6].map(|seed| texture(channels, seed));
            let (_, gradient) = a.likeness(&[&b, &c]);
            for (i, found) in gradient.iter().enumerate() {
                let moved = |by: f64| {
                    let mut values = a.values.clone();
                    values[i] += by;
                    let own = gram_times(channels, &values, &values);
                    let norm = dot(&values, &own).sqrt();
                    Texture { channels, values, own, norm }.likeness(&[&b, &c]).0
                };
                let wanted = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                assert!((found - wanted).abs() < 1e-8, "{i}: {found} {wanted}");
            }
        }
    }

    #[test]
    fn a_layer_of_zeros_is_like_no_other() {
        let zeros = Texture::of(&Array::zeros(Shape::new(1, 4, 2, 3)));
        let other = texture(4, 1);
        assert_eq!(zeros.likeness(&[&other]), (0.0, vec![0.0; 24]));
        assert_eq!(other.likeness(&[&zeros]).0, 0.0);
    }
}
