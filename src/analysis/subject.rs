//! What an analysis is about, and how it goes about it.

use super::AnalysisError;
use crate::base::{Array, Cancel, LayerId, Progress, Shape};
use crate::engine::{Backend, Capture, Edits, EngineError, GradientRequest, Keep, Seed};
use crate::model::{Graph, Value};
use crate::ops::ReluRule;

/// A run of a network on one input `[1, C, H, W]`.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// What runs the network.
    pub backend: &'a dyn Backend,
    /// The network.
    pub graph: &'a Graph,
    /// The run.
    pub capture: &'a dyn Capture,
    /// The changes that went into it, and go into every further run.
    pub edits: &'a Edits,
}

/// The number that is explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// The logit of a class, before the softmax.
    Class(usize),
    /// The sum of a channel over its positions.
    Channel {
        /// The layer.
        layer: LayerId,
        /// The channel.
        channel: usize,
    },
    /// One value of a layer.
    Unit {
        /// The layer.
        layer: LayerId,
        /// The channel.
        channel: usize,
        /// The row.
        row: usize,
        /// The column.
        column: usize,
    },
}

/// How work is stopped, and whom it tells how far it is and what there is so far.
pub struct Work<'w, 'p, T> {
    /// Polled within every pass.
    pub cancel: &'w Cancel,
    /// Told about every pass.
    pub progress: &'w mut Progress<'p>,
    /// Given what there is so far.
    pub refine: &'w mut dyn FnMut(T),
}

impl<T> Work<'_, '_, T> {
    /// An error when the token was set.
    ///
    /// # Errors
    /// [`EngineError::Canceled`].
    pub fn go_on(&self) -> Result<(), AnalysisError> {
        if self.cancel.is_cancelled() { Err(EngineError::Canceled.into()) } else { Ok(()) }
    }
}

impl Target {
    /// The layer that the number is taken from.
    pub fn layer(&self, graph: &Graph) -> LayerId {
        match self {
            Self::Class(_) => graph.answer(),
            Self::Channel { layer, .. } | Self::Unit { layer, .. } => *layer,
        }
    }

    /// The seed of its gradients.
    pub fn seed(&self, graph: &Graph) -> Seed {
        match *self {
            Self::Class(channel) => {
                Seed::Unit { layer: self.layer(graph), channel, row: 0, column: 0 }
            }
            Self::Channel { layer, channel } => Seed::Channel { layer, channel },
            Self::Unit { layer, channel, row, column } => {
                Seed::Unit { layer, channel, row, column }
            }
        }
    }

    /// The number in each picture of a run.
    ///
    /// # Errors
    /// When the run has no such layer or channel.
    pub fn values(&self, capture: &dyn Capture, graph: &Graph) -> Result<Vec<f64>, EngineError> {
        let (channel, place) = match *self {
            Self::Class(class) => (class, Some((0, 0))),
            Self::Channel { channel, .. } => (channel, None),
            Self::Unit { channel, row, column, .. } => (channel, Some((row, column))),
        };
        let map = capture.read(self.layer(graph), &[channel])?;
        let width = map.shape.w;
        let of = |values: &[f32]| match place {
            Some((row, column)) => values.get(row * width + column).copied().map_or(0.0, f64::from),
            None => values.iter().map(|v| f64::from(*v)).sum(),
        };
        Ok(map.data.chunks(map.shape.area().max(1)).map(of).collect())
    }
}

impl Subject<'_> {
    /// The input `[1, C, H, W]`.
    pub fn input(&self) -> &Array {
        self.capture.input()
    }

    /// The number that is explained, for this run's input.
    ///
    /// # Errors
    /// As [`Target::values`].
    pub fn value(&self, target: Target) -> Result<f64, EngineError> {
        Ok(target.values(self.capture, self.graph)?.first().copied().unwrap_or(0.0))
    }

    /// The number that is explained, for each picture of other inputs `[N, C, H, W]`.
    ///
    /// # Errors
    /// When the network does not run on them, or the token was set.
    pub fn values_of(
        &self,
        inputs: &Array,
        target: Target,
        cancel: &Cancel,
    ) -> Result<Vec<f64>, EngineError> {
        let keep = Keep::Only(vec![target.layer(self.graph)]);
        let run = self.backend.forward(inputs, self.edits, &keep, cancel, &mut Progress::none())?;
        target.values(run.as_ref(), self.graph)
    }

    /// The gradient of the target with respect to a value of this run.
    ///
    /// # Errors
    /// When a layer fails or the token was set.
    pub fn gradient(
        &self,
        target: Target,
        wanted: Value,
        rule: ReluRule,
        cancel: &Cancel,
    ) -> Result<Array, EngineError> {
        let request = GradientRequest { seed: target.seed(self.graph), rule, wanted: vec![wanted] };
        let found = self.backend.backward(self.capture, &request, cancel, &mut Progress::none())?;
        found.into_iter().next().ok_or_else(|| EngineError::OutOfRange("the gradient".into()))
    }

    /// The gradient of the target with respect to another input.
    ///
    /// # Errors
    /// As [`Subject::values_of`].
    pub fn gradient_at(
        &self,
        input: &Array,
        target: Target,
        cancel: &Cancel,
    ) -> Result<Array, EngineError> {
        let keep = Keep::Tape(vec![target.layer(self.graph)]);
        let run = self.backend.forward(input, self.edits, &keep, cancel, &mut Progress::none())?;
        let there = Subject { capture: run.as_ref(), ..*self };
        there.gradient(target, Value::Input, ReluRule::Plain, cancel)
    }

    /// Whether the target exists in this run.
    ///
    /// # Errors
    /// One sentence that says what there is instead.
    pub fn check(&self, target: Target) -> Result<(), AnalysisError> {
        let no = |text: String| Err(AnalysisError::Unfit(text));
        let layer = target.layer(self.graph);
        let shape = self.capture.shape(layer)?;
        let name = || self.graph.nodes.get(layer.0).map_or("", |node| node.name.as_str());
        match target {
            Target::Class(_) if self.graph.classes() == 0 => {
                no("this network has no classes: explain a channel or a unit".into())
            }
            Target::Class(class) if class >= self.graph.classes() => no(format!(
                "there is no class {class}: this network has classes 0 to {}",
                self.graph.classes() - 1
            )),
            Target::Channel { channel, .. } | Target::Unit { channel, .. }
                if channel >= shape.c =>
            {
                no(format!(
                    "there is no channel {channel}: {} has channels 0 to {}",
                    name(),
                    shape.c - 1
                ))
            }
            Target::Unit { row, column, .. } if row >= shape.h || column >= shape.w => no(format!(
                "there is no unit at row {row}, column {column}: {} is {}x{}",
                name(),
                shape.h,
                shape.w
            )),
            _ => Ok(()),
        }
    }

    /// Whether a layer has maps, and the target depends on it.
    ///
    /// # Errors
    /// One sentence that says what is needed.
    pub fn check_layer(&self, layer: LayerId, target: Target) -> Result<Shape, AnalysisError> {
        let shape = self.capture.shape(layer)?;
        let name = self.graph.nodes.get(layer.0).map_or("", |node| node.name.as_str());
        if shape.area() < 2 {
            return Err(AnalysisError::Unfit(format!(
                "{name} has no feature map: choose a layer with rows and columns"
            )));
        }
        let end = target.layer(self.graph);
        if !self.graph.after(layer).get(end.0).copied().unwrap_or(false) {
            let end = self.graph.nodes.get(end.0).map_or("", |node| node.name.as_str());
            return Err(AnalysisError::Unfit(format!(
                "{end} does not depend on {name}: choose an earlier layer"
            )));
        }
        Ok(shape)
    }

    /// The last layer that has rows and columns; class activation maps are taken there by default.
    pub fn last_map(&self) -> Option<LayerId> {
        self.graph.last_map(self.capture.shapes())
    }

    /// The layer that feeds a global average pool, and that pool, where nothing but linear layers lead from it to the
    /// logits.
    pub fn pooled(&self) -> Option<(LayerId, LayerId)> {
        self.graph.pooled()
    }
}

/// Numbers that say how an analysis is done. Those that a method has no use for are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Parameters {
    /// Points of the path of integrated gradients.
    pub steps: usize,
    /// Noisy inputs of SmoothGrad.
    pub samples: usize,
    /// What random numbers start from.
    pub seed: u64,
}

/// One of the numbers of [`Parameters`]: each method says which it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// [`Parameters::steps`].
    Steps,
    /// [`Parameters::samples`].
    Samples,
    /// [`Parameters::seed`].
    Seed,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { steps: 50, samples: 25, seed: 0 }
    }
}
