//! The same values under other extents, repeated, and in another order.

use super::rule::{FLOATS, Found, Rule, axis, one};
use crate::import::calls::args::Whole;
use crate::import::calls::reader::{Call, Reader};
use crate::import::draft::{Drawn, Order};
use crate::model::Value;
use crate::ops::{Dims, Flatten, Permute, Reshape, Shuffle};

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
    ("mT", transpose),
    ("movedim", move_axes),
    ("unflatten", unflatten),
    ("unsqueeze", unsqueeze),
    ("squeeze", squeeze),
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

/// Calls whose values are repeated as their inputs are.
pub const KEEPING_REPEATED: [&str; 9] =
    ["expand", "expand_as", "contiguous", "clone", "alias", "detach", "to", "_to_copy", "dropout"];

fn same(reader: &mut Reader, call: &Call<'_>) -> Found {
    let training = call.args.flag("train").or(call.args.flag("training")).unwrap_or(false);
    let whole = call.args.whole("dtype").is_some_and(|dtype| !FLOATS.contains(&dtype));
    match reader.drawn(call, "self").or(reader.drawn(call, "input")) {
        Some(x) if !(training || whole) => one(x),
        _ => Ok(None),
    }
}

/// Left to who uses it, so that no extents are written into the graph where it is repeated anyway.
fn expand(reader: &mut Reader, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let to: Option<Vec<i64>> = match (reader.drawn(call, "other"), reader.integers(call, "size")) {
        (Some(other), _) => {
            let to = other.in_order(&other.repeated.unwrap_or(other.dims));
            Some(to.as_slice().iter().map(|e| *e as i64).collect())
        }
        (None, sizes) => sizes,
    };
    let axes = x.axes();
    let Some(to) = to.filter(|to| to.len() == axes.len()) else { return Ok(None) };
    let mut repeated = x.repeated.unwrap_or(x.dims);
    for (axes, to) in axes.iter().zip(to) {
        let own: usize = axes.iter().map(|axis| repeated.at(*axis)).product();
        match (axes.as_slice(), usize::try_from(to)) {
            (_, Err(_)) => {}
            (_, Ok(to)) if to == own => {}
            ([axis], Ok(to)) if *axis > 0 && own == 1 => repeated = repeated.with(*axis, to),
            _ => return Ok(None),
        }
    }
    one(Drawn { repeated: (repeated != x.dims).then_some(repeated), ..x })
}

fn view(reader: &mut Reader, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let sizes = reader.integers(call, "size").or_else(|| reader.integers(call, "shape"));
    let Some(sizes) = sizes else { return Ok(None) };
    let known: i64 = sizes.iter().filter(|size| **size != -1).product();
    let rest = (x.dims.len() as i64).checked_div(known).unwrap_or(0);
    let extents =
        sizes.iter().map(|size| usize::try_from(if *size == -1 { rest } else { *size }).ok());
    let Some(to) = extents.collect::<Option<Vec<usize>>>() else { return Ok(None) };
    // What is left, or else the one that follows the input's size.
    let symbols = call.args.wholes("size").or_else(|| call.args.wholes("shape"));
    let symbols: Vec<usize> = symbols.map_or(Vec::new(), |sizes| {
        let is_symbol = |i: &usize| *i > 0 && matches!(sizes[*i], Whole::Symbol(_));
        (0..sizes.len()).filter(is_symbol).collect()
    });
    let open = sizes.iter().position(|size| *size == -1).or(match symbols.as_slice() {
        [one] => Some(*one),
        _ => None,
    });
    reshape(reader, call, x, &to, open)
}

/// The extents after the pictures.
pub fn inner(dims: &Dims) -> &[usize] {
    dims.as_slice().get(1..).unwrap_or(&[])
}

/// To extents as the file sees them; that at `open` is what is left.
pub fn reshape(
    reader: &mut Reader,
    call: &Call<'_>,
    x: Drawn,
    to: &[usize],
    open: Option<usize>,
) -> Found {
    let x = reader.straight(call, x)?;
    let pictures = x.dims.at(0);
    let known = to.iter().try_fold(1usize, |all, extent| all.checked_mul(*extent));
    let ([first, rest @ ..], true) = (to, known == Some(x.dims.len())) else { return Ok(None) };
    if x.order == Order::PicturesSecond || pictures == 0 || !first.is_multiple_of(pictures) {
        return Ok(None);
    }
    // What more stands in the first axis than pictures.
    let parts = first / pictures;
    let (order, to): (Order, Vec<usize>) = match parts {
        1 => (Order::Plain, rest.to_vec()),
        _ => (Order::Merged, [parts].iter().chain(rest).copied().collect()),
    };
    let open = match order {
        Order::Merged => open,
        _ => open.and_then(|open| open.checked_sub(1)),
    };
    let x = x.here();
    let own = inner(&x.dims);
    if own == to {
        return one(x.ordered(order));
    }
    if let [_] = to.as_slice() {
        return one(reader.push(call, None, Flatten, &[x])?);
    }
    // Rows and columns that stay are those of whatever input comes.
    let sides = |extents: &[usize]| extents.len().checked_sub(2).map(|at| extents[at..].to_vec());
    let stays = own.len() > 2 && to.len() > 2 && sides(own) == sides(&to) && sides(&to).is_some();
    if stays && let Some(groups) = shuffled(reader, x, &to) {
        let input = groups_input(reader, x);
        return one(reader.push(call, None, Shuffle { groups }, &[input])?);
    }
    let kept = if stays { to.len() - 2 } else { to.len() };
    let extent = |(i, extent): (usize, &usize)| (open != Some(i)).then_some(*extent);
    let to = to.iter().enumerate().take(kept).map(extent).collect();
    one(reader.push(call, None, Reshape { to, sides: stays }, &[x])?.ordered(order))
}

/// Whether this is the end of a channel shuffle: a value split into groups, turned, and put together again. Gives how
/// many groups.
fn shuffled(reader: &Reader, x: Drawn, to: &[usize]) -> Option<usize> {
    let ([groups, each], _) = turned(reader, x)?;
    (to.len() == 3 && to[0] == groups * each).then_some(groups)
}

/// The split before a value that is a split turned around, and what was split.
fn turned(reader: &Reader, x: Drawn) -> Option<([usize; 2], Value)> {
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
fn groups_input(reader: &Reader, x: Drawn) -> Drawn {
    let Some((_, input)) = turned(reader, x) else { return x };
    let dims = match input {
        Value::Input => reader.draft.input().dims,
        Value::Output { layer, .. } => reader.draft.dims[layer.0],
    };
    Drawn::plain(input, dims)
}

fn flatten(reader: &mut Reader, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let seen = x.seen();
    let of = |name: &str, default: i64| axis(call.args.whole(name).unwrap_or(default), seen.rank());
    let (Some(start), Some(end)) = (of("start_dim", 0), of("end_dim", -1)) else { return Ok(None) };
    if start == 0 || end < start {
        return Ok(None);
    }
    let extents = seen.as_slice();
    let mut to: Vec<usize> = extents[..start].to_vec();
    to.push(extents[start..=end].iter().product());
    to.extend(&extents[end + 1..]);
    reshape(reader, call, x, &to, Some(start))
}

fn permute(reader: &mut Reader, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let rank = x.seen().rank();
    let order = call.args.integers("dims").unwrap_or_default();
    let order: Option<Vec<usize>> = order.into_iter().map(|dim| axis(dim, rank)).collect();
    let Some(order) = order.filter(|order| order.len() == rank) else { return Ok(None) };
    ordered(reader, call, x, &order)
}

fn transpose(reader: &mut Reader, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let rank = x.seen().rank();
    // A matrix is turned by its last two.
    let of = |name: &str, usual| axis(call.args.whole(name).unwrap_or(usual), rank);
    let (Some(a), Some(b)) = (of("dim0", -2), of("dim1", -1)) else { return Ok(None) };
    let mut order: Vec<usize> = (0..rank).collect();
    order.swap(a, b);
    ordered(reader, call, x, &order)
}

fn move_axes(reader: &mut Reader, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let rank = x.seen().rank();
    let of = |name: &str| -> Option<Vec<usize>> {
        call.args.integers(name)?.into_iter().map(|dim| axis(dim, rank)).collect()
    };
    let (Some(from), Some(to)) = (of("source"), of("destination")) else { return Ok(None) };
    let mut rest = (0..rank).filter(|axis| !from.contains(axis));
    let place = |at: usize| match to.iter().position(|to| *to == at) {
        Some(moved) => from.get(moved).copied(),
        None => rest.next(),
    };
    let Some(order) = (0..rank).map(place).collect::<Option<Vec<usize>>>() else { return Ok(None) };
    ordered(reader, call, x, &order)
}

fn unflatten(reader: &mut Reader, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let seen = x.seen();
    let place = axis(call.args.whole("dim").unwrap_or(0), seen.rank());
    let (Some(place), Some(sizes)) = (place, reader.integers(call, "sizes")) else {
        return Ok(None);
    };
    let known: i64 = sizes.iter().filter(|size| **size != -1).product();
    let rest = (seen.at(place) as i64).checked_div(known).unwrap_or(0);
    let sizes = sizes.iter().map(|size| usize::try_from(if *size == -1 { rest } else { *size }));
    let Ok(sizes) = sizes.collect::<Result<Vec<usize>, _>>() else { return Ok(None) };
    let mut to = seen.as_slice().to_vec();
    to.splice(place..=place, sizes);
    reshape(reader, call, x, &to, None)
}

/// The file's axes in another order. Channels that come last stay where they are; who uses them knows.
fn ordered(reader: &mut Reader, call: &Call<'_>, x: Drawn, by: &[usize]) -> Found {
    let axes = x.axes();
    let mut order: Vec<usize> =
        by.iter().filter_map(|axis| axes.get(*axis)).flatten().copied().collect();
    let merged = x.order == Order::Merged;
    let seen = match order.as_slice() {
        [0, 2, 3, 1] if x.order == Order::Plain => return one(x.ordered(Order::ChannelsLast)),
        [0, 1, ..] if merged => Order::Merged,
        [0, ..] if !merged => Order::Plain,
        [_, 0, ..] if !merged => {
            order.swap(0, 1);
            Order::PicturesSecond
        }
        _ => return Ok(None),
    };
    if order.iter().enumerate().all(|(at, axis)| at == *axis) {
        return one(x.ordered(seen));
    }
    one(reader.push(call, None, Permute { order }, &[x.here()])?.ordered(seen))
}

fn unsqueeze(reader: &mut Reader, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let seen = x.seen();
    let place = axis(call.args.whole("dim").unwrap_or(0), seen.rank() + 1);
    let Some(place) = place.filter(|place| *place > 0) else { return Ok(None) };
    let mut to = seen.as_slice().to_vec();
    to.insert(place, 1);
    reshape(reader, call, x, &to, None)
}

fn squeeze(reader: &mut Reader, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let seen = x.seen();
    let rank = seen.rank();
    let dims = call.args.integers("dim").unwrap_or_else(|| (1..rank as i64).collect());
    let gone: Option<Vec<usize>> = dims.into_iter().map(|dim| axis(dim, rank)).collect();
    let Some(gone) = gone.filter(|gone| !gone.contains(&0)) else { return Ok(None) };
    let stays = |(i, extent): &(usize, &usize)| !(gone.contains(i) && **extent == 1);
    let to = seen.as_slice().iter().enumerate().filter(stays);
    let to: Vec<usize> = to.map(|(_, extent)| *extent).collect();
    reshape(reader, call, x, &to, None)
}
