//! Convolutions, pools, borders, and maps at another size.

use super::told::{Rule, Told, call, ints, number, numbers};
use crate::import::calls::aten::{Found, one};
use crate::import::calls::reader::Reader;
use crate::import::draft::Drawn;
use crate::import::onnx::step::Step;
use crate::ops::{
    AveragePool, Border, Conv, ConvTranspose, DepthToSpace, Gather, Interpolation, MaxPool, Narrow,
    Pad, Places, Reshape, Resize, Size, Window,
};

pub const RULES: &[(&str, Rule)] = &[
    ("Conv", conv),
    ("ConvTranspose", conv_transpose),
    ("MaxPool", max_pool),
    ("AveragePool", average_pool),
    ("GlobalAveragePool", |r, s| {
        call(
            r,
            s,
            "adaptive_avg_pool2d",
            &Told::default().value("self", s.node.input(0)).ints("output_size", &[1, 1]),
        )
    }),
    ("GlobalMaxPool", |r, s| {
        call(
            r,
            s,
            "adaptive_max_pool2d",
            &Told::default().value("self", s.node.input(0)).ints("output_size", &[1, 1]),
        )
    }),
    ("Pad", pad),
    ("Resize", resize),
    ("Upsample", resize),
    ("DepthToSpace", |r, s| space(r, s, false)),
    ("SpaceToDepth", |r, s| space(r, s, true)),
];

/// Most rows or columns that a map is resized to.
const MOST_SIDE: usize = 1 << 16;

fn drawn(reader: &Reader, step: &Step<'_>) -> Option<Drawn> {
    reader.drawn_named(step.node.input(0)?)
}

fn two(numbers: Option<&[i64]>, usual: usize) -> Option<[usize; 2]> {
    let size = |number: i64| usize::try_from(number).ok();
    match numbers {
        None | Some([]) => Some([usual; 2]),
        // Along one axis it is that of the columns.
        Some([one]) => Some([usual, size(*one)?]),
        Some([rows, columns]) => Some([size(*rows)?, size(*columns)?]),
        Some(_) => None,
    }
}

/// The window of a node over a value with these sides.
fn window(step: &Step<'_>, kernel: [usize; 2], sides: [usize; 2]) -> Option<Window> {
    let (stride, dilation) =
        (two(step.node.ints("strides"), 1)?, two(step.node.ints("dilations"), 1)?);
    if kernel.iter().chain(&stride).chain(&dilation).any(|number| *number == 0) {
        return None;
    }
    let pads = match step.node.text("auto_pad").unwrap_or("NOTSET") {
        "NOTSET" => match step.node.ints("pads").unwrap_or(&[]) {
            [] => [0; 4],
            [before, after] => {
                [0, usize::try_from(*before).ok()?, 0, usize::try_from(*after).ok()?]
            }
            [a, b, c, d] => {
                let size = |number: &i64| usize::try_from(*number).ok();
                [size(a)?, size(b)?, size(c)?, size(d)?]
            }
            _ => return None,
        },
        "VALID" => [0; 4],
        same @ ("SAME_UPPER" | "SAME_LOWER") => {
            let total = |axis: usize| {
                let steps = sides[axis].div_ceil(stride[axis]);
                let needed =
                    (steps.max(1) - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1;
                needed.saturating_sub(sides[axis])
            };
            let [rows, columns] = [total(0), total(1)];
            let (low, high) = ([rows / 2, columns / 2], [rows - rows / 2, columns - columns / 2]);
            match same {
                "SAME_UPPER" => [low[0], low[1], high[0], high[1]],
                _ => [high[0], high[1], low[0], low[1]],
            }
        }
        _ => return None,
    };
    let ceil_mode = step.node.int("ceil_mode") == Some(1);
    Some(Window { kernel, stride, pads, dilation, ceil_mode })
}

/// A border of zeros before a convolution that nothing else reads is the convolution's.
fn conv(reader: &mut Reader, step: &Step<'_>) -> Found {
    let constant =
        |reader: &Reader, at: usize| reader.constant_named(step.node.input(at)?).cloned();
    let (Some(mut x), Some(weight)) = (drawn(reader, step), constant(reader, 1)) else {
        return Ok(None);
    };
    let bias = constant(reader, 2);
    if bias.is_none() && step.node.input(2).is_some() {
        return Ok(None);
    }
    let flat = weight.tensor.rank() == 3;
    let kernels = if flat { weight.tensor.unsqueeze(2)? } else { weight.tensor.clone() };
    let [_, _, kh, kw] = *kernels.dims() else { return Ok(None) };
    x = reader.straight(&step.call, x)?;
    if flat {
        let line = Reshape { to: vec![Some(x.dims.at(1)), Some(1), None], sides: false };
        x = reader.push(&step.call.part("reshape"), None, line, &[x])?;
    }
    let Some(window) = window(step, [kh, kw], x.dims.sides()) else { return Ok(None) };
    let groups =
        step.node.int("group").and_then(|groups| usize::try_from(groups).ok()).unwrap_or(1);
    if groups == 0 {
        return Ok(None);
    }
    let conv = Conv { weight: kernels, bias: bias.map(|bias| bias.tensor), window, groups };
    let out = reader.push(&step.call, Some(&weight), conv, &[x])?;
    if !flat {
        return one(out);
    }
    let back = Reshape { to: vec![Some(out.dims.at(1)), None], sides: false };
    one(reader.push(&step.call.part("reshape"), None, back, &[out])?)
}

fn conv_transpose(reader: &mut Reader, step: &Step<'_>) -> Found {
    let constant =
        |reader: &Reader, at: usize| reader.constant_named(step.node.input(at)?).cloned();
    let (Some(x), Some(weight)) = (drawn(reader, step), constant(reader, 1)) else {
        return Ok(None);
    };
    let bias = constant(reader, 2);
    let automatic = step.node.text("auto_pad").is_some_and(|auto| auto != "NOTSET");
    let [_, _, kh, kw] = *weight.tensor.dims() else { return Ok(None) };
    if automatic
        || step.node.has("output_shape")
        || (bias.is_none() && step.node.input(2).is_some())
    {
        return Ok(None);
    }
    let x = reader.straight(&step.call, x)?;
    let (Some(window), Some(output_padding)) =
        (window(step, [kh, kw], x.dims.sides()), two(step.node.ints("output_padding"), 0))
    else {
        return Ok(None);
    };
    // The same before and after: another end is more or less of the output.
    let [top, left, bottom, right] = window.pads;
    if top != bottom || left != right {
        return Ok(None);
    }
    let groups =
        step.node.int("group").and_then(|groups| usize::try_from(groups).ok()).unwrap_or(1);
    let conv = Conv { weight: weight.tensor.clone(), bias: None, window, groups };
    let op = ConvTranspose { conv, bias: bias.map(|bias| bias.tensor), output_padding };
    one(reader.push(&step.call, Some(&weight), op, &[x])?)
}

fn pooled(
    reader: &mut Reader,
    step: &Step<'_>,
) -> Result<Option<(Drawn, Window)>, crate::model::ModelError> {
    let Some(x) = drawn(reader, step) else { return Ok(None) };
    let x = reader.straight(&step.call, x)?;
    let kernel = step.node.ints("kernel_shape").filter(|kernel| kernel.len() == 2);
    let Some(kernel) = kernel.and_then(|kernel| two(Some(kernel), 1)) else { return Ok(None) };
    Ok(window(step, kernel, x.dims.sides()).map(|window| (x, window)))
}

fn max_pool(reader: &mut Reader, step: &Step<'_>) -> Found {
    match pooled(reader, step)? {
        Some((x, window)) => one(reader.push(&step.call, None, MaxPool(window), &[x])?),
        None => Ok(None),
    }
}

fn average_pool(reader: &mut Reader, step: &Step<'_>) -> Found {
    // Over neighboring channels: a part of a local response normalization.
    if let Some(kernel) = step.node.ints("kernel_shape").filter(|kernel| kernel.len() == 3) {
        let strides = step.node.ints("strides").unwrap_or(&[1, 1, 1]);
        let pads = step.node.ints("pads").unwrap_or(&[]);
        let told = Told::default().value("self", step.node.input(0)).ints("kernel_size", kernel);
        return call(
            reader,
            step,
            "avg_pool3d",
            &told.ints("stride", strides).ints("padding", pads),
        );
    }
    let Some((x, window)) = pooled(reader, step)? else { return Ok(None) };
    let count_include_pad = step.node.int("count_include_pad") == Some(1);
    let whole = window.kernel == x.dims.sides() && window.pads == [0; 4];
    let pool = match whole {
        // One window over all of it: the exporter wrote the size of a global pool out.
        true => AveragePool::Global,
        false => AveragePool::Windowed { window, count_include_pad },
    };
    one(reader.push(&step.call, None, pool, &[x])?)
}

/// Amounts are an attribute, since opset 11 an input; before all axes, then after them.
fn pad(reader: &mut Reader, step: &Step<'_>) -> Found {
    let (Some(x), Some(pads)) = (drawn(reader, step), ints(reader, step, "pads", 1)) else {
        return Ok(None);
    };
    let value = step.node.float("value").or_else(|| number(reader, step, 2)).unwrap_or(0.0);
    let border = match step.node.text("mode").unwrap_or("constant") {
        "constant" => Border::Constant(value),
        "reflect" => Border::Reflect,
        "edge" => Border::Replicate,
        _ => return Ok(None),
    };
    let rank = x.seen().rank() as i64;
    let axes = ints(reader, step, "", 3).unwrap_or_else(|| (0..rank).collect());
    if pads.len() != 2 * axes.len() {
        return Ok(None);
    }
    let (before, after) = pads.split_at(axes.len());
    let (mut wider, mut at) = (vec![[0; 2]; x.dims.rank() - 1], x);
    for ((axis, before), after) in axes.into_iter().zip(before).zip(after) {
        if (*before, *after) == (0, 0) {
            continue;
        }
        let Some(axis) = x.axis(axis) else { return Ok(None) };
        wider[axis - 1] = [*before.max(&0) as usize, *after.max(&0) as usize];
        let less = [before.min(&0).unsigned_abs() as usize, after.min(&0).unsigned_abs() as usize];
        if less != [0, 0] {
            let Some(count) = x.dims.at(axis).checked_sub(less[0] + less[1]) else {
                return Ok(None);
            };
            let narrow = Narrow { axis, start: less[0], count, step: 1 };
            at = reader.push_alike(&step.call.part("slice"), None, narrow, at)?;
        }
    }
    if wider.iter().all(|amounts| *amounts == [0, 0]) {
        return one(at);
    }
    one(reader.push_alike(&step.call, None, Pad { amounts: wider, border }, at)?)
}

fn resize(reader: &mut Reader, step: &Step<'_>) -> Found {
    let Some(x) = drawn(reader, step) else { return Ok(None) };
    let x = reader.straight(&step.call, x)?;
    let old = step.node.op_type == "Upsample" || step.opset < 11;
    let scales = step
        .node
        .attributes
        .iter()
        .find(|a| a.name == "scales")
        .map(|a| a.floats.iter().map(|f| f64::from(*f)).collect());
    let scales: Option<Vec<f64>> = scales
        .or_else(|| numbers(reader, step, if old { 1 } else { 2 }))
        .filter(|scales| !scales.is_empty());
    let sizes = if old { None } else { ints(reader, step, "", 3) };
    let from = x.dims.sides();
    let to = match (sizes.as_deref(), scales.as_deref()) {
        (Some([_, _, h, w] | [h, w]), _) => {
            let (Ok(h), Ok(w)) = (usize::try_from(*h), usize::try_from(*w)) else {
                return Ok(None);
            };
            Size::Fixed([h, w])
        }
        (None, Some([n, c, h, w])) if *n == 1.0 && *c == 1.0 => Size::Times([*h, *w]),
        (None, Some([h, w])) => Size::Times([*h, *w]),
        _ => return Ok(None),
    };
    if step.node.int("antialias") == Some(1) || step.node.int("exclude_outside") == Some(1) {
        return Ok(None);
    }
    let usual = if old { "asymmetric" } else { "half_pixel" };
    let sides = match to {
        Size::Times([h, w]) => {
            [(from[0] as f64 * h).floor() as usize, (from[1] as f64 * w).floor() as usize]
        }
        Size::Fixed(sides) => sides,
        Size::Like => return Ok(None),
    };
    if sides.iter().any(|side| *side == 0 || *side > MOST_SIDE) {
        return Ok(None);
    }
    let places = match step.node.text("coordinate_transformation_mode").unwrap_or(usual) {
        "half_pixel" => Places::HalfPixel,
        "pytorch_half_pixel" if sides.iter().all(|side| *side > 1) => Places::HalfPixel,
        "align_corners" => Places::AlignCorners,
        "asymmetric" => Places::Asymmetric,
        _ => return Ok(None),
    };
    let by = match step.node.text("mode").unwrap_or("nearest") {
        "nearest" => Interpolation::Nearest,
        "linear" | "bilinear" => Interpolation::Linear,
        "cubic" => Interpolation::Cubic(step.node.float("cubic_coeff_a").unwrap_or(-0.75)),
        _ => return Ok(None),
    };
    let rounding =
        step.node.text("nearest_mode").unwrap_or(if old { "floor" } else { "round_prefer_floor" });
    let whole = [0, 1].iter().all(|axis| sides[*axis].is_multiple_of(from[*axis].max(1)));
    let plain = match (places, rounding) {
        (Places::Asymmetric, "floor") | (Places::HalfPixel, "round_prefer_ceil") => true,
        // With a whole factor no place is halfway between two.
        (Places::HalfPixel, "round_prefer_floor") => whole,
        _ => by != Interpolation::Nearest,
    };
    if by != Interpolation::Nearest || plain {
        return one(reader.push(&step.call, None, Resize { to, by, places }, &[x])?);
    }
    let mut at = x;
    for axis in [0, 1] {
        let apart = match to {
            Size::Times(times) => 1.0 / times[axis],
            _ => from[axis] as f64 / sides[axis].max(1) as f64,
        };
        let slice = |i: usize| {
            let i = i as f64;
            let place = match places {
                Places::HalfPixel => (i + 0.5) * apart - 0.5,
                Places::Asymmetric => i * apart,
                Places::AlignCorners => {
                    i * (from[axis] - 1) as f64 / (sides[axis].max(2) - 1) as f64
                }
            };
            let near = match rounding {
                "floor" => place.floor(),
                "ceil" => place.ceil(),
                "round_prefer_ceil" => (place + 0.5).floor(),
                _ => (place - 0.5).ceil(),
            };
            near.clamp(0.0, from[axis] as f64 - 1.0) as u32
        };
        let slices = (0..sides[axis]).map(slice).collect();
        at = reader.push(&step.call, None, Gather { axis: axis + 2, slices }, &[at])?;
    }
    one(at)
}

fn space(reader: &mut Reader, step: &Step<'_>, back: bool) -> Found {
    let block = step.node.int("blocksize").and_then(|block| usize::try_from(block).ok());
    let (Some(x), Some(block)) = (drawn(reader, step), block.filter(|block| *block > 0)) else {
        return Ok(None);
    };
    let x = reader.straight(&step.call, x)?;
    let place_first = back || step.node.text("mode").unwrap_or("DCR") == "DCR";
    one(reader.push(&step.call, None, DepthToSpace { block, place_first, back }, &[x])?)
}
