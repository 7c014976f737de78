//! From a storage, an offset and strides to a tensor. Everything is checked, and the sum of all
//! sizes bounded, before the first value is copied: a stride of 0 makes any size out of one element.

use std::collections::HashMap;

use candle_core::{DType, Tensor};

use super::value::{Kind, View};
use super::{Storages, Why, shown};
use crate::source::checkpoint::Tensors;
use crate::source::checkpoint::safetensors::widened;

/// Bytes by which the tensors may exceed the file because they share storages.
const SHARED: usize = 16 << 20;

/// A tensor whose every element is known to lie in `data`.
struct Plan<'a, 'v> {
    data: &'a [u8],
    view: &'v View<'v>,
    dtype: DType,
    elements: usize,
}

/// Builds the tensors, in float32 or float64. Names that mean the same view share its values.
///
/// # Errors
/// When one holds no floating-point numbers or reaches outside its storage, or when all of them
/// would be much larger than the file.
pub fn build(
    views: Vec<(&str, &View<'_>)>,
    storages: &Storages<'_>,
    file_length: usize,
) -> Why<Tensors> {
    let mut plans = HashMap::new();
    let mut bytes = 0usize;
    for (name, view) in &views {
        if plans.contains_key(view) {
            continue;
        }
        let plan = plan(view, storages).map_err(|why| format!("tensor {} {why}", shown(name)))?;
        // No overflow: every product was checked.
        bytes = bytes.saturating_add(plan.elements.saturating_mul(view.storage.kind.size()));
        plans.insert(*view, plan);
    }
    if bytes > file_length.saturating_add(SHARED) {
        return Err(format!(
            "has tensors of {} MiB in a file of {} MiB: save them with .clone(), each its own values",
            bytes >> 20,
            file_length >> 20
        ));
    }
    let mut built = HashMap::new();
    for (view, plan) in plans {
        let tensor = plan.copy().map_err(|e| format!("has a tensor that cannot be read ({e})"))?;
        built.insert(view, tensor);
    }
    let named = |(name, view): &(&str, &View)| {
        built.get(view).map(|tensor| (name.to_string(), tensor.clone()))
    };
    Ok(views.iter().filter_map(named).collect())
}

fn plan<'a, 'v>(view: &'v View<'v>, storages: &Storages<'a>) -> Why<Plan<'a, 'v>> {
    let storage = &view.storage;
    let dtype = match storage.kind {
        Kind::F32 => DType::F32,
        Kind::F64 => DType::F64,
        Kind::F16 => DType::F16,
        Kind::Bf16 => DType::BF16,
        Kind::Other(_) => {
            return Err("holds no floating-point numbers: convert it with .float()".into());
        }
    };
    let outside = || "reaches outside its storage: copy or download the file again".to_string();
    let all = storages
        .get(storage.key)
        .ok_or_else(|| format!("is in storage {}, which is not there", shown(storage.key)))?;
    let size = storage.kind.size();
    let part = part(all, size, storage.first, storage.length).ok_or_else(outside)?;
    let elements = view.sizes.iter().try_fold(1usize, |all, extent| all.checked_mul(*extent));
    let last =
        view.sizes.iter().zip(&view.strides).try_fold(view.offset, |last, (extent, stride)| {
            last.checked_add(extent.saturating_sub(1).checked_mul(*stride)?)
        });
    let elements = elements.ok_or_else(outside)?;
    if elements > 0 && last.is_none_or(|last| last >= part.len() / size) {
        return Err(outside());
    }
    Ok(Plan { data: part, view, dtype, elements })
}

/// The elements of a part of a storage.
fn part(all: &[u8], size: usize, first: usize, length: Option<usize>) -> Option<&[u8]> {
    let rest = all.get(first.checked_mul(size)?..)?;
    match length {
        Some(length) => rest.get(..length.checked_mul(size)?),
        None => Some(rest),
    }
}

impl Plan<'_, '_> {
    fn copy(&self) -> candle_core::Result<Tensor> {
        let (sizes, size) = (&self.view.sizes, self.view.storage.kind.size());
        if self.elements == 0 {
            return widened(&[], self.dtype, sizes);
        }
        let start = self.view.offset * size;
        if self.is_row_major() {
            return widened(&self.data[start..start + self.elements * size], self.dtype, sizes);
        }
        widened(&self.gathered(), self.dtype, sizes)
    }

    /// Whether the elements lie one behind the other. The stride of an axis of one element is free.
    fn is_row_major(&self) -> bool {
        let mut expected = 1;
        self.view.sizes.iter().zip(&self.view.strides).rev().all(|(extent, stride)| {
            let fits = *extent == 1 || *stride == expected;
            expected *= extent;
            fits
        })
    }

    /// The elements in row-major order, as bytes.
    fn gathered(&self) -> Vec<u8> {
        let View { sizes, strides, offset, storage } = self.view;
        let size = storage.kind.size();
        // An axis of one element may have any stride, even one that overflows.
        let axes: Vec<_> =
            sizes.iter().copied().zip(strides.iter().copied()).filter(|axis| axis.0 > 1).collect();
        let mut bytes = Vec::with_capacity(self.elements * size);
        let mut index = vec![0; axes.len()];
        let mut at = *offset;
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
