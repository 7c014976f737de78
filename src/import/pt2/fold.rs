//! Calls on numbers of the file alone: weights that are standardized, tables that are made when the network is. They are
//! computed once, in float64.

use candle_core::{DType, Device, Result, Tensor};

use crate::import::calls::aten::{BOOLEAN, WHOLES};
use crate::import::calls::computed;
use crate::import::calls::reader::{Call, Reader};
use crate::ops::Dims;

/// What a call on numbers gives, of a type as PyTorch counts types; `None` where it is none that is known.
///
/// # Errors
/// When the numbers do not fit.
pub fn evaluate(
    reader: &Reader,
    call: &Call<'_>,
    dtype: Option<i64>,
) -> Result<Option<Vec<Tensor>>> {
    let Some(found) = values(reader, call, dtype)? else { return Ok(None) };
    let rounded = |tensor: Tensor| match dtype {
        Some(BOOLEAN) => tensor.ne(0.0)?.to_dtype(DType::F64),
        Some(dtype) if WHOLES.contains(&dtype) => tensor.sign()? * tensor.abs()?.floor()?,
        _ => Ok(tensor),
    };
    found.into_iter().map(rounded).collect::<Result<_>>().map(Some)
}

fn values(reader: &Reader, call: &Call<'_>, dtype: Option<i64>) -> Result<Option<Vec<Tensor>>> {
    let of = |name: &str| {
        let tensor = reader.constant(call, name).map(|constant| &constant.tensor);
        tensor.map(|tensor| tensor.to_dtype(DType::F64)).transpose()
    };
    let x = match of("self")? {
        Some(x) => Some(x),
        None => match of("input")? {
            Some(x) => Some(x),
            None => number(call, "self")?,
        },
    };
    if let Some(made) = made(reader, call)? {
        return Ok(Some(vec![made]));
    }
    if matches!(call.base, "cat" | "stack") {
        return together(reader, call).map(|found| found.map(|one| vec![one]));
    }
    let Some(x) = x else { return Ok(None) };
    let found = match call.base {
        "view" | "reshape" | "_unsafe_view" | "flatten" | "reshape_as" | "view_as"
        | "unsqueeze" | "squeeze" => reshaped(reader, call, &x, of("other")?)?,
        "permute" | "transpose" | "t" | "expand" | "slice" | "repeat" => moved(reader, call, &x)?,
        "contiguous" | "clone" | "alias" | "detach" | "to" | "_to_copy" | "lift_fresh_copy" => {
            Some(x)
        }
        "batch_norm" | "_native_batch_norm_legit" => {
            standardized(call, &x, of("weight")?, of("bias")?)?
        }
        "mean" | "sum" => reduced(call, &x)?,
        "add" | "sub" | "mul" | "div" | "maximum" | "minimum" => {
            let other = of("other")?.map_or_else(|| number(call, "other"), |t| Ok(Some(t)))?;
            match other {
                Some(other) if fits(reader, &x, &other) => arithmetic(call, &x, &other)?,
                Some(_) => None,
                None => None,
            }
        }
        // Of yes and no it is the other, of whole numbers the one below the negative.
        "bitwise_not" if dtype == Some(BOOLEAN) => Some((1.0 - &x)?),
        "bitwise_not" => Some((-1.0 - &x)?),
        "logical_not" => Some(x.eq(0.0)?.to_dtype(DType::F64)?),
        "pow" if call.args.tensor("exponent").is_some() => {
            of("exponent")?.map(|exponent| x.broadcast_pow(&exponent)).transpose()?
        }
        _ => function(call, &x)?,
    };
    Ok(found.map(|one| vec![one]))
}

fn number(call: &Call<'_>, name: &str) -> Result<Option<Tensor>> {
    call.args.number(name).map(|number| Tensor::new(&[number], &Device::Cpu)).transpose()
}

/// Numbers out of nothing.
fn made(reader: &Reader, call: &Call<'_>) -> Result<Option<Tensor>> {
    let sizes = reader.integers(call, "size").and_then(|sizes| extents(&sizes, reader.most));
    let filled = |value: f64| match &sizes {
        Some(sizes) => Tensor::full(value, sizes.as_slice(), &Device::Cpu).map(Some),
        None => Ok(None),
    };
    match call.base {
        "zeros" => filled(0.0),
        "ones" => filled(1.0),
        "full" => filled(call.args.number("fill_value").unwrap_or(0.0)),
        "arange" => {
            let start = call.args.number("start").unwrap_or(0.0);
            let step = call.args.number("step").unwrap_or(1.0);
            let end = call.args.number("end").unwrap_or(0.0);
            let count = ((end - start) / step).ceil();
            if !(count.is_finite() && (0.0..reader.most as f64).contains(&count)) {
                return Ok(None);
            }
            let values: Vec<f64> = (0..count as usize).map(|i| start + step * i as f64).collect();
            let count = values.len();
            Tensor::from_vec(values, count, &Device::Cpu).map(Some)
        }
        "eye" => {
            let side = |name| call.args.whole(name).and_then(|n| usize::try_from(n).ok());
            let (Some(n), Some(m)) = (side("n"), side("m").or(side("n"))) else { return Ok(None) };
            if n.saturating_mul(m) > reader.most {
                return Ok(None);
            }
            let values: Vec<f64> =
                (0..n * m).map(|i| f64::from(u8::from(i / m == i % m))).collect();
            Tensor::from_vec(values, (n, m), &Device::Cpu).map(Some)
        }
        _ => Ok(None),
    }
}

/// Extents of at most `most` numbers.
fn extents(sizes: &[i64], most: usize) -> Option<Vec<usize>> {
    let sizes: Option<Vec<usize>> = sizes.iter().map(|s| usize::try_from(*s).ok()).collect();
    let count = sizes.as_ref()?.iter().try_fold(1usize, |all, size| all.checked_mul(*size))?;
    sizes.filter(|_| count <= most)
}

fn axis(number: i64, rank: usize) -> Option<usize> {
    let axis = if number < 0 { number + rank as i64 } else { number };
    usize::try_from(axis).ok().filter(|axis| *axis < rank)
}

fn together(reader: &Reader, call: &Call<'_>) -> Result<Option<Tensor>> {
    let names = call.args.tensors("tensors").unwrap_or_default();
    let tensors = names.into_iter().map(|name| reader.constant_named(name));
    let Some(tensors) = tensors.collect::<Option<Vec<_>>>() else { return Ok(None) };
    let tensors = tensors.iter().map(|constant| constant.tensor.to_dtype(DType::F64));
    let tensors: Vec<Tensor> = tensors.collect::<Result<_>>()?;
    if tensors.iter().map(Tensor::elem_count).sum::<usize>() > reader.most {
        return Ok(None);
    }
    let rank = tensors.first().map_or(0, Tensor::rank) + usize::from(call.base == "stack");
    let Some(dim) = axis(call.args.whole("dim").unwrap_or(0), rank) else { return Ok(None) };
    let joined = if call.base == "stack" {
        Tensor::stack(&tensors, dim)
    } else {
        Tensor::cat(&tensors, dim)
    };
    joined.map(Some)
}

fn reshaped(
    reader: &Reader,
    call: &Call<'_>,
    x: &Tensor,
    other: Option<Tensor>,
) -> Result<Option<Tensor>> {
    let mut to: Vec<usize> = x.dims().to_vec();
    match call.base {
        "reshape_as" | "view_as" => match other {
            Some(other) => to = other.dims().to_vec(),
            None => return Ok(None),
        },
        "flatten" => {
            let of = |name: &str, default| axis(call.args.whole(name).unwrap_or(default), x.rank());
            let (Some(start), Some(end)) = (of("start_dim", 0), of("end_dim", -1)) else {
                return Ok(None);
            };
            if end < start {
                return Ok(None);
            }
            let middle = to[start..=end].iter().product();
            to.splice(start..=end, [middle]);
        }
        "unsqueeze" => {
            let Some(at) = axis(call.args.whole("dim").unwrap_or(0), x.rank() + 1) else {
                return Ok(None);
            };
            to.insert(at, 1);
        }
        "squeeze" => {
            let dims = call.args.integers("dim").unwrap_or_else(|| (0..x.rank() as i64).collect());
            let gone: Vec<usize> = dims.into_iter().filter_map(|dim| axis(dim, x.rank())).collect();
            let mut i = 0;
            to.retain(|extent| {
                i += 1;
                !(gone.contains(&(i - 1)) && *extent == 1)
            });
        }
        _ => {
            let sizes = reader.integers(call, "size").or_else(|| reader.integers(call, "shape"));
            let Some(sizes) = sizes else { return Ok(None) };
            let known: i64 = sizes.iter().filter(|size| **size != -1).product();
            let rest = (x.elem_count() as i64).checked_div(known).unwrap_or(0);
            let sizes: Vec<i64> = sizes.iter().map(|s| if *s == -1 { rest } else { *s }).collect();
            match extents(&sizes, reader.most) {
                Some(sizes) => to = sizes,
                None => return Ok(None),
            }
        }
    }
    x.contiguous()?.reshape(to).map(Some)
}

fn moved(reader: &Reader, call: &Call<'_>, x: &Tensor) -> Result<Option<Tensor>> {
    let rank = x.rank();
    let of = |name: &str| call.args.whole(name).and_then(|dim| axis(dim, rank));
    match call.base {
        "permute" => {
            let order = call.args.integers("dims").unwrap_or_default();
            let order: Option<Vec<usize>> = order.into_iter().map(|dim| axis(dim, rank)).collect();
            order.map(|order| x.permute(order)?.contiguous()).transpose()
        }
        "transpose" => match (of("dim0"), of("dim1")) {
            (Some(a), Some(b)) => x.transpose(a, b)?.contiguous().map(Some),
            _ => Ok(None),
        },
        "t" => x.t()?.contiguous().map(Some),
        "expand" => {
            let sizes = reader.integers(call, "size").unwrap_or_default();
            let skip = sizes.len().saturating_sub(rank);
            let keep = |(i, size): (usize, &i64)| match (*size, i.checked_sub(skip)) {
                (-1, Some(axis)) => x.dims().get(axis).map_or(-1, |extent| *extent as i64),
                (size, _) => size,
            };
            let sizes: Vec<i64> = sizes.iter().enumerate().map(keep).collect();
            extents(&sizes, reader.most).map(|to| x.broadcast_as(to)?.contiguous()).transpose()
        }
        "repeat" => {
            let counts =
                reader.integers(call, "repeats").and_then(|counts| extents(&counts, reader.most));
            let fits =
                counts.filter(|c| c.iter().product::<usize>() * x.elem_count() <= reader.most);
            fits.map(|counts| x.repeat(counts)).transpose()
        }
        _ => {
            let Some(dim) = axis(call.args.whole("dim").unwrap_or(0), rank) else {
                return Ok(None);
            };
            let size = x.dim(dim)? as i64;
            let at = |n: i64| if n < 0 { (n + size).max(0) } else { n.min(size) };
            let start = at(call.args.whole("start").unwrap_or(0));
            let end = at(call.args.whole("end").unwrap_or(size));
            let step = call.args.whole("step").unwrap_or(1);
            if step < 1 || end <= start {
                return Ok(None);
            }
            let slices: Vec<u32> =
                (start..end).step_by(step as usize).map(|at| at as u32).collect();
            x.contiguous()?.index_select(&Tensor::new(slices, &Device::Cpu)?, dim).map(Some)
        }
    }
}

/// A batch norm of weights by their own statistics: weight standardization (Qiao et al. 2019).
fn standardized(
    call: &Call<'_>,
    x: &Tensor,
    weight: Option<Tensor>,
    bias: Option<Tensor>,
) -> Result<Option<Tensor>> {
    if call.args.flag("training") != Some(true) || x.rank() < 2 {
        return Ok(None);
    }
    let eps = call.args.number("eps").unwrap_or(1e-5);
    computed::standardized(x, weight.as_ref(), bias.as_ref(), eps).map(Some)
}

fn reduced(call: &Call<'_>, x: &Tensor) -> Result<Option<Tensor>> {
    let Some(dims) = call.args.integers("dim") else { return Ok(None) };
    let axes: Option<Vec<usize>> = dims.into_iter().map(|dim| axis(dim, x.rank())).collect();
    let Some(axes) = axes else { return Ok(None) };
    let keep = call.args.flag("keepdim").unwrap_or(false);
    let axes = axes.as_slice();
    let found = match (call.base, keep) {
        ("mean", true) => x.mean_keepdim(axes),
        ("mean", false) => x.mean(axes),
        (_, true) => x.sum_keepdim(axes),
        (_, false) => x.sum(axes),
    };
    found.map(Some)
}

/// Whether a function of two values has at most as many numbers as are made.
fn fits(reader: &Reader, a: &Tensor, b: &Tensor) -> bool {
    let dims = Dims::new(a.dims()).zip(Dims::new(b.dims()));
    let out = dims.and_then(|(a, b)| a.repeated(&b));
    out.is_some_and(|out| out.len() <= reader.most)
}

fn arithmetic(call: &Call<'_>, a: &Tensor, b: &Tensor) -> Result<Option<Tensor>> {
    if call.args.number("alpha").is_some_and(|alpha| alpha != 1.0) {
        return Ok(None);
    }
    let found = match (call.base, call.args.text("rounding_mode")) {
        ("add", None) => a.broadcast_add(b),
        ("sub", None) => a.broadcast_sub(b),
        ("mul", None) => a.broadcast_mul(b),
        ("div", None) => a.broadcast_div(b),
        ("div", Some("floor")) => a.broadcast_div(b)?.floor(),
        ("maximum", None) => a.broadcast_maximum(b),
        ("minimum", None) => a.broadcast_minimum(b),
        _ => return Ok(None),
    };
    found.map(Some)
}

fn function(call: &Call<'_>, x: &Tensor) -> Result<Option<Tensor>> {
    let found = match call.base {
        "floor" => x.floor(),
        "ceil" => x.ceil(),
        "round" => x.round(),
        "clamp" | "clamp_min" | "clamp_max" => {
            let bound = |name: &str, default| call.args.number(name).unwrap_or(default);
            x.clamp(bound("min", f64::MIN), bound("max", f64::MAX))
        }
        "sqrt" => x.sqrt(),
        "rsqrt" => x.sqrt()?.recip(),
        "exp" => x.exp(),
        "neg" => x.neg(),
        "abs" => x.abs(),
        "sin" => x.sin(),
        "cos" => x.cos(),
        "sigmoid" => candle_nn::ops::sigmoid(x),
        "relu" => x.relu(),
        "reciprocal" => x.recip(),
        "pow" => match call.args.number("exponent") {
            Some(exponent) => x.powf(exponent),
            None => return Ok(None),
        },
        "cumsum" => match axis(call.args.whole("dim").unwrap_or(0), x.rank()) {
            Some(dim) => x.cumsum(dim),
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    found.map(Some)
}
