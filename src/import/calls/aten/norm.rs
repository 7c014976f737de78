//! Norms.

use candle_core::{Device, Tensor};

use super::arithmetic;
use super::rule::{Found, Rule, one};
use crate::import::calls::reader::{Call, Constant, Known, Reader};
use crate::import::draft::Drawn;
use crate::ops::{
    Activation, BatchNorm, Binary, BinaryKind, GroupNorm, LayerNorm, Op, Operands, Over, Reduce,
    Reduction,
};

pub const RULES: &[(&str, Rule)] = &[
    ("batch_norm", batch_norm),
    ("_native_batch_norm_legit_no_training", batch_norm),
    ("instance_norm", instance_norm),
    ("group_norm", group_norm),
    ("native_group_norm", group_norm),
    ("layer_norm", layer_norm),
    ("native_layer_norm", layer_norm),
    ("rms_norm", rms_norm),
];

fn numbers(reader: &Reader, call: &Call<'_>, name: &str) -> Option<Tensor> {
    reader.constant(call, name).map(|constant| constant.tensor.clone())
}

fn batch_norm(reader: &mut Reader, call: &Call<'_>) -> Found {
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

fn instance_norm(reader: &mut Reader, call: &Call<'_>) -> Found {
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

fn group_norm(reader: &mut Reader, call: &Call<'_>) -> Found {
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

fn layer_norm(reader: &mut Reader, call: &Call<'_>) -> Found {
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
    reader: &mut Reader,
    call: &Call<'_>,
    named: Option<Constant>,
    norm: impl Into<Op>,
    x: Drawn,
) -> Found {
    Ok(Some(vec![Known::Drawn(reader.push(call, named.as_ref(), norm, &[x])?)]))
}

/// `x / sqrt(mean x^2 + eps)` over the last axes, times weights.
fn rms_norm(reader: &mut Reader, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "input") else { return Ok(None) };
    let shape = reader.integers(call, "normalized_shape").unwrap_or_default();
    let axes: Option<Vec<usize>> = (1..=shape.len() as i64).map(|i| x.axis(-i)).collect();
    let Some(mut axes) = axes.filter(|axes| !axes.is_empty()) else { return Ok(None) };
    axes.sort_unstable();
    let eps = call.args.number("eps").unwrap_or_else(|| f64::from(f32::EPSILON));
    let value = Tensor::new(&[eps], &Device::Cpu)?;
    let of = Operands::Constant { value, first: false };
    let steps: [(&str, Op); 4] = [
        ("square", Activation::Power { exponent: 2.0 }.into()),
        ("mean", Reduce { kind: Reduction::Mean, axes, keep: true }.into()),
        ("add", Binary { kind: BinaryKind::Add, of }.into()),
        ("rsqrt", Activation::Power { exponent: -0.5 }.into()),
    ];
    let mut scale = x;
    for (word, step) in steps {
        scale = reader.push_alike(&call.part(word), None, step, scale)?;
    }
    let op = Binary { kind: BinaryKind::Multiply, of: Operands::Repeated };
    let weight = reader.constant(call, "weight").cloned();
    let product = if weight.is_some() { &call.part("mul") } else { call };
    let y = reader.push(product, None, op, &[x.here(), scale.here()])?.ordered(x.order);
    let Some(weight) = weight else { return one(y) };
    let scaled = arithmetic::scaled(reader, call, y, &weight, (BinaryKind::Multiply, false))?;
    scaled.map_or(Ok(None), one)
}
