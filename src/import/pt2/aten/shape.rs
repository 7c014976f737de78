//! The same values under other extents, in another order, in parts, together.

use super::conv::inner;
use super::rule::{Found, Rule, axis, one};
use crate::import::draft::{Drawn, before, behind};
use crate::import::pt2::reader::{Call, Known, Reader};
use crate::model::{ModelError, Value};
use crate::ops::{Concat, Constant as Numbers, Flatten, Narrow, Permute, Reshape, Shuffle};

pub const RULES: &[(&str, Rule)] = &[
    ("dropout", same),
    ("feature_dropout", same),
    ("alpha_dropout", same),
    ("native_dropout", same),
    ("contiguous", same),
    ("clone", same),
    ("alias", same),
    ("detach", same),
    ("to", same),
    ("_to_copy", same),
    ("lift_fresh_copy", same),
    ("identity", same),
    ("expand", expand),
    ("expand_as", expand),
    ("view", view),
    ("reshape", view),
    ("_unsafe_view", view),
    ("flatten", flatten),
    ("permute", permute),
    ("transpose", transpose),
    ("unsqueeze", unsqueeze),
    ("squeeze", squeeze),
    ("cat", cat),
    ("stack", stack),
    ("split", split),
    ("split_with_sizes", split),
    ("chunk", split),
    ("unbind", unbind),
    ("slice", slice),
    ("select", select),
];

/// Calls that give the same numbers, or a part of them.
pub const SHARING: [&str; 21] = [
    "dropout",
    "feature_dropout",
    "alpha_dropout",
    "contiguous",
    "alias",
    "detach",
    "to",
    "identity",
    "expand",
    "expand_as",
    "view",
    "reshape",
    "flatten",
    "permute",
    "transpose",
    "unsqueeze",
    "squeeze",
    "split",
    "split_with_sizes",
    "chunk",
    "slice",
];

/// PyTorch's numbers of the types that are computed with: half, float, double, bfloat16.
const FLOATS: [i64; 4] = [6, 7, 8, 13];

fn same(reader: &mut Reader<'_>, call: &Call<'_>) -> Found {
    let training = call.args.flag("train").or(call.args.flag("training")).unwrap_or(false);
    let whole = call.args.whole("dtype").is_some_and(|dtype| !FLOATS.contains(&dtype));
    match reader.drawn(call, "self").or(reader.drawn(call, "input")) {
        Some(x) if !(training || whole) => one(x),
        _ => Ok(None),
    }
}

/// Left to broadcasting, so that no extents are written into the graph.
fn expand(reader: &mut Reader<'_>, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let to: Option<Vec<i64>> = match (reader.drawn(call, "other"), reader.integers(call, "size")) {
        (Some(other), _) => Some(other.dims.as_slice().iter().map(|e| *e as i64).collect()),
        (None, sizes) => sizes,
    };
    let Some(to) = to.filter(|to| to.len() == x.dims.rank()) else { return Ok(None) };
    let same = x.dims.as_slice().iter().zip(&to).all(|(own, to)| *to == -1 || *to == *own as i64);
    one(Drawn { repeats: x.repeats || !same, ..x })
}

fn view(reader: &mut Reader<'_>, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let sizes = reader.integers(call, "size").or_else(|| reader.integers(call, "shape"));
    let Some(sizes) = sizes else { return Ok(None) };
    let known: i64 = sizes.iter().filter(|size| **size != -1).product();
    let rest = (x.dims.len() as i64).checked_div(known).unwrap_or(0);
    let extents =
        sizes.iter().map(|size| usize::try_from(if *size == -1 { rest } else { *size }).ok());
    let Some(extents) = extents.collect::<Option<Vec<usize>>>() else { return Ok(None) };
    // The pictures of a batch stay what they are.
    let [pictures, to @ ..] = extents.as_slice() else { return Ok(None) };
    if *pictures != x.dims.at(0) || to.iter().product::<usize>() * pictures != x.dims.len() {
        return Ok(None);
    }
    let open = sizes.iter().skip(1).position(|size| *size == -1);
    reshape(reader, call, x, to, open)
}

/// To these extents behind the pictures; that at `open` is what is left.
fn reshape(
    reader: &mut Reader<'_>,
    call: &Call<'_>,
    x: Drawn,
    to: &[usize],
    open: Option<usize>,
) -> Found {
    let own = inner(&x.dims);
    if own == to {
        return one(x);
    }
    if let [_] = to
        && !x.channels_last
    {
        return one(reader.push(call, None, Flatten, &[x])?);
    }
    // Rows and columns that stay are those of whatever input comes.
    let sides = |extents: &[usize]| extents.len().checked_sub(2).map(|at| extents[at..].to_vec());
    let stays = own.len() > 2 && to.len() > 2 && sides(&own) == sides(to) && sides(to).is_some();
    if stays && let Some(groups) = shuffled(reader, x, to) {
        let input = groups_input(reader, x);
        return one(reader.push(call, None, Shuffle { groups }, &[input])?);
    }
    let kept = if stays { to.len() - 2 } else { to.len() };
    let extent = |(i, extent): (usize, &usize)| (open != Some(i)).then_some(*extent);
    let to = to.iter().enumerate().take(kept).map(extent).collect();
    one(reader.push(call, None, Reshape { to, sides: stays }, &[x])?)
}

/// Whether this is the end of a channel shuffle: a value split into groups, turned, and put together again. Gives how
/// many groups.
fn shuffled(reader: &Reader<'_>, x: Drawn, to: &[usize]) -> Option<usize> {
    let ([groups, each], _) = turned(reader, x)?;
    (to.len() == 3 && to[0] == groups * each).then_some(groups)
}

/// The split before a value that is a split turned around, and what was split.
fn turned(reader: &Reader<'_>, x: Drawn) -> Option<([usize; 2], Value)> {
    let Value::Output { layer, .. } = x.value else { return None };
    let nodes = &reader.draft.nodes;
    let permute = nodes.get(layer.0)?;
    if permute.op.get::<Permute>()?.order != [0, 2, 1, 3, 4] {
        return None;
    }
    let [Value::Output { layer: before, .. }] = permute.inputs.as_slice() else { return None };
    let reshape = nodes.get(before.0)?;
    let split = reshape.op.get::<Reshape>().filter(|reshape| reshape.sides)?;
    match (split.to.as_slice(), reshape.inputs.as_slice()) {
        ([Some(groups), Some(each)], [input]) => Some(([*groups, *each], *input)),
        _ => None,
    }
}

/// What was split. The layers that split it are nobody's then, and left out at the end.
fn groups_input(reader: &Reader<'_>, x: Drawn) -> Drawn {
    let Some((_, input)) = turned(reader, x) else { return x };
    let dims = match input {
        Value::Input => reader.draft.input().dims,
        Value::Output { layer, .. } => reader.draft.dims[layer.0],
    };
    Drawn::plain(input, dims)
}

fn flatten(reader: &mut Reader<'_>, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let rank = x.dims.rank();
    let of = |name: &str, default: i64| axis(call.args.whole(name).unwrap_or(default), rank);
    let (Some(start), Some(end)) = (of("start_dim", 0), of("end_dim", -1)) else { return Ok(None) };
    if start == 0 || end < start {
        return Ok(None);
    }
    let extents = x.dims.as_slice();
    let mut to: Vec<usize> = extents[1..start].to_vec();
    to.push(extents[start..=end].iter().product());
    to.extend(&extents[end + 1..]);
    reshape(reader, call, x, &to, Some(start - 1))
}

fn permute(reader: &mut Reader<'_>, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let rank = x.dims.rank();
    let order = call.args.integers("dims").unwrap_or_default();
    let order: Option<Vec<usize>> = order.into_iter().map(|dim| axis(dim, rank)).collect();
    let Some(order) = order.filter(|order| order.len() == rank) else { return Ok(None) };
    ordered(reader, call, x, order)
}

fn transpose(reader: &mut Reader<'_>, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let rank = x.dims.rank();
    let of = |name: &str| axis(call.args.whole(name)?, rank);
    let (Some(a), Some(b)) = (of("dim0"), of("dim1")) else { return Ok(None) };
    let mut order: Vec<usize> = (0..rank).collect();
    order.swap(a, b);
    ordered(reader, call, x, order)
}

/// Channels behind rows and columns stay where they are; who uses them knows.
fn ordered(reader: &mut Reader<'_>, call: &Call<'_>, x: Drawn, order: Vec<usize>) -> Found {
    match (order.as_slice(), x.channels_last) {
        ([0, 2, 3, 1], false) => one(behind(x)),
        ([0, 3, 1, 2], true) => one(before(x)),
        ([0, ..], _) => one(reader.push(call, None, Permute { order }, &[x])?),
        _ => Ok(None),
    }
}

fn unsqueeze(reader: &mut Reader<'_>, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let place = axis(call.args.whole("dim").unwrap_or(0), x.dims.rank() + 1);
    let Some(place) = place.filter(|place| *place > 0) else { return Ok(None) };
    let mut to = inner(&x.dims);
    to.insert(place - 1, 1);
    reshape(reader, call, x, &to, None)
}

fn squeeze(reader: &mut Reader<'_>, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let rank = x.dims.rank();
    let dims = call.args.integers("dim").unwrap_or_else(|| (1..rank as i64).collect());
    let gone: Option<Vec<usize>> = dims.into_iter().map(|dim| axis(dim, rank)).collect();
    let Some(gone) = gone.filter(|gone| !gone.contains(&0)) else { return Ok(None) };
    let stays = |(i, extent): &(usize, &usize)| !(gone.contains(i) && **extent == 1);
    let to = x.dims.as_slice().iter().enumerate().skip(1).filter(stays);
    let to: Vec<usize> = to.map(|(_, extent)| *extent).collect();
    reshape(reader, call, x, &to, None)
}

/// Several values, those of the file as layers of their own.
fn values(reader: &mut Reader<'_>, call: &Call<'_>) -> Result<Option<Vec<Drawn>>, ModelError> {
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

fn cat(reader: &mut Reader<'_>, call: &Call<'_>) -> Found {
    let Some(all) = values(reader, call)? else { return Ok(None) };
    joined(reader, call, &all, call.args.whole("dim").unwrap_or(0))
}

fn joined(reader: &mut Reader<'_>, call: &Call<'_>, all: &[Drawn], dim: i64) -> Found {
    let Some(first) = all.first() else { return Ok(None) };
    let Some(axis) = axis(dim, first.dims.rank()).filter(|axis| *axis > 0) else { return Ok(None) };
    if all.iter().all(|value| value.channels_last) {
        let axis = [0, 2, 3, 1][axis];
        let all: Vec<Drawn> = all.iter().map(|value| before(*value)).collect();
        return one(behind(reader.push(call, None, Concat { axis }, &all)?));
    }
    one(reader.push(call, None, Concat { axis }, all)?)
}

fn stack(reader: &mut Reader<'_>, call: &Call<'_>) -> Found {
    let Some(all) = values(reader, call)? else { return Ok(None) };
    let Some(first) = all.first() else { return Ok(None) };
    let dim = call.args.whole("dim").unwrap_or(0);
    let Some(place) = axis(dim, first.dims.rank() + 1).filter(|place| *place > 0) else {
        return Ok(None);
    };
    let mut wider = Vec::new();
    for value in &all {
        let mut to = inner(&value.dims);
        to.insert(place - 1, 1);
        match reshape(reader, call, *value, &to, None)?.as_deref() {
            Some([Known::Drawn(drawn)]) => wider.push(*drawn),
            _ => return Ok(None),
        }
    }
    joined(reader, call, &wider, place as i64)
}

/// A part along an axis.
fn part(
    reader: &mut Reader<'_>,
    call: &Call<'_>,
    x: Drawn,
    mut narrow: Narrow,
) -> Result<Drawn, ModelError> {
    if narrow.count == x.dims.at(narrow.axis) && narrow.step == 1 {
        return Ok(x);
    }
    if x.channels_last {
        narrow.axis = [0, 2, 3, 1][narrow.axis];
        return Ok(behind(reader.push(call, None, narrow, &[before(x)])?));
    }
    reader.push(call, None, narrow, &[x])
}

fn split(reader: &mut Reader<'_>, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let dim = call.args.whole("dim").unwrap_or(0);
    let Some(axis) = axis(dim, x.dims.rank()).filter(|axis| *axis > 0) else { return Ok(None) };
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

/// Without the axis that is left with one.
fn without(reader: &mut Reader<'_>, call: &Call<'_>, x: Drawn, axis: usize) -> Found {
    let mut to = inner(&x.dims);
    to.remove(axis - 1);
    reshape(reader, call, x, &to, None)
}

fn unbind(reader: &mut Reader<'_>, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let dim = call.args.whole("dim").unwrap_or(0);
    let Some(axis) = axis(dim, x.dims.rank()).filter(|axis| *axis > 0) else { return Ok(None) };
    let mut parts = Vec::new();
    for start in 0..x.dims.at(axis) {
        let one = part(reader, call, x, Narrow { axis, start, count: 1, step: 1 })?;
        let Some(found) = without(reader, call, one, axis)? else { return Ok(None) };
        parts.extend(found);
    }
    Ok(Some(parts))
}

fn select(reader: &mut Reader<'_>, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let dim = call.args.whole("dim").unwrap_or(0);
    let Some(along) = axis(dim, x.dims.rank()).filter(|axis| *axis > 0) else { return Ok(None) };
    let index = call.args.whole("index").and_then(|index| axis(index, x.dims.at(along)));
    let Some(start) = index else { return Ok(None) };
    let one = part(reader, call, x, Narrow { axis: along, start, count: 1, step: 1 })?;
    without(reader, call, one, along)
}

fn slice(reader: &mut Reader<'_>, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let dim = call.args.whole("dim").unwrap_or(0);
    let Some(axis) = axis(dim, x.dims.rank()) else { return Ok(None) };
    let size = x.dims.at(axis) as i64;
    let at = |number: i64| if number < 0 { (number + size).max(0) } else { number.min(size) };
    let start = at(call.args.whole("start").unwrap_or(0));
    let end = at(call.args.whole("end").unwrap_or(size));
    let step = call.args.whole("step").unwrap_or(1);
    if (start, end, step) == (0, size, 1) {
        return one(x);
    }
    if axis == 0 || step < 1 || end <= start {
        return Ok(None);
    }
    let count = (end - start) as usize;
    let (start, step) = (start as usize, step as usize);
    let narrow = Narrow { axis, start, count: count.div_ceil(step), step };
    one(part(reader, call, x, narrow)?)
}
