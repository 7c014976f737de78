//! Input tensors from `.npy` files: `[C, H, W]` or `[1, C, H, W]` float, already normalised.

use std::io::Cursor;
use std::path::Path;

use npyz::{DType, NpyFile, TypeChar};

use super::SourceError;
use super::error::read_file;
use crate::base::{Array, Shape};

/// Largest input file.
const LIMIT: u64 = 1 << 30;

/// Reads an input tensor.
///
/// # Errors
/// When the file is no `.npy` of three or four axes of float32 or float64 in C order.
pub fn read_input(path: &Path) -> Result<Array, SourceError> {
    let bytes = read_file(path, LIMIT, "an input tensor")?;
    let fail = |why: String| SourceError::at(path, why);
    let file =
        NpyFile::new(Cursor::new(&bytes)).map_err(|e| fail(format!("is no .npy file: {e}")))?;
    let shape = match *file.shape() {
        [c, h, w] => [1, c, h, w],
        [1, c, h, w] => [1, c, h, w],
        [n, _, _, _] if n > 1 => {
            return Err(fail(format!("holds {n} inputs; one at a time is run, save x[:1]")));
        }
        _ => return Err(fail(format!("has the shape {:?}; [3, H, W] is needed", file.shape()))),
    };
    // Before anything is allocated: the header may claim more than the file holds.
    let claimed = shape.iter().try_fold(4u64, |all, extent| all.checked_mul(*extent));
    if claimed.is_none_or(|claimed| claimed == 0 || claimed > bytes.len() as u64) {
        return Err(fail(format!("is cut off or empty: its header says {:?}", file.shape())));
    }
    if file.order() != npyz::Order::C {
        return Err(fail("is in Fortran order; save numpy.ascontiguousarray(x)".into()));
    }
    let [n, c, h, w] = shape.map(|extent| extent as usize);
    let wide = match file.dtype() {
        DType::Plain(t) if t.type_char() == TypeChar::Float && t.size_field() == 4 => false,
        DType::Plain(t) if t.type_char() == TypeChar::Float && t.size_field() == 8 => true,
        _ => return Err(fail("holds no float32 or float64 values".into())),
    };
    let broken = |e: std::io::Error| fail(format!("is broken: {e}"));
    let data: Vec<f32> = if wide {
        file.into_vec::<f64>().map_err(broken)?.into_iter().map(|v| v as f32).collect()
    } else {
        file.into_vec::<f32>().map_err(broken)?
    };
    Array::new(Shape::new(n, c, h, w), data).ok_or_else(|| fail("is cut off".into()))
}
