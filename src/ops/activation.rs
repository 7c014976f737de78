//! Functions of one value by itself: a kind each.

use std::borrow::Cow;

use candle_core::{Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::operation::{Channels, Op, Operation, Reads, without_weights};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};

/// A function of each value by itself. Names and constants are PyTorch's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// `x` above 0, `slope x` below.
    LeakyRelu {
        /// The slope below 0.
        slope: f64,
    },
    /// `x` above 0, `alpha (exp(x) - 1)` below.
    Elu {
        /// How far down it goes.
        alpha: f64,
    },
    /// `x` above 0, `alpha (exp(x / alpha) - 1)` below (Barron 2017).
    Celu {
        /// How far down it goes.
        alpha: f64,
    },
    /// `scale` times an ELU of [`SELU_ALPHA`] (Klambauer et al. 2017).
    Selu,
    /// `x sigmoid(x)`, also called swish.
    Silu,
    /// `x Phi(x)`, with the normal distribution's `Phi`.
    Gelu,
    /// Its approximation by a hyperbolic tangent.
    GeluTanh,
    /// `x tanh(softplus(x))`.
    Mish,
    /// `x relu6(x + 3) / 6`.
    HardSwish,
    /// `relu6(x + 3) / 6`.
    HardSigmoid,
    /// `x` between two bounds; a clamp has infinite ones.
    HardTanh {
        /// The least value.
        min: f64,
        /// The largest value.
        max: f64,
    },
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// The logarithm of a sigmoid.
    LogSigmoid,
    /// The hyperbolic tangent.
    Tanh,
    /// `log(1 + exp(beta x)) / beta`, and `x` where `beta x` is above a threshold.
    Softplus {
        /// How sharp its bend is.
        beta: f64,
        /// Where it is a line.
        threshold: f64,
    },
    /// `exp(x)`.
    Exp,
    /// `sqrt(x)`.
    Sqrt,
    /// The error function.
    Erf,
    /// `|x|`.
    Abs,
    /// `-x`.
    Negative,
    /// `x^n`.
    Power {
        /// `n`.
        exponent: f64,
    },
}

/// The constants of SELU.
pub const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;
/// The other one.
pub const SELU_SCALE: f64 = 1.050_700_987_355_480_5;
/// `sqrt(2 / pi)`.
const TANH_SCALE: f64 = 0.797_884_560_802_865_4;
const TANH_CUBE: f64 = 0.044_715;

impl Activation {
    /// Whether the rules for ReLUs are about it; all others keep their own gradient.
    pub fn is_relu(op: &Op) -> bool {
        op.get() == Some(&Self::Relu)
    }
}

impl Operation for Activation {
    fn word(&self) -> Cow<'static, str> {
        match self {
            Self::Relu => "relu".into(),
            Self::Relu6 => "relu6".into(),
            Self::LeakyRelu { slope } => format!("leaky relu {slope}").into(),
            Self::Elu { .. } => "elu".into(),
            Self::Celu { .. } => "celu".into(),
            Self::Selu => "selu".into(),
            Self::Silu => "silu".into(),
            Self::Gelu => "gelu".into(),
            Self::GeluTanh => "gelu (tanh)".into(),
            Self::Mish => "mish".into(),
            Self::HardSwish => "hardswish".into(),
            Self::HardSigmoid => "hardsigmoid".into(),
            Self::HardTanh { min, max } => match (min.is_finite(), max.is_finite()) {
                (true, true) => format!("clamp {min} to {max}").into(),
                (true, false) => format!("at least {min}").into(),
                _ => format!("at most {max}").into(),
            },
            Self::Sigmoid => "sigmoid".into(),
            Self::LogSigmoid => "log sigmoid".into(),
            Self::Tanh => "tanh".into(),
            Self::Softplus { .. } => "softplus".into(),
            Self::Exp => "exp".into(),
            Self::Sqrt => "sqrt".into(),
            Self::Erf => "erf".into(),
            Self::Abs => "abs".into(),
            Self::Negative => "negative".into(),
            Self::Power { exponent } => format!("power {exponent}").into(),
        }
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let [x] = inputs else { return Err("it takes one input".into()) };
        Ok(*x)
    }

    fn field(&self, inputs: &[Seen], _: &Dims) -> Field {
        Seen::union(inputs)
    }

    fn multiply_adds(&self, _: &[Dims], _: &Dims) -> u64 {
        0
    }

    fn channels(&self) -> Channels {
        Channels::Kept
    }

    without_weights!();

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x] = inputs else { candle_core::bail!("an activation takes one input") };
        match *self {
            // `relu` would turn NaN into 0; with the input first, `maximum` keeps it.
            Self::Relu => x.broadcast_maximum(&constant(x, 0.0)?),
            Self::Relu6 => clamp(x, 0.0, 6.0),
            Self::LeakyRelu { slope } => above(x, 0.0)?.where_cond(x, &(x * slope)?),
            Self::Elu { alpha } => elu(x, alpha),
            Self::Celu { alpha } => elu(&(x / alpha)?, 1.0)? * alpha,
            Self::Selu => elu(x, SELU_ALPHA)? * SELU_SCALE,
            Self::Silu => x * sigmoid(x)?,
            Self::Gelu => x.gelu_erf(),
            Self::GeluTanh => x * ((tanh_of_gelu(x)? + 1.0)? * 0.5)?,
            Self::Mish => x * softplus(x, 1.0)?.tanh()?,
            Self::HardSwish => x * hard_sigmoid(x)?,
            Self::HardSigmoid => hard_sigmoid(x),
            Self::HardTanh { min, max } => clamp(x, min, max),
            Self::Sigmoid => sigmoid(x),
            Self::LogSigmoid => softplus(&x.neg()?, 1.0)?.neg(),
            Self::Tanh => x.tanh(),
            Self::Softplus { beta, threshold } => {
                above(&(x * beta)?, threshold)?.where_cond(x, &softplus(x, beta)?)
            }
            Self::Exp => x.exp(),
            Self::Sqrt => x.sqrt(),
            Self::Erf => x.erf(),
            Self::Abs => x.abs(),
            Self::Negative => x.neg(),
            Self::Power { exponent } => power(x, exponent),
        }
    }

    fn reads(&self, rule: ReluRule) -> Reads {
        match (self, rule) {
            (Self::Relu, ReluRule::Deconvnet) | (Self::Negative, _) => Reads::Nothing,
            // The output is above 0 where the input is.
            (Self::Relu, _) => Reads::Output,
            (Self::Sigmoid | Self::Tanh | Self::Exp | Self::Sqrt, _) => Reads::Output,
            _ => Reads::Inputs,
        }
    }

    fn backward(&self, _: usize, g: &Tensor, run: &Record<'_>) -> Result<Tensor> {
        let x = || run.input(0);
        let y = || run.output();
        match *self {
            Self::Relu => relu(g, run),
            Self::Relu6 => g * inside(x()?, 0.0, 6.0)?,
            Self::LeakyRelu { slope } => above(x()?, 0.0)?.where_cond(g, &(g * slope)?),
            Self::Elu { alpha } => above(x()?, 0.0)?.where_cond(g, &(g * (x()?.exp()? * alpha)?)?),
            Self::Celu { alpha } => above(x()?, 0.0)?.where_cond(g, &(g * (x()? / alpha)?.exp()?)?),
            Self::Selu => {
                let low = (x()?.exp()? * SELU_ALPHA)?;
                above(x()?, 0.0)?.where_cond(g, &(g * low)?)? * SELU_SCALE
            }
            Self::Silu => {
                let (x, s) = (x()?, sigmoid(x()?)?);
                let rest = (x * s.affine(-1.0, 1.0)?)?;
                g * (s * (rest + 1.0)?)?
            }
            Self::Gelu => {
                let x = x()?;
                let phi = ((x * std::f64::consts::FRAC_1_SQRT_2)?.erf()?.affine(0.5, 0.5))?;
                let density = ((x.sqr()? * -0.5)?.exp()? * 0.398_942_280_401_432_7)?;
                g * (phi + (x * density)?)?
            }
            Self::GeluTanh => {
                let (x, tanh) = (x()?, tanh_of_gelu(x()?)?);
                let inner = (x.sqr()? * (3.0 * TANH_CUBE))?.affine(TANH_SCALE, TANH_SCALE)?;
                let slope = (tanh.sqr()?.affine(-1.0, 1.0)? * inner)?;
                g * (((tanh + 1.0)? + (x * slope)?)? * 0.5)?
            }
            Self::Mish => {
                let x = x()?;
                let tanh = softplus(x, 1.0)?.tanh()?;
                let slope = (tanh.sqr()?.affine(-1.0, 1.0)? * sigmoid(x)?)?;
                g * (tanh + (x * slope)?)?
            }
            Self::HardSwish => {
                // PyTorch's, which is 0 at -3 and 1 at 3.
                let x = x()?;
                let slope = (x.affine(1.0 / 3.0, 0.5)? * inside(x, -3.0, 3.0)?)?;
                g * (slope + above_or_at(x, 3.0)?.to_dtype(x.dtype())?)?
            }
            Self::HardSigmoid => g * (inside(x()?, -3.0, 3.0)? / 6.0)?,
            Self::HardTanh { min, max } => g * inside(x()?, min, max)?,
            Self::Sigmoid => g * (y()? * y()?.affine(-1.0, 1.0)?)?,
            Self::LogSigmoid => g * sigmoid(&x()?.neg()?)?,
            Self::Tanh => g * y()?.sqr()?.affine(-1.0, 1.0)?,
            Self::Softplus { beta, threshold } => {
                let at = (x()? * beta)?;
                above(&at, threshold)?.where_cond(g, &(g * sigmoid(&at)?)?)
            }
            Self::Exp => g * y()?,
            Self::Sqrt => (g * 0.5)? / y()?,
            Self::Erf => g * ((x()?.sqr()?.neg()?).exp()? * std::f64::consts::FRAC_2_SQRT_PI)?,
            Self::Abs => g * x()?.sign()?,
            Self::Negative => g.neg(),
            Self::Power { exponent } => g * (power(x()?, exponent - 1.0)? * exponent)?,
        }
    }
}

fn relu(g: &Tensor, run: &Record<'_>) -> Result<Tensor> {
    let zero = constant(g, 0.0)?.broadcast_as(g.shape())?;
    let above = |t: &Tensor, g: &Tensor| t.gt(&zero)?.where_cond(g, &zero);
    match run.rule {
        ReluRule::Deconvnet => above(g, g),
        ReluRule::Plain => above(run.output()?, g),
        ReluRule::Guided => above(g, &above(run.output()?, g)?),
    }
}

/// A number to be broadcast.
fn constant(like: &Tensor, value: f64) -> Result<Tensor> {
    let dims = vec![1; like.rank()];
    if value == 0.0 {
        return Tensor::zeros(dims, like.dtype(), like.device());
    }
    Tensor::full(value, dims, like.device())?.to_dtype(like.dtype())
}

fn above(x: &Tensor, bound: f64) -> Result<Tensor> {
    x.broadcast_gt(&constant(x, bound)?)
}

fn above_or_at(x: &Tensor, bound: f64) -> Result<Tensor> {
    x.broadcast_ge(&constant(x, bound)?)
}

/// 1 between two bounds, 0 at them and outside.
fn inside(x: &Tensor, min: f64, max: f64) -> Result<Tensor> {
    let (low, high) = (above(x, min)?, x.broadcast_lt(&constant(x, max)?)?);
    (low * high)?.to_dtype(x.dtype())
}

/// NaN stays.
fn clamp(x: &Tensor, min: f64, max: f64) -> Result<Tensor> {
    let at = if min.is_finite() { x.broadcast_maximum(&constant(x, min)?)? } else { x.clone() };
    if max.is_finite() { at.broadcast_minimum(&constant(x, max)?) } else { Ok(at) }
}

fn elu(x: &Tensor, alpha: f64) -> Result<Tensor> {
    above(x, 0.0)?.where_cond(x, &x.exp()?.affine(alpha, -alpha)?)
}

fn sigmoid(x: &Tensor) -> Result<Tensor> {
    candle_nn::ops::sigmoid(x)
}

fn hard_sigmoid(x: &Tensor) -> Result<Tensor> {
    clamp(&(x + 3.0)?, 0.0, 6.0)? / 6.0
}

/// `max(x, 0) + log(1 + exp(-|beta x|)) / beta`: nothing overflows.
fn softplus(x: &Tensor, beta: f64) -> Result<Tensor> {
    let low = (x.abs()? * -beta)?.exp()?;
    let log = ((low + 1.0)?.log()? / beta)?;
    clamp(x, 0.0, f64::INFINITY)? + log
}

fn tanh_of_gelu(x: &Tensor) -> Result<Tensor> {
    ((x + (x.sqr()? * x)? * TANH_CUBE)? * TANH_SCALE)?.tanh()
}

fn power(x: &Tensor, exponent: f64) -> Result<Tensor> {
    match exponent {
        0.0 => x.ones_like(),
        1.0 => Ok(x.clone()),
        2.0 => x.sqr(),
        3.0 => x.sqr()? * x,
        0.5 => x.sqrt(),
        -1.0 => x.recip(),
        -0.5 => x.sqrt()?.recip(),
        _ => x.powf(exponent),
    }
}

/// Every kind, on maps and on vectors.
pub fn samples(_: &mut Drawing) -> Result<Vec<Sample>> {
    use Activation::*;
    let both = |kind: Activation| [Sample::on(kind, 2, 4, 3, 5), Sample::on_vector(kind, 2, 6)];
    let signed = [
        Relu,
        Relu6,
        LeakyRelu { slope: 0.1 },
        Elu { alpha: 0.7 },
        Celu { alpha: 0.7 },
        Selu,
        Silu,
        Gelu,
        GeluTanh,
        Mish,
        HardSwish,
        HardSigmoid,
        HardTanh { min: -0.4, max: 0.6 },
        HardTanh { min: 0.1, max: f64::INFINITY },
        Sigmoid,
        LogSigmoid,
        Tanh,
        Softplus { beta: 2.0, threshold: 20.0 },
        Softplus { beta: 2.0, threshold: 1.0 },
        Exp,
        Erf,
        Abs,
        Negative,
        Power { exponent: 2.0 },
        Power { exponent: 3.0 },
    ];
    let mut all: Vec<Sample> = signed.into_iter().flat_map(both).collect();
    // Of numbers above 0 only.
    for kind in [Sqrt, Power { exponent: -0.5 }, Power { exponent: 1.7 }] {
        all.push(Sample { positive: true, ..Sample::on(kind, 2, 4, 3, 5) });
    }
    Ok(all)
}
