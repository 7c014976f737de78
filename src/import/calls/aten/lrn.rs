//! Local response normalization, which PyTorch writes as a mean over neighboring channels and a division.

use super::rule::{Found, Rule, node, number, one};
use crate::import::calls::reader::{Call, Reader};
use crate::import::draft::Drawn;
use crate::model::Node;
use crate::ops::{
    Activation, AveragePool, Binary, BinaryKind, Lrn, Operands, Pad, Reshape, Window,
};

pub const RULES: &[(&str, Rule)] = &[("avg_pool3d", neighbors)];

/// The mean over neighboring channels of `[N, 1, C, H, W]`, as local response normalization is written.
fn neighbors(reader: &mut Reader, call: &Call<'_>) -> Found {
    let Some(x) = reader.drawn(call, "self") else { return Ok(None) };
    let integers = |name| call.args.integers(name).unwrap_or_default();
    let plain = !call.args.flag("ceil_mode").unwrap_or(false)
        && !call.args.has("divisor_override")
        && integers("stride") == [1, 1, 1]
        && integers("padding").iter().all(|pad| *pad == 0);
    let (kernel, seen) = (integers("kernel_size"), x.seen());
    let ([size, 1, 1], [_, 1, channels, h, w], true) = (kernel.as_slice(), seen.as_slice(), plain)
    else {
        return Ok(None);
    };
    let Some(size) = usize::try_from(*size).ok().filter(|size| (1..=*channels).contains(size))
    else {
        return Ok(None);
    };
    let rows = |channels: usize| Reshape { to: vec![Some(1), Some(channels), None], sides: false };
    let lines = reader.push(call, None, rows(*channels), &[x])?;
    let window = Window { kernel: [size, 1], ..Window::square(1, 1, 0) };
    let mean = AveragePool::Windowed { window, count_include_pad: true };
    let means = reader.push(call, None, mean, &[lines])?;
    let to = vec![Some(1), Some(channels + 1 - size), Some(*h), Some(*w)];
    one(reader.push(call, None, Reshape { to, sides: false }, &[means])?)
}

/// Whether `x / divisor` is a local response normalization of `x`.
pub fn lrn(reader: &Reader, x: Drawn, divisor: Drawn) -> Option<Lrn> {
    // The layer before one with a single input, past reshapes.
    let before = |of: &Node| {
        let mut at = node(reader, *of.inputs.first()?)?;
        while at.op.is::<Reshape>() {
            at = node(reader, *at.inputs.first()?)?;
        }
        Some(at)
    };
    let power = node(reader, divisor.value)?;
    let Some(Activation::Power { exponent: beta }) = power.op.get() else { return None };
    let sum = before(power)?;
    let k = number(sum, BinaryKind::Add)?;
    let product = before(sum)?;
    let alpha = number(product, BinaryKind::Multiply)?;
    let pool = before(product)?;
    let Some(AveragePool::Windowed { window, .. }) = pool.op.get() else { return None };
    let [size, 1] = window.kernel else { return None };
    let pad = before(pool)?;
    let [[0, 0], amounts, [0, 0], [0, 0]] = pad.op.get::<Pad>()?.amounts.as_slice() else {
        return None;
    };
    let square = before(pad)?;
    let same =
        matches!(square.op.get(), Some(Binary { kind: BinaryKind::Multiply, of: Operands::Same }));
    let itself = same && square.inputs.iter().all(|input| *input == x.value);
    let centered = *amounts == [size / 2, (size - 1) / 2];
    (itself && centered).then_some(Lrn { size, alpha, beta: *beta, k })
}
