//! Nodes on numbers of the file alone: shapes, axes, tables, weights that are standardized. Whole numbers stay whole, all
//! others are computed in float64.

use candle_core::{DType, Device, Result, Tensor};

use super::rules;
use super::step::{Step, numbers};
use crate::import::calls::computed;
use crate::import::calls::reader::{Constant, Known, Reader};
use crate::onnx::Node;
use crate::ops::Dims;

/// The extents of a value that depends on the input, as numbers: those of the size that the file was written with.
pub fn shape(reader: &Reader, node: &Node) -> Option<Result<Vec<Known>>> {
    let drawn = reader.drawn_named(node.input(0)?).filter(|_| node.op_type == "Shape")?;
    let seen = drawn.in_order(&drawn.repeated.unwrap_or(drawn.dims));
    let extents: Vec<i64> = seen.as_slice().iter().map(|extent| *extent as i64).collect();
    let known =
        part(node, &extents).map(|tensor| vec![Known::Constant(Constant { tensor, file: None })]);
    Some(known)
}

/// The extents from `start` to `end`.
fn part(node: &Node, extents: &[i64]) -> Result<Tensor> {
    let rank = extents.len() as i64;
    let place =
        |number: i64| (if number < 0 { number + rank } else { number }).clamp(0, rank) as usize;
    let (start, end) =
        (place(node.int("start").unwrap_or(0)), place(node.int("end").unwrap_or(rank)));
    let extents = extents.get(start..end).unwrap_or(&[]);
    Tensor::from_vec(extents.to_vec(), extents.len(), &Device::Cpu)
}

/// What a node on numbers gives; `None` where it is none that is known.
///
/// # Errors
/// When the numbers do not fit.
pub fn evaluate(reader: &Reader, step: &Step<'_>) -> Result<Option<Vec<Tensor>>> {
    let node = step.node;
    let input = |at: usize| {
        let constant = node.input(at).and_then(|name| reader.constant_named(name));
        constant.map(|constant| constant.tensor.clone())
    };
    let ints = |attribute: &str, at: usize| rules::ints(reader, step, attribute, at);
    let most = reader.most;
    let found = match (node.op_type.as_str(), input(0)) {
        ("Constant", _) => constant(node),
        ("ConstantOfShape", Some(_)) => {
            let value = node.tensor("value").and_then(numbers);
            let value = match value {
                Some(value) => value.flatten_all()?,
                None => Tensor::new(&[0f64], &Device::Cpu)?,
            };
            extents(ints("", 0), most).map(|to| value.broadcast_as(to)?.contiguous()).transpose()?
        }
        ("Range", Some(_)) => range(reader, step, most)?,
        ("Identity" | "Dropout", Some(x)) => Some(x),
        ("Shape", Some(x)) => {
            let extents: Vec<i64> = x.dims().iter().map(|extent| *extent as i64).collect();
            Some(part(node, &extents)?)
        }
        ("Cast", Some(x)) => Some(match node.int("to") {
            Some(1 | 10 | 11 | 16) => x.to_dtype(DType::F64)?,
            Some(9) => x.to_dtype(DType::F64)?.ne(0.0)?.to_dtype(DType::I64)?,
            _ => x.to_dtype(DType::I64)?,
        }),
        ("Gather", Some(x)) => match (input(1), axis(node.int("axis").unwrap_or(0), x.rank())) {
            (Some(index), Some(dim)) => gathered(&x, &index, dim)?,
            _ => None,
        },
        ("Slice", Some(x)) => sliced(reader, step, x)?,
        ("Concat", Some(first)) => {
            let all: Option<Vec<Tensor>> = (0..node.inputs.len()).map(input).collect();
            let count = all.iter().flatten().map(Tensor::elem_count).sum::<usize>();
            match (all, axis(node.int("axis").unwrap_or(0), first.rank())) {
                (Some(all), Some(dim)) if count <= most => Some(Tensor::cat(&alike(all)?, dim)?),
                _ => None,
            }
        }
        ("Unsqueeze", Some(x)) => {
            let axes = ints("axes", 1).unwrap_or_default();
            let rank = x.rank() + axes.len();
            let axes: Option<Vec<usize>> =
                axes.into_iter().map(|number| axis(number, rank)).collect();
            axes.map(|mut axes| {
                axes.sort_unstable();
                axes.into_iter().try_fold(x, |x, dim| x.unsqueeze(dim))
            })
            .transpose()?
        }
        ("Squeeze", Some(x)) => {
            let axes = ints("axes", 1).unwrap_or_else(|| (0..x.rank() as i64).collect());
            let gone: Vec<usize> =
                axes.into_iter().filter_map(|number| axis(number, x.rank())).collect();
            let stays = |(i, extent): &(usize, &usize)| !(gone.contains(i) && **extent == 1);
            let to: Vec<usize> =
                x.dims().iter().enumerate().filter(stays).map(|(_, e)| *e).collect();
            Some(x.reshape(to)?)
        }
        ("Reshape", Some(x)) => {
            let to = ints("shape", 1).map(|to| {
                let copied = |(i, size): (usize, i64)| match size {
                    0 => x.dims().get(i).map_or(0, |extent| *extent as i64),
                    size => size,
                };
                let to: Vec<i64> = to.into_iter().enumerate().map(copied).collect();
                let known: i64 = to.iter().filter(|size| **size != -1).product();
                let rest = (x.elem_count() as i64).checked_div(known).unwrap_or(0);
                to.into_iter().map(|size| if size == -1 { rest } else { size }).collect()
            });
            extents(to, most).map(|to| x.contiguous()?.reshape(to)).transpose()?
        }
        ("Flatten", Some(x)) => {
            let at = node.int("axis").unwrap_or(1).clamp(0, x.rank() as i64) as usize;
            let rows: usize = x.dims().iter().take(at).product();
            Some(x.contiguous()?.reshape((rows, x.elem_count() / rows.max(1)))?)
        }
        ("Transpose", Some(x)) => {
            let rank = x.rank() as i64;
            let order =
                node.ints("perm").map_or_else(|| (0..rank).rev().collect(), <[i64]>::to_vec);
            let order: Option<Vec<usize>> =
                order.into_iter().map(|number| axis(number, x.rank())).collect();
            order.map(|order| x.permute(order)?.contiguous()).transpose()?
        }
        ("Expand", Some(x)) => {
            let to = extents(ints("", 1), most).and_then(|to| Dims::new(&to));
            let to = to.zip(Dims::new(x.dims())).and_then(|(to, own)| own.repeated(&to));
            let to = to.filter(|to| to.len() <= most);
            to.map(|to| x.broadcast_as(to.as_slice())?.contiguous()).transpose()?
        }
        ("Tile", Some(x)) => {
            let counts = extents(ints("", 1), most);
            let fits = counts
                .filter(|c| c.iter().product::<usize>().saturating_mul(x.elem_count()) <= most);
            fits.map(|counts| x.repeat(counts)).transpose()?
        }
        ("CumSum", Some(x)) => {
            match rules::number(reader, step, 1).and_then(|n| axis(n as i64, x.rank())) {
                Some(dim) if !node.has("exclusive") && !node.has("reverse") => {
                    Some(x.to_dtype(DType::F64)?.cumsum(dim)?)
                }
                _ => None,
            }
        }
        ("EyeLike", Some(x)) => match (x.dims(), node.int("k").unwrap_or(0)) {
            (&[n, m], 0) if n.saturating_mul(m) <= most => {
                let values: Vec<f64> =
                    (0..n * m).map(|i| f64::from(u8::from(i / m == i % m))).collect();
                Some(Tensor::from_vec(values, (n, m), &Device::Cpu)?)
            }
            _ => None,
        },
        ("Where", Some(condition)) => match (input(1), input(2)) {
            (Some(a), Some(b)) => chosen(&condition, &a, &b, most)?,
            _ => None,
        },
        ("BatchNormalization", Some(x)) => standardized(&x, [input(1), input(2)], node)?,
        ("DequantizeLinear", Some(x)) => dequantized(&x, input(1), input(2), node)?,
        (reduction @ ("ReduceMean" | "ReduceSum" | "ReduceProd" | "ReduceMax"), Some(x)) => {
            reduced(reduction, &x, ints("axes", 1), node.int("keepdims") != Some(0))?
        }
        (kind, Some(a)) => match (kind, input(1)) {
            (_, Some(b)) => of_two(kind, &a, &b, most)?,
            (_, None) => of_one(kind, &a)?,
        },
        (_, None) => None,
    };
    Ok(found.map(|one| vec![one]))
}

fn axis(number: i64, rank: usize) -> Option<usize> {
    let axis = if number < 0 { number + rank as i64 } else { number };
    usize::try_from(axis).ok().filter(|axis| *axis < rank)
}

/// Extents of at most `most` numbers.
fn extents(sizes: Option<Vec<i64>>, most: usize) -> Option<Vec<usize>> {
    let sizes = sizes?.into_iter().map(|size| usize::try_from(size).ok());
    let sizes: Vec<usize> = sizes.collect::<Option<_>>()?;
    let count = sizes.iter().try_fold(1usize, |all, size| all.checked_mul(*size))?;
    (count <= most).then_some(sizes)
}

fn constant(node: &Node) -> Option<Tensor> {
    if let Some(tensor) = node.tensor("value") {
        return numbers(tensor);
    }
    if let Some(int) = node.int("value_int") {
        return Tensor::new(int, &Device::Cpu).ok();
    }
    if let Some(ints) = node.ints("value_ints") {
        return Tensor::from_vec(ints.to_vec(), ints.len(), &Device::Cpu).ok();
    }
    if let Some(float) = node.float("value_float") {
        return Tensor::new(float, &Device::Cpu).ok();
    }
    let floats = node.attributes.iter().find(|attribute| attribute.name == "value_floats")?;
    let floats: Vec<f64> = floats.floats.iter().map(|float| f64::from(*float)).collect();
    let count = floats.len();
    Tensor::from_vec(floats, count, &Device::Cpu).ok()
}

fn range(reader: &Reader, step: &Step<'_>, most: usize) -> Result<Option<Tensor>> {
    let of = |at: usize| rules::number(reader, step, at);
    let (Some(start), Some(end), Some(by)) = (of(0), of(1), of(2)) else { return Ok(None) };
    let count = ((end - start) / by).ceil();
    if !(count.is_finite() && (0.0..most as f64).contains(&count)) {
        return Ok(None);
    }
    let values: Vec<f64> = (0..count as usize).map(|i| start + by * i as f64).collect();
    let whole = values.iter().all(|value| value.fract() == 0.0);
    let count = values.len();
    let values = Tensor::from_vec(values, count, &Device::Cpu)?;
    Ok(Some(if whole { values.to_dtype(DType::I64)? } else { values }))
}

fn gathered(x: &Tensor, index: &Tensor, dim: usize) -> Result<Option<Tensor>> {
    let numbers: Vec<f64> = index.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?;
    let Some(slices) = rules::slices(&numbers, x.dim(dim)?) else { return Ok(None) };
    let found = x.contiguous()?.index_select(&Tensor::new(slices, &Device::Cpu)?, dim)?;
    let mut to = x.dims().to_vec();
    to.splice(dim..=dim, index.dims().iter().copied());
    found.reshape(to).map(Some)
}

fn sliced(reader: &Reader, step: &Step<'_>, mut x: Tensor) -> Result<Option<Tensor>> {
    let ints = |attribute: &str, at: usize| rules::ints(reader, step, attribute, at);
    let (Some(starts), Some(ends)) = (ints("starts", 1), ints("ends", 2)) else { return Ok(None) };
    let axes = ints("axes", 3).unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = ints("", 4).unwrap_or_else(|| vec![1; starts.len()]);
    for (((start, end), number), by) in starts.into_iter().zip(ends).zip(axes).zip(steps) {
        let Some(dim) = axis(number, x.rank()) else { return Ok(None) };
        let size = x.dim(dim)? as i64;
        let slices = rules::stepped(start, end, by, size);
        let Some(slices) = slices.filter(|slices| !slices.is_empty()) else { return Ok(None) };
        x = x.contiguous()?.index_select(&Tensor::new(slices, &Device::Cpu)?, dim)?;
    }
    Ok(Some(x))
}

/// All whole, or all in float64.
fn alike(tensors: Vec<Tensor>) -> Result<Vec<Tensor>> {
    let whole = tensors.iter().all(|tensor| tensor.dtype() == DType::I64);
    let dtype = if whole { DType::I64 } else { DType::F64 };
    tensors.into_iter().map(|tensor| tensor.to_dtype(dtype)).collect()
}

fn of_two(kind: &str, a: &Tensor, b: &Tensor, most: usize) -> Result<Option<Tensor>> {
    let dims = Dims::new(a.dims()).zip(Dims::new(b.dims()));
    let out = dims.and_then(|(a, b)| a.repeated(&b)).filter(|out| out.len() <= most);
    if out.is_none() {
        return Ok(None);
    }
    let both = alike(vec![a.clone(), b.clone()])?;
    let [a, b] = both.as_slice() else { return Ok(None) };
    let whole = a.dtype() == DType::I64;
    let (wide_a, wide_b) = (a.to_dtype(DType::F64)?, b.to_dtype(DType::F64)?);
    let truth = |tensor: Tensor| tensor.to_dtype(DType::I64);
    let found = match kind {
        "Add" => a.broadcast_add(b)?,
        "Sub" => a.broadcast_sub(b)?,
        "Mul" => a.broadcast_mul(b)?,
        "Div" if whole => {
            let quotient = wide_a.broadcast_div(&wide_b)?;
            (quotient.sign()? * quotient.abs()?.floor()?)?.to_dtype(DType::I64)?
        }
        "Div" => a.broadcast_div(b)?,
        "Pow" => {
            let power = wide_a.broadcast_pow(&wide_b)?;
            if whole { power.round()?.to_dtype(DType::I64)? } else { power }
        }
        "Max" => a.broadcast_maximum(b)?,
        "Min" => a.broadcast_minimum(b)?,
        "Equal" => truth(wide_a.broadcast_eq(&wide_b)?)?,
        "Less" => truth(wide_a.broadcast_lt(&wide_b)?)?,
        "Greater" => truth(wide_a.broadcast_gt(&wide_b)?)?,
        "And" => a.broadcast_mul(b)?,
        "MatMul" => wide_a.contiguous()?.broadcast_matmul(&wide_b.contiguous()?)?,
        _ => return Ok(None),
    };
    Ok(Some(found))
}

fn of_one(kind: &str, x: &Tensor) -> Result<Option<Tensor>> {
    if kind == "Not" {
        return x.to_dtype(DType::F64)?.eq(0.0)?.to_dtype(DType::I64).map(Some);
    }
    let wide = x.to_dtype(DType::F64)?;
    let found = match kind {
        "Neg" => x.neg()?,
        "Abs" => x.abs()?,
        "Floor" => wide.floor()?,
        "Ceil" => wide.ceil()?,
        "Round" => wide.round()?,
        "Sqrt" => wide.sqrt()?,
        "Exp" => wide.exp()?,
        "Sin" => wide.sin()?,
        "Cos" => wide.cos()?,
        "Reciprocal" => wide.recip()?,
        "Sigmoid" => candle_nn::ops::sigmoid(&wide)?,
        "Relu" => wide.relu()?,
        _ => return Ok(None),
    };
    Ok(Some(found))
}

fn chosen(condition: &Tensor, a: &Tensor, b: &Tensor, most: usize) -> Result<Option<Tensor>> {
    let dims = [condition, a, b].map(|tensor| Dims::new(tensor.dims()));
    let [Some(c), Some(x), Some(y)] = dims else { return Ok(None) };
    let Some(out) = c.repeated(&x).and_then(|out| out.repeated(&y)).filter(|out| out.len() <= most)
    else {
        return Ok(None);
    };
    let both = alike(vec![a.clone(), b.clone()])?;
    let wide = |tensor: &Tensor| tensor.broadcast_as(out.as_slice())?.contiguous();
    let [a, b] = both.as_slice() else { return Ok(None) };
    let condition = wide(&condition.to_dtype(DType::U8)?)?;
    condition.where_cond(&wide(a)?, &wide(b)?).map(Some)
}

fn reduced(kind: &str, x: &Tensor, axes: Option<Vec<i64>>, keep: bool) -> Result<Option<Tensor>> {
    let axes = axes.unwrap_or_else(|| (0..x.rank() as i64).collect());
    let axes: Option<Vec<usize>> = axes.into_iter().map(|number| axis(number, x.rank())).collect();
    let Some(mut axes) = axes else { return Ok(None) };
    axes.sort_unstable();
    let whole = x.dtype() == DType::I64;
    let mut at = x.to_dtype(DType::F64)?;
    for dim in axes.iter().rev() {
        at = match kind {
            "ReduceMean" => at.mean_keepdim(*dim)?,
            "ReduceSum" => at.sum_keepdim(*dim)?,
            "ReduceMax" => at.max_keepdim(*dim)?,
            _ => {
                let slices = (0..at.dim(*dim)?).map(|i| at.narrow(*dim, i, 1));
                let slices: Vec<Tensor> = slices.collect::<Result<_>>()?;
                let one = slices.first().map(Tensor::ones_like).transpose()?;
                let Some(one) = one else { return Ok(None) };
                slices.iter().try_fold(one, |product, slice| product.mul(slice))?
            }
        };
        if !keep {
            at = at.squeeze(*dim)?;
        }
    }
    Ok(Some(if whole && kind != "ReduceMean" { at.to_dtype(DType::I64)? } else { at }))
}

/// A batch norm of weights by their own statistics: weight standardization (Qiao et al. 2019).
fn standardized(
    x: &Tensor,
    [weight, bias]: [Option<Tensor>; 2],
    node: &Node,
) -> Result<Option<Tensor>> {
    if node.int("training_mode") != Some(1) || x.rank() < 2 {
        return Ok(None);
    }
    let eps = node.float("epsilon").unwrap_or(1e-5);
    computed::standardized(x, weight.as_ref(), bias.as_ref(), eps).map(Some)
}

/// `(x - zero) scale`, with one number, or one along an axis.
fn dequantized(
    x: &Tensor,
    scale: Option<Tensor>,
    zero: Option<Tensor>,
    node: &Node,
) -> Result<Option<Tensor>> {
    let Some(scale) = scale.filter(|_| node.int("block_size").unwrap_or(0) == 0) else {
        return Ok(None);
    };
    let Some(dim) = axis(node.int("axis").unwrap_or(1), x.rank().max(2)) else { return Ok(None) };
    let wide = x.to_dtype(DType::F64)?;
    let along = |tensor: &Tensor| {
        let mut to = vec![1; x.rank()];
        if tensor.elem_count() > 1
            && let Some(extent) = to.get_mut(dim)
        {
            *extent = tensor.elem_count();
        }
        tensor.to_dtype(DType::F64)?.reshape(to)
    };
    let shifted = match &zero {
        Some(zero) => wide.broadcast_sub(&along(zero)?)?,
        None => wide,
    };
    shifted.broadcast_mul(&along(&scale)?).map(Some)
}
