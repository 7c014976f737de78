//! A network's weights on a device, and the walk through the graph that everything else uses.

use std::sync::{Arc, OnceLock};

use candle_core::{DType, Device, Tensor};

use super::edits;
use crate::base::{Array, Cancel, LayerId, Progress, Shape};
use crate::engine::{Edit, Edits, EngineError};
use crate::model::{Graph, Node, Value, extents};
use crate::ops::{Dims, Op, Place};

/// What a backend and its captures share.
pub struct Core {
    /// The network.
    pub graph: Arc<Graph>,
    /// Its operations as they run here.
    pub ops: Vec<Op>,
    /// What their gradients make of the weights, from the first gradient on.
    pub once: Vec<OnceLock<Tensor>>,
    /// The precision.
    pub dtype: DType,
    /// Where.
    pub device: Device,
}

/// A walk: which layers are wanted, and what is known already.
pub struct Walk<'a> {
    /// The input of the network.
    pub input: &'a Array,
    /// Changes on the way.
    pub edits: &'a Edits,
    /// A value for each layer that need not be computed; of wanted ones there is none.
    pub known: Vec<Option<Tensor>>,
    /// Which layers the caller is given.
    pub wanted: Vec<bool>,
}

impl Core {
    /// Converts the weights.
    pub fn new(graph: Arc<Graph>, dtype: DType, device: Device) -> Result<Self, EngineError> {
        let place = Place { dtype, device };
        let prepare =
            |node: &Node| node.op.prepare(&place).map_err(|e| failed(&place.device, &node.name, e));
        let ops = graph.nodes.iter().map(prepare).collect::<Result<_, _>>()?;
        let once = graph.nodes.iter().map(|_| OnceLock::new()).collect();
        Ok(Self { graph, ops, once, dtype, device: place.device })
    }

    /// Computes the wanted layers, and of the others only what these need, in the order of the graph. A
    /// value is let go as soon as its last user has run, unless `each` keeps it.
    ///
    /// # Errors
    /// When a layer fails, the token is set, or `each` fails.
    pub fn walk(
        &self,
        mut walk: Walk<'_>,
        cancel: &Cancel,
        progress: &mut Progress,
        mut each: impl FnMut(LayerId, Tensor) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let mut users = self.users(&walk);
        let dims = extents(&self.graph, walk.input.shape)?;
        let input = self.upload(walk.input, "input")?;
        let total = self.ops.len();
        let mut live: Vec<Option<Tensor>> = vec![None; total];
        for (i, (node, op)) in self.graph.nodes.iter().zip(&self.ops).enumerate() {
            if cancel.is_cancelled() {
                return Err(EngineError::Canceled);
            }
            let needed = walk.wanted[i] || users[i] > 0;
            if let Some(value) = walk.known[i].take() {
                live[i] = (users[i] > 0).then_some(value);
            } else if needed {
                let inputs = self.take_inputs(node, &input, &mut live, &mut users)?;
                let own = |value: &Value| of(value, walk.input.shape, &dims);
                let own: Vec<Dims> = node.inputs.iter().map(own).collect();
                let failed = |e| failed(&self.device, &node.name, e);
                let inputs = under_all(inputs, &own).map_err(failed)?;
                let value = op.forward(&inputs).map_err(failed)?;
                drop(inputs);
                let value = under(value, &dims[i].shape().dims()).map_err(failed)?;
                let value = self.edit(value, LayerId(i), &node.name, walk.edits)?;
                if users[i] > 0 {
                    live[i] = Some(value.clone());
                }
                if walk.wanted[i] {
                    each(LayerId(i), value)?;
                }
            }
            progress.report(i + 1, total);
        }
        // What a GPU has only been told to do is no result yet.
        self.device.synchronize().map_err(|e| failed(&self.device, "the last layer", e))
    }

    /// How often each layer's value is used by layers that have to be computed.
    fn users(&self, walk: &Walk<'_>) -> Vec<usize> {
        let mut users = vec![0; self.graph.nodes.len()];
        for (i, node) in self.graph.nodes.iter().enumerate().rev() {
            if walk.known[i].is_some() || !(walk.wanted[i] || users[i] > 0) {
                continue;
            }
            for value in &node.inputs {
                if let Value::Output { layer, .. } = value {
                    users[layer.0] += 1;
                }
            }
        }
        users
    }

    fn take_inputs(
        &self,
        node: &Node,
        input: &Tensor,
        live: &mut [Option<Tensor>],
        users: &mut [usize],
    ) -> Result<Vec<Tensor>, EngineError> {
        let take = |value: &Value| match value {
            Value::Input => Some(input.clone()),
            Value::Output { layer, .. } => {
                users[layer.0] -= 1;
                if users[layer.0] == 0 { live[layer.0].take() } else { live[layer.0].clone() }
            }
        };
        let inputs: Option<Vec<Tensor>> = node.inputs.iter().map(take).collect();
        inputs.ok_or_else(|| EngineError::OutOfRange(format!("an input of {}", node.name)))
    }

    /// A value or a gradient on the device, in the precision of the backend.
    pub fn upload(&self, array: &Array, layer: &str) -> Result<Tensor, EngineError> {
        // As float32, which is narrowed there: numerics must not depend on who narrows.
        Tensor::from_slice(&array.data, array.shape.dims(), &self.device)
            .and_then(|t| t.to_dtype(self.dtype))
            .map_err(|e| failed(&self.device, layer, e))
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
                Edit::Channels { channels, change, .. } => edits::apply(&value, channels, *change)
                    .map_err(|e| failed(&self.device, name, e))?,
            };
        }
        Ok(value)
    }
}

/// The extents of a value.
pub fn of(value: &Value, input: Shape, all: &[Dims]) -> Dims {
    match value {
        Value::Input => input.into(),
        Value::Output { layer, .. } => all.get(layer.0).copied().unwrap_or(input.into()),
    }
}

/// A tensor under other extents. Values lie here as people see them, with rows and columns; operations see all axes.
pub fn under(value: Tensor, extents: &[usize]) -> candle_core::Result<Tensor> {
    if value.dims() == extents { Ok(value) } else { value.contiguous()?.reshape(extents) }
}

/// Several tensors under theirs.
pub fn under_all(values: Vec<Tensor>, dims: &[Dims]) -> candle_core::Result<Vec<Tensor>> {
    values.into_iter().zip(dims).map(|(value, dims)| under(value, dims.as_slice())).collect()
}

/// What GPUs' libraries say when there is no more memory: CUDA's driver, cuBLAS, cuDNN; Metal.
const NO_MEMORY: [&str; 4] = [
    "OUT_OF_MEMORY",
    "STATUS_ALLOC_FAILED",
    "Failed to create metal resource",
    "FailedToCreateResource",
];

/// candle's error, with what it happened to; a GPU that ran out of memory is told apart.
pub fn failed(device: &Device, layer: &str, source: candle_core::Error) -> EngineError {
    let name = match device.location() {
        candle_core::DeviceLocation::Cpu => None,
        candle_core::DeviceLocation::Cuda { gpu_id } => Some(format!("cuda:{gpu_id}")),
        candle_core::DeviceLocation::Metal { .. } => Some("metal".to_string()),
    };
    match name.filter(|_| says_no_memory(&source)) {
        Some(device) => EngineError::OutOfMemory { device },
        None => EngineError::Tensor { layer: layer.to_string(), source },
    }
}

fn says_no_memory(error: &candle_core::Error) -> bool {
    let text = format!("{error} {error:?}");
    NO_MEMORY.iter().any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_a_gpu_without_memory_is_known_by_its_words() {
        // As cudarc's DriverError and candle's wrapper print it.
        let cuda = candle_core::Error::Cuda(
            "DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")".into(),
        );
        assert!(says_no_memory(&cuda));
        assert!(says_no_memory(
            &candle_core::Error::Cuda("CUBLAS_STATUS_ALLOC_FAILED".into()).bt()
        ));
        let other = candle_core::Error::Cuda("CUDA_ERROR_ILLEGAL_ADDRESS".into());
        assert!(!says_no_memory(&other));
        // On the CPU the same words are an ordinary failure: there is nowhere else to go.
        assert!(matches!(failed(&Device::Cpu, "fc", cuda), EngineError::Tensor { .. }));
    }
}
