//! Norms.

use candle_core::{DType, Tensor};

use super::rule::{Found, Rule, one};
use crate::import::draft::Drawn;
use crate::import::pt2::reader::{Call, Constant, Known, Reader};
use crate::model::{Node, Value};
use crate::ops::{
    Activation, AveragePool, BatchNorm, Binary, BinaryKind, GroupNorm, LayerNorm, Lrn, Op,
    Operands, Over, Pad, Reshape, Window,
};

pub const RULES: &[(&str, Rule)] = &[
    ("batch_norm", batch_norm),
    ("_native_batch_norm_legit_no_training", batch_norm),
    ("instance_norm", instance_norm),
    ("group_norm", group_norm),
    ("native_group_norm", group_norm),
    ("layer_norm", layer_norm),
    ("native_layer_norm", layer_norm),
    ("avg_pool3d", neighbors),
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
    named: Option<Constant>,
    norm: impl Into<Op>,
    x: Drawn,
) -> Found {
    Ok(Some(vec![Known::Drawn(reader.push(call, named.as_ref(), norm, &[x])?)]))
}

/// The mean over neighboring channels of `[N, 1, C, H, W]`, as local response normalization is written.
fn neighbors(reader: &mut Reader<'_>, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let integers = |name| call.args.integers(name).unwrap_or_default();
    let plain = !call.args.flag("ceil_mode").unwrap_or(false)
        && !call.args.has("divisor_override")
        && integers("stride") == [1, 1, 1]
        && integers("padding").iter().all(|pad| *pad == 0);
    let (kernel, seen) = (integers("kernel_size"), x.seen());
    let ([size, 1, 1], [_, 1, channels, h, w], true) = (kernel.as_slice(), seen.as_slice(), plain)
    else {
        return Ok(None);
    };
    let Some(size) = usize::try_from(*size).ok().filter(|size| (1..=*channels).contains(size))
    else {
        return Ok(None);
    };
    let rows = |channels: usize| Reshape { to: vec![Some(1), Some(channels), None], sides: false };
    let lines = reader.push(call, None, rows(*channels), &[x])?;
    let window = Window { kernel: [size, 1], ..Window::square(1, 1, 0) };
    let mean = AveragePool::Windowed { window, count_include_pad: true };
    let means = reader.push(call, None, mean, &[lines])?;
    let to = vec![Some(1), Some(channels + 1 - size), Some(*h), Some(*w)];
    one(reader.push(call, None, Reshape { to, sides: false }, &[means])?)
}

/// Whether `x / divisor` is a local response normalization of `x`.
pub fn lrn(reader: &Reader<'_>, x: Drawn, divisor: Drawn) -> Option<Lrn> {
    let nodes = &reader.draft.nodes;
    let node = |value: Value| match value {
        Value::Output { layer, .. } => nodes.get(layer.0),
        Value::Input => None,
    };
    // The layer before one with a single input, past reshapes.
    let before = |of: &Node| {
        let mut at = node(*of.inputs.first()?)?;
        while at.op.is::<Reshape>() {
            at = node(*at.inputs.first()?)?;
        }
        Some(at)
    };
    let number = |of: &Node, kind: BinaryKind| match of.op.get::<Binary>() {
        Some(Binary { kind: known, of: Operands::Constant { value, .. } }) if *known == kind => {
            value.to_dtype(DType::F64).ok()?.reshape(()).ok()?.to_scalar::<f64>().ok()
        }
        _ => None,
    };
    let power = node(divisor.value)?;
    let Some(Activation::Power { exponent: beta }) = power.op.get() else { return None };
    let sum = before(power)?;
    let k = number(sum, BinaryKind::Add)?;
    let product = before(sum)?;
    let alpha = number(product, BinaryKind::Multiply)?;
    let pool = before(product)?;
    let Some(AveragePool::Windowed { window, .. }) = pool.op.get() else { return None };
    let [size, 1] = window.kernel else { return None };
    let pad = before(pool)?;
    let [[0, 0], amounts, [0, 0], [0, 0]] = pad.op.get::<Pad>()?.amounts.as_slice() else {
        return None;
    };
    let square = before(pad)?;
    let same =
        matches!(square.op.get(), Some(Binary { kind: BinaryKind::Multiply, of: Operands::Same }));
    let itself = same && square.inputs.iter().all(|input| *input == x.value);
    let centered = *amounts == [size / 2, (size - 1) / 2];
    (itself && centered).then_some(Lrn { size, alpha, beta: *beta, k })
}
