//! Norms.

use candle_core::Tensor;

use super::rule::{Found, Rule, one};
use crate::import::pt2::reader::{Call, Known, Reader};
use crate::ops::{BatchNorm, GroupNorm, LayerNorm, Over};

pub const RULES: &[(&str, Rule)] = &[
    ("batch_norm", batch_norm),
    ("_native_batch_norm_legit_no_training", batch_norm),
    ("instance_norm", instance_norm),
    ("group_norm", group_norm),
    ("native_group_norm", group_norm),
    ("layer_norm", layer_norm),
    ("native_layer_norm", layer_norm),
];

fn numbers(reader: &Reader<'_>, call: &Call<'_>, name: &str) -> Option<Tensor> {
    reader.constant(call, name).map(|constant| constant.tensor.clone())
}

fn batch_norm(reader: &mut Reader<'_>, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "input") else { return Ok(None) };
    let of = |name| numbers(reader, call, name);
    let (Some(mean), Some(variance)) = (of("running_mean"), of("running_var")) else {
        return Ok(None);
    };
    if call.args.flag("training") == Some(true) {
        return Ok(None);
    }
    let weight = of("weight").map_or_else(|| mean.ones_like(), Ok)?;
    let bias = of("bias").map_or_else(|| mean.zeros_like(), Ok)?;
    let named = reader.constant(call, "weight").or(reader.constant(call, "running_mean")).cloned();
    let eps = call.args.number("eps").unwrap_or(1e-5);
    let norm = BatchNorm { weight, bias, mean, variance, eps };
    one(reader.push(call, named.as_ref(), norm, &[x])?)
}

fn instance_norm(reader: &mut Reader<'_>, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "input") else { return Ok(None) };
    if call.args.flag("use_input_stats") == Some(false) {
        return batch_norm(reader, call);
    }
    let (weight, bias) = (numbers(reader, call, "weight"), numbers(reader, call, "bias"));
    let named = reader.constant(call, "weight").cloned();
    let eps = call.args.number("eps").unwrap_or(1e-5);
    let norm = GroupNorm { groups: x.dims.at(1), weight, bias, eps };
    one(reader.push(call, named.as_ref(), norm, &[x])?)
}

fn group_norm(reader: &mut Reader<'_>, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "input") else { return Ok(None) };
    let groups = call.args.whole("num_groups").or(call.args.whole("group"));
    let Some(groups) = groups.and_then(|groups| usize::try_from(groups).ok()) else {
        return Ok(None);
    };
    let (weight, bias) = (numbers(reader, call, "weight"), numbers(reader, call, "bias"));
    let named = reader.constant(call, "weight").cloned();
    let eps = call.args.number("eps").unwrap_or(1e-5);
    let norm = GroupNorm { groups, weight, bias, eps };
    first(reader, call, named, norm, x)
}

fn layer_norm(reader: &mut Reader<'_>, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "input") else { return Ok(None) };
    let shape = reader.integers(call, "normalized_shape");
    let shape = shape.and_then(|s| s.into_iter().map(|e| usize::try_from(e).ok()).collect());
    let Some(shape) = shape else { return Ok(None) };
    let (weight, bias) = (numbers(reader, call, "weight"), numbers(reader, call, "bias"));
    let named = reader.constant(call, "weight").cloned();
    let eps = call.args.number("eps").unwrap_or(1e-5);
    let norm = LayerNorm { over: Over::Last(shape), weight, bias, eps };
    first(reader, call, named, norm, x)
}

/// The value of a norm; the mean and deviation that its core form also gives are nobody's.
fn first(
    reader: &mut Reader<'_>,
    call: &Call<'_>,
    named: Option<crate::import::pt2::reader::Constant>,
    norm: impl Into<crate::ops::Op>,
    x: crate::import::draft::Drawn,
) -> Found {
    Ok(Some(vec![Known::Drawn(reader.push(call, named.as_ref(), norm, &[x])?)]))
}
