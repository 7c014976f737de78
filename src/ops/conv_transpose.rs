//! Transposed convolution.

use std::borrow::Cow;

use candle_core::{Result, Tensor};

use super::conv::Conv;
use super::dims::{Dims, Unfit};
use super::field::{Field, Resampled, Seen};
use super::operation::{Channels, Draw, Op, Operation, Place, Reads, Weight};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};
use super::window::Window;

/// The gradient of a convolution as an operation: `weight` is `[C_in, C_out / groups, kh, kw]`.
#[derive(Clone, Debug)]
pub struct ConvTranspose {
    /// The convolution whose gradient it is, without a bias.
    pub conv: Conv,
    /// `[C_out]`.
    pub bias: Option<Tensor>,
    /// Rows and columns that the output has more than the windows reach.
    pub output_padding: [usize; 2],
}

impl ConvTranspose {
    fn channels_out(&self) -> usize {
        self.conv.weight.dims().get(1).map_or(0, |each| each * self.conv.groups)
    }

    fn out(&self, x: &Dims) -> Option<Dims> {
        let window = &self.conv.window;
        let side = |axis: usize| {
            let (before, after) = window.pads_of(axis);
            let reach = (x.sides()[axis].checked_sub(1)?) * window.stride[axis] + window.span(axis);
            (reach + self.output_padding[axis]).checked_sub(before + after).filter(|side| *side > 0)
        };
        Some(Dims::maps(x.at(0), self.channels_out(), side(0)?, side(1)?))
    }
}

impl Operation for ConvTranspose {
    fn word(&self) -> Cow<'static, str> {
        let groups = match self.conv.groups {
            1 => String::new(),
            groups => format!(" g{groups}"),
        };
        format!("transposed conv {}{groups}", self.conv.window.word()).into()
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let [x] = inputs else { return Err("it takes one input".into()) };
        let channels = self.conv.weight.dims().first().copied().unwrap_or(0);
        if x.rank() != 4 || x.at(1) != channels {
            return Err(Unfit(format!("expected {channels} channels")));
        }
        self.out(x).ok_or_else(|| "nothing would be left of it".into())
    }

    fn field(&self, inputs: &[Seen], _: &Dims) -> Field {
        let window = &self.conv.window;
        // Position `i` of the output is made of those `x` with `i = x stride - pad + tap`.
        Seen::union(inputs).resampled([0, 1].map(|axis| {
            let (before, _) = window.pads_of(axis);
            let stride = window.stride[axis] as f64;
            let reach = (window.span(axis) - 1) as f64 / 2.0;
            let first = (before as f64 - reach) / stride;
            Resampled { first, step: 1.0 / stride, reach: reach / stride }
        }))
    }

    fn multiply_adds(&self, inputs: &[Dims], _: &Dims) -> u64 {
        let area: usize = inputs.first().map_or(0, |x| x.sides().iter().product());
        self.conv.weight.elem_count() as u64 * area as u64
    }

    fn channels(&self) -> Channels {
        Channels::Made
    }

    fn weights(&self) -> Vec<Weight<'_>> {
        let bias = self.bias.iter().map(|bias| Weight::trained("bias", bias));
        std::iter::once(Weight::trained("weight", &self.conv.weight)).chain(bias).collect()
    }

    fn redrawn(&self, draw: Draw<'_>) -> Result<Option<Op>> {
        let conv = Conv { weight: draw(self.conv.weight.dims())?, ..self.conv.clone() };
        Ok(Some(Self { conv, bias: None, ..self.clone() }.into()))
    }

    fn prepare(&self, to: &Place) -> Result<Op> {
        let conv = Conv { weight: to.load(&self.conv.weight)?, ..self.conv.clone() };
        let bias = to.load_some(self.bias.as_ref())?;
        Ok(Self { conv, bias, ..self.clone() }.into())
    }

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x] = inputs else { candle_core::bail!("a convolution takes one input") };
        let dims = Dims::new(x.dims()).and_then(|x| self.out(&x));
        let Some(dims) = dims else { candle_core::bail!("nothing would be left of it") };
        let sum = self.conv.pulled(x, &dims, &self.conv.turned()?)?;
        match &self.bias {
            Some(bias) => sum.broadcast_add(&bias.reshape((1, (), 1, 1))?),
            None => Ok(sum),
        }
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Nothing
    }

    fn backward(&self, _: usize, g: &Tensor, run: &Record<'_>) -> Result<Tensor> {
        let found = self.conv.products(g)?;
        // The output padding may leave room for one window more.
        let [h, w] = run.dims(0)?.sides();
        found.narrow(2, 0, h)?.narrow(3, 0, w)?.contiguous()
    }
}

/// With and without stride, groups, output padding and borders.
pub fn samples(drawing: &mut Drawing) -> Result<Vec<Sample>> {
    let rows = [
        (Window::square(2, 2, 0), 4, 3, 1, [0, 0], true),
        (Window::square(3, 2, 1), 4, 3, 1, [1, 1], true),
        (Window::square(3, 1, 1), 4, 3, 1, [0, 0], false),
        (Window::square(4, 2, 1), 4, 2, 2, [0, 0], true),
        (Window { dilation: [2, 1], ..Window::square(3, 3, 1) }, 4, 1, 4, [2, 0], false),
    ];
    let mut one = |row: (Window, usize, usize, usize, [usize; 2], bool)| {
        let (window, inside, each, groups, output_padding, bias) = row;
        let [kh, kw] = window.kernel;
        let weight = drawing.normal(&[inside, each, kh, kw])?;
        let bias = bias.then(|| drawing.normal(&[each * groups])).transpose()?;
        let conv = Conv { weight, bias: None, window, groups };
        Ok(Sample::on(ConvTranspose { conv, bias, output_padding }, 2, inside, 4, 5))
    };
    rows.into_iter().map(&mut one).collect()
}
