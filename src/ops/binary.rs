//! Functions of two values, place by place.

use std::borrow::Cow;

use candle_core::{Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::operation::{Channels, Draw, Op, Operation, Place, Reads, Weight};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};

/// A function of two values.
#[derive(Clone, Debug)]
pub struct Binary {
    /// Which.
    pub kind: BinaryKind,
    /// Of what.
    pub of: Operands,
}

/// Which function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryKind {
    /// The sum.
    Add,
    /// The first less the second.
    Subtract,
    /// The product.
    Multiply,
    /// The first by the second.
    Divide,
    /// The larger one.
    Maximum,
    /// The smaller one.
    Minimum,
}

/// What it is computed from.
#[derive(Clone, Debug)]
pub enum Operands {
    /// Two inputs of the same extents.
    Same,
    /// Two inputs, one of which is repeated along the axes where it has one value: a gate.
    Repeated,
    /// An input and numbers that the file holds, repeated likewise.
    Constant {
        /// The numbers.
        value: Tensor,
        /// Whether they come first.
        first: bool,
    },
}

impl Binary {
    /// The sum of two values of the same extents.
    pub const SUM: Self = Self { kind: BinaryKind::Add, of: Operands::Same };

    /// Whether it is the sum of two values of the same extents.
    pub fn is_sum(op: &Op) -> bool {
        op.get::<Self>()
            .is_some_and(|of| of.kind == BinaryKind::Add && matches!(of.of, Operands::Same))
    }

    /// Both sides.
    fn sides<'a>(&'a self, inputs: &'a [Tensor]) -> Result<[&'a Tensor; 2]> {
        match (&self.of, inputs) {
            (Operands::Same | Operands::Repeated, [a, b]) => Ok([a, b]),
            (Operands::Constant { value, first: true }, [x]) => Ok([value, x]),
            (Operands::Constant { value, first: false }, [x]) => Ok([x, value]),
            _ => candle_core::bail!("a function of two values takes two"),
        }
    }

    /// Whether the input `which` is the second operand.
    const fn is_second(&self, which: usize) -> bool {
        match self.of {
            Operands::Same | Operands::Repeated => which == 1,
            Operands::Constant { first, .. } => first,
        }
    }
}

impl Operation for Binary {
    fn word(&self) -> Cow<'static, str> {
        let word = match self.kind {
            BinaryKind::Add => "add",
            BinaryKind::Subtract => "subtract",
            BinaryKind::Multiply => "multiply",
            BinaryKind::Divide => "divide",
            BinaryKind::Maximum => "maximum",
            BinaryKind::Minimum => "minimum",
        };
        match &self.of {
            Operands::Same => word.into(),
            Operands::Repeated if self.kind == BinaryKind::Multiply => "gate".into(),
            Operands::Repeated => format!("{word} (repeated)").into(),
            Operands::Constant { value, .. } if value.elem_count() == 1 => {
                let number = value.to_dtype(candle_core::DType::F64);
                let number = number.and_then(|t| t.flatten_all()?.get(0)?.to_scalar::<f64>());
                number.map_or(word.into(), |number| format!("{word} {number}").into())
            }
            Operands::Constant { .. } => format!("{word} weights").into(),
        }
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        match (&self.of, inputs) {
            (Operands::Same, [a, b]) if a == b => Ok(*a),
            (Operands::Same, [_, _]) => Err("both sides of a sum must agree".into()),
            (Operands::Repeated, [a, b]) => a
                .repeated(b)
                .ok_or_else(|| Unfit("neither side can be repeated to the other's size".into())),
            (Operands::Constant { value, .. }, [x]) => {
                let constant = Dims::new(value.dims());
                let out = constant.and_then(|constant| x.repeated(&constant));
                let out = out.filter(|out| out.at(0) == x.at(0));
                out.ok_or_else(|| Unfit(format!("its constant has the shape {:?}", value.dims())))
            }
            _ => Err("it takes two values".into()),
        }
    }

    fn field(&self, inputs: &[Seen], out: &Dims) -> Field {
        // A side that is repeated shows the same unit everywhere.
        let seen = |input: &Seen| Seen { field: input.repeated_to(out), dims: input.dims };
        Seen::union(&inputs.iter().map(seen).collect::<Vec<_>>())
    }

    fn multiply_adds(&self, _: &[Dims], _: &Dims) -> u64 {
        0
    }

    fn channels(&self) -> Channels {
        Channels::Kept
    }

    fn weights(&self) -> Vec<Weight<'_>> {
        match &self.of {
            Operands::Constant { value, .. } if value.elem_count() > 1 => {
                vec![Weight::trained("weight", value)]
            }
            _ => Vec::new(),
        }
    }

    fn redrawn(&self, _: Draw<'_>) -> Result<Option<Op>> {
        let Operands::Constant { value, first } = &self.of else { return Ok(None) };
        if value.elem_count() == 1 {
            return Ok(None);
        }
        // What changes nothing.
        let value = match self.kind {
            BinaryKind::Multiply | BinaryKind::Divide => value.ones_like()?,
            _ => value.zeros_like()?,
        };
        let of = Operands::Constant { value, first: *first };
        Ok(Some(Self { kind: self.kind, of }.into()))
    }

    fn prepare(&self, to: &Place) -> Result<Op> {
        let of = match &self.of {
            Operands::Constant { value, first } => {
                Operands::Constant { value: to.load(value)?, first: *first }
            }
            other => other.clone(),
        };
        Ok(Self { kind: self.kind, of }.into())
    }

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [a, b] = self.sides(inputs)?;
        if let Operands::Same = self.of {
            return match self.kind {
                BinaryKind::Add => a + b,
                BinaryKind::Subtract => a - b,
                BinaryKind::Multiply => a * b,
                BinaryKind::Divide => a / b,
                BinaryKind::Maximum => a.maximum(b),
                BinaryKind::Minimum => a.minimum(b),
            };
        }
        match self.kind {
            BinaryKind::Add => a.broadcast_add(b),
            BinaryKind::Subtract => a.broadcast_sub(b),
            BinaryKind::Multiply => a.broadcast_mul(b),
            BinaryKind::Divide => a.broadcast_div(b),
            BinaryKind::Maximum => a.broadcast_maximum(b),
            BinaryKind::Minimum => a.broadcast_minimum(b),
        }
    }

    fn reads(&self, _: ReluRule) -> Reads {
        match (self.kind, &self.of) {
            (BinaryKind::Add | BinaryKind::Subtract, _)
            | (BinaryKind::Multiply, Operands::Constant { .. })
            | (BinaryKind::Divide, Operands::Constant { first: false, .. }) => Reads::Nothing,
            _ => Reads::Inputs,
        }
    }

    fn backward(&self, which: usize, g: &Tensor, run: &Record<'_>) -> Result<Tensor> {
        let second = self.is_second(which);
        // The other side, without the run where it is a constant.
        let other = || match &self.of {
            Operands::Constant { value, .. } => Ok(value),
            Operands::Same | Operands::Repeated => run.input(1 - which),
        };
        let own = || run.input(which);
        let part = match (self.kind, second) {
            (BinaryKind::Add, _) | (BinaryKind::Subtract, false) => g.clone(),
            (BinaryKind::Subtract, true) => g.neg()?,
            (BinaryKind::Multiply, _) => g.broadcast_mul(other()?)?,
            (BinaryKind::Divide, false) => g.broadcast_div(other()?)?,
            (BinaryKind::Divide, true) => {
                g.broadcast_mul(&other()?.broadcast_div(&own()?.sqr()?)?)?.neg()?
            }
            (BinaryKind::Maximum | BinaryKind::Minimum, _) => {
                let (own, other) = (own()?, other()?);
                let wins = match self.kind {
                    BinaryKind::Maximum => own.broadcast_gt(other)?,
                    _ => own.broadcast_lt(other)?,
                };
                // Equal values share it.
                let tie = own.broadcast_eq(other)?.to_dtype(g.dtype())?;
                let share = (wins.to_dtype(g.dtype())? + (tie * 0.5)?)?;
                (g * share)?
            }
        };
        gathered(&part, run.dims(which)?)
    }
}

/// The sum over the axes along which an input was repeated.
pub fn gathered(g: &Tensor, to: &Dims) -> Result<Tensor> {
    let to = to.as_slice();
    let mut at = g.clone();
    while at.rank() > to.len() {
        at = at.sum(0)?;
    }
    for (axis, extent) in to.iter().enumerate() {
        if *extent == 1 && at.dim(axis)? > 1 {
            at = at.sum_keepdim(axis)?;
        }
    }
    Ok(at)
}

/// Every kind, of two inputs, of a gate, of constants.
pub fn samples(drawing: &mut Drawing) -> Result<Vec<Sample>> {
    let (maps, gate) = (Dims::maps(2, 4, 3, 5), Dims::maps(2, 4, 1, 1));
    let mut all = Vec::new();
    for kind in [
        BinaryKind::Add,
        BinaryKind::Subtract,
        BinaryKind::Multiply,
        BinaryKind::Divide,
        BinaryKind::Maximum,
        BinaryKind::Minimum,
    ] {
        // No divisor is near 0.
        let positive = kind == BinaryKind::Divide;
        let mut add = |of: Operands, inputs: Vec<Dims>| {
            all.push(Sample { op: Binary { kind, of }.into(), inputs, positive });
        };
        add(Operands::Same, vec![maps; 2]);
        add(Operands::Same, vec![Dims::vectors(2, 6); 2]);
        add(Operands::Repeated, vec![maps, gate]);
        for first in [false, true] {
            let weights = drawing.positive(&[4, 1, 1])?;
            add(Operands::Constant { value: weights, first }, vec![maps]);
            let number = drawing.positive(&[1])?;
            add(Operands::Constant { value: number, first }, vec![maps]);
        }
    }
    Ok(all)
}
