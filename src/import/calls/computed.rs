//! Calls on numbers of the file alone that are layers elsewhere: positions that go through a convolution.

use candle_core::{DType, Device, Error, Result, Tensor};

use super::aten::{self, Found};
use super::reader::{Call, Known, Reader};
use crate::model::{ModelError, Node, Value};
use crate::ops::{Constant as Numbers, Dims, Place};

/// What a call on numbers gives that is a layer elsewhere: the layer is run, and left out.
///
/// # Errors
/// When it takes no such numbers.
pub fn by_rule(
    reader: &mut Reader,
    call: &Call<'_>,
) -> std::result::Result<Option<Vec<Tensor>>, ModelError> {
    let name = call.args.tensor("self").or(call.args.tensor("input"));
    let (Some(name), Some(rule)) = (name, aten::rule(call.base)) else { return Ok(None) };
    by(reader, call, name, |reader| rule(reader, call))
}

/// The same of what makes layers of a value, given the value's name.
///
/// # Errors
/// When it takes no such numbers.
pub fn by(
    reader: &mut Reader,
    call: &Call<'_>,
    name: &str,
    rule: impl FnOnce(&mut Reader) -> Found,
) -> std::result::Result<Option<Vec<Tensor>>, ModelError> {
    let Some(constant) = reader.constant_named(name).cloned() else { return Ok(None) };
    let (start, names) = (reader.draft.nodes.len(), reader.draft.names());
    let value = constant.tensor.to_dtype(DType::F64)?;
    let drawn = reader.push(call, None, Numbers { value }, &[])?;
    reader.known.insert(name.to_string(), Known::Drawn(drawn));
    let found = rule(reader);
    reader.known.insert(name.to_string(), Known::Constant(constant));
    let count: usize = reader.draft.dims.iter().skip(start).map(Dims::len).sum();
    if count > 4 * reader.most {
        return Ok(None);
    }
    let values = run(&reader.draft.nodes, start)?;
    reader.draft.rewind(start, names);
    let Some(found) = found? else { return Ok(None) };
    let value = |known: &Known| match known {
        Known::Drawn(drawn) => match drawn.value {
            Value::Output { layer, .. } => {
                let value = values.get(layer.0.checked_sub(start)?)?;
                let order = drawn.axes().concat();
                let seen = drawn.seen();
                Some(value.permute(order).and_then(|v| v.contiguous()?.reshape(seen.as_slice())))
            }
            Value::Input => None,
        },
        Known::Constant(constant) => Some(Ok(constant.tensor.clone())),
        Known::Above(_) => None,
    };
    let values: Option<Result<Vec<Tensor>>> = found.iter().map(value).collect();
    Ok(values.transpose()?)
}

/// The values of the layers from a place on, which take no others.
fn run(nodes: &[Node], start: usize) -> Result<Vec<Tensor>> {
    let place = Place { dtype: DType::F64, device: Device::Cpu };
    let mut values: Vec<Tensor> = Vec::new();
    for node in nodes.iter().skip(start) {
        let input = |value: &Value| match value {
            Value::Output { layer, .. } => values.get(layer.0.checked_sub(start)?).cloned(),
            Value::Input => None,
        };
        let inputs: Option<Vec<Tensor>> = node.inputs.iter().map(input).collect();
        let inputs = inputs.ok_or_else(|| Error::msg("it depends on the input"))?;
        values.push(node.op.prepare(&place)?.forward(&inputs)?);
    }
    Ok(values)
}

/// Weights normalized by their own statistics along axis 1, in float64: weight standardization (Qiao et al. 2019).
///
/// # Errors
/// When the numbers do not fit.
pub fn standardized(
    x: &Tensor,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    eps: f64,
) -> Result<Tensor> {
    let over: Vec<usize> = (0..x.rank()).filter(|axis| *axis != 1).collect();
    let wide = x.to_dtype(DType::F64)?;
    let centered = wide.broadcast_sub(&wide.mean_keepdim(over.as_slice())?)?;
    let variance = centered.sqr()?.mean_keepdim(over.as_slice())?;
    let mut y = centered.broadcast_div(&(variance + eps)?.sqrt()?)?;
    let along = |values: &Tensor| per_channel(&values.to_dtype(DType::F64)?, x.rank());
    if let Some(weight) = weight {
        y = y.broadcast_mul(&along(weight)?)?;
    }
    if let Some(bias) = bias {
        y = y.broadcast_add(&along(bias)?)?;
    }
    Ok(y)
}

/// A value for each channel, to be broadcast.
fn per_channel(values: &Tensor, rank: usize) -> Result<Tensor> {
    let mut dims = vec![1; rank];
    if let Some(channels) = dims.get_mut(1) {
        *channels = values.elem_count();
    }
    values.reshape(dims)
}
