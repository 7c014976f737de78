//! Running the graph node by node.

use std::sync::Arc;

use candle_core::{DType, Device, Tensor};

use super::capture::PortableCapture;
use super::ops::Layer;
use crate::base::{Array, Cancel, LayerId, Progress, Shape};
use crate::engine::{Backend, Capture, Edit, Edits, EngineError};
use crate::model::{Graph, Value, infer};

/// A network with its weights ready on a device.
pub struct Portable {
    graph: Arc<Graph>,
    layers: Vec<Layer>,
    dtype: DType,
    device: Device,
    /// What its captures are known by.
    identity: Arc<()>,
}

impl Portable {
    /// Prepares the weights in float32 or float64.
    ///
    /// # Errors
    /// When a weight cannot be converted or does not fit the device.
    pub fn new(graph: Arc<Graph>, dtype: DType, device: Device) -> Result<Self, EngineError> {
        let prepare = |node: &crate::model::Node| {
            Layer::prepare(&node.op, dtype, &device)
                .map_err(|source| EngineError::Tensor { layer: node.name.clone(), source })
        };
        let layers = graph.nodes.iter().map(prepare).collect::<Result<_, _>>()?;
        Ok(Self { graph, layers, dtype, device, identity: Arc::new(()) })
    }

    fn upload(&self, array: &Array, layer: &str) -> Result<Tensor, EngineError> {
        let dims = array.shape.dims();
        Tensor::from_slice(&array.data, dims, &self.device)
            .and_then(|t| t.to_dtype(self.dtype))
            .map_err(|source| EngineError::Tensor { layer: layer.to_string(), source })
    }

    /// Computes the layers for which `known` has no value.
    fn run(
        &self,
        input: &Array,
        mut known: Vec<Option<Tensor>>,
        edits: &Edits,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Arc<dyn Capture>, EngineError> {
        let shapes = infer(&self.graph, input.shape)?;
        check(edits, &shapes)?;
        let tensor = self.upload(input, "input")?;
        let total = self.layers.len();
        let mut values: Vec<Tensor> = Vec::with_capacity(total);
        for (i, (node, layer)) in self.graph.nodes.iter().zip(&self.layers).enumerate() {
            if cancel.is_cancelled() {
                return Err(EngineError::Cancelled);
            }
            let value = match known.get_mut(i).and_then(Option::take) {
                Some(value) => value,
                None => {
                    let inputs: Vec<Tensor> = node
                        .inputs
                        .iter()
                        .map(|value| match value {
                            Value::Input => tensor.clone(),
                            Value::Output { layer, .. } => values[layer.0].clone(),
                        })
                        .collect();
                    let failed = |source| EngineError::Tensor { layer: node.name.clone(), source };
                    let value = layer.run(&inputs).map_err(failed)?;
                    self.edit(value, LayerId(i), &node.name, edits)?
                }
            };
            values.push(value);
            progress.report(i + 1, total);
        }
        let (input, edited, made_by) = (input.clone(), !edits.is_empty(), self.identity.clone());
        Ok(Arc::new(PortableCapture { input, shapes, values, edited, made_by }))
    }

    fn edit(
        &self,
        mut value: Tensor,
        layer: LayerId,
        name: &str,
        edits: &Edits,
    ) -> Result<Tensor, EngineError> {
        for edit in edits.iter().filter(|edit| edit.layer() == layer) {
            value = match edit {
                Edit::Replace { value, .. } => self.upload(value, name)?,
                Edit::Zero { channels, .. } => {
                    let c = value.dims()[1];
                    let keep: Vec<u8> = (0..c).map(|i| u8::from(!channels.contains(&i))).collect();
                    let mut dims = vec![1; value.rank()];
                    dims[1] = c;
                    // No product: NaN times 0 is NaN.
                    Tensor::from_vec(keep, dims, &self.device)
                        .and_then(|t| t.broadcast_as(value.shape()))
                        .and_then(|t| t.where_cond(&value, &value.zeros_like()?))
                        .map_err(|source| EngineError::Tensor { layer: name.into(), source })?
                }
            };
        }
        Ok(value)
    }

    /// Which layers an edit changes: the edited ones and all behind them.
    fn touched(&self, edits: &Edits) -> Vec<bool> {
        let mut touched = vec![false; self.graph.nodes.len()];
        for (i, node) in self.graph.nodes.iter().enumerate() {
            let behind = node.inputs.iter().any(|value| match value {
                Value::Input => false,
                Value::Output { layer, .. } => touched[layer.0],
            });
            touched[i] = behind || edits.iter().any(|edit| edit.layer().0 == i);
        }
        touched
    }
}

impl Backend for Portable {
    fn forward(
        &self,
        input: &Array,
        edits: &Edits,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Arc<dyn Capture>, EngineError> {
        self.run(input, Vec::new(), edits, cancel, progress)
    }

    fn forward_from(
        &self,
        from: &dyn Capture,
        edits: &Edits,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Arc<dyn Capture>, EngineError> {
        let from = from.as_any().downcast_ref::<PortableCapture>();
        let from = from.filter(|c| !c.edited && Arc::ptr_eq(&c.made_by, &self.identity));
        let from = from.ok_or(EngineError::ForeignCapture)?;
        let keep = |(value, touched): (&Tensor, bool)| (!touched).then(|| value.clone());
        let known = from.values.iter().zip(self.touched(edits)).map(keep).collect();
        self.run(&from.input, known, edits, cancel, progress)
    }
}

fn check(edits: &Edits, shapes: &[Shape]) -> Result<(), EngineError> {
    for edit in edits {
        let missing = || EngineError::OutOfRange(format!("edited layer number {}", edit.layer().0));
        let shape = shapes.get(edit.layer().0).ok_or_else(missing)?;
        match edit {
            Edit::Zero { channels, .. } => {
                if let Some(channel) = channels.iter().find(|c| **c >= shape.c) {
                    return Err(EngineError::OutOfRange(format!("edited channel {channel}")));
                }
            }
            Edit::Replace { value, .. } if value.shape != *shape => {
                return Err(EngineError::OutOfRange(format!(
                    "a value {} for {shape}",
                    value.shape
                )));
            }
            Edit::Replace { .. } => {}
        }
    }
    Ok(())
}
