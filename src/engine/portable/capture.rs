//! A capture that keeps candle tensors.

use std::any::Any;
use std::sync::Arc;

use candle_core::{DType, Tensor};

use crate::base::{Array, LayerId, Shape};
use crate::engine::{Capture, EngineError};

/// Every layer's tensor of one run.
pub struct PortableCapture {
    /// The input as it was given.
    pub input: Array,
    /// Each layer's shape.
    pub shapes: Vec<Shape>,
    /// Each layer's value, in the dtype and on the device of the backend.
    pub values: Vec<Tensor>,
    /// Whether an edit went into the run.
    pub edited: bool,
    /// The identity of the backend that ran.
    pub made_by: Arc<()>,
}

impl Capture for PortableCapture {
    fn input(&self) -> &Array {
        &self.input
    }

    fn shapes(&self) -> &[Shape] {
        &self.shapes
    }

    fn read(&self, layer: LayerId, channels: &[usize]) -> Result<Array, EngineError> {
        let shape = self.shape(layer)?;
        if let Some(channel) = channels.iter().find(|c| **c >= shape.c) {
            return Err(EngineError::OutOfRange(format!("channel {channel} of {}", shape.c)));
        }
        let tensor = &self.values[layer.0];
        let read = || -> candle_core::Result<Vec<f32>> {
            let whole =
                channels.len() == shape.c && channels.iter().enumerate().all(|(i, c)| i == *c);
            let mut values = Vec::with_capacity(shape.n * channels.len() * shape.area());
            if whole {
                return tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1();
            }
            for picture in 0..shape.n {
                for &channel in channels {
                    let map = tensor.get(picture)?.get(channel)?.to_dtype(DType::F32)?;
                    values.extend(map.flatten_all()?.to_vec1::<f32>()?);
                }
            }
            Ok(values)
        };
        let data = read().map_err(|source| EngineError::Tensor {
            layer: format!("reading layer number {}", layer.0),
            source,
        })?;
        Ok(Array { shape: Shape { c: channels.len(), ..shape }, data })
    }

    fn bytes(&self) -> usize {
        let tensors = self.values.iter().map(|t| t.elem_count() * t.dtype().size_in_bytes());
        tensors.sum::<usize>() + self.input.data.len() * size_of::<f32>()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
