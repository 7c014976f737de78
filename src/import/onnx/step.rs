//! A node on its turn.

use candle_core::{DType, Device, Tensor};

use crate::import::calls::reader::Call;
use crate::onnx::{self, Node};

/// Most whole numbers of a tensor of the file's that are read: shapes, axes, tables of indices.
const NUMBERS: usize = 1 << 22;

/// A node with all that its rule may ask for.
pub struct Step<'a> {
    /// The node.
    pub node: &'a Node,
    /// The version of the operations.
    pub opset: i64,
    /// As rules of other programs name it.
    pub call: Call<'a>,
}

/// The numbers of a tensor of the file's: whole ones, or in float64.
pub fn numbers(tensor: &onnx::Tensor) -> Option<Tensor> {
    let (numbers, extents) = (tensor.numbers(NUMBERS)?, tensor.extents()?);
    let tensor_of = Tensor::from_vec(numbers, extents, &Device::Cpu).ok()?;
    let dtype = if tensor.element()?.is_float() { DType::F64 } else { DType::I64 };
    tensor_of.to_dtype(dtype).ok()
}
