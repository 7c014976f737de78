//! Functions of values: activations, sums, products, means.

use candle_core::{DType, Tensor};

use super::rule::{Found, Rule, axis, one};
use crate::import::draft::{before, behind};
use crate::import::pt2::reader::{Call, Constant, Known, Reader};
use crate::ops::{
    Activation, AveragePool, Binary, BinaryKind, Constant as Numbers, Flatten, MatMul, Op,
    Operands, PRelu, Reduce, Reduction, SELU_ALPHA, Softmax,
};

pub const RULES: &[(&str, Rule)] = &[
    ("relu", |r, c| activation(r, c, |_| Some(Activation::Relu))),
    ("relu6", |r, c| activation(r, c, |_| Some(Activation::Relu6))),
    ("hardtanh", |r, c| activation(r, c, |c| bounds(c, "min_val", "max_val", [-1.0, 1.0]))),
    ("clamp", |r, c| {
        activation(r, c, |c| bounds(c, "min", "max", [f64::NEG_INFINITY, f64::INFINITY]))
    }),
    ("clamp_min", |r, c| {
        activation(r, c, |c| bounds(c, "min", "", [f64::NEG_INFINITY, f64::INFINITY]))
    }),
    ("clamp_max", |r, c| {
        activation(r, c, |c| bounds(c, "", "max", [f64::NEG_INFINITY, f64::INFINITY]))
    }),
    ("leaky_relu", |r, c| {
        activation(r, c, |c| {
            Some(Activation::LeakyRelu { slope: c.args.number("negative_slope").unwrap_or(0.01) })
        })
    }),
    ("elu", |r, c| activation(r, c, elu)),
    ("selu", |r, c| activation(r, c, |_| Some(Activation::Selu))),
    ("silu", |r, c| activation(r, c, |_| Some(Activation::Silu))),
    ("gelu", |r, c| {
        activation(r, c, |c| match c.args.text("approximate") {
            Some("tanh") => Some(Activation::GeluTanh),
            Some("none") | None => Some(Activation::Gelu),
            Some(_) => None,
        })
    }),
    ("mish", |r, c| activation(r, c, |_| Some(Activation::Mish))),
    ("hardswish", |r, c| activation(r, c, |_| Some(Activation::HardSwish))),
    ("hardsigmoid", |r, c| activation(r, c, |_| Some(Activation::HardSigmoid))),
    ("sigmoid", |r, c| activation(r, c, |_| Some(Activation::Sigmoid))),
    ("tanh", |r, c| activation(r, c, |_| Some(Activation::Tanh))),
    ("softplus", |r, c| {
        activation(r, c, |c| {
            let (beta, threshold) = (c.args.number("beta"), c.args.number("threshold"));
            Some(Activation::Softplus {
                beta: beta.unwrap_or(1.0),
                threshold: threshold.unwrap_or(20.0),
            })
        })
    }),
    ("exp", |r, c| activation(r, c, |_| Some(Activation::Exp))),
    ("sqrt", |r, c| activation(r, c, |_| Some(Activation::Sqrt))),
    ("rsqrt", |r, c| activation(r, c, |_| Some(Activation::Power { exponent: -0.5 }))),
    ("reciprocal", |r, c| activation(r, c, |_| Some(Activation::Power { exponent: -1.0 }))),
    ("square", |r, c| activation(r, c, |_| Some(Activation::Power { exponent: 2.0 }))),
    ("abs", |r, c| activation(r, c, |_| Some(Activation::Abs))),
    ("neg", |r, c| activation(r, c, |_| Some(Activation::Negative))),
    ("pow", |r, c| {
        activation(r, c, |c| Some(Activation::Power { exponent: c.args.number("exponent")? }))
    }),
    ("prelu", prelu),
    ("add", |r, c| binary(r, c, BinaryKind::Add)),
    ("sub", |r, c| binary(r, c, BinaryKind::Subtract)),
    ("mul", |r, c| binary(r, c, BinaryKind::Multiply)),
    ("div", |r, c| binary(r, c, BinaryKind::Divide)),
    ("maximum", |r, c| binary(r, c, BinaryKind::Maximum)),
    ("minimum", |r, c| binary(r, c, BinaryKind::Minimum)),
    ("addcmul", addcmul),
    ("softmax", |r, c| softmax(r, c, false)),
    ("_softmax", |r, c| softmax(r, c, false)),
    ("log_softmax", |r, c| softmax(r, c, true)),
    ("_log_softmax", |r, c| softmax(r, c, true)),
    ("mean", |r, c| reduce(r, c, Reduction::Mean)),
    ("sum", |r, c| reduce(r, c, Reduction::Sum)),
    ("amax", |r, c| reduce(r, c, Reduction::Max)),
    ("linalg_vector_norm", |r, c| match c.args.number("ord").unwrap_or(2.0) {
        2.0 => reduce(r, c, Reduction::L2),
        _ => Ok(None),
    }),
    ("matmul", matmul),
    ("bmm", matmul),
];

fn activation(
    reader: &mut Reader<'_>,
    call: &Call<'_>,
    of: impl Fn(&Call<'_>) -> Option<Activation>,
) -> Found {
    let (Some(x), Some(kind)) =
        (reader.drawn(call, "self").or(reader.drawn(call, "input")), of(call))
    else {
        return Ok(None);
    };
    one(reader.push(call, None, kind, &[x])?)
}

/// A clamp, or a ReLU6 that is written as one.
fn bounds(call: &Call<'_>, min: &str, max: &str, defaults: [f64; 2]) -> Option<Activation> {
    let bound = |name: &str, default| call.args.number(name).unwrap_or(default);
    match (bound(min, defaults[0]), bound(max, defaults[1])) {
        (0.0, 6.0) => Some(Activation::Relu6),
        (0.0, f64::INFINITY) => Some(Activation::Relu),
        (min, max) if min <= max => Some(Activation::HardTanh { min, max }),
        _ => None,
    }
}

fn elu(call: &Call<'_>) -> Option<Activation> {
    let number = |name| call.args.number(name).unwrap_or(1.0);
    let (alpha, scale, inner) = (number("alpha"), number("scale"), number("input_scale"));
    match (scale, inner) {
        (1.0, 1.0) => Some(Activation::Elu { alpha }),
        // As SELU is written in its parts.
        (scale, 1.0) if (alpha - SELU_ALPHA).abs() < 1e-6 && (scale - 1.0507).abs() < 1e-4 => {
            Some(Activation::Selu)
        }
        _ => None,
    }
}

fn prelu(reader: &mut Reader<'_>, call: &Call<'_>) -> Found {
    let (Some(x), Some(weight)) = (reader.drawn(call, "self"), reader.constant(call, "weight"))
    else {
        return Ok(None);
    };
    let weight = weight.clone();
    let slope = weight.tensor.flatten_all()?;
    one(reader.push(call, Some(&weight), PRelu { slope }, &[x])?)
}

/// A number or numbers of the file on one side.
fn operand(reader: &Reader<'_>, call: &Call<'_>, name: &str) -> Option<Constant> {
    if let Some(constant) = reader.constant(call, name) {
        return Some(constant.clone());
    }
    let number = call.args.number(name)?;
    let tensor = Tensor::new(&[number], &candle_core::Device::Cpu).ok()?;
    Some(Constant { tensor, file: None })
}

fn binary(reader: &mut Reader<'_>, call: &Call<'_>, kind: BinaryKind) -> Found {
    if call.args.has("rounding_mode") || call.args.number("alpha").is_some_and(|alpha| alpha != 1.0)
    {
        return Ok(None);
    }
    let sides = ["self", "other"].map(|name| reader.drawn(call, name));
    match sides {
        [Some(a), Some(b)]
            if a.dims == b.dims
                && a.channels_last == b.channels_last
                && !(a.repeats || b.repeats) =>
        {
            let of = Op::from(Binary { kind, of: Operands::Same });
            if a.channels_last {
                let out = reader.push(call, None, of, &[before(a), before(b)])?;
                return one(behind(out));
            }
            one(reader.push(call, None, of, &[a, b])?)
        }
        [Some(a), Some(b)] if a.channels_last && b.channels_last => {
            let of = Binary { kind, of: Operands::Repeated };
            one(behind(reader.push(call, None, of, &[before(a), before(b)])?))
        }
        [Some(a), Some(b)] => {
            one(reader.push(call, None, Binary { kind, of: Operands::Repeated }, &[a, b])?)
        }
        [Some(x), None] | [None, Some(x)] => {
            let first = sides[0].is_none();
            let Some(constant) = operand(reader, call, if first { "self" } else { "other" }) else {
                return Ok(None);
            };
            let number = constant.tensor.elem_count() == 1;
            let weights = (!number).then_some(&constant);
            let mut value =
                if number { constant.tensor.flatten_all()? } else { constant.tensor.clone() };
            if value.rank() == x.dims.rank() && value.dims().first() == Some(&1) && !number {
                value = value.squeeze(0)?;
            }
            let last = x.channels_last && (number || value.rank() == 1);
            if last && !number {
                value = value.reshape(((), 1, 1))?;
            }
            let op = Binary { kind, of: Operands::Constant { value, first } };
            if last {
                return one(behind(reader.push(call, weights, op, &[before(x)])?));
            }
            one(reader.push(call, weights, op, &[x])?)
        }
        [None, None] => Ok(None),
    }
}

/// `input + value * tensor1 * tensor2`.
fn addcmul(reader: &mut Reader<'_>, call: &Call<'_>) -> Found {
    if call.args.number("value").is_some_and(|value| value != 1.0) {
        return Ok(None);
    }
    let last = |drawn: crate::import::draft::Drawn| drawn.channels_last;
    let factors = ["tensor1", "tensor2"].map(|name| reader.drawn(call, name));
    let product = match factors {
        [Some(a), Some(b)] if last(a) == last(b) => {
            let of = if a.dims == b.dims { Operands::Same } else { Operands::Repeated };
            let op = Binary { kind: BinaryKind::Multiply, of };
            match last(a) {
                true => behind(reader.push(call, None, op, &[before(a), before(b)])?),
                false => reader.push(call, None, op, &[a, b])?,
            }
        }
        [Some(x), None] | [None, Some(x)] => {
            let name = if factors[0].is_none() { "tensor1" } else { "tensor2" };
            let Some(constant) = reader.constant(call, name).cloned() else { return Ok(None) };
            scaled(reader, call, x, &constant, BinaryKind::Multiply)?
        }
        _ => return Ok(None),
    };
    if let Some(x) = reader.drawn(call, "self") {
        let op = Binary { kind: BinaryKind::Add, of: Operands::Same };
        return match (last(x), last(product)) {
            (true, true) => {
                one(behind(reader.push(call, None, op, &[before(x), before(product)])?))
            }
            (false, false) => one(reader.push(call, None, op, &[x, product])?),
            _ => Ok(None),
        };
    }
    let Some(constant) = reader.constant(call, "self").cloned() else { return Ok(None) };
    one(scaled(reader, call, product, &constant, BinaryKind::Add)?)
}

/// A value with a constant of one number for each channel, or of all its axes but the pictures'.
fn scaled(
    reader: &mut Reader<'_>,
    call: &Call<'_>,
    x: crate::import::draft::Drawn,
    constant: &Constant,
    kind: BinaryKind,
) -> Result<crate::import::draft::Drawn, crate::model::ModelError> {
    let count = constant.tensor.elem_count();
    let op = |value| Binary { kind, of: Operands::Constant { value, first: false } };
    if x.channels_last && count == x.dims.at(3) {
        let value = constant.tensor.reshape((count, 1, 1))?;
        return Ok(behind(reader.push(call, Some(constant), op(value), &[before(x)])?));
    }
    let mut value = constant.tensor.clone();
    if value.rank() == x.dims.rank() && value.dims().first() == Some(&1) {
        value = value.squeeze(0)?;
    }
    reader.push(call, Some(constant), op(value), &[x])
}

fn softmax(reader: &mut Reader<'_>, call: &Call<'_>, log: bool) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let dim = call.args.whole("dim").unwrap_or(-1);
    let Some(axis) = axis(dim, x.dims.rank()).filter(|axis| *axis > 0) else { return Ok(None) };
    one(reader.push(call, None, Softmax { axis, log }, &[x])?)
}

fn reduce(reader: &mut Reader<'_>, call: &Call<'_>, kind: Reduction) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let Some(dims) = call.args.integers("dim") else { return Ok(None) };
    let rank = x.dims.rank();
    let axes: Option<Vec<usize>> = dims.into_iter().map(|dim| axis(dim, rank)).collect();
    let Some(mut axes) = axes.filter(|axes| !axes.is_empty() && !axes.contains(&0)) else {
        return Ok(None);
    };
    let keep = call.args.flag("keepdim").unwrap_or(false);
    if x.channels_last && keep {
        // Rows, columns, channels stand at 2, 3 and 1 here.
        axes.iter_mut().for_each(|axis| *axis = [0, 2, 3, 1][*axis]);
        axes.sort_unstable();
        return one(behind(reader.push(call, None, Reduce { kind, axes, keep }, &[before(x)])?));
    }
    axes.sort_unstable();
    if kind == Reduction::Mean && axes == [2, 3] && rank == 4 && !x.channels_last {
        let pooled = reader.push(call, None, AveragePool::Global, &[x])?;
        return one(if keep { pooled } else { reader.push(call, None, Flatten, &[pooled])? });
    }
    one(reader.push(call, None, Reduce { kind, axes, keep }, &[x])?)
}

fn matmul(reader: &mut Reader<'_>, call: &Call<'_>) -> Found {
    let other = if call.args.has("other") { "other" } else { "mat2" };
    let mut sides = Vec::new();
    for name in ["self", other] {
        let side = match (reader.drawn(call, name), reader.constant(call, name).cloned()) {
            (Some(drawn), _) => drawn,
            (None, Some(constant)) => {
                let value = constant.tensor.to_dtype(DType::F64)?;
                reader.push(call, Some(&constant), Numbers { value }, &[])?
            }
            (None, None) => return Ok(None),
        };
        sides.push(side);
    }
    Ok(Some(vec![Known::Drawn(reader.push(call, None, MatMul, &sides)?)]))
}
