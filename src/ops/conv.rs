//! Convolution.
//!
//! candle's transposed convolution knows no groups and one stride, so a convolution's gradient is a
//! convolution again: of the gradient with zeros between its positions, by the kernels turned around.

use std::borrow::Cow;

use candle_core::{DType, Error, Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::operation::{Channels, Draw, Op, Operation, Place, Reads, Weight};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};
use super::standardize::widened;
use super::window::{self, Window};
use crate::base::{Array, Shape};

/// Convolution: `weight` is `[C_out, C_in / groups, kh, kw]`.
#[derive(Clone, Debug)]
pub struct Conv {
    /// The kernels.
    pub weight: Tensor,
    /// `[C_out]`.
    pub bias: Option<Tensor>,
    /// How they slide; `ceil_mode` has no meaning here.
    pub window: Window,
    /// Independent groups of channels.
    pub groups: usize,
}

impl Operation for Conv {
    fn word(&self) -> Cow<'static, str> {
        let groups = if self.groups > 1 { format!(" g{}", self.groups) } else { String::new() };
        format!("conv {}{groups}", self.window.word()).into()
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let [x] = inputs else { return Err("it takes one input".into()) };
        let [out, inside, ..] = *self.weight.dims() else {
            return Err("its kernels have no four axes".into());
        };
        if inside * self.groups != x.at(1) {
            return Err(Unfit(format!("expected {} channels", inside * self.groups)));
        }
        self.window.over(x, out)
    }

    fn field(&self, inputs: &[Seen], _: &Dims) -> Field {
        Seen::union(inputs).through(&self.window)
    }

    fn multiply_adds(&self, _: &[Dims], out: &Dims) -> u64 {
        self.weight.elem_count() as u64 * out.sides().iter().product::<usize>() as u64
    }

    fn channels(&self) -> Channels {
        Channels::Made
    }

    fn weights(&self) -> Vec<Weight<'_>> {
        let bias = self.bias.iter().map(|bias| Weight::trained("bias", bias));
        std::iter::once(Weight::trained("weight", &self.weight)).chain(bias).collect()
    }

    fn redrawn(&self, draw: Draw<'_>) -> Result<Option<Op>> {
        let weight = draw(self.weight.dims())?;
        let bias = self.bias.as_ref().map(Tensor::zeros_like).transpose()?;
        Ok(Some(Self { weight, bias, ..self.clone() }.into()))
    }

    fn prepare(&self, to: &Place) -> Result<Op> {
        let (weight, bias) = (to.load(&self.weight)?, to.load_some(self.bias.as_ref())?);
        Ok(Self { weight, bias, ..self.clone() }.into())
    }

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x] = inputs else { candle_core::bail!("a convolution takes one input") };
        let sum = self.products(x)?;
        match &self.bias {
            Some(bias) => sum.broadcast_add(&bias.reshape((1, (), 1, 1))?),
            None => Ok(sum),
        }
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Nothing
    }

    fn backward(&self, _: usize, g: &Tensor, run: &Record<'_>) -> Result<Tensor> {
        let Window { kernel, stride, .. } = self.window;
        let dims = run.dims(0)?;
        if self.groups == 1 && stride != [1; 2] && kernel != [1; 2] {
            return self.strided(g, dims);
        }
        self.pulled(g, dims, &run.once(|| self.turned())?)
    }
}

impl Conv {
    /// The kernels in float32, `[C_out, C_in / groups, kh, kw]`.
    ///
    /// # Errors
    /// When the tensor does not have four axes.
    pub fn kernels(&self) -> Result<Array> {
        let (out, inside, h, w) = self.weight.dims4()?;
        let data = self.weight.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?;
        Ok(Array { shape: Shape::new(out, inside, h, w), data })
    }

    /// What every tap passes back, by a convolution with the kernels turned around ([`Conv::turned`]).
    ///
    /// # Errors
    /// When the gradient does not fit.
    pub(super) fn pulled(&self, g: &Tensor, dims: &Dims, turned: &Tensor) -> Result<Tensor> {
        let Window { kernel, stride, pads, dilation, .. } = self.window;
        let turned = Self {
            weight: turned.clone(),
            bias: None,
            window: Window { kernel, dilation, ..Window::square(1, 1, 0) },
            groups: self.groups,
        };
        let sides = dims.sides();
        if kernel == [1, 1] && pads == [0; 4] {
            // The zeros need not be multiplied.
            let small = turned.products(g)?;
            let rows = window::spread(&small, 0, stride[0])?;
            let all = window::spread(&rows, 1, stride[1])?;
            return window::fit(&window::fit(&all, 2, 0, sides[0])?, 3, 0, sides[1]);
        }
        let mut at = g.clone();
        for axis in [0, 1] {
            let (before, _) = self.window.pads_of(axis);
            let reach = self.window.span(axis) - 1;
            let lead = reach as isize - before as isize;
            let wide = window::spread(&at, axis, stride[axis])?;
            at = window::fit(&wide, axis + 2, lead, sides[axis] + reach)?;
        }
        turned.products(&at)
    }

    /// Without the bias.
    pub(super) fn products(&self, x: &Tensor) -> Result<Tensor> {
        let Window { stride, pads, dilation, .. } = self.window;
        if self.groups > 1 {
            return self.by_groups(x);
        }
        let even = stride[0] == stride[1] && dilation[0] == dilation[1];
        if even && pads == [pads[0]; 4] {
            return x.conv2d(&self.weight, pads[0], stride[0], dilation[0], 1);
        }
        self.by_taps(x)
    }

    /// Groups, without a product for each of them: candle's own launches one after the other. One channel a group is a sum
    /// over the taps; several are one product of batches of matrices.
    fn by_groups(&self, x: &Tensor) -> Result<Tensor> {
        let (n, inside, _, _) = x.dims4()?;
        let (groups, out) = (self.groups, self.weight.dim(0)?);
        let [kh, kw] = self.window.kernel;
        // Sums of half precision are kept in float32.
        let wide = widened(x)?;
        let weight = self.weight.to_dtype(wide.dtype())?;
        let padded = window::pad(&wide, &self.window, 0.0)?;
        let one_each = inside == groups && out == groups;
        let mut sum: Option<Tensor> = None;
        let mut columns = Vec::new();
        let mut sides = (0, 0);
        for row in 0..kh {
            let rows = window::tap(&padded, &self.window, 0, row, &wide)?;
            for column in 0..kw {
                let input = window::tap(&rows, &self.window, 1, column, &wide)?;
                sides = (input.dim(2)?, input.dim(3)?);
                if one_each {
                    let weight = weight.narrow(2, row, 1)?.narrow(3, column, 1)?;
                    let part = input.broadcast_mul(&weight.reshape((1, out, 1, 1))?)?;
                    sum = Some(match sum {
                        Some(sum) => (sum + part)?,
                        None => part,
                    });
                } else {
                    let split = (n, groups, inside / groups, 1, sides.0 * sides.1);
                    columns.push(input.contiguous()?.reshape(split)?);
                }
            }
        }
        if let Some(sum) = sum {
            return sum.to_dtype(x.dtype());
        }
        let each = inside / groups * kh * kw;
        let columns = Tensor::cat(&columns, 3)?.reshape((n, groups, each, sides.0 * sides.1))?;
        let weight = weight.contiguous()?.reshape((1, groups, out / groups, each))?;
        let found = weight.broadcast_matmul(&columns)?;
        found.reshape((n, out, sides.0, sides.1))?.to_dtype(x.dtype())
    }

    /// Sum over the taps of (shifted input) x (one tap of the weights): any border, stride and dilation.
    fn by_taps(&self, x: &Tensor) -> Result<Tensor> {
        let padded = window::pad(x, &self.window, 0.0)?;
        let [kh, kw] = self.window.kernel;
        let mut sum: Option<Tensor> = None;
        for row in 0..kh {
            let rows = window::tap(&padded, &self.window, 0, row, x)?;
            for column in 0..kw {
                let input = window::tap(&rows, &self.window, 1, column, x)?;
                let weight = self.weight.narrow(2, row, 1)?.narrow(3, column, 1)?.contiguous()?;
                let part = input.conv2d(&weight, 0, 1, 1, 1)?;
                sum = Some(match sum {
                    Some(sum) => (sum + part)?,
                    None => part,
                });
            }
        }
        sum.ok_or_else(|| Error::msg("a kernel without taps"))
    }

    /// What every tap passes back, by one product, put where the tap reads: the zeros between the positions
    /// would be three quarters and more of all that a convolution multiplies.
    fn strided(&self, g: &Tensor, dims: &Dims) -> Result<Tensor> {
        let (n, out, h, w) = g.dims4()?;
        let [kh, kw] = self.window.kernel;
        let inside = dims.at(1);
        let weight = self.weight.reshape((out, inside * kh * kw))?.t()?.contiguous()?;
        let columns = weight.unsqueeze(0)?.broadcast_matmul(&g.reshape((n, out, h * w))?)?;
        let columns = columns.reshape((n, inside, kh * kw, h, w))?;
        let [rows, wide] = dims.sides();
        let plane = Tensor::zeros((n, 1, rows, wide), g.dtype(), g.device())?;
        let padded = window::pad(&plane, &self.window, 0.0)?;
        window::adjoint(&self.window, &padded, dims, |row, column| {
            columns.narrow(2, row * kw + column, 1)?.squeeze(2)?.contiguous()
        })
    }

    /// `[C_in, C_out / groups, kh, kw]`, every kernel upside down and left to right.
    pub(super) fn turned(&self) -> Result<Tensor> {
        let (groups, weight) = (self.groups, &self.weight);
        let (out, inside, kh, kw) = weight.dims4()?;
        weight
            .reshape((groups, out / groups, inside, kh, kw))?
            .transpose(1, 2)?
            .reshape((groups * inside, out / groups, kh, kw))?
            .flip(&[2, 3])?
            .contiguous()
    }
}

/// Every kind of window, with and without groups and bias.
pub fn samples(drawing: &mut Drawing) -> Result<Vec<Sample>> {
    let plain = Window::square(3, 1, 1);
    let odd =
        Window { kernel: [3, 2], stride: [2, 1], pads: [1, 0, 2, 1], dilation: [1, 2], ..plain };
    let rows = [
        (plain, 4, 6, 1, true),
        (Window::square(1, 1, 0), 4, 6, 1, false),
        (Window::square(1, 2, 0), 4, 6, 1, false),
        (Window::square(3, 2, 1), 4, 6, 1, false),
        (Window { dilation: [2; 2], ..Window::square(3, 1, 2) }, 4, 6, 1, true),
        (odd, 4, 6, 1, true),
        (plain, 4, 6, 2, false),
        (Window::square(3, 2, 1), 4, 4, 4, true),
        (odd, 4, 8, 4, false),
    ];
    let mut one = |(window, inside, out, groups, bias): (Window, usize, usize, usize, bool)| {
        let [kh, kw] = window.kernel;
        let weight = drawing.normal(&[out, inside / groups, kh, kw])?;
        let bias = bias.then(|| drawing.normal(&[out])).transpose()?;
        Ok(Sample::on(Conv { weight, bias, window, groups }, 2, inside, 8, 7))
    };
    rows.into_iter().map(&mut one).collect()
}
