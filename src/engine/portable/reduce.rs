//! Statistics and combinations computed where the values are, so that only the results are copied.

use candle_core::{DType, Device, Result, Tensor};

use crate::base::Combine;
use crate::engine::ChannelStatistics;

/// The statistics of every channel of `[N, C, H, W]` or `[N, C]`, as
/// [`ChannelStatistics::of_channels`] defines them.
pub fn statistics(value: &Tensor) -> Result<Vec<ChannelStatistics>> {
    let wide = widest(value.device());
    // One row for each channel.
    let rows = value.transpose(0, 1)?.flatten_from(1)?.to_dtype(DType::F32)?.contiguous()?;
    let count = rows.dim(1)?;
    // NaN compares as false, so that it is left out together with the infinities.
    let finite = rows.abs()?.le(f32::MAX)?;
    let or = |other: f32| finite.where_cond(&rows, &filled(&rows, other)?);
    let min = or(f32::INFINITY)?.min(1)?;
    let max = or(f32::NEG_INFINITY)?.max(1)?;
    let counted = |mask: &Tensor| mask.to_dtype(DType::U32)?.sum(1)?.to_vec1::<u32>();
    let valid = counted(&finite)?;
    let zeros = counted(&rows.eq(0f32)?)?;

    let values = or(0.0)?.to_dtype(wide)?;
    let divisor: Vec<f32> = valid.iter().map(|n| (*n).max(1) as f32).collect();
    let divisor = Tensor::new(divisor, value.device())?.to_dtype(wide)?.unsqueeze(1)?;
    let mean = values.sum_keepdim(1)?.broadcast_div(&divisor)?;
    // The mean first: in float32 the difference of two squares would lose what is looked for.
    let off = finite.where_cond(&values.broadcast_sub(&mean)?, &values.zeros_like()?)?;
    let variance = off.sqr()?.sum_keepdim(1)?.broadcast_div(&divisor)?;

    let read = |t: &Tensor| t.flatten_all()?.to_dtype(DType::F32)?.to_vec1::<f32>();
    let read_wide = |t: &Tensor| -> Result<Vec<f64>> {
        // Widened here: a GPU may have no float64.
        let host = t.flatten_all()?.to_device(&Device::Cpu)?;
        host.to_dtype(DType::F64)?.to_vec1()
    };
    let (min, max) = (read(&min)?, read(&max)?);
    let (mean, variance) = (read_wide(&mean)?, read_wide(&variance)?);
    let one = |i: usize| {
        let invalid = count - valid[i] as usize;
        let bounds = if valid[i] == 0 { (0.0, 0.0) } else { (min[i], max[i]) };
        ChannelStatistics {
            min: bounds.0,
            max: bounds.1,
            mean: mean[i],
            std: variance[i].sqrt(),
            zeros: zeros[i] as usize,
            invalid,
            count,
        }
    };
    Ok((0..valid.len()).map(one).collect())
}

/// All channels as one map: the values of `[N, 1, H, W]`.
pub fn combine(value: &Tensor, how: Combine) -> Result<Vec<f32>> {
    let values = value.to_dtype(DType::F32)?;
    let wide = || values.to_dtype(widest(value.device()));
    let channels = value.dim(1)? as f64;
    let map = match how {
        Combine::Sum => wide()?.sum(1)?,
        Combine::Mean => (wide()?.sum(1)? / channels)?,
        Combine::Rms => (wide()?.sqr()?.sum(1)? / channels)?.sqrt()?,
        Combine::Max => {
            // A maximum may drop a NaN, which must stay visible.
            let nan = values.ne(&values)?;
            let least = filled(&values, f32::NEG_INFINITY)?;
            let most = nan.where_cond(&least, &values)?.max(1)?;
            let broken = nan.to_dtype(DType::U32)?.sum(1)?.gt(0u32)?;
            broken.where_cond(&filled(&most, f32::NAN)?, &most)?
        }
    };
    map.to_dtype(DType::F32)?.flatten_all()?.to_vec1()
}

/// One float32 in the shape of another tensor; a view of a single element until it is used.
fn filled(like: &Tensor, value: f32) -> Result<Tensor> {
    Tensor::full(value, like.shape(), like.device())
}

/// The widest type that a device computes in.
fn widest(device: &Device) -> DType {
    if device.is_metal() { DType::F32 } else { DType::F64 }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::base::{Array, Choice as _, Shape};
    use crate::engine::capture::combined;

    /// `[2, 4, 3, 5]`: an ordinary channel, one with NaN and infinities, one of zeros, one of nothing else
    /// but NaN.
    fn broken() -> Array {
        let shape = Shape::new(2, 4, 3, 5);
        let area = shape.area();
        let mut array = Array::zeros(shape);
        for (i, value) in array.data.iter_mut().enumerate() {
            *value = match (i / area) % 4 {
                0 => 1000.0 + ((i * 37) % 19) as f32 * 0.01,
                1 if i % 7 == 0 => f32::NAN,
                1 if i % 5 == 0 => f32::NEG_INFINITY,
                1 => ((i * 31) % 11) as f32 - 4.0,
                2 => 0.0,
                _ => f32::NAN,
            };
        }
        array
    }

    fn tensor(array: &Array) -> Tensor {
        Tensor::from_slice(&array.data, array.shape.dims(), &Device::Cpu).unwrap()
    }

    fn agree(ours: &[ChannelStatistics], theirs: &[ChannelStatistics]) {
        assert_eq!(ours.len(), theirs.len());
        for (ours, theirs) in ours.iter().zip(theirs) {
            let counts = |s: &ChannelStatistics| (s.min, s.max, s.zeros, s.invalid, s.count);
            assert_eq!(counts(ours), counts(theirs));
            assert!((ours.mean - theirs.mean).abs() < 1e-9, "{ours:?} {theirs:?}");
            assert!((ours.std - theirs.std).abs() < 1e-5, "{ours:?} {theirs:?}");
        }
    }

    #[test]
    fn statistics_on_a_device_are_those_of_the_host() {
        let array = broken();
        let host = ChannelStatistics::of_channels(&array);
        agree(&statistics(&tensor(&array)).unwrap(), &host);
        assert_eq!((host[3].invalid, host[3].max), (30, 0.0));

        let flat = Array { shape: Shape::flat(2, 60), ..array };
        let host = ChannelStatistics::of_channels(&flat);
        agree(&statistics(&tensor(&flat)).unwrap(), &host);
    }

    #[test]
    fn half_precision_is_widened_before_it_is_summed() {
        // The sum, 120,000, is no float16.
        let shape = Shape::new(1, 1, 20, 20);
        let array = Array { shape, data: vec![300.0; 400] };
        let narrow = tensor(&array).to_dtype(DType::F16).unwrap();
        agree(&statistics(&narrow).unwrap(), &ChannelStatistics::of_channels(&array));
        let many = Array { shape: Shape::new(1, 400, 1, 1), data: array.data };
        let narrow = tensor(&many).to_dtype(DType::F16).unwrap();
        assert_eq!(combine(&narrow, Combine::Sum).unwrap(), [120_000.0]);
    }

    #[test]
    fn combinations_on_a_device_are_those_of_the_host() {
        let array = broken();
        for how in Combine::ALL {
            let (ours, theirs) = (combine(&tensor(&array), *how).unwrap(), combined(&array, *how));
            assert_eq!(ours.len(), theirs.data.len());
            for (a, b) in ours.iter().zip(&theirs.data) {
                assert!(a == b || (a.is_nan() && b.is_nan()), "{how}: {a} {b}");
            }
        }
        // Without the channels of NaN every position has a number.
        let sound = tensor(&array).narrow(1, 0, 1).unwrap();
        let data = sound.flatten_all().unwrap().to_vec1().unwrap();
        let host = combined(&Array { shape: Shape { c: 1, ..array.shape }, data }, Combine::Max);
        assert_eq!(combine(&sound, Combine::Max).unwrap(), host.data);
    }
}
