//! Sliding windows: how many fit, and what they read of a tensor `[N, C, H, W]`.

use candle_core::{Error, Result, Tensor};

use super::dims::{Dims, Unfit};

/// A sliding window: pairs are (rows, columns).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Taps.
    pub kernel: [usize; 2],
    /// Step of the window.
    pub stride: [usize; 2],
    /// Border on top, left, bottom, right.
    pub pads: [usize; 4],
    /// Distance of two taps.
    pub dilation: [usize; 2],
    /// Whether a last window that leaves the input counts, as in PyTorch.
    pub ceil_mode: bool,
}

impl Window {
    /// A square window with the same border on all sides.
    pub const fn square(kernel: usize, stride: usize, pad: usize) -> Self {
        Self {
            kernel: [kernel; 2],
            stride: [stride; 2],
            pads: [pad; 4],
            dilation: [1; 2],
            ceil_mode: false,
        }
    }

    /// Border before and after along an axis (0 rows, 1 columns).
    pub const fn pads_of(&self, axis: usize) -> (usize, usize) {
        (self.pads[axis], self.pads[axis + 2])
    }

    /// Input positions that one window spans along an axis.
    pub const fn span(&self, axis: usize) -> usize {
        (self.kernel[axis] - 1) * self.dilation[axis] + 1
    }

    /// How many windows fit along an axis of a size; `None` when not even one does.
    pub fn steps(&self, axis: usize, size: usize) -> Option<usize> {
        let (before, after) = self.pads_of(axis);
        let (span, stride) = (self.span(axis), self.stride[axis]);
        let room = (size + before + after).checked_sub(span)?;
        if !self.ceil_mode {
            return Some(room / stride + 1);
        }
        // PyTorch's rule: the last window must start inside the input or its first border.
        let last = room.div_ceil(stride);
        Some(if last * stride < size + before { last + 1 } else { last })
    }

    /// The extents of a map of `channels`, one unit for each window over a map.
    ///
    /// # Errors
    /// When it is not a map, or not even one window fits.
    pub fn over(&self, input: &Dims, channels: usize) -> std::result::Result<Dims, Unfit> {
        if input.rank() != 4 {
            return Err("it takes maps with rows and columns".into());
        }
        let [h, w] = input.sides();
        match (self.steps(0, h), self.steps(1, w)) {
            (Some(h), Some(w)) => Ok(Dims::maps(input.at(0), channels, h, w)),
            _ => Err("it is smaller than the window; use a larger --size".into()),
        }
    }

    /// `3x3 s2`.
    pub fn word(&self) -> String {
        let stride = match self.stride {
            [1, 1] => String::new(),
            [rows, columns] if rows == columns => format!(" s{rows}"),
            [rows, columns] => format!(" s{rows}x{columns}"),
        };
        format!("{}x{}{stride}", self.kernel[0], self.kernel[1])
    }
}

/// Rows or columns `k dilation + i stride` of an already padded value, one for each window over `x`.
pub fn tap(padded: &Tensor, window: &Window, axis: usize, k: usize, x: &Tensor) -> Result<Tensor> {
    let (dim, size) = (axis + 2, x.dim(axis + 2)?);
    let Some(steps) = window.steps(axis, size) else {
        candle_core::bail!("the window is larger than the input")
    };
    let (first, stride) = (k * window.dilation[axis], window.stride[axis]);
    if stride == 1 {
        return padded.narrow(dim, first, steps)?.contiguous();
    }
    let rows: Vec<u32> = (0..steps).map(|i| (first + i * stride) as u32).collect();
    padded.index_select(&Tensor::new(rows, x.device())?, dim)
}

/// The borders of the window around `x`, and what `ceil_mode` reads after them.
pub fn pad(x: &Tensor, window: &Window, value: f64) -> Result<Tensor> {
    let mut at = x.clone();
    for axis in [0, 1] {
        let (before, after) = window.pads_of(axis);
        let rest = overhang(window, axis, x)?;
        at = border(&at, axis + 2, before, after + rest, value)?;
    }
    Ok(at)
}

/// What `ceil_mode` reads after the border.
pub fn overhang(window: &Window, axis: usize, x: &Tensor) -> Result<usize> {
    let size = x.dim(axis + 2)?;
    let (before, after) = window.pads_of(axis);
    let steps = window.steps(axis, size).unwrap_or(0);
    let needed = steps.saturating_sub(1) * window.stride[axis] + window.span(axis);
    Ok(needed.saturating_sub(size + before + after))
}

/// So many slices of a value before and after `x` along a dimension.
pub fn border(x: &Tensor, dim: usize, before: usize, after: usize, value: f64) -> Result<Tensor> {
    let side = |length: usize| {
        let mut dims = x.dims().to_vec();
        dims[dim] = length;
        Tensor::full(value, dims, x.device())?.to_dtype(x.dtype())
    };
    match (before, after) {
        (0, 0) => Ok(x.clone()),
        (0, after) => Tensor::cat(&[x, &side(after)?], dim),
        (before, 0) => Tensor::cat(&[&side(before)?, x], dim),
        (before, after) => Tensor::cat(&[&side(before)?, x, &side(after)?], dim),
    }
}

/// `stride - 1` zeros between neighbors along an axis (0 rows, 1 columns).
pub fn spread(g: &Tensor, axis: usize, stride: usize) -> Result<Tensor> {
    if stride == 1 {
        return Ok(g.clone());
    }
    let dim = axis + 2;
    let count = g.dim(dim)?;
    let apart = g.unsqueeze(dim + 1)?.pad_with_zeros(dim + 1, 0, stride - 1)?;
    apart.flatten(dim, dim + 1)?.narrow(dim, 0, (count - 1) * stride + 1)?.contiguous()
}

/// `length` positions along a dimension, the first of `g` at `lead`; zeros where `g` has none.
pub fn fit(g: &Tensor, dim: usize, lead: isize, length: usize) -> Result<Tensor> {
    let skip = (-lead).max(0) as usize;
    let lead = lead.max(0) as usize;
    let kept = g.dim(dim)?.saturating_sub(skip).min(length - lead.min(length));
    let part =
        if kept == g.dim(dim)? { g.clone() } else { g.narrow(dim, skip, kept)?.contiguous()? };
    match (lead, length - lead - kept) {
        (0, 0) => Ok(part),
        (before, after) => part.pad_with_zeros(dim, before, after),
    }
}

/// The sum of what each tap of a window passes back, at the places of a value of extents `dims` where the taps read;
/// `padded` is that value with its borders.
pub fn adjoint(
    window: &Window,
    padded: &Tensor,
    dims: &Dims,
    mut of: impl FnMut(usize, usize) -> Result<Tensor>,
) -> Result<Tensor> {
    let add = |sum: Option<Tensor>, part: Tensor| match sum {
        Some(sum) => sum + part,
        None => Ok(part),
    };
    let place = |part: &Tensor, axis: usize, k: usize| {
        let wide = spread(part, axis, window.stride[axis])?;
        fit(&wide, axis + 2, (k * window.dilation[axis]) as isize, padded.dim(axis + 2)?)
    };
    let mut all = None;
    for row in 0..window.kernel[0] {
        let mut of_row = None;
        for column in 0..window.kernel[1] {
            of_row = Some(add(of_row, place(&of(row, column)?, 1, column)?)?);
        }
        if let Some(of_row) = of_row {
            all = Some(add(all, place(&of_row, 0, row)?)?);
        }
    }
    let all = all.ok_or_else(|| Error::msg("a window without taps"))?;
    let [(top, _), (left, _)] = [window.pads_of(0), window.pads_of(1)];
    let [h, w] = dims.sides();
    all.narrow(2, top, h)?.narrow(3, left, w)?.contiguous()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_counted_as_pytorch_does() {
        let stem = Window::square(7, 2, 3);
        assert_eq!(stem.steps(0, 224), Some(112));
        assert_eq!(Window::square(3, 2, 1).steps(0, 112), Some(56));
        assert_eq!(Window::square(3, 1, 0).steps(0, 2), None);
        let ceil = Window { ceil_mode: true, ..Window::square(3, 2, 0) };
        assert_eq!([5, 6, 7, 8].map(|n| ceil.steps(0, n)), [Some(2), Some(3), Some(3), Some(4)]);
        let padded = Window { ceil_mode: true, ..Window::square(2, 2, 1) };
        assert_eq!([1, 2, 3].map(|n| padded.steps(0, n)), [Some(1), Some(2), Some(2)]);
    }
}
