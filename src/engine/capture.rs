//! What a run left behind.

use std::any::Any;

use super::EngineError;
use crate::base::{Array, Combine, LayerId, Shape};

/// Every layer's value for one input, read as float32 whatever the run computed in.
pub trait Capture: Send + Sync + Any {
    /// The input `[N, C, H, W]` that was run.
    fn input(&self) -> &Array;

    /// The shape of every layer's value.
    fn shapes(&self) -> &[Shape];

    /// The value of a layer, these channels in this order: `[N, channels.len(), H, W]`.
    ///
    /// # Errors
    /// When the layer or a channel does not exist.
    fn read(&self, layer: LayerId, channels: &[usize]) -> Result<Array, EngineError>;

    /// Host and device bytes held.
    fn bytes(&self) -> usize;

    /// For the backend that made it.
    fn as_any(&self) -> &dyn Any;

    /// The shape of a layer's value.
    ///
    /// # Errors
    /// When there is no such layer.
    fn shape(&self, layer: LayerId) -> Result<Shape, EngineError> {
        let missing = || EngineError::OutOfRange(format!("layer number {}", layer.0));
        self.shapes().get(layer.0).copied().ok_or_else(missing)
    }

    /// All channels of a layer: `[N, C, H, W]`.
    ///
    /// # Errors
    /// When there is no such layer.
    fn read_all(&self, layer: LayerId) -> Result<Array, EngineError> {
        let all: Vec<usize> = (0..self.shape(layer)?.c).collect();
        self.read(layer, &all)
    }

    /// Statistics of every channel of a layer over all positions and pictures.
    ///
    /// # Errors
    /// When there is no such layer.
    fn statistics(&self, layer: LayerId) -> Result<Vec<ChannelStatistics>, EngineError> {
        let array = self.read_all(layer)?;
        Ok(ChannelStatistics::of_channels(&array))
    }

    /// All channels of a layer as one map: `[N, 1, H, W]`.
    ///
    /// # Errors
    /// When there is no such layer.
    fn combine(&self, layer: LayerId, how: Combine) -> Result<Array, EngineError> {
        Ok(combined(&self.read_all(layer)?, how))
    }
}

/// Statistics of one channel; infinities and NaN are counted and otherwise left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChannelStatistics {
    /// Smallest value; 0 when no value is finite.
    pub min: f32,
    /// Largest value; 0 when no value is finite.
    pub max: f32,
    /// Mean.
    pub mean: f64,
    /// Standard deviation of the population (divisor n).
    pub std: f64,
    /// Values that are exactly 0.
    pub zeros: usize,
    /// NaN and infinities.
    pub invalid: usize,
    /// All values.
    pub count: usize,
}

impl ChannelStatistics {
    /// The statistics of some values.
    pub fn of(values: &[f32]) -> Self {
        let (mut min, mut max) = (f32::INFINITY, f32::NEG_INFINITY);
        let (mut sum, mut squares) = (0f64, 0f64);
        let (mut zeros, mut invalid) = (0, 0);
        for &value in values {
            if !value.is_finite() {
                invalid += 1;
                continue;
            }
            min = min.min(value);
            max = max.max(value);
            sum += f64::from(value);
            squares += f64::from(value) * f64::from(value);
            zeros += usize::from(value == 0.0);
        }
        let count = values.len();
        if count == invalid {
            return Self { min: 0.0, max: 0.0, mean: 0.0, std: 0.0, zeros, invalid, count };
        }
        let finite = (count - invalid) as f64;
        let mean = sum / finite;
        let std = (squares / finite - mean * mean).max(0.0).sqrt();
        Self { min, max, mean, std, zeros, invalid, count }
    }

    /// One for each channel of `[N, C, H, W]`, over all pictures.
    pub fn of_channels(array: &Array) -> Vec<Self> {
        let (n, c, area) = (array.shape.n, array.shape.c, array.shape.area());
        let part = |picture: usize, channel: usize| {
            let start = (picture * c + channel) * area;
            Self::of(array.data.get(start..start + area).unwrap_or(&[]))
        };
        (0..c)
            .map(|channel| {
                (1..n).fold(part(0, channel), |all, picture| all.merge(&part(picture, channel)))
            })
            .collect()
    }

    /// The statistics of both together.
    pub fn merge(&self, other: &Self) -> Self {
        let (a, b) = ((self.count - self.invalid) as f64, (other.count - other.invalid) as f64);
        let (zeros, invalid) = (self.zeros + other.zeros, self.invalid + other.invalid);
        let count = self.count + other.count;
        if a == 0.0 || b == 0.0 {
            let from = if a == 0.0 { other } else { self };
            return Self { zeros, invalid, count, ..*from };
        }
        let mean = (self.mean * a + other.mean * b) / (a + b);
        let spread = |s: &Self, n: f64| n * (s.std * s.std + (s.mean - mean) * (s.mean - mean));
        Self {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            mean,
            std: ((spread(self, a) + spread(other, b)) / (a + b)).sqrt(),
            zeros,
            invalid,
            count,
        }
    }

    /// The fraction of values that are exactly 0.
    pub fn sparsity(&self) -> f32 {
        if self.count == 0 { 0.0 } else { self.zeros as f32 / self.count as f32 }
    }

    /// Nothing above 0 was seen.
    pub const fn is_dead(&self) -> bool {
        self.max <= 0.0 && self.invalid == 0
    }
}

/// All channels of `[N, C, H, W]` as one map, summed in float64.
pub(super) fn combined(array: &Array, how: Combine) -> Array {
    let Shape { n, c, h, w, .. } = array.shape;
    let area = h * w;
    let mut out = Array::zeros(Shape::new(n, 1, h, w));
    if area == 0 || c == 0 {
        return out;
    }
    for (map, into) in array.data.chunks(c * area).zip(out.data.chunks_mut(area)) {
        let start = if how == Combine::Max { f64::NEG_INFINITY } else { 0.0 };
        let mut sums = vec![start; area];
        for channel in map.chunks(area) {
            for (sum, &value) in sums.iter_mut().zip(channel) {
                let value = f64::from(value);
                match how {
                    Combine::Sum | Combine::Mean => *sum += value,
                    Combine::Rms => *sum += value * value,
                    // `max` would drop a NaN, which must stay visible.
                    Combine::Max if value.is_nan() || value > *sum => *sum = value,
                    Combine::Max => {}
                }
            }
        }
        for (value, sum) in into.iter_mut().zip(sums) {
            *value = match how {
                Combine::Sum | Combine::Max => sum,
                Combine::Mean => sum / c as f64,
                Combine::Rms => (sum / c as f64).sqrt(),
            } as f32;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_statistics_are_those_of_the_whole() {
        let values: Vec<f32> = (0..50).map(|i| ((i * 37 % 19) as f32 - 6.0).max(0.0)).collect();
        let whole = ChannelStatistics::of(&values);
        let parts =
            ChannelStatistics::of(&values[..13]).merge(&ChannelStatistics::of(&values[13..]));
        assert!((whole.mean - parts.mean).abs() < 1e-12 && (whole.std - parts.std).abs() < 1e-9);
        assert_eq!((whole.min, whole.max, whole.zeros), (parts.min, parts.max, parts.zeros));
    }

    #[test]
    fn values_that_are_no_numbers_are_counted_and_left_out() {
        let seen = ChannelStatistics::of(&[1.0, f32::NAN, 3.0, f32::INFINITY, 0.0]);
        assert_eq!((seen.invalid, seen.zeros, seen.max), (2, 1, 3.0));
        assert!((seen.mean - 4.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn combining_takes_every_channel() {
        let array = Array { shape: Shape::new(1, 2, 1, 2), data: vec![1.0, -2.0, 3.0, -4.0] };
        let all = [Combine::Sum, Combine::Mean, Combine::Max].map(|how| combined(&array, how).data);
        assert_eq!(all, [vec![4.0, -6.0], vec![2.0, -3.0], vec![3.0, -2.0]]);
        assert!((combined(&array, Combine::Rms).data[0] - 5f32.sqrt()).abs() < 1e-6);
    }
}
