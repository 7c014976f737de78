//! A network that has forgotten what it learned, from some layer on.

use candle_core::{DType, Device, Result, Tensor};

use super::{Graph, ModelError};
use crate::base::{LayerId, Random};

/// The network with the weights of `first` and of all layers after it in the list drawn anew: He normal, no bias, batch
/// norms that take their statistics from the photo at hand, at scale 1 and shift 0.
///
/// # Errors
/// When a tensor cannot be made.
pub fn redrawn(graph: &Graph, first: LayerId, seed: u64) -> std::result::Result<Graph, ModelError> {
    let mut random = Random::new(seed);
    let mut graph = graph.clone();
    for node in graph.nodes.iter_mut().skip(first.0) {
        if let Some(op) = node.op.redrawn(&mut |dims| he_normal(dims, &mut random))? {
            node.op = op;
        }
    }
    Ok(graph)
}

/// Normal numbers of variance 2 / fan-in (He et al. 2015).
fn he_normal(dims: &[usize], random: &mut Random) -> Result<Tensor> {
    let inputs: usize = dims.iter().skip(1).product();
    let deviation = (2.0 / inputs.max(1) as f64).sqrt();
    let count = dims.iter().product();
    let values: Vec<f32> = (0..count).map(|_| (deviation * random.normal()) as f32).collect();
    Tensor::from_vec(values, dims, &Device::Cpu)?.to_dtype(DType::F32)
}
