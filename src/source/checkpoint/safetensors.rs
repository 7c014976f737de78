//! The safetensors format. Its crate checks header size, offsets and overflow.

use candle_core::{DType, Device, Tensor};
use half::f16;
use half::slice::{HalfBitsSliceExt, HalfFloatSliceExt};
use safetensors::SafeTensors;

use super::{Contents, Tensors, Why, is_counter, parallel, shown};
use crate::base::first_line;

/// The tensors and the metadata of a safetensors file.
pub fn read(bytes: &[u8]) -> Why<Contents> {
    let no_file = |e: safetensors::SafeTensorError| {
        let why = shown(&first_line(&e));
        format!("is no whole safetensors file ({why}): copy or download it again")
    };
    let file = SafeTensors::deserialize(bytes).map_err(no_file)?;
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(no_file)?;
    let mut views = file.tensors();
    views.retain(|(name, _)| !is_counter(name));
    let read = parallel::each(&views, |(name, view)| {
        let dtype = DType::try_from(view.dtype()).map_err(|e| {
            format!("tensor {} has a type that is not understood ({e})", shown(name))
        })?;
        let tensor = widened(view.data(), dtype, view.shape())
            .map_err(|e| format!("tensor {} cannot be read ({e})", shown(name)))?;
        Ok((name.clone(), tensor))
    });
    let tensors = read.into_iter().collect::<Why<Tensors>>()?;
    Ok(Contents { tensors, metadata: header.metadata().clone().unwrap_or_default() })
}

/// A tensor from its bytes in row-major order, as float32 or, where it was that, float64.
pub(super) fn widened(data: &[u8], dtype: DType, shape: &[usize]) -> candle_core::Result<Tensor> {
    if dtype == DType::F16 {
        // Many at a time, where the machine has instructions for it.
        let halves: Vec<u16> =
            data.as_chunks().0.iter().map(|bytes| u16::from_le_bytes(*bytes)).collect();
        let mut values = vec![0.0; halves.len()];
        halves.reinterpret_cast::<f16>().convert_to_f32_slice(&mut values);
        return Tensor::from_vec(values, shape, &Device::Cpu);
    }
    let wide = if dtype == DType::F64 { DType::F64 } else { DType::F32 };
    Tensor::from_raw_buffer(data, dtype, shape, &Device::Cpu)?.to_dtype(wide)
}
