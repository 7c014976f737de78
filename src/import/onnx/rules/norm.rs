//! Norms, and linear layers.

use candle_core::Tensor;

use super::told::{Rule, Told, call};
use crate::import::calls::aten::rule::node;
use crate::import::calls::aten::{Found, one};
use crate::import::calls::reader::{Constant, Reader};
use crate::import::draft::Drawn;
use crate::import::onnx::step::Step;
use crate::model::{ModelError, Value};
use crate::ops::{Binary, BinaryKind, GroupNorm, Linear, Lrn, Operands, Reshape};

pub const RULES: &[(&str, Rule)] = &[
    ("BatchNormalization", batch_norm),
    ("InstanceNormalization", |r, s| {
        let told = Told::default().value("input", s.node.input(0)).value("weight", s.node.input(1));
        let told = told
            .value("bias", s.node.input(2))
            .float("eps", s.node.float("epsilon").unwrap_or(1e-5));
        call(r, s, "instance_norm", &told)
    }),
    ("GroupNormalization", group_norm),
    ("LayerNormalization", layer_norm),
    ("LRN", |r, s| {
        let Some(x) = s.node.input(0).and_then(|name| r.drawn_named(name)) else { return Ok(None) };
        let Some(size) =
            s.node.int("size").and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0)
        else {
            return Ok(None);
        };
        let of = |name: &str, usual: f64| s.node.float(name).unwrap_or(usual);
        let lrn =
            Lrn { size, alpha: of("alpha", 1e-4), beta: of("beta", 0.75), k: of("bias", 1.0) };
        one(r.push(&s.call, None, lrn, &[x])?)
    }),
    ("Gemm", gemm),
];

fn batch_norm(reader: &mut Reader, step: &Step<'_>) -> Found {
    let mut told = Told::default();
    for (input, name) in
        ["input", "weight", "bias", "running_mean", "running_var"].iter().enumerate()
    {
        told = told.value(name, step.node.input(input));
    }
    let told = told.float("eps", step.node.float("epsilon").unwrap_or(1e-5));
    call(reader, step, "batch_norm", &told)
}

/// One number for each channel since opset 21, for each group before.
fn group_norm(reader: &mut Reader, step: &Step<'_>) -> Found {
    let groups = step.node.int("num_groups").unwrap_or(1);
    let told = Told::default().value("input", step.node.input(0)).int("num_groups", groups);
    if step.opset < 21 {
        return Ok(None);
    }
    let told = told.value("weight", step.node.input(1)).value("bias", step.node.input(2));
    call(reader, step, "group_norm", &told.float("eps", step.node.float("epsilon").unwrap_or(1e-5)))
}

fn layer_norm(reader: &mut Reader, step: &Step<'_>) -> Found {
    let Some(x) = step.node.input(0).and_then(|name| reader.drawn_named(name)) else {
        return Ok(None);
    };
    let seen = x.seen();
    let axis = step.node.int("axis").unwrap_or(-1);
    let axis = if axis < 0 { axis + seen.rank() as i64 } else { axis };
    let Some(extents) = usize::try_from(axis).ok().and_then(|axis| seen.as_slice().get(axis..))
    else {
        return Ok(None);
    };
    let extents: Vec<i64> = extents.iter().map(|extent| *extent as i64).collect();
    let told =
        Told::default().value("input", step.node.input(0)).ints("normalized_shape", &extents);
    let told = told.value("weight", step.node.input(1)).value("bias", step.node.input(2));
    call(reader, step, "layer_norm", &told.float("eps", step.node.float("epsilon").unwrap_or(1e-5)))
}

/// `alpha A B + beta C`, where `B` and `C` are the file's.
fn gemm(reader: &mut Reader, step: &Step<'_>) -> Found {
    let input = |at: usize| step.node.input(at);
    let constant = |reader: &Reader, at: usize| -> Option<Constant> {
        reader.constant_named(input(at)?).cloned()
    };
    let (Some(x), Some(weight)) =
        (input(0).and_then(|name| reader.drawn_named(name)), constant(reader, 1))
    else {
        return Ok(None);
    };
    let bias = constant(reader, 2);
    let turned = |name: &str| step.node.int(name) == Some(1);
    if weight.tensor.rank() != 2 || turned("transA") || (bias.is_none() && input(2).is_some()) {
        return Ok(None);
    }
    let scaled = |tensor: &Tensor, name: &str| match step.node.float(name) {
        Some(factor) if factor != 1.0 => tensor * factor,
        _ => Ok(tensor.clone()),
    };
    let matrix = scaled(&weight.tensor, "alpha")?;
    let matrix = if turned("transB") { matrix } else { matrix.t()?.contiguous()? };
    let outputs = matrix.dim(0)?;
    let bias = bias.map(|bias| {
        scaled(&bias.tensor, "beta")?.flatten_all()?.broadcast_as(outputs)?.contiguous()
    });
    let linear = Linear { weight: matrix, bias: bias.transpose()?, last_axis: false };
    let x: Drawn = reader.straight(&step.call, x)?;
    one(reader.push(&step.call, Some(&weight), linear, &[x])?)
}

/// A group norm as PyTorch's exporters write it: groups as channels, an instance norm, the channels again, a factor and a
/// summand for each.
pub fn group_norm_of(reader: &mut Reader, step: &Step<'_>) -> Result<Option<Drawn>, ModelError> {
    let constant = |reader: &Reader, at: usize| -> Option<Constant> {
        reader.constant_named(step.node.input(at)?).cloned()
    };
    let drawn = |reader: &Reader, at: usize| reader.drawn_named(step.node.input(at)?);
    let sides = [0, 1].map(|at| (drawn(reader, at), constant(reader, 1 - at)));
    let Some((x, bias)) = sides.into_iter().find_map(|(x, bias)| x.zip(bias)) else {
        return Ok(None);
    };
    let found = (|| {
        let product = node(reader, x.value)?;
        let Some(Binary { kind: BinaryKind::Multiply, of: Operands::Constant { value, .. } }) =
            product.op.get()
        else {
            return None;
        };
        let channels = node(reader, *product.inputs.first()?)?;
        let norm = node(reader, *channels.inputs.first()?)?;
        let groups = node(reader, *norm.inputs.first()?)?;
        let both = channels.op.is::<Reshape>() && groups.op.is::<Reshape>();
        let inner = norm.op.get::<GroupNorm>()?;
        let from = *groups.inputs.first()?;
        let dims = match from {
            Value::Input => reader.draft.input().dims,
            Value::Output { layer, .. } => *reader.draft.dims.get(layer.0)?,
        };
        let count = dims.at(1);
        let each = value.elem_count() == count && bias.tensor.elem_count() == count;
        (both && each && dims == x.dims && is_plain(inner))
            .then(|| (from, dims, inner.groups, inner.eps, value.clone()))
    })();
    let Some((from, dims, groups, eps, weight)) = found else { return Ok(None) };
    let (weight, shift) = (weight.flatten_all()?, bias.tensor.flatten_all()?);
    let norm = GroupNorm { groups, weight: Some(weight), bias: Some(shift), eps };
    let input = Drawn::plain(from, dims);
    Ok(Some(reader.push(&step.call, None, norm, &[input])?))
}

/// Whether a norm changes nothing after it has normalized.
fn is_plain(norm: &GroupNorm) -> bool {
    let all = |tensor: &Option<Tensor>, number: f64| {
        tensor.as_ref().is_none_or(|tensor| {
            let values = tensor
                .to_dtype(candle_core::DType::F64)
                .and_then(|t| t.flatten_all()?.to_vec1::<f64>());
            values.is_ok_and(|values| values.iter().all(|value| *value == number))
        })
    };
    all(&norm.weight, 1.0) && all(&norm.bias, 0.0)
}
