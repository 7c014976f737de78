//! Maps at another size.

use std::borrow::Cow;

use candle_core::{Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Resampled, Seen};
use super::operation::{Channels, Operation, Reads, without_weights};
use super::record::{Record, ReluRule};
use super::resample::{self, Sampling};
use super::sample::{Drawing, Sample};

/// Rows and columns interpolated at other places.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resize {
    /// How large it gets.
    pub to: Size,
    /// How values between the places are made.
    pub by: Interpolation,
    /// Where the places are.
    pub places: Places,
}

/// How large a map gets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Size {
    /// So many rows and columns, whatever it had.
    Fixed([usize; 2]),
    /// So many times as many, rounded down.
    Times([f64; 2]),
    /// As large as a second input.
    Like,
}

/// How values between places are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Interpolation {
    /// From the nearest place.
    Nearest,
    /// Between two.
    Linear,
    /// Between four, by a cubic with this coefficient; -0.75 in PyTorch.
    Cubic(f64),
}

/// Where the places of the output lie among those of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Places {
    /// Pixels are squares: `(i + 1/2) in / out - 1/2`.
    HalfPixel,
    /// The outermost pixels' centers stay: `i (in - 1) / (out - 1)`.
    AlignCorners,
    /// The first pixels' corners stay: `i in / out`.
    Asymmetric,
}

impl Resize {
    fn sides(&self, [h, w]: [usize; 2], like: Option<[usize; 2]>) -> [usize; 2] {
        match self.to {
            Size::Fixed(sides) => sides,
            Size::Like => like.unwrap_or([h, w]),
            Size::Times([rows, columns]) => {
                [(h as f64 * rows).floor() as usize, (w as f64 * columns).floor() as usize]
            }
        }
    }

    /// How many places of the input lie between two of the output.
    fn apart(&self, axis: usize, from: usize, to: usize) -> f64 {
        match (self.places, self.to) {
            (Places::AlignCorners, _) if to > 1 => (from - 1) as f64 / (to - 1) as f64,
            (Places::AlignCorners, _) => 0.0,
            (_, Size::Times(times)) => 1.0 / times[axis],
            (_, Size::Fixed(_) | Size::Like) => from as f64 / to.max(1) as f64,
        }
    }

    /// The place of a slice of the output among those of the input.
    fn place(&self, i: usize, apart: f64) -> f64 {
        match self.places {
            Places::HalfPixel => (i as f64 + 0.5) * apart - 0.5,
            Places::AlignCorners | Places::Asymmetric => i as f64 * apart,
        }
    }

    fn sampling(&self, axis: usize, from: usize, to: usize) -> Sampling {
        let apart = self.apart(axis, from, to);
        let place = |i: usize| self.place(i, apart);
        let last = from as isize - 1;
        let clip = |at: isize| at.clamp(0, last) as usize;
        let taps = |i: usize| match self.by {
            Interpolation::Nearest => {
                let at = match self.places {
                    // PyTorch's nearest-exact.
                    Places::HalfPixel => (place(i) + 0.5).floor(),
                    Places::AlignCorners => place(i).round(),
                    Places::Asymmetric => place(i).floor(),
                };
                vec![(clip(at as isize), 1.0)]
            }
            Interpolation::Linear => {
                let at = place(i).max(0.0);
                let (first, share) = (at.floor(), at - at.floor());
                let first = first as isize;
                vec![(clip(first), 1.0 - share), (clip(first + 1), share)]
            }
            Interpolation::Cubic(a) => {
                let at = place(i);
                let (first, share) = (at.floor() as isize, at - at.floor());
                let weights = cubic(a, share);
                (0..4).map(|k| (clip(first + k - 1), weights[k as usize])).collect()
            }
        };
        Sampling::new(from, (0..to).map(taps).collect())
    }

    fn both(&self, from: [usize; 2], like: Option<[usize; 2]>) -> [Sampling; 2] {
        let to = self.sides(from, like);
        [0, 1].map(|axis| self.sampling(axis, from[axis], to[axis]))
    }
}

/// The weights of four neighbors for a place a share after the second (Keys 1981).
fn cubic(a: f64, t: f64) -> [f64; 4] {
    let near = |x: f64| ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
    let far = |x: f64| ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a;
    [far(t + 1.0), near(t), near(1.0 - t), far(2.0 - t)]
}

impl Operation for Resize {
    fn word(&self) -> Cow<'static, str> {
        let by = match self.by {
            Interpolation::Nearest => "nearest",
            Interpolation::Linear => "bilinear",
            Interpolation::Cubic(_) => "bicubic",
        };
        match self.to {
            Size::Fixed([h, w]) => format!("resize {by} to {h}x{w}").into(),
            Size::Like => format!("resize {by} to another's size").into(),
            Size::Times([h, w]) if h == w => format!("resize {by} x{h}").into(),
            Size::Times([h, w]) => format!("resize {by} x{h} x{w}").into(),
        }
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let (x, like) = match (self.to, inputs) {
            (Size::Like, [x, like]) => (x, Some(like)),
            (Size::Fixed(_) | Size::Times(_), [x]) => (x, None),
            (Size::Like, _) => return Err("it takes a value and one of the wanted size".into()),
            _ => return Err("it takes one input".into()),
        };
        if x.rank() != 4 || like.is_some_and(|like| like.rank() != 4) {
            return Err("it takes maps with rows and columns".into());
        }
        let [h, w] = self.sides(x.sides(), like.map(Dims::sides));
        if h == 0 || w == 0 {
            return Err("nothing would be left of it".into());
        }
        Ok(Dims::maps(x.at(0), x.at(1), h, w))
    }

    fn field(&self, inputs: &[Seen], out: &Dims) -> Field {
        let (from, to) = (inputs.first().map_or([1; 2], |input| input.dims.sides()), out.sides());
        // Neighbors that are a whole number of places away have weight 0, and of two that are as near one is taken.
        let (shift, reach) = match (self.by, self.places) {
            (Interpolation::Nearest, Places::Asymmetric) => (-0.4999, 0.4999),
            (Interpolation::Nearest, _) => (0.0001, 0.4999),
            (Interpolation::Linear, _) => (0.0, 0.9999),
            (Interpolation::Cubic(_), _) => (0.0, 1.9999),
        };
        let seen = inputs.first().map_or(Field::INPUT, |input| input.field);
        seen.resampled([0, 1].map(|axis| {
            let step = self.apart(axis, from[axis], to[axis]);
            Resampled { first: self.place(0, step) + shift, step, reach }
        }))
    }

    fn multiply_adds(&self, _: &[Dims], _: &Dims) -> u64 {
        0
    }

    fn channels(&self) -> Channels {
        Channels::Kept
    }

    without_weights!();

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x, like @ ..] = inputs else { candle_core::bail!("it takes a value") };
        let sides = |of: &Tensor| of.dims4().map(|(_, _, h, w)| [h, w]);
        resample::forward(x, &self.both(sides(x)?, like.first().map(sides).transpose()?))
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Nothing
    }

    fn backward(&self, which: usize, g: &Tensor, run: &Record<'_>) -> Result<Tensor> {
        if which > 0 {
            return Tensor::zeros(run.dims(which)?.as_slice(), g.dtype(), g.device());
        }
        let like = run.dims.get(1).map(Dims::sides);
        resample::backward(g, &self.both(run.dims(0)?.sides(), like))
    }
}

/// Every interpolation with every rule of places, larger and smaller.
pub fn samples(_: &mut Drawing) -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    for by in [Interpolation::Nearest, Interpolation::Linear, Interpolation::Cubic(-0.75)] {
        for places in [Places::HalfPixel, Places::AlignCorners, Places::Asymmetric] {
            for to in [Size::Fixed([7, 3]), Size::Times([2.0, 2.0]), Size::Times([0.6, 1.5])] {
                samples.push(Sample::on(Resize { to, by, places }, 2, 3, 5, 4));
            }
        }
    }
    let like = Resize { to: Size::Like, by: Interpolation::Linear, places: Places::HalfPixel };
    let inputs = vec![Dims::maps(2, 3, 5, 4), Dims::maps(2, 3, 1, 1)];
    samples.push(Sample { op: like.into(), inputs, positive: false });
    Ok(samples)
}
