//! The same values under other extents, in another order, in parts, together; sums and means over axes.

use super::activation::gathered;
use super::told::{Rule, Told, call, ints, numbers, slices};
use crate::import::calls::aten::parts::taken;
use crate::import::calls::aten::{Found, one};
use crate::import::calls::reader::{Known, Reader};
use crate::import::draft::{Drawn, Order};
use crate::import::onnx::step::Step;
use crate::ops::Narrow;

pub const RULES: &[(&str, Rule)] = &[
    ("Concat", |r, s| {
        let dim = s.node.int("axis").unwrap_or(1);
        call(r, s, "cat", &Told::default().values("tensors", &s.node.inputs).int("dim", dim))
    }),
    ("Transpose", transpose),
    ("Reshape", reshape),
    ("Flatten", flatten),
    ("Squeeze", squeeze),
    ("Unsqueeze", unsqueeze),
    ("Expand", expand),
    ("Tile", |r, s| match ints(r, s, "", 1) {
        Some(counts) => call(
            r,
            s,
            "repeat",
            &Told::default().value("self", s.node.input(0)).ints("repeats", &counts),
        ),
        None => Ok(None),
    }),
    ("Slice", slice),
    ("Split", split),
    ("Gather", gather),
    ("GatherND", gather_first),
    ("ReduceMean", |r, s| reduce(r, s, "mean")),
    ("ReduceSum", |r, s| reduce(r, s, "sum")),
    ("ReduceMax", |r, s| reduce(r, s, "amax")),
    ("ReduceL2", |r, s| reduce(r, s, "linalg_vector_norm")),
    ("Softmax", |r, s| softmax(r, s, "softmax")),
    ("LogSoftmax", |r, s| softmax(r, s, "log_softmax")),
];

fn drawn(reader: &Reader, step: &Step<'_>) -> Option<Drawn> {
    reader.drawn_named(step.node.input(0)?)
}

fn transpose(reader: &mut Reader, step: &Step<'_>) -> Found {
    let Some(x) = drawn(reader, step) else { return Ok(None) };
    let rank = x.seen().rank() as i64;
    let order = step.node.ints("perm").map_or_else(|| (0..rank).rev().collect(), <[i64]>::to_vec);
    call(
        reader,
        step,
        "permute",
        &Told::default().value("self", step.node.input(0)).ints("dims", &order),
    )
}

/// A 0 is the input's own extent, but with `allowzero`.
fn reshape(reader: &mut Reader, step: &Step<'_>) -> Found {
    let (Some(x), Some(mut to)) = (drawn(reader, step), ints(reader, step, "shape", 1)) else {
        return Ok(None);
    };
    let seen = x.seen();
    if step.node.int("allowzero") != Some(1) {
        to.iter_mut()
            .enumerate()
            .filter(|(_, to)| **to == 0)
            .for_each(|(i, to)| *to = seen.at(i) as i64);
    }
    call(reader, step, "view", &Told::default().value("self", step.node.input(0)).ints("size", &to))
}

fn flatten(reader: &mut Reader, step: &Step<'_>) -> Found {
    match step.node.int("axis").unwrap_or(1) {
        1 => {
            let told = Told::default().value("self", step.node.input(0)).int("start_dim", 1);
            call(reader, step, "flatten", &told)
        }
        _ => Ok(None),
    }
}

/// The pictures stay; what stands before them goes.
fn squeeze(reader: &mut Reader, step: &Step<'_>) -> Found {
    let Some(x) = drawn(reader, step) else { return Ok(None) };
    let told = Told::default().value("self", step.node.input(0));
    let Some(axes) = ints(reader, step, "axes", 1) else {
        return call(reader, step, "squeeze", &told);
    };
    if let ([number], Order::PicturesSecond) = (axes.as_slice(), x.order)
        && let Some(axis) = x.axis(*number).filter(|axis| x.dims.at(*axis) == 1)
    {
        return one(taken(reader, &step.call, x, axis, 0)?);
    }
    call(reader, step, "squeeze", &told.ints("dim", &axes))
}

fn unsqueeze(reader: &mut Reader, step: &Step<'_>) -> Found {
    let (Some(x), Some(mut axes)) = (drawn(reader, step), ints(reader, step, "axes", 1)) else {
        return Ok(None);
    };
    let rank = (x.seen().rank() + axes.len()) as i64;
    axes.iter_mut().filter(|axis| **axis < 0).for_each(|axis| *axis += rank);
    axes.sort_unstable();
    let mut to: Vec<i64> = x.seen().as_slice().iter().map(|extent| *extent as i64).collect();
    for axis in axes {
        match usize::try_from(axis).ok().filter(|axis| *axis <= to.len()) {
            Some(axis) => to.insert(axis, 1),
            None => return Ok(None),
        }
    }
    call(reader, step, "view", &Told::default().value("self", step.node.input(0)).ints("size", &to))
}

/// Extents may be those of the value, and 1 where it is not repeated.
fn expand(reader: &mut Reader, step: &Step<'_>) -> Found {
    let (Some(x), Some(mut to)) = (drawn(reader, step), ints(reader, step, "", 1)) else {
        return Ok(None);
    };
    let seen = x.seen();
    if to.len() != seen.rank() {
        return Ok(None);
    }
    to.iter_mut()
        .enumerate()
        .filter(|(_, to)| **to == 1)
        .for_each(|(i, to)| *to = seen.at(i) as i64);
    call(
        reader,
        step,
        "expand",
        &Told::default().value("self", step.node.input(0)).ints("size", &to),
    )
}

/// An axis after the other; backward by slices in their order.
fn slice(reader: &mut Reader, step: &Step<'_>) -> Found {
    let Some(mut at) = drawn(reader, step) else { return Ok(None) };
    let (Some(starts), Some(ends)) =
        (ints(reader, step, "starts", 1), ints(reader, step, "ends", 2))
    else {
        return Ok(None);
    };
    let axes = ints(reader, step, "axes", 3).unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = ints(reader, step, "", 4).unwrap_or_else(|| vec![1; starts.len()]);
    if ends.len() != starts.len() || axes.len() != starts.len() || steps.len() != starts.len() {
        return Ok(None);
    }
    for (((start, end), axis), by) in starts.into_iter().zip(ends).zip(axes).zip(steps) {
        let rank = at.seen().rank() as i64;
        let seen_axis = if axis < 0 { axis + rank } else { axis };
        let size = usize::try_from(seen_axis).map_or(0, |axis| at.seen().at(axis)) as i64;
        let Some(slices) = stepped(start, end, by, size) else { return Ok(None) };
        let whole = slices.iter().copied().eq(0..size as u32);
        if whole {
            continue;
        }
        let (Some(axis), Some(first)) = (at.axis(axis), slices.first()) else { return Ok(None) };
        at = if by > 0 {
            let narrow =
                Narrow { axis, start: *first as usize, count: slices.len(), step: by as usize };
            reader.push_alike(&step.call, None, narrow, at)?
        } else {
            match gathered(reader, step, at, axis, slices)?.as_deref() {
                Some([Known::Drawn(turned)]) => *turned,
                _ => return Ok(None),
            }
        };
    }
    one(at)
}

/// Slices from a start to an end, both counted from the end where they are below 0, forward or backward.
pub fn stepped(start: i64, end: i64, by: i64, size: i64) -> Option<Vec<u32>> {
    let place = |number: i64| if number < 0 { number.saturating_add(size) } else { number };
    let step = usize::try_from(by.unsigned_abs()).ok().filter(|step| *step > 0)?;
    Some(if by > 0 {
        let (start, end) = (place(start).clamp(0, size), place(end).clamp(0, size));
        (start..end).step_by(step).map(|at| at as u32).collect()
    } else {
        let start = place(start).min(size - 1);
        let end = if end < -size { -1 } else { place(end).clamp(-1, size - 1) };
        (end + 1..=start).rev().step_by(step).map(|at| at as u32).collect()
    })
}

fn split(reader: &mut Reader, step: &Step<'_>) -> Found {
    let Some(x) = drawn(reader, step) else { return Ok(None) };
    let dim = step.node.int("axis").unwrap_or(0);
    let Some(axis) = x.axis(dim) else { return Ok(None) };
    let sizes = ints(reader, step, "split", 1).unwrap_or_else(|| {
        let (size, parts) = (x.dims.at(axis) as i64, step.node.outputs.len().max(1) as i64);
        let each = (size + parts - 1) / parts;
        (0..parts).map(|part| each.min(size - part * each).max(0)).collect()
    });
    let told = Told::default()
        .value("self", step.node.input(0))
        .ints("split_sizes", &sizes)
        .int("dim", dim);
    call(reader, step, "split_with_sizes", &told)
}

/// By numbers of the file; a single one takes its axis away.
fn gather(reader: &mut Reader, step: &Step<'_>) -> Found {
    let (Some(x), Some(numbers)) = (drawn(reader, step), numbers(reader, step, 1)) else {
        return Ok(None);
    };
    let index = step.node.input(1).and_then(|name| reader.constant_named(name));
    let rank = index.map_or(0, |constant| constant.tensor.rank());
    let Some(axis) = x.axis(step.node.int("axis").unwrap_or(0)) else { return Ok(None) };
    let Some(slices) = slices(&numbers, x.dims.at(axis)) else { return Ok(None) };
    match (rank, slices.as_slice()) {
        (0, [one_slice]) => {
            let x = reader.straight(&step.call, x)?;
            let Some(axis) = x.axis(step.node.int("axis").unwrap_or(0)) else { return Ok(None) };
            one(taken(reader, &step.call, x, axis, *one_slice as usize)?)
        }
        (1, _) => gathered(reader, step, x, axis, slices),
        _ => Ok(None),
    }
}

/// By numbers of the file along the first axis, which is not that of the pictures then.
fn gather_first(reader: &mut Reader, step: &Step<'_>) -> Found {
    let (Some(x), Some(numbers)) = (drawn(reader, step), numbers(reader, step, 1)) else {
        return Ok(None);
    };
    let index = step.node.input(1).and_then(|name| reader.constant_named(name));
    let column = index.is_some_and(|constant| matches!(constant.tensor.dims(), [_, 1]));
    let Some(axis) = x.axis(0).filter(|_| column && step.node.int("batch_dims").unwrap_or(0) == 0)
    else {
        return Ok(None);
    };
    match slices(&numbers, x.dims.at(axis)) {
        Some(slices) => gathered(reader, step, x, axis, slices),
        None => Ok(None),
    }
}

fn reduce(reader: &mut Reader, step: &Step<'_>, base: &str) -> Found {
    let Some(axes) = ints(reader, step, "axes", 1).filter(|axes| !axes.is_empty()) else {
        return Ok(None);
    };
    let keep = step.node.int("keepdims").unwrap_or(1) == 1;
    let told = Told::default().value("self", step.node.input(0)).ints("dim", &axes);
    call(reader, step, base, &told.flag("keepdim", keep))
}

/// Before opset 13 over all axes from one on, which is the same where the others have one value.
fn softmax(reader: &mut Reader, step: &Step<'_>, base: &str) -> Found {
    let Some(x) = drawn(reader, step) else { return Ok(None) };
    let seen = x.seen();
    let rank = seen.rank() as i64;
    let axis = step.node.int("axis").unwrap_or(if step.opset < 13 { 1 } else { -1 });
    let axis = if axis < 0 { axis + rank } else { axis };
    let rest = seen.as_slice().iter().skip(usize::try_from(axis).unwrap_or(0) + 1);
    if step.opset < 13 && rest.product::<usize>() > 1 {
        return Ok(None);
    }
    call(reader, step, base, &Told::default().value("self", step.node.input(0)).int("dim", axis))
}
