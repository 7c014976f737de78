//! What a gradient starts from.

use std::borrow::Cow;

use super::{EngineError, Seed};
use crate::base::{Array, Shape};

/// What a seed stands for: the gradient at its layer, of that shape.
///
/// # Errors
/// When the layer has no such channel or unit.
pub fn seeded(seed: &Seed, shape: Shape) -> Result<Cow<'_, Array>, EngineError> {
    let missing = |what: String| EngineError::OutOfRange(what);
    let area = shape.area();
    let mut ones = Array::zeros(shape);
    match seed {
        Seed::Cotangent { value, .. } if value.shape != shape => {
            return Err(missing(format!("a gradient {} for {shape}", value.shape)));
        }
        Seed::Cotangent { value, .. } => return Ok(Cow::Borrowed(value)),
        Seed::Channel { channel, .. } | Seed::Unit { channel, .. } if *channel >= shape.c => {
            return Err(missing(format!("channel {channel} of {}", shape.c)));
        }
        Seed::Unit { row, column, .. } if *row >= shape.h || *column >= shape.w => {
            return Err(missing(format!("unit ({row}, {column}) of {}x{}", shape.h, shape.w)));
        }
        Seed::Channel { channel, .. } => {
            for picture in ones.data.chunks_mut(shape.c * area) {
                picture[channel * area..(channel + 1) * area].fill(1.0);
            }
        }
        Seed::Unit { channel, row, column, .. } => {
            for picture in ones.data.chunks_mut(shape.c * area) {
                picture[channel * area + row * shape.w + column] = 1.0;
            }
        }
    }
    Ok(Cow::Owned(ones))
}
