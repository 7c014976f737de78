//! A capture that keeps the fewest values that all others follow from.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use super::core::{Core, Walk};
use super::pool::Blocked;
use super::{convert, statistics};
use crate::base::{Array, Cancel, LayerId, Progress, Shape};
use crate::engine::{Capture, ChannelStatistics, Edit, Edits, EngineError};

/// What a run retains of a layer.
#[derive(Clone, Default)]
pub struct Retained {
    /// Its value.
    pub value: Option<Arc<Blocked>>,
    /// Its statistics, where they were taken while it ran.
    pub statistics: Option<Arc<Vec<ChannelStatistics>>>,
}

/// Every layer of one run.
pub struct FastCapture {
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
    /// Cache of the last recomputed unit: callers read many channels of one layer, then its neighbors.
    recomputed: Mutex<Vec<(LayerId, Arc<Blocked>)>>,
}

impl FastCapture {
    /// Puts a run's parts together.
    pub const fn new(
        core: Arc<Core>,
        input: Array,
        edits: Edits,
        shapes: Vec<Shape>,
        retained: Vec<Retained>,
    ) -> Self {
        Self { core, input, edits, shapes, retained, recomputed: Mutex::new(Vec::new()) }
    }

    /// The values that are kept.
    pub fn known(&self) -> Vec<Option<Arc<Blocked>>> {
        self.retained.iter().map(|retained| retained.value.clone()).collect()
    }

    /// A layer's value, recomputed from what is kept where it has to be.
    pub fn value(&self, layer: LayerId) -> Result<Arc<Blocked>, EngineError> {
        self.shape(layer)?;
        if let Some(value) = &self.retained[layer.0].value {
            return Ok(value.clone());
        }
        // Held while computing: two threads that look at the same layer compute it once.
        let mut recomputed = self.recomputed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, value)) = recomputed.iter().find(|(id, _)| *id == layer) {
            return Ok(value.clone());
        }
        // Let go first: there is room for one unit.
        recomputed.clear();
        let mut wanted = vec![false; self.retained.len()];
        let unit = &self.core.plan.units[self.core.plan.unit_of[layer.0]];
        for layer in &unit.layers {
            wanted[layer.0] = self.retained[layer.0].value.is_none();
        }
        let walk = Walk {
            input: &self.input,
            shapes: &self.shapes,
            edits: &self.edits,
            known: self.known(),
            wanted,
        };
        let mut found = None;
        self.core.walk(walk, &Cancel::new(), &mut Progress::none(), |id, value| {
            if id == layer {
                found = Some(value.clone());
            }
            recomputed.push((id, value));
        })?;
        found.ok_or_else(|| EngineError::OutOfRange(format!("layer {}", layer.0)))
    }
}

impl Capture for FastCapture {
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
        if channels.is_empty() {
            return Ok(Array::zeros(Shape { c: 0, ..shape }));
        }
        Ok(convert::channels(&self.core.on, &*self.value(layer)?, channels))
    }

    fn bytes(&self) -> usize {
        let bytes =
            |layer: usize| self.core.plan.layout(LayerId(layer), self.shapes[layer]).bytes();
        let (mut kept, mut largest) = (0, 0);
        for unit in &self.core.plan.units {
            let mut recomputed = 0;
            for layer in &unit.layers {
                let retained = &self.retained[layer.0];
                match &retained.value {
                    Some(value) => kept += value.layout().bytes(),
                    None => recomputed += bytes(layer.0),
                }
                let counted = retained.statistics.as_ref().map_or(0, |all| all.len());
                kept += counted * size_of::<ChannelStatistics>();
            }
            // Those of one unit are held at a time.
            largest = largest.max(recomputed);
        }
        kept + largest
            + self.edits.iter().map(Edit::bytes).sum::<usize>()
            + self.input.data.len() * size_of::<f32>()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn statistics(&self, layer: LayerId) -> Result<Vec<ChannelStatistics>, EngineError> {
        self.shape(layer)?;
        if let Some(all) = &self.retained[layer.0].statistics {
            return Ok(all.as_ref().clone());
        }
        let on = &self.core.on;
        Ok(statistics::statistics(on, &*self.value(layer)?))
    }
}
