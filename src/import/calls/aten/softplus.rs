//! The softplus, which PyTorch's core operations write as a choice between a line and a logarithm.

use super::rule::{Found, Rule, node, number, one};
use crate::import::calls::reader::{Above, Call, Known, Reader};
use crate::import::draft::Drawn;
use crate::ops::{Activation, BinaryKind};

pub const RULES: &[(&str, Rule)] = &[("log1p", log1p), ("gt", above), ("where", choose)];

/// `log(1 + exp(z))`; of anything else it is not read.
fn log1p(reader: &mut Reader, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let Some(exp) = node(reader, x.value) else { return Ok(None) };
    let (Some(Activation::Exp), [z]) = (exp.op.get(), exp.inputs.as_slice()) else {
        return Ok(None);
    };
    let z = Drawn { value: *z, ..x };
    let softplus = Activation::Softplus { beta: 1.0, threshold: f64::INFINITY };
    one(reader.push_alike(call, None, softplus, z)?)
}

/// Where a value is above a number.
fn above(reader: &mut Reader, call: &Call<'_>) -> Found {
    let (Some(x), Some(bound)) = (reader.drawn(call, "self"), call.args.number("other")) else {
        return Ok(None);
    };
    Ok(Some(vec![Known::Above(Above { value: x.value, bound })]))
}

/// `x` where `beta x` is above a threshold, elsewhere `log(1 + exp(beta x)) / beta`.
fn choose(reader: &mut Reader, call: &Call<'_>) -> Found {
    let condition = call.args.tensor("condition").and_then(|name| reader.above(name));
    let (Some(x), Some(low), Some(Above { value, bound })) =
        (reader.drawn(call, "self"), reader.drawn(call, "other"), condition)
    else {
        return Ok(None);
    };
    let Some(mut log) = node(reader, low.value) else { return Ok(None) };
    let mut beta = 1.0;
    if let Some(divisor) = number(log, BinaryKind::Divide) {
        beta = divisor;
        let Some(before) = log.inputs.first().and_then(|value| node(reader, *value)) else {
            return Ok(None);
        };
        log = before;
    }
    let is_log = matches!(log.op.get(), Some(Activation::Softplus { beta: 1.0, .. }));
    let times = node(reader, value).filter(|_| value != x.value);
    let factor = times.map_or(Some(1.0), |times| number(times, BinaryKind::Multiply));
    let of_x = times.is_none_or(|times| times.inputs == [x.value]);
    if !is_log || log.inputs != [value] || factor != Some(beta) || !of_x {
        return Ok(None);
    }
    one(reader.push_alike(call, None, Activation::Softplus { beta, threshold: bound }, x)?)
}
