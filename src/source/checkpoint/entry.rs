//! Tensors as places in the bytes of a file, and how they become tensors. Everything is checked, and the sum of all
//! sizes bounded, before the first value is copied: a stride of 0 makes any size out of one element.

use std::collections::HashMap;
use std::collections::hash_map::Entry as MapEntry;
use std::ops::Range;

use candle_core::{CpuStorage, DType, Device, Storage, Tensor};
use half::f16;
use half::slice::{HalfBitsSliceExt, HalfFloatSliceExt};

use super::{Why, parallel, shown};
use crate::base::room;

/// Bytes by which the tensors may exceed their files because they share storages.
const SHARED: usize = 16 << 20;

/// A tensor of a file.
pub struct Entry {
    /// Extents.
    pub dims: Vec<usize>,
    /// Where its elements are, or why they cannot be read.
    pub place: Why<Place>,
    /// See [`crate::base::TensorInfo::key`].
    pub key: usize,
}

/// Where the elements of a tensor are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// Which of the files.
    pub file: usize,
    /// The bytes of its storage in the file.
    pub bytes: Range<usize>,
    /// The type of an element.
    pub dtype: DType,
    /// The element at index 0, 0, …
    pub offset: usize,
    /// Elements between neighbors along each axis; `None`: row-major.
    pub strides: Option<Vec<usize>>,
}

/// Tensors that were read.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// By the whole name, on the CPU, in float32 or (where the file has it) float64.
    pub tensors: HashMap<String, Tensor>,
    /// Those that hold NaN or infinity, sorted.
    pub not_finite: Vec<String>,
}

/// Reads tensors. Names that mean the same place share its values.
///
/// # Errors
/// When one cannot be read or reaches outside its storage, or when all of them would be much larger than the files.
pub fn load<'e>(
    wanted: impl Iterator<Item = (&'e str, &'e Entry)>,
    files: &[impl AsRef<[u8]> + Sync],
) -> Why<Loaded> {
    let mut plans: HashMap<(&Place, &[usize]), Plan<'_>> = HashMap::new();
    let mut named = Vec::new();
    let (mut bytes, mut wide) = (0usize, 0usize);
    for (name, entry) in wanted {
        let about = |why: String| format!("tensor {} {why}", shown(name));
        let place = entry.place.as_ref().map_err(|why| about(why.clone()))?;
        let key = (place, entry.dims.as_slice());
        if let MapEntry::Vacant(free) = plans.entry(key) {
            let plan = Plan::new(place, &entry.dims, files).map_err(about)?;
            // No overflow: every product was checked.
            bytes = bytes.saturating_add(plan.elements.saturating_mul(plan.size));
            let widened = plan.size.max(size_of::<f32>());
            wide = wide.saturating_add(plan.elements.saturating_mul(widened));
            free.insert(plan);
        }
        named.push((name, key));
    }
    let there = files.iter().map(|file| file.as_ref().len()).sum::<usize>();
    if bytes > there.saturating_add(SHARED) {
        return Err(format!(
            "has tensors of {} MiB that share values in a file of {} MiB: save a .clone() of each",
            bytes >> 20,
            there >> 20
        ));
    }
    room::check(wide as u64, "holding its weights").map_err(|full| full.to_string())?;
    let plans: Vec<_> = plans.into_iter().collect();
    let read = parallel::each(&plans, |(_, plan)| {
        let tensor = plan.copy()?;
        let finite = is_finite(&tensor);
        Ok((tensor, finite))
    });
    let mut built = HashMap::new();
    for ((key, _), tensor) in plans.iter().zip(read) {
        let tensor = tensor
            .map_err(|e: candle_core::Error| format!("has a tensor that cannot be read ({e})"))?;
        built.insert(*key, tensor);
    }
    let mut loaded = Loaded::default();
    for (name, key) in named {
        let Some((tensor, finite)) = built.get(&key) else { continue };
        loaded.tensors.insert(name.to_string(), tensor.clone());
        if !finite {
            loaded.not_finite.push(name.to_string());
        }
    }
    loaded.not_finite.sort();
    Ok(loaded)
}

/// A tensor whose every element is known to be in `data`.
struct Plan<'a> {
    data: &'a [u8],
    place: &'a Place,
    dims: &'a [usize],
    elements: usize,
    /// Bytes of an element.
    size: usize,
}

impl<'a> Plan<'a> {
    fn new(
        place: &'a Place,
        dims: &'a [usize],
        files: &'a [impl AsRef<[u8]>],
    ) -> Result<Self, String> {
        let outside = || "reaches outside its storage: copy or download the file again".to_string();
        let file = files.get(place.file).ok_or_else(outside)?.as_ref();
        let data = file.get(place.bytes.clone()).ok_or_else(outside)?;
        let size = place.dtype.size_in_bytes();
        let elements = dims.iter().try_fold(1usize, |all, extent| all.checked_mul(*extent));
        let elements = elements.ok_or_else(outside)?;
        let last = match &place.strides {
            None => place.offset.checked_add(elements.saturating_sub(1)),
            Some(strides) => {
                dims.iter().zip(strides).try_fold(place.offset, |last, (extent, stride)| {
                    last.checked_add(extent.saturating_sub(1).checked_mul(*stride)?)
                })
            }
        };
        if elements > 0 && last.is_none_or(|last| last >= data.len() / size) {
            return Err(outside());
        }
        Ok(Self { data, place, dims, elements, size })
    }

    fn copy(&self) -> candle_core::Result<Tensor> {
        let (size, dtype) = (self.size, self.place.dtype);
        if self.elements == 0 {
            return widened(&[], dtype, self.dims);
        }
        let Some(strides) = self.place.strides.as_ref().filter(|s| !self.is_row_major(s)) else {
            let start = self.place.offset * size;
            return widened(&self.data[start..start + self.elements * size], dtype, self.dims);
        };
        widened(&self.gathered(strides), dtype, self.dims)
    }

    /// Whether the elements follow each other. The stride of an axis of one element is free.
    fn is_row_major(&self, strides: &[usize]) -> bool {
        let mut expected = 1;
        self.dims.iter().zip(strides).rev().all(|(extent, stride)| {
            let fits = *extent == 1 || *stride == expected;
            expected *= extent;
            fits
        })
    }

    /// The elements in row-major order, as bytes.
    fn gathered(&self, strides: &[usize]) -> Vec<u8> {
        let size = self.size;
        // An axis of one element may have any stride, even one that overflows.
        let axes = self.dims.iter().copied().zip(strides.iter().copied());
        let axes: Vec<_> = axes.filter(|axis| axis.0 > 1).collect();
        let mut bytes = Vec::with_capacity(self.elements * size);
        let mut index = vec![0; axes.len()];
        let mut at = self.place.offset;
        for _ in 0..self.elements {
            bytes.extend_from_slice(&self.data[at * size..(at + 1) * size]);
            // The next index, the last axis fastest.
            for (index, (extent, stride)) in index.iter_mut().zip(&axes).rev() {
                *index += 1;
                if *index < *extent {
                    at += stride;
                    break;
                }
                at -= (*index - 1) * stride;
                *index = 0;
            }
        }
        bytes
    }
}

/// A tensor from its bytes in row-major order, as float32 or, where it was that, float64.
fn widened(data: &[u8], dtype: DType, shape: &[usize]) -> candle_core::Result<Tensor> {
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

/// Whether every value is a number.
fn is_finite(tensor: &Tensor) -> bool {
    let (storage, layout) = tensor.storage_and_layout();
    if let (Storage::Cpu(CpuStorage::F32(values)), Some((first, end))) =
        (&*storage, layout.contiguous_offsets())
    {
        // Without a way out of the loop, so that it takes many values at once.
        return values[first..end].iter().fold(true, |finite, v| finite & v.is_finite());
    }
    drop(storage);
    let wide = tensor.to_dtype(DType::F64).and_then(|t| t.flatten_all()?.to_vec1::<f64>());
    wide.is_ok_and(|values| values.iter().all(|v| v.is_finite()))
}
