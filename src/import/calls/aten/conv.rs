//! Convolutions and linear layers.

use super::rule::{Found, Rule, one, pair};
use crate::import::calls::reader::{Call, Reader};
use crate::import::draft::Order;
use crate::ops::{Conv, ConvTranspose, Linear, Reshape, Window};

pub const RULES: &[(&str, Rule)] = &[
    ("conv2d", conv),
    ("conv1d", conv),
    ("convolution", conv),
    ("conv_transpose2d", conv),
    ("linear", linear),
    ("addmm", addmm),
    ("mm", addmm),
];

/// What a convolution says of itself.
struct Attributes {
    stride: [usize; 2],
    pads: [usize; 4],
    dilation: [usize; 2],
    groups: usize,
    output_padding: [usize; 2],
}

fn attributes(call: &Call<'_>, kernel: [usize; 2], flat: bool) -> Option<Attributes> {
    // One number of a convolution along one axis is that of the columns.
    let two = |name: &str, default: i64| {
        let numbers = call.args.integers(name).unwrap_or_else(|| vec![default]);
        match numbers.as_slice() {
            [one] if flat => Some([usize::try_from(default).ok()?, usize::try_from(*one).ok()?]),
            numbers => pair(numbers),
        }
    };
    let (stride, dilation) = (two("stride", 1)?, two("dilation", 1)?);
    let pads = match call.args.text("padding") {
        Some("valid") => [0; 4],
        Some("same") => {
            let total = [0, 1].map(|axis| (kernel[axis] - 1) * dilation[axis]);
            let before = total.map(|total| total / 2);
            [before[0], before[1], total[0] - before[0], total[1] - before[1]]
        }
        Some(_) => return None,
        None => {
            let [rows, columns] = two("padding", 0)?;
            [rows, columns, rows, columns]
        }
    };
    let groups = usize::try_from(call.args.whole("groups").unwrap_or(1)).ok()?;
    let sound = groups > 0 && stride.iter().chain(&dilation).all(|number| *number > 0);
    let output_padding = two("output_padding", 0)?;
    sound.then_some(Attributes { stride, pads, dilation, groups, output_padding })
}

fn conv(reader: &mut Reader, call: &Call<'_>) -> Found {
    let transposed = call.base == "conv_transpose2d" || call.args.flag("transposed") == Some(true);
    let (Some(mut x), Some(weight)) =
        (reader.drawn(call, "input"), reader.constant(call, "weight").cloned())
    else {
        return Ok(None);
    };
    let bias = reader.constant(call, "bias").map(|bias| bias.tensor.clone());
    if bias.is_none() && call.args.has("bias") {
        return Ok(None);
    }
    let flat = x.dims.rank() == 3 && weight.tensor.rank() == 3;
    let kernels = if flat { weight.tensor.unsqueeze(2)? } else { weight.tensor.clone() };
    let [_, _, kh, kw] = *kernels.dims() else { return Ok(None) };
    let Some(of) = attributes(call, [kh, kw], flat).filter(|_| kh > 0 && kw > 0) else {
        return Ok(None);
    };
    let Attributes { stride, pads, dilation, groups, output_padding } = of;
    let window = Window { kernel: [kh, kw], stride, pads, dilation, ceil_mode: false };
    let weights = Some(&weight);
    if transposed {
        let conv = Conv { weight: kernels, bias: None, window, groups };
        let op = ConvTranspose { conv, bias, output_padding };
        return one(reader.push(call, weights, op, &[x])?);
    }
    let conv = Conv { weight: kernels, bias, window, groups };
    if !flat {
        return one(reader.push(call, weights, conv, &[x])?);
    }
    // A line is a map of one row.
    let line = Reshape { to: vec![Some(x.dims.at(1)), Some(1), None], sides: false };
    x = reader.push(call, None, line, &[x])?;
    let out = reader.push(call, weights, conv, &[x])?;
    let back = Reshape { to: vec![Some(out.dims.at(1)), None], sides: false };
    one(reader.push(call, None, back, &[out])?)
}

fn linear(reader: &mut Reader, call: &Call<'_>) -> Found {
    let (Some(x), Some(weight)) =
        (reader.drawn(call, "input"), reader.constant(call, "weight").cloned())
    else {
        return Ok(None);
    };
    let bias = reader.constant(call, "bias").map(|bias| bias.tensor.clone());
    if weight.tensor.rank() != 2 || (bias.is_none() && call.args.has("bias")) {
        return Ok(None);
    }
    let last_axis = x.dims.rank() > 2 && x.order != Order::ChannelsLast;
    let linear = Linear { weight: weight.tensor.clone(), bias, last_axis };
    if last_axis {
        return one(reader.push_alike(call, Some(&weight), linear, x)?);
    }
    one(reader.push(call, Some(&weight), linear, &[x])?)
}

/// `bias + input weight`, where the weight is a linear layer's turned around.
fn addmm(reader: &mut Reader, call: &Call<'_>) -> Found {
    let (input, matrix) = if call.base == "mm" { ("self", "mat2") } else { ("mat1", "mat2") };
    let (Some(x), Some(weight)) =
        (reader.drawn(call, input), reader.constant(call, matrix).cloned())
    else {
        return Ok(None);
    };
    let bias = match call.base {
        "mm" => None,
        _ => match reader.constant(call, "self") {
            Some(bias) => Some(bias.tensor.flatten_all()?),
            None => return Ok(None),
        },
    };
    let scaled = |name| call.args.number(name).is_some_and(|factor| factor != 1.0);
    if weight.tensor.rank() != 2 || x.dims.rank() != 2 || scaled("beta") || scaled("alpha") {
        return Ok(None);
    }
    let linear = Linear { weight: weight.tensor.t()?.contiguous()?, bias, last_axis: false };
    one(reader.push(call, Some(&weight), linear, &[x])?)
}
