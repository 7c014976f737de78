//! Functions of values: activations, sums, products, means.

use candle_core::{DType, Device, Tensor};

use super::lrn;
use super::rule::{Found, Rule, one};
use crate::import::calls::reader::{Call, Constant, Reader};
use crate::import::draft::{Drawn, Order};
use crate::model::ModelError;
use crate::ops::{
    Activation, AveragePool, Binary, BinaryKind, Constant as Numbers, Flatten, Linear, MatMul,
    Operands, PRelu, Reduce, Reduction, SELU_ALPHA, Softmax,
};

/// Calls that repeat the smaller of their inputs.
pub const BROADCASTING: [&str; 6] = ["add", "sub", "mul", "div", "maximum", "minimum"];

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
    ("celu", |r, c| {
        activation(r, c, |c| {
            Some(Activation::Celu { alpha: c.args.number("alpha").unwrap_or(1.0) })
        })
    }),
    ("log_sigmoid", |r, c| activation(r, c, |_| Some(Activation::LogSigmoid))),
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
    ("rsub", reversed),
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
    ("max", |r, c| match c.args.has("dim") {
        true => reduce(r, c, Reduction::Max),
        // Of two values, or of all that there are.
        false if c.args.has("other") => binary(r, c, BinaryKind::Maximum),
        false => Ok(None),
    }),
    ("linalg_vector_norm", |r, c| match c.args.number("ord").unwrap_or(2.0) {
        2.0 => reduce(r, c, Reduction::L2),
        _ => Ok(None),
    }),
    ("matmul", matmul),
    ("bmm", matmul),
];

fn activation(
    reader: &mut Reader,
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

/// A clamp, or a ReLU6 that is written as one. Bounds that are values are none.
fn bounds(call: &Call<'_>, min: &str, max: &str, defaults: [f64; 2]) -> Option<Activation> {
    let bound = |name: &str, default| match call.args.has(name) {
        true => call.args.number(name),
        false => Some(default),
    };
    match (bound(min, defaults[0])?, bound(max, defaults[1])?) {
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

/// A product with a number.
pub fn times(number: f64) -> Result<Binary, ModelError> {
    with_number(BinaryKind::Multiply, number)
}

/// A sum with a number.
pub fn plus(number: f64) -> Result<Binary, ModelError> {
    with_number(BinaryKind::Add, number)
}

fn with_number(kind: BinaryKind, number: f64) -> Result<Binary, ModelError> {
    let value = Tensor::new(&[number], &Device::Cpu)?;
    Ok(Binary { kind, of: Operands::Constant { value, first: false } })
}

fn prelu(reader: &mut Reader, call: &Call<'_>) -> Found {
    let (Some(x), Some(weight)) = (reader.drawn(call, "self"), reader.constant(call, "weight"))
    else {
        return Ok(None);
    };
    let weight = weight.clone();
    let slope = weight.tensor.flatten_all()?;
    one(reader.push(call, Some(&weight), PRelu { slope }, &[x])?)
}

/// A number or numbers of the file on one side.
fn operand(reader: &Reader, call: &Call<'_>, name: &str) -> Option<Constant> {
    if let Some(constant) = reader.constant(call, name) {
        return Some(constant.clone());
    }
    let number = call.args.number(name)?;
    let tensor = Tensor::new(&[number], &Device::Cpu).ok()?;
    Some(Constant { tensor, file: None })
}

fn binary(reader: &mut Reader, call: &Call<'_>, kind: BinaryKind) -> Found {
    if call.args.has("rounding_mode") {
        return Ok(None);
    }
    let alpha = call.args.number("alpha").filter(|alpha| *alpha != 1.0);
    match ["self", "other"].map(|name| reader.drawn(call, name)) {
        [Some(a), Some(b)] => {
            let b = match alpha {
                Some(alpha) => reader.push_alike(&call.part("mul"), None, times(alpha)?, b)?,
                None => b,
            };
            let lrn = (kind == BinaryKind::Divide).then(|| lrn::lrn(reader, a, b)).flatten();
            match lrn {
                Some(lrn) => one(reader.push(call, None, lrn, &[a])?),
                None => both(reader, call, kind, a, b)?.map_or(Ok(None), one),
            }
        }
        [Some(x), None] if alpha.is_none() => with_constant(reader, call, kind, x, "other", false),
        [None, Some(x)] if alpha.is_none() => with_constant(reader, call, kind, x, "self", true),
        _ => Ok(None),
    }
}

/// `other - self`.
fn reversed(reader: &mut Reader, call: &Call<'_>) -> Found {
    let kind = BinaryKind::Subtract;
    if call.args.number("alpha").is_some_and(|alpha| alpha != 1.0) {
        return Ok(None);
    }
    match ["self", "other"].map(|name| reader.drawn(call, name)) {
        [Some(a), Some(b)] => both(reader, call, kind, b, a)?.map_or(Ok(None), one),
        [Some(x), None] => with_constant(reader, call, kind, x, "other", true),
        [None, Some(x)] => with_constant(reader, call, kind, x, "self", false),
        [None, None] => Ok(None),
    }
}

/// A function of two values that depend on the input.
fn both(
    reader: &mut Reader,
    call: &Call<'_>,
    kind: BinaryKind,
    a: Drawn,
    b: Drawn,
) -> Result<Option<Drawn>, ModelError> {
    let repeated = a.repeated.is_some() || b.repeated.is_some();
    if a.order == b.order {
        let same = a.dims == b.dims && !repeated;
        // Repeated along axes of the file, which are aligned at their ends.
        if a.order != Order::Plain && a.dims.rank() != b.dims.rank() {
            return Ok(None);
        }
        let op = Binary { kind, of: if same { Operands::Same } else { Operands::Repeated } };
        return Ok(Some(reader.push(call, None, op, &[a.here(), b.here()])?.ordered(a.order)));
    }
    let (a, b) = (reader.straight(call, a)?, reader.straight(call, b)?);
    let op = Binary { kind, of: Operands::Repeated };
    Ok(Some(reader.push(call, None, op, &[a, b])?))
}

/// A function of a value and of numbers that the file holds, which stand first or second.
fn with_constant(
    reader: &mut Reader,
    call: &Call<'_>,
    kind: BinaryKind,
    x: Drawn,
    name: &str,
    first: bool,
) -> Found {
    let Some(constant) = operand(reader, call, name) else { return Ok(None) };
    scaled(reader, call, x, &constant, (kind, first))?.map_or(Ok(None), one)
}

/// `input + value * tensor1 * tensor2`.
fn addcmul(reader: &mut Reader, call: &Call<'_>) -> Found {
    if call.args.number("value").is_some_and(|value| value != 1.0) {
        return Ok(None);
    }
    let product = match ["tensor1", "tensor2"].map(|name| reader.drawn(call, name)) {
        [Some(a), Some(b)] => both(reader, call, BinaryKind::Multiply, a, b)?,
        [None, None] => return Ok(None),
        [x, y] => {
            let name = if x.is_none() { "tensor1" } else { "tensor2" };
            let Some(constant) = reader.constant(call, name).cloned() else { return Ok(None) };
            let Some(x) = x.or(y) else { return Ok(None) };
            scaled(reader, call, x, &constant, (BinaryKind::Multiply, false))?
        }
    };
    let Some(product) = product else { return Ok(None) };
    let sum = match reader.drawn(call, "self") {
        Some(x) => both(reader, call, BinaryKind::Add, x, product)?,
        None => {
            let Some(constant) = reader.constant(call, "self").cloned() else { return Ok(None) };
            scaled(reader, call, product, &constant, (BinaryKind::Add, false))?
        }
    };
    sum.map_or(Ok(None), one)
}

/// A function of a value and of a number, of one number for each channel, or of one for each of its values. The numbers
/// stand first or second.
pub fn scaled(
    reader: &mut Reader,
    call: &Call<'_>,
    x: Drawn,
    constant: &Constant,
    (kind, first): (BinaryKind, bool),
) -> Result<Option<Drawn>, ModelError> {
    let op = |value| Binary { kind, of: Operands::Constant { value, first } };
    if constant.tensor.elem_count() == 1 {
        let number = constant.tensor.flatten_all()?;
        return reader.push_alike(call, None, op(number), x).map(Some);
    }
    let (rank, mut value) = (x.seen().rank(), constant.tensor.clone());
    if value.rank() == rank && value.dims().first() == Some(&1) && x.order != Order::PicturesSecond
    {
        value = value.squeeze(0)?;
    }
    match x.order {
        Order::ChannelsLast if value.rank() == 1 => value = value.reshape(((), 1, 1))?,
        Order::ChannelsLast => {
            let x = reader.straight(call, x)?;
            return reader.push(call, Some(constant), op(value), &[x]).map(Some);
        }
        // Its first axis would be that of the pictures.
        Order::PicturesSecond if value.rank() + 1 >= rank => return Ok(None),
        Order::Plain | Order::Merged | Order::PicturesSecond => {}
    }
    reader.push_alike(call, Some(constant), op(value), x).map(Some)
}

fn softmax(reader: &mut Reader, call: &Call<'_>, log: bool) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let Some(axis) = x.axis(call.args.whole("dim").unwrap_or(-1)) else { return Ok(None) };
    one(reader.push_alike(call, None, Softmax { axis, log }, x)?)
}

fn reduce(reader: &mut Reader, call: &Call<'_>, kind: Reduction) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let Some(dims) = call.args.integers("dim") else { return Ok(None) };
    let keep = call.args.flag("keepdim").unwrap_or(false);
    // Rows and columns that are left would stand where channels do.
    let x = if keep { x } else { reader.straight(call, x)? };
    let axes: Option<Vec<usize>> = dims.into_iter().map(|dim| x.axis(dim)).collect();
    let Some(mut axes) = axes.filter(|axes| !axes.is_empty()) else { return Ok(None) };
    axes.sort_unstable();
    if kind == Reduction::Mean && axes == [2, 3] && x.dims.rank() == 4 && x.order == Order::Plain {
        let pooled = reader.push(call, None, AveragePool::Global, &[x])?;
        return one(if keep { pooled } else { reader.push(call, None, Flatten, &[pooled])? });
    }
    if x.order == Order::PicturesSecond && !keep && axes.contains(&1) {
        let reduced = reader.push(call, None, Reduce { kind, axes, keep }, &[x.here()])?;
        return one(reduced);
    }
    one(reader.push_alike(call, None, Reduce { kind, axes, keep }, x)?)
}

fn matmul(reader: &mut Reader, call: &Call<'_>) -> Found {
    let other = if call.args.has("other") { "other" } else { "mat2" };
    // With a matrix of the file's it is a linear layer.
    if let (Some(x), Some(constant)) =
        (reader.drawn(call, "self"), reader.constant(call, other).cloned())
        && constant.tensor.rank() == 2
        && x.order != Order::PicturesSecond
    {
        let x = reader.straight(call, x)?;
        let weight = constant.tensor.t()?.contiguous()?;
        let linear = Linear { weight, bias: None, last_axis: x.dims.rank() > 2 };
        return one(reader.push_alike(call, Some(&constant), linear, x)?);
    }
    let sides = ["self", other].map(|name| reader.drawn(call, name));
    let straight = |reader: &mut Reader, side: Option<Drawn>| {
        side.map(|side| reader.straight(call, side)).transpose()
    };
    let [a, b] = sides;
    let (a, b) = (straight(reader, a)?, straight(reader, b)?);
    let order = a.or(b).map_or(Order::Plain, |side| side.order);
    let alike = |side: &Drawn| side.order == order;
    if !a.iter().chain(&b).all(alike) || order == Order::PicturesSecond {
        return Ok(None);
    }
    let mut inputs = Vec::new();
    for (name, side) in ["self", other].into_iter().zip([a, b]) {
        inputs.push(match (side, reader.constant(call, name).cloned()) {
            (Some(drawn), _) => drawn.here(),
            (None, Some(constant)) => {
                let value = constant.tensor.to_dtype(DType::F64)?;
                reader.push(call, Some(&constant), Numbers { value }, &[])?
            }
            (None, None) => return Ok(None),
        });
    }
    one(reader.push(call, None, MatMul, &inputs)?.ordered(order))
}
