//! A capture that keeps candle tensors: of all layers, or of those that fit.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{DType, Device, Result, Tensor};

use super::core::{Core, Walk, failed};
use super::reduce;
use crate::base::{Array, Cancel, Combine, LayerId, Progress, Shape};
use crate::engine::{Capture, ChannelStatistics, Edit, Edits, EngineError};

/// What a run retains of a layer.
#[derive(Clone)]
pub enum Retained {
    /// Its value, in the dtype and on the device of the backend.
    Value(Tensor),
    /// Its statistics; the value is recomputed when requested.
    Statistics(Arc<Vec<ChannelStatistics>>),
    /// It did not run, or was not to be kept; it is computed when somebody looks.
    Nothing,
}

/// Every layer of one run.
pub struct PortableCapture {
    /// What can recompute it, and what it is known by.
    pub core: Arc<Core>,
    /// The input as it was given.
    pub input: Array,
    /// The changes that went into the run.
    pub edits: Edits,
    /// Each layer's shape.
    pub shapes: Vec<Shape>,
    /// What is retained of each layer.
    pub retained: Vec<Retained>,
    /// Cache of the last recomputed value: callers read many channels of one layer.
    recomputed: Mutex<Option<(LayerId, Tensor)>>,
}

impl PortableCapture {
    /// Puts a run's parts together.
    pub const fn new(
        core: Arc<Core>,
        input: Array,
        edits: Edits,
        shapes: Vec<Shape>,
        retained: Vec<Retained>,
    ) -> Self {
        Self { core, input, edits, shapes, retained, recomputed: Mutex::new(None) }
    }

    /// The values that are kept.
    pub fn known(&self) -> Vec<Option<Tensor>> {
        let value = |retained: &Retained| match retained {
            Retained::Value(value) => Some(value.clone()),
            Retained::Statistics(_) | Retained::Nothing => None,
        };
        self.retained.iter().map(value).collect()
    }

    /// A layer's value, recomputed from what is kept where it has to be.
    pub fn value(&self, layer: LayerId) -> std::result::Result<Tensor, EngineError> {
        self.shape(layer)?;
        if let Retained::Value(value) = &self.retained[layer.0] {
            return Ok(value.clone());
        }
        // Held while computing: two threads that look at the same layer compute it once.
        let mut recomputed = self.recomputed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, value)) = recomputed.as_ref().filter(|(id, _)| *id == layer) {
            return Ok(value.clone());
        }
        // Let go first: there is room for one.
        *recomputed = None;
        let mut wanted = vec![false; self.retained.len()];
        wanted[layer.0] = true;
        let walk = Walk { input: &self.input, edits: &self.edits, known: self.known(), wanted };
        let mut found = None;
        self.core.walk(walk, &Cancel::new(), &mut Progress::none(), |_, value| {
            found = Some(value);
            Ok(())
        })?;
        let value = found.ok_or_else(|| EngineError::OutOfRange(format!("layer {}", layer.0)))?;
        *recomputed = Some((layer, value.clone()));
        Ok(value)
    }

    fn wrap<T>(&self, layer: LayerId, result: Result<T>) -> std::result::Result<T, EngineError> {
        result.map_err(|source| {
            let name = self.core.graph.nodes.get(layer.0).map_or("", |node| node.name.as_str());
            failed(&self.core.device, &format!("reading {name}"), source)
        })
    }
}

impl Capture for PortableCapture {
    fn input(&self) -> &Array {
        &self.input
    }

    fn shapes(&self) -> &[Shape] {
        &self.shapes
    }

    fn read(&self, layer: LayerId, channels: &[usize]) -> std::result::Result<Array, EngineError> {
        let shape = self.shape(layer)?;
        if let Some(channel) = channels.iter().find(|c| **c >= shape.c) {
            return Err(EngineError::OutOfRange(format!("channel {channel} of {}", shape.c)));
        }
        let data = match channels {
            [] => Vec::new(),
            _ => self.wrap(layer, copied(&self.value(layer)?, channels))?,
        };
        Ok(Array { shape: Shape { c: channels.len(), ..shape }, data })
    }

    fn bytes(&self) -> usize {
        let element = self.core.dtype.size_in_bytes();
        let (mut kept, mut largest) = (0, 0);
        for (retained, shape) in self.retained.iter().zip(&self.shapes) {
            match retained {
                Retained::Value(_) => kept += shape.len() * element,
                // One of these is held at a time.
                Retained::Statistics(all) => {
                    kept += all.len() * size_of::<ChannelStatistics>();
                    largest = largest.max(shape.len() * element);
                }
                Retained::Nothing => largest = largest.max(shape.len() * element),
            }
        }
        kept + largest
            + self.edits.iter().map(Edit::bytes).sum::<usize>()
            + self.input.data.len() * size_of::<f32>()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn statistics(
        &self,
        layer: LayerId,
    ) -> std::result::Result<Vec<ChannelStatistics>, EngineError> {
        self.shape(layer)?;
        match &self.retained[layer.0] {
            Retained::Statistics(all) => Ok(all.as_ref().clone()),
            Retained::Value(value) => self.wrap(layer, statistics(value)),
            Retained::Nothing => self.wrap(layer, statistics(&self.value(layer)?)),
        }
    }

    fn combine(&self, layer: LayerId, how: Combine) -> std::result::Result<Array, EngineError> {
        let Shape { n, h, w, .. } = self.shape(layer)?;
        if matches!(self.core.device, Device::Cpu) {
            // Sums in float64 over rows that lie in the cache, which no chain of tensor operations does.
            return Ok(crate::engine::capture::combined(&self.read_all(layer)?, how));
        }
        let data = self.wrap(layer, reduce::combine(&self.value(layer)?, how))?;
        Ok(Array { shape: Shape::new(n, 1, h, w), data })
    }
}

/// The statistics of every channel: on the CPU in one pass over its values, elsewhere where they are.
pub fn statistics(value: &Tensor) -> Result<Vec<ChannelStatistics>> {
    if !matches!(value.device(), Device::Cpu) {
        return reduce::statistics(value);
    }
    let shape = match *value.dims() {
        [n, c] => Shape::flat(n, c),
        _ => {
            let (n, c, h, w) = value.dims4()?;
            Shape::new(n, c, h, w)
        }
    };
    let data = value.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?;
    Ok(ChannelStatistics::of_channels(&Array { shape, data }))
}

/// These channels of every picture as float32, taken out on the device and copied at once.
fn copied(value: &Tensor, channels: &[usize]) -> Result<Vec<f32>> {
    let first = channels.first().copied().unwrap_or(0);
    let some = if channels.iter().enumerate().all(|(i, channel)| *channel == first + i) {
        value.narrow(1, first, channels.len())?
    } else {
        let channels: Vec<u32> = channels.iter().map(|channel| *channel as u32).collect();
        value.index_select(&Tensor::new(channels, value.device())?, 1)?
    };
    some.to_dtype(DType::F32)?.flatten_all()?.to_vec1()
}
