//! A capture that keeps the fewest values that all others follow from.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use super::core::{Core, Walk};
use super::pool::Blocked;
use super::{convert, statistics};
use crate::base::{Array, Cancel, LayerId, Progress, Shape};
use crate::engine::{Capture, ChannelStatistics, Edit, Edits, EngineError};

/// What a run left of a layer.
#[derive(Clone, Default)]
pub struct Left {
    /// Its value.
    pub value: Option<Arc<Blocked>>,
    /// Its statistics, where they were taken while it ran.
    pub statistics: Option<Arc<Vec<ChannelStatistics>>>,
}

/// Every layer of one run.
pub struct FastCapture {
    /// What can compute it again, and what it is known by.
    pub core: Arc<Core>,
    /// The input as it was given.
    pub input: Array,
    /// The changes that went into the run.
    pub edits: Edits,
    /// Each layer's shape.
    pub shapes: Vec<Shape>,
    /// What is left of each layer.
    pub left: Vec<Left>,
    /// The values of the unit that was computed again last: whoever looks at a layer looks at many of its channels,
    /// and then at its neighbors.
    again: Mutex<Vec<(LayerId, Arc<Blocked>)>>,
}

impl FastCapture {
    /// Puts a run's parts together.
    pub const fn new(
        core: Arc<Core>,
        input: Array,
        edits: Edits,
        shapes: Vec<Shape>,
        left: Vec<Left>,
    ) -> Self {
        Self { core, input, edits, shapes, left, again: Mutex::new(Vec::new()) }
    }

    /// The values that are kept.
    pub fn known(&self) -> Vec<Option<Arc<Blocked>>> {
        self.left.iter().map(|left| left.value.clone()).collect()
    }

    /// A layer's value, computed again from what is kept where it has to be.
    pub fn value(&self, layer: LayerId) -> Result<Arc<Blocked>, EngineError> {
        self.shape(layer)?;
        if let Some(value) = &self.left[layer.0].value {
            return Ok(value.clone());
        }
        // Held while computing: two threads that look at the same layer compute it once.
        let mut again = self.again.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, value)) = again.iter().find(|(id, _)| *id == layer) {
            return Ok(value.clone());
        }
        // Let go first: there is room for one unit.
        again.clear();
        let mut wanted = vec![false; self.left.len()];
        let unit = &self.core.plan.units[self.core.plan.unit_of[layer.0]];
        for layer in &unit.layers {
            wanted[layer.0] = self.left[layer.0].value.is_none();
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
            again.push((id, value));
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
            let mut again = 0;
            for layer in &unit.layers {
                let left = &self.left[layer.0];
                match &left.value {
                    Some(value) => kept += value.layout().bytes(),
                    None => again += bytes(layer.0),
                }
                let counted = left.statistics.as_ref().map_or(0, |all| all.len());
                kept += counted * size_of::<ChannelStatistics>();
            }
            // Those of one unit are held at a time.
            largest = largest.max(again);
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
        if let Some(all) = &self.left[layer.0].statistics {
            return Ok(all.as_ref().clone());
        }
        let on = &self.core.on;
        Ok(statistics::statistics(on, &*self.value(layer)?))
    }
}
