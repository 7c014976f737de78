//! Functions of values, and of two of them.

use super::norm;
use super::told::{Rule, Told, call, number};
use crate::import::calls::aten::rule::{node, number as number_of};
use crate::import::calls::aten::{Found, one};
use crate::import::calls::reader::Reader;
use crate::import::draft::Drawn;
use crate::import::onnx::step::Step;
use crate::model::Value;
use crate::ops::{Activation, Binary, BinaryKind, Gather, Operands};

pub const RULES: &[(&str, Rule)] = &[
    ("Relu", |r, s| same(r, s, "relu")),
    ("Sigmoid", |r, s| same(r, s, "sigmoid")),
    ("Tanh", |r, s| same(r, s, "tanh")),
    ("Exp", |r, s| same(r, s, "exp")),
    ("Sqrt", |r, s| same(r, s, "sqrt")),
    ("Abs", |r, s| same(r, s, "abs")),
    ("Neg", |r, s| same(r, s, "neg")),
    ("Reciprocal", |r, s| same(r, s, "reciprocal")),
    ("Softplus", |r, s| same(r, s, "softplus")),
    ("Mish", |r, s| same(r, s, "mish")),
    ("HardSwish", |r, s| same(r, s, "hardswish")),
    ("Selu", selu),
    ("Elu", |r, s| with_alpha(r, s, "elu", "alpha", 1.0)),
    ("Celu", |r, s| with_alpha(r, s, "celu", "alpha", 1.0)),
    ("LeakyRelu", |r, s| with_alpha(r, s, "leaky_relu", "negative_slope", 0.01)),
    ("Gelu", gelu),
    ("HardSigmoid", hard_sigmoid),
    ("Clip", clip),
    ("PRelu", |r, s| {
        let told = Told::default().value("self", s.node.input(0)).value("weight", s.node.input(1));
        call(r, s, "prelu", &told)
    }),
    ("Pow", |r, s| match number(r, s, 1) {
        Some(exponent) => call(
            r,
            s,
            "pow",
            &Told::default().value("self", s.node.input(0)).float("exponent", exponent),
        ),
        None => Ok(None),
    }),
    ("Erf", |r, s| match drawn(r, s, 0) {
        Some(x) => one(r.push_alike(&s.call, None, Activation::Erf, x)?),
        None => Ok(None),
    }),
    ("Add", |r, s| match norm::group_norm_of(r, s)? {
        Some(found) => one(found),
        None => both(r, s, "add"),
    }),
    ("Sum", |r, s| folded(r, s, "add")),
    ("Sub", |r, s| both(r, s, "sub")),
    ("Mul", mul),
    ("Div", |r, s| both(r, s, "div")),
    ("Max", |r, s| folded(r, s, "maximum")),
    ("Min", |r, s| folded(r, s, "minimum")),
    ("MatMul", |r, s| both(r, s, "matmul")),
    ("Log", log),
    ("Greater", |r, s| match number(r, s, 1) {
        Some(bound) => {
            let told = Told::default().value("self", s.node.input(0)).float("other", bound);
            call(r, s, "gt", &told)
        }
        None => Ok(None),
    }),
    ("Where", |r, s| {
        let told = Told::default().value("condition", s.node.input(0));
        let told = told.value("self", s.node.input(1)).value("other", s.node.input(2));
        call(r, s, "where", &told)
    }),
    ("Identity", kept),
    ("Dropout", kept),
    ("Cast", cast),
    ("QuantizeLinear", kept),
    ("DequantizeLinear", kept),
];

fn same(reader: &mut Reader, step: &Step<'_>, base: &str) -> Found {
    call(reader, step, base, &Told::default().value("self", step.node.input(0)))
}

fn with_alpha(reader: &mut Reader, step: &Step<'_>, base: &str, name: &str, usual: f64) -> Found {
    let alpha = step.node.float("alpha").unwrap_or(usual);
    call(reader, step, base, &Told::default().value("self", step.node.input(0)).float(name, alpha))
}

fn selu(reader: &mut Reader, step: &Step<'_>) -> Found {
    let near =
        |name: &str, usual: f64| step.node.float(name).is_none_or(|v| (v - usual).abs() < 1e-4);
    if near("alpha", 1.67326) && near("gamma", 1.0507) {
        same(reader, step, "selu")
    } else {
        Ok(None)
    }
}

fn gelu(reader: &mut Reader, step: &Step<'_>) -> Found {
    let approximate = step.node.text("approximate").unwrap_or("none");
    let told = Told::default().value("self", step.node.input(0)).text("approximate", approximate);
    call(reader, step, "gelu", &told)
}

/// PyTorch's has the slope 1/6.
fn hard_sigmoid(reader: &mut Reader, step: &Step<'_>) -> Found {
    let (alpha, beta) =
        (step.node.float("alpha").unwrap_or(0.2), step.node.float("beta").unwrap_or(0.5));
    if (alpha - 1.0 / 6.0).abs() < 1e-6 && (beta - 0.5).abs() < 1e-9 {
        return same(reader, step, "hardsigmoid");
    }
    let Some(x) = step.node.input(0).and_then(|name| reader.drawn_named(name)) else {
        return Ok(None);
    };
    let product = reader.push_alike(
        &step.call.part("mul"),
        None,
        crate::import::calls::aten::arithmetic::times(alpha)?,
        x,
    )?;
    let sum = reader.push_alike(
        &step.call.part("add"),
        None,
        crate::import::calls::aten::arithmetic::plus(beta)?,
        product,
    )?;
    one(reader.push_alike(&step.call, None, Activation::HardTanh { min: 0.0, max: 1.0 }, sum)?)
}

/// Bounds are attributes, since opset 11 inputs.
fn clip(reader: &mut Reader, step: &Step<'_>) -> Found {
    let mut told = Told::default().value("self", step.node.input(0));
    for (name, input) in [("min", 1), ("max", 2)] {
        let bound = step.node.float(name).or_else(|| number(reader, step, input));
        match (bound, step.node.input(input)) {
            (Some(bound), _) => told = told.float(name, bound),
            (None, Some(_)) => return Ok(None),
            (None, None) => {}
        }
    }
    call(reader, step, "clamp", &told)
}

fn both(reader: &mut Reader, step: &Step<'_>, base: &str) -> Found {
    let told = Told::default().value("self", step.node.input(0)).value("other", step.node.input(1));
    call(reader, step, base, &told)
}

/// A function of two values over all inputs.
fn folded(reader: &mut Reader, step: &Step<'_>, base: &str) -> Found {
    let [first, rest @ ..] = step.node.inputs.as_slice() else { return Ok(None) };
    let mut found = None;
    let mut at = first.clone();
    for next in rest {
        let told = Told::default().value("self", Some(&at)).value("other", Some(next));
        found = call(reader, step, base, &told)?;
        let Some([known]) = found.as_deref() else { return Ok(None) };
        at = format!("{} so far", step.node.outputs.first().map_or("", String::as_str));
        reader.known.insert(at.clone(), known.clone());
    }
    match (found, rest) {
        (None, []) => kept(reader, step),
        (found, _) => Ok(found),
    }
}

fn drawn(reader: &Reader, step: &Step<'_>, input: usize) -> Option<Drawn> {
    reader.drawn_named(step.node.input(input)?)
}

/// `x` times a function of `x` that has a name.
fn mul(reader: &mut Reader, step: &Step<'_>) -> Found {
    if let [Some(a), Some(b)] = [0, 1].map(|input| drawn(reader, step, input)) {
        for (x, gate) in [(a, b), (b, a)] {
            let Some(layer) = node(reader, gate.value).filter(|_| x.order == gate.order) else {
                continue;
            };
            let of_x = layer.inputs == [x.value];
            let kind = match layer.op.get::<Activation>() {
                Some(Activation::Sigmoid) if of_x => Some(Activation::Silu),
                Some(Activation::HardSigmoid) if of_x => Some(Activation::HardSwish),
                Some(Activation::Tanh) => {
                    let inner = layer.inputs.first().and_then(|value| node(reader, *value));
                    let softplus = inner.filter(|inner| {
                        matches!(inner.op.get(), Some(Activation::Softplus { beta: 1.0, .. }))
                            && inner.inputs == [x.value]
                    });
                    softplus.map(|_| Activation::Mish)
                }
                _ => None,
            };
            if let Some(kind) = kind {
                return one(reader.push_alike(&step.call, None, kind, x)?);
            }
        }
    }
    if let Some(x) = gelu_of(reader, step) {
        return one(reader.push_alike(&step.call, None, Activation::Gelu, x)?);
    }
    both(reader, step, "mul")
}

/// The `x` of `x (1 + erf(x / sqrt 2)) / 2`, in whatever order it is written.
fn gelu_of(reader: &Reader, step: &Step<'_>) -> Option<Drawn> {
    let (mut factor, mut values) = (1.0, Vec::new());
    for input in 0..2 {
        match drawn(reader, step, input) {
            Some(value) => factors(reader, value.value, 2, &mut factor, &mut values),
            None => factor *= number(reader, step, input)?,
        }
    }
    let [a, b] = *values.as_slice() else { return None };
    let half = (factor - 0.5).abs() < 1e-6;
    let of = |x: Value, sum: Value| {
        let sum = node(reader, sum)?;
        let one_more = (number_of(sum, BinaryKind::Add)? - 1.0).abs() < 1e-6;
        let erf = node(reader, *sum.inputs.first()?)?;
        let scaled = node(reader, *erf.inputs.first()?)?;
        let by = number_of(scaled, BinaryKind::Multiply)
            .or_else(|| number_of(scaled, BinaryKind::Divide).map(f64::recip))?;
        let root = (by - std::f64::consts::FRAC_1_SQRT_2).abs() < 1e-6;
        let fits = one_more && root && erf.op.get() == Some(&Activation::Erf);
        (fits && scaled.inputs == [x]).then_some(x)
    };
    let x = of(a, b).or_else(|| of(b, a)).filter(|_| half)?;
    let order = [0, 1].iter().find_map(|input| drawn(reader, step, *input))?.order;
    let dims = match x {
        Value::Input => reader.draft.input().dims,
        Value::Output { layer, .. } => *reader.draft.dims.get(layer.0)?,
    };
    Some(Drawn::plain(x, dims).ordered(order))
}

/// Takes a product apart into a number and values.
fn factors(reader: &Reader, value: Value, depth: usize, factor: &mut f64, values: &mut Vec<Value>) {
    let layer = node(reader, value).filter(|_| depth > 0);
    let product = layer.and_then(|layer| layer.op.get::<Binary>());
    match (layer, product) {
        (Some(layer), Some(Binary { kind: BinaryKind::Multiply, of: Operands::Same })) => {
            layer
                .inputs
                .iter()
                .for_each(|value| factors(reader, *value, depth - 1, factor, values));
        }
        (Some(layer), Some(_)) if number_of(layer, BinaryKind::Multiply).is_some() => {
            *factor *= number_of(layer, BinaryKind::Multiply).unwrap_or(1.0);
            layer
                .inputs
                .iter()
                .for_each(|value| factors(reader, *value, depth - 1, factor, values));
        }
        _ => values.push(value),
    }
}

/// Of a sigmoid; of anything else it is not read.
fn log(reader: &mut Reader, step: &Step<'_>) -> Found {
    let Some(x) = drawn(reader, step, 0) else { return Ok(None) };
    let layer = node(reader, x.value);
    let sigmoid = layer.filter(|layer| layer.op.get() == Some(&Activation::Sigmoid));
    let Some([value]) = sigmoid.map(|layer| layer.inputs.as_slice()) else { return Ok(None) };
    let x = Drawn { value: *value, ..x };
    one(reader.push_alike(&step.call, None, Activation::LogSigmoid, x)?)
}

fn kept(reader: &mut Reader, step: &Step<'_>) -> Found {
    match drawn(reader, step, 0) {
        Some(x) => one(x),
        None => Ok(None),
    }
}

/// To floating-point numbers.
fn cast(reader: &mut Reader, step: &Step<'_>) -> Found {
    match step.node.int("to") {
        Some(1 | 10 | 11 | 16) => kept(reader, step),
        _ => Ok(None),
    }
}

/// Slices in an order of the file's.
pub fn gathered(
    reader: &mut Reader,
    step: &Step<'_>,
    x: Drawn,
    axis: usize,
    slices: Vec<u32>,
) -> Found {
    one(reader.push_alike(&step.call, None, Gather { axis, slices }, x)?)
}
