//! Pools, and maps at another size.

use super::rule::{Found, Rule, one, pair};
use crate::import::calls::reader::{Call, Known, Reader};
use crate::import::draft::Drawn;
use crate::ops::{
    AdaptivePool, AveragePool, Border, DepthToSpace, Gather, Interpolation, MaxPool, Narrow, Pad,
    Places, Resize, Shuffle, Size, Window,
};

pub const RULES: &[(&str, Rule)] = &[
    ("max_pool2d", max_pool),
    ("max_pool2d_with_indices", max_pool),
    ("avg_pool2d", average_pool),
    ("adaptive_avg_pool2d", |r, c| adaptive(r, c, false)),
    ("_adaptive_avg_pool2d", |r, c| adaptive(r, c, false)),
    ("adaptive_max_pool2d", |r, c| adaptive(r, c, true)),
    ("upsample_nearest2d", |r, c| resize(r, c, Interpolation::Nearest, Places::Asymmetric)),
    ("_upsample_nearest_exact2d", |r, c| resize(r, c, Interpolation::Nearest, Places::HalfPixel)),
    ("upsample_bilinear2d", |r, c| resize(r, c, Interpolation::Linear, Places::HalfPixel)),
    ("upsample_bicubic2d", |r, c| resize(r, c, Interpolation::Cubic(-0.75), Places::HalfPixel)),
    ("pad", pad),
    ("constant_pad_nd", pad),
    ("reflection_pad2d", pad),
    ("replication_pad2d", pad),
    ("pixel_shuffle", |r, c| space(r, c, "upscale_factor", false)),
    ("pixel_unshuffle", |r, c| space(r, c, "downscale_factor", true)),
    ("channel_shuffle", shuffle),
    ("native_channel_shuffle", shuffle),
];

fn window(call: &Call<'_>) -> Option<Window> {
    let two = |name: &str, default: [usize; 2]| match call.args.integers(name) {
        Some(numbers) if !numbers.is_empty() => pair(&numbers),
        _ => Some(default),
    };
    let kernel = pair(&call.args.integers("kernel_size")?)?;
    let stride = two("stride", kernel)?;
    let [rows, columns] = two("padding", [0; 2])?;
    let dilation = two("dilation", [1; 2])?;
    let ceil_mode = call.args.flag("ceil_mode").unwrap_or(false);
    let sound = kernel.iter().chain(&stride).chain(&dilation).all(|number| *number > 0);
    let pads = [rows, columns, rows, columns];
    sound.then_some(Window { kernel, stride, pads, dilation, ceil_mode })
}

fn max_pool(reader: &mut Reader, call: &Call<'_>) -> Found {
    let (Some(x), Some(window)) = (reader.drawn(call, "self"), window(call)) else {
        return Ok(None);
    };
    Ok(Some(vec![Known::Drawn(reader.push(call, None, MaxPool(window), &[x])?)]))
}

fn average_pool(reader: &mut Reader, call: &Call<'_>) -> Found {
    let (Some(x), Some(window)) = (reader.drawn(call, "self"), window(call)) else {
        return Ok(None);
    };
    if call.args.has("divisor_override") {
        return Ok(None);
    }
    let count_include_pad = call.args.flag("count_include_pad").unwrap_or(true);
    one(reader.push(call, None, AveragePool::Windowed { window, count_include_pad }, &[x])?)
}

fn adaptive(reader: &mut Reader, call: &Call<'_>, max: bool) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let Some(to) = reader.integers(call, "output_size").and_then(|to| pair(&to)) else {
        return Ok(None);
    };
    if to == [1, 1] && !max {
        return one(reader.push(call, None, AveragePool::Global, &[x])?);
    }
    let to = to.map(Some);
    Ok(Some(vec![Known::Drawn(reader.push(call, None, AdaptivePool { to, max }, &[x])?)]))
}

fn resize(reader: &mut Reader, call: &Call<'_>, by: Interpolation, places: Places) -> Found {
    let Some(x) = reader.drawn(call, "input").or(reader.drawn(call, "self")) else {
        return Ok(None);
    };
    let aligned = call.args.flag("align_corners").unwrap_or(false);
    let places = if aligned { Places::AlignCorners } else { places };
    let factors = call.args.numbers("scale_factors").filter(|factors| factors.len() == 2);
    // A size that follows the input's is that of another value.
    if factors.is_none()
        && let Some(like) = reader.with_sides(call, "output_size")
    {
        return one(reader.push(call, None, Resize { to: Size::Like, by, places }, &[x, like])?);
    }
    let to = match (factors, reader.integers(call, "output_size").and_then(|to| pair(&to))) {
        (Some(factors), _) => Size::Times([factors[0], factors[1]]),
        (None, Some(to)) => Size::Fixed(to),
        (None, None) => return Ok(None),
    };
    one(reader.push(call, None, Resize { to, by, places }, &[x])?)
}

fn pad(reader: &mut Reader, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let amounts = call.args.integers("pad").or(call.args.integers("padding"));
    let Some(amounts) = amounts.filter(|amounts| amounts.len().is_multiple_of(2)) else {
        return Ok(None);
    };
    if call.args.text("mode") == Some("circular") {
        return wrapped(reader, call, x, &amounts);
    }
    let border = match (call.base, call.args.text("mode")) {
        ("reflection_pad2d", _) | (_, Some("reflect")) => Border::Reflect,
        ("replication_pad2d", _) | (_, Some("replicate")) => Border::Replicate,
        (_, Some("constant") | None) => Border::Constant(call.args.number("value").unwrap_or(0.0)),
        (_, Some(_)) => return Ok(None),
    };
    // PyTorch counts from the last axis; a negative amount takes away.
    let mut wider = vec![[0; 2]; x.dims.rank() - 1];
    let mut at = x;
    for (i, both) in amounts.chunks_exact(2).enumerate() {
        let Some(axis) = x.axis(-1 - i as i64) else { return Ok(None) };
        wider[axis - 1] = [both[0].max(0) as usize, both[1].max(0) as usize];
        let less = [both[0].min(0).unsigned_abs() as usize, both[1].min(0).unsigned_abs() as usize];
        if less != [0, 0] {
            let Some(count) = x.dims.at(axis).checked_sub(less[0] + less[1]) else {
                return Ok(None);
            };
            let narrow = Narrow { axis, start: less[0], count, step: 1 };
            at = reader.push_alike(&call.part("narrow"), None, narrow, at)?;
        }
    }
    if wider.iter().all(|amounts| *amounts == [0, 0]) {
        return one(at);
    }
    one(reader.push_alike(call, None, Pad { amounts: wider, border }, at)?)
}

/// A border of what stands at the other end.
fn wrapped(reader: &mut Reader, call: &Call<'_>, x: Drawn, amounts: &[i64]) -> Found {
    let mut at = x;
    for (i, both) in amounts.chunks_exact(2).enumerate() {
        let Some(axis) = x.axis(-1 - i as i64) else { return Ok(None) };
        let size = x.dims.at(axis) as i64;
        if both.iter().any(|amount| amount.abs() > size) {
            return Ok(None);
        }
        let slices = (-both[0]..size + both[1]).map(|at| at.rem_euclid(size) as u32).collect();
        if *both != [0, 0] {
            at = reader.push_alike(call, None, Gather { axis, slices }, at)?;
        }
    }
    one(at)
}

fn space(reader: &mut Reader, call: &Call<'_>, factor: &str, back: bool) -> Found {
    let block = call.args.whole(factor).and_then(|block| usize::try_from(block).ok());
    let (Some(x), Some(block)) = (reader.drawn(call, "self"), block) else { return Ok(None) };
    one(reader.push(call, None, DepthToSpace { block, place_first: false, back }, &[x])?)
}

fn shuffle(reader: &mut Reader, call: &Call<'_>) -> Found {
    let groups = call.args.whole("groups").and_then(|groups| usize::try_from(groups).ok());
    let (Some(x), Some(groups)) = (reader.drawn(call, "self"), groups) else { return Ok(None) };
    one(reader.push(call, None, Shuffle { groups }, &[x])?)
}
