//! The safetensors format. Its crate checks header size, offsets and overflow.

use candle_core::DType;
use safetensors::tensor::TensorInfo;
use safetensors::{Dtype, SafeTensors};

use super::entry::{Entry, Place};
use super::{Contents, Why, shown};
use crate::base::{first_line, short_bytes};

/// Longest header: names and extents of some 80,000 tensors. Its parser takes seconds for more.
const HEADER_LIMIT: u64 = 8 << 20;

/// What a safetensors file holds; `file` is its number.
pub fn read(bytes: &[u8], file: usize) -> Why<Contents> {
    let length = bytes.first_chunk().map_or(0, |length| u64::from_le_bytes(*length));
    if (HEADER_LIMIT..bytes.len() as u64).contains(&length) {
        return Err(format!(
            "has a safetensors header of {}; at most {} are read",
            short_bytes(length),
            short_bytes(HEADER_LIMIT)
        ));
    }
    let (header_length, header) = SafeTensors::read_metadata(bytes).map_err(|e| {
        let why = shown(&first_line(&e));
        format!("is not a whole safetensors file ({why}): copy or download it again")
    })?;
    let entry = |(name, info): (String, &TensorInfo)| {
        let dtype = match info.dtype {
            Dtype::F16 => Some(DType::F16),
            Dtype::BF16 => Some(DType::BF16),
            Dtype::F32 => Some(DType::F32),
            Dtype::F64 => Some(DType::F64),
            _ => None,
        };
        let (start, end) = info.data_offsets;
        let before = size_of::<u64>() + header_length;
        let place = dtype.map(|dtype| Place {
            file,
            bytes: before + start..before + end,
            dtype,
            offset: 0,
            strides: None,
        });
        let place = place.ok_or_else(|| {
            format!(
                "holds {:?}, not float16, bfloat16, float32 or float64: convert it with .float()",
                info.dtype
            )
        });
        (name, Entry { dims: info.shape.clone(), place, key: 0 })
    };
    Ok(Contents {
        entries: header.tensors().into_iter().map(entry).collect(),
        metadata: header.metadata().clone().unwrap_or_default(),
        ..Contents::default()
    })
}
