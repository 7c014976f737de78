//! Parts of values, and values together.

use candle_core::DType;

use super::rule::{Found, Rule, axis, one};
use super::shape::{inner, reshape};
use crate::import::calls::reader::{Call, Constant, Known, Reader};
use crate::import::draft::{Drawn, Order};
use crate::model::ModelError;
use crate::ops::{
    Activation, Binary, BinaryKind, Concat, Constant as Numbers, Gather, Narrow, Operands, Reshape,
};

pub const RULES: &[(&str, Rule)] = &[
    ("cat", cat),
    ("stack", stack),
    ("split", split),
    ("split_with_sizes", split),
    ("chunk", split),
    ("unbind", unbind),
    ("slice", slice),
    ("select", select),
    ("index", index),
    ("_unsafe_index", index),
    ("index_select", index_select),
    ("flip", flip),
    ("narrow", narrow),
    ("repeat", repeat),
    ("repeat_interleave", repeat),
    ("glu", glu),
];

/// Several values, those of the file as layers of their own.
fn values(reader: &mut Reader, call: &Call<'_>) -> Result<Option<Vec<Drawn>>, ModelError> {
    if let Some(all) = reader.all_drawn(call, "tensors") {
        return Ok(Some(all));
    }
    let mut all = Vec::new();
    for name in call.args.tensors("tensors").unwrap_or_default() {
        let drawn = match reader.drawn_named(name) {
            Some(drawn) => drawn,
            None => {
                let Some(constant) = reader.constant_named(name).cloned() else { return Ok(None) };
                let value = constant.tensor.clone();
                reader.push(call, Some(&constant), Numbers { value }, &[])?
            }
        };
        all.push(drawn);
    }
    Ok((!all.is_empty()).then_some(all))
}

fn cat(reader: &mut Reader, call: &Call<'_>) -> Found {
    let Some(all) = values(reader, call)? else { return Ok(None) };
    joined(reader, call, &all, call.args.whole("dim").unwrap_or(0))
}

fn joined(reader: &mut Reader, call: &Call<'_>, all: &[Drawn], dim: i64) -> Found {
    let Some(first) = all.first() else { return Ok(None) };
    if all.iter().all(|value| value.order == first.order) {
        let Some(axis) = first.axis(dim) else { return Ok(None) };
        let here: Vec<Drawn> = all.iter().map(|value| value.here()).collect();
        return one(reader.push(call, None, Concat { axis }, &here)?.ordered(first.order));
    }
    let Some(axis) = axis(dim, first.seen().rank()).filter(|axis| *axis > 0) else {
        return Ok(None);
    };
    one(reader.push(call, None, Concat { axis }, all)?)
}

fn stack(reader: &mut Reader, call: &Call<'_>) -> Found {
    let Some(all) = values(reader, call)? else { return Ok(None) };
    let Some(first) = all.first() else { return Ok(None) };
    let dim = call.args.whole("dim").unwrap_or(0);
    let Some(place) = axis(dim, first.seen().rank() + 1).filter(|place| *place > 0) else {
        return Ok(None);
    };
    let mut wider = Vec::new();
    for value in &all {
        let mut to = value.seen().as_slice().to_vec();
        to.insert(place, 1);
        match reshape(reader, &call.part("unsqueeze"), *value, &to, None)?.as_deref() {
            Some([Known::Drawn(drawn)]) => wider.push(*drawn),
            _ => return Ok(None),
        }
    }
    joined(reader, call, &wider, place as i64)
}

/// A part along an axis here.
fn part(
    reader: &mut Reader,
    call: &Call<'_>,
    x: Drawn,
    narrow: Narrow,
) -> Result<Drawn, ModelError> {
    if narrow.count == x.dims.at(narrow.axis) && narrow.step == 1 {
        return Ok(x);
    }
    reader.push_alike(call, None, narrow, x)
}

fn split(reader: &mut Reader, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let Some(axis) = x.axis(call.args.whole("dim").unwrap_or(0)) else { return Ok(None) };
    let size = x.dims.at(axis);
    let equal = |each: usize| {
        (0..size.div_ceil(each)).map(|i| each.min(size - i * each)).collect::<Vec<usize>>()
    };
    let whole =
        |name: &str| call.args.whole(name).and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
    let sizes = match call.base {
        "chunk" => whole("chunks").map(|chunks| equal(size.div_ceil(chunks).max(1))),
        "split" if whole("split_size").is_some() => whole("split_size").map(equal),
        _ => {
            let sizes = call.args.integers("split_sizes").or(call.args.integers("split_size"));
            sizes.and_then(|s| s.into_iter().map(|n| usize::try_from(n).ok()).collect())
        }
    };
    let Some(sizes) = sizes.filter(|sizes| sizes.iter().sum::<usize>() == size) else {
        return Ok(None);
    };
    let (mut start, mut parts) = (0, Vec::new());
    for count in sizes {
        let narrow = Narrow { axis, start, count, step: 1 };
        parts.push(Known::Drawn(part(reader, call, x, narrow)?));
        start += count;
    }
    Ok(Some(parts))
}

/// One slice of an axis here, without that axis.
pub fn taken(
    reader: &mut Reader,
    call: &Call<'_>,
    x: Drawn,
    axis: usize,
    start: usize,
) -> Result<Drawn, ModelError> {
    let one = part(reader, call, x, Narrow { axis, start, count: 1, step: 1 })?;
    let (mut to, mut order) = (inner(&one.dims).to_vec(), one.order);
    to.remove(axis - 1);
    // Of `[A, N, ...]` the pictures are left first.
    if order == Order::PicturesSecond && axis == 1 {
        order = Order::Plain;
    }
    let to = to.into_iter().map(Some).collect();
    Ok(reader.push(call, None, Reshape { to, sides: false }, &[one.here()])?.ordered(order))
}

fn unbind(reader: &mut Reader, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let x = reader.straight(call, x)?;
    let Some(axis) = x.axis(call.args.whole("dim").unwrap_or(0)) else { return Ok(None) };
    let parts = (0..x.dims.at(axis)).map(|at| taken(reader, call, x, axis, at).map(Known::Drawn));
    parts.collect::<Result<_, _>>().map(Some)
}

fn select(reader: &mut Reader, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let x = reader.straight(call, x)?;
    let Some(along) = x.axis(call.args.whole("dim").unwrap_or(0)) else { return Ok(None) };
    let index = call.args.whole("index").and_then(|index| axis(index, x.dims.at(along)));
    let Some(start) = index else { return Ok(None) };
    one(taken(reader, call, x, along, start)?)
}

fn slice(reader: &mut Reader, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let dim = call.args.whole("dim").unwrap_or(0);
    let seen = x.seen();
    let Some(size) = axis(dim, seen.rank()).map(|axis| seen.at(axis) as i64) else {
        return Ok(None);
    };
    let at = |number: i64| if number < 0 { (number + size).max(0) } else { number.min(size) };
    let start = at(call.args.whole("start").unwrap_or(0));
    let end = at(call.args.whole("end").unwrap_or(size));
    let step = call.args.whole("step").unwrap_or(1);
    if (start, end, step) == (0, size, 1) {
        return one(x);
    }
    let Some(axis) = x.axis(dim).filter(|_| step > 0 && end > start) else { return Ok(None) };
    let count = (end - start) as usize;
    let (start, step) = (start as usize, step as usize);
    let narrow = Narrow { axis, start, count: count.div_ceil(step), step };
    one(part(reader, call, x, narrow)?)
}

/// Whole numbers of the file's, each a slice along an axis of that many; those below 0 count from the end.
fn slices(constant: &Constant, size: usize) -> Result<Option<Vec<u32>>, ModelError> {
    let numbers = constant.tensor.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>()?;
    let slice = |number: &f64| {
        let at = if *number < 0.0 { number + size as f64 } else { *number };
        (at.fract() == 0.0 && (0.0..size as f64).contains(&at)).then_some(at as u32)
    };
    Ok(numbers.iter().map(slice).collect())
}

/// `x[:, :, rows, columns]` with numbers of the file's, each along its own axis.
fn index(reader: &mut Reader, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let mut at = reader.straight(call, x)?;
    let indices = call.args.optional_tensors("indices").unwrap_or_default();
    let known: Vec<usize> = (0..indices.len()).filter(|i| indices[*i].is_some()).collect();
    // Apart from each other, or not across: their axis would stand elsewhere, or they would pick single values.
    let (Some(first), Some(last)) = (known.first(), known.last()) else { return Ok(None) };
    if last - first + 1 != known.len() {
        return Ok(None);
    }
    for (i, name) in indices.iter().enumerate().filter_map(|(i, name)| Some((i, (*name)?))) {
        let Some(constant) = reader.constant_named(name).cloned() else { return Ok(None) };
        let after = last - i;
        let dims = constant.tensor.dims();
        let own = dims.len().checked_sub(after + 1);
        let across = dims.iter().enumerate().all(|(axis, d)| Some(axis) == own || *d == 1);
        let axis = at.axis(i as i64).filter(|_| across && own.is_some());
        let Some(axis) = axis else { return Ok(None) };
        let Some(slices) = slices(&constant, at.dims.at(axis))? else { return Ok(None) };
        at = reader.push_alike(call, None, Gather { axis, slices }, at)?;
    }
    one(at)
}

fn index_select(reader: &mut Reader, call: &Call<'_>) -> Found {
    let (Some(x), Some(constant)) =
        (reader.drawn(call, "self"), reader.constant(call, "index").cloned())
    else {
        return Ok(None);
    };
    let Some(axis) = x.axis(call.args.whole("dim").unwrap_or(0)) else { return Ok(None) };
    let Some(slices) = slices(&constant, x.dims.at(axis))? else { return Ok(None) };
    one(reader.push_alike(call, None, Gather { axis, slices }, x)?)
}

fn flip(reader: &mut Reader, call: &Call<'_>) -> Found {
    let Some(mut at) = reader.drawn(call, "self") else { return Ok(None) };
    for dim in call.args.integers("dims").unwrap_or_default() {
        let Some(axis) = at.axis(dim) else { return Ok(None) };
        let slices = (0..at.dims.at(axis) as u32).rev().collect();
        at = reader.push_alike(call, None, Gather { axis, slices }, at)?;
    }
    one(at)
}

fn narrow(reader: &mut Reader, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let whole = |name: &str| call.args.whole(name).and_then(|n| usize::try_from(n).ok());
    let (Some(axis), Some(start), Some(count)) =
        (x.axis(call.args.whole("dim").unwrap_or(0)), whole("start"), whole("length"))
    else {
        return Ok(None);
    };
    one(part(reader, call, x, Narrow { axis, start, count, step: 1 })?)
}

/// All of an axis again and again, or each slice of it.
fn repeat(reader: &mut Reader, call: &Call<'_>) -> Found {
    let Some(mut at) = reader.drawn(call, "self") else { return Ok(None) };
    let each = call.base == "repeat_interleave";
    let counts = match each {
        true => call.args.whole("repeats").zip(call.args.whole("dim")).map(|one| vec![one]),
        false => {
            reader.integers(call, "repeats").map(|counts| counts.into_iter().zip(0..).collect())
        }
    };
    let Some(counts) = counts.filter(|counts| each || counts.len() == at.seen().rank()) else {
        return Ok(None);
    };
    for (count, dim) in counts.into_iter().filter(|(count, _)| *count != 1) {
        let Some(axis) = at.axis(dim) else { return Ok(None) };
        let (size, count) = (at.dims.at(axis), usize::try_from(count).unwrap_or(0));
        if count == 0 || size.saturating_mul(count) > 1 << 16 {
            return Ok(None);
        }
        let slice = |i: usize| if each { i / count } else { i % size };
        let slices = (0..size * count).map(|i| slice(i) as u32).collect();
        at = reader.push_alike(call, None, Gather { axis, slices }, at)?;
    }
    one(at)
}

/// The first half of an axis times the sigmoid of the second.
fn glu(reader: &mut Reader, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let Some(axis) = x.axis(call.args.whole("dim").unwrap_or(-1)) else { return Ok(None) };
    let count = x.dims.at(axis) / 2;
    let half = |start| Narrow { axis, start, count, step: 1 };
    let value = reader.push_alike(&call.part("narrow"), None, half(0), x)?;
    let gate = reader.push_alike(&call.part("narrow"), None, half(count), x)?;
    let gate = reader.push_alike(&call.part("sigmoid"), None, Activation::Sigmoid, gate)?;
    let product = Binary { kind: BinaryKind::Multiply, of: Operands::Same };
    one(reader.push(call, None, product, &[value.here(), gate.here()])?.ordered(x.order))
}
