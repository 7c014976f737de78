//! Calls on numbers of the file alone that are layers elsewhere: positions that go through a convolution.

use candle_core::{DType, Device, Error, Result, Tensor};

use super::aten;
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
    let Some(constant) = reader.constant_named(name).cloned() else { return Ok(None) };
    let (start, names) = (reader.draft.nodes.len(), reader.draft.names());
    let value = constant.tensor.to_dtype(DType::F64)?;
    let drawn = reader.push(call, None, Numbers { value }, &[])?;
    reader.known.insert(name.to_string(), Known::Drawn(drawn));
    let found = rule(reader, call);
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
