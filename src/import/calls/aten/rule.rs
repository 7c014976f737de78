//! What a rule is, and what rules share.

use candle_core::DType;

use crate::import::calls::reader::{Call, Known, Reader};
use crate::import::draft::Drawn;
use crate::model::{ModelError, Node, Value};
use crate::ops::{Binary, BinaryKind, Operands};

/// What came of a call: its results, or `None` where it is something that is not read.
pub type Found = Result<Option<Vec<Known>>, ModelError>;

/// Makes layers of a call.
pub type Rule = fn(&mut Reader, &Call<'_>) -> Found;

/// PyTorch's types of numbers that are computed with: half, float, double, bfloat16.
pub const FLOATS: [i64; 4] = [6, 7, 8, 13];
/// Its types of whole numbers.
pub const WHOLES: [i64; 5] = [1, 2, 3, 4, 5];
/// Its type of yes and no.
pub const BOOLEAN: i64 = 12;

/// One result.
pub fn one(drawn: Drawn) -> Found {
    Ok(Some(vec![Known::Drawn(drawn)]))
}

/// An axis that may be counted from the end.
pub fn axis(number: i64, rank: usize) -> Option<usize> {
    let axis = if number < 0 { number + rank as i64 } else { number };
    usize::try_from(axis).ok().filter(|axis| *axis < rank)
}

/// Two numbers, of which one stands for both.
pub fn pair(numbers: &[i64]) -> Option<[usize; 2]> {
    let number = |at: usize| usize::try_from(*numbers.get(at)?).ok();
    match numbers.len() {
        1 => Some([number(0)?; 2]),
        2 => Some([number(0)?, number(1)?]),
        _ => None,
    }
}

/// The layer that a value comes from.
pub fn node(reader: &Reader, value: Value) -> Option<&Node> {
    match value {
        Value::Output { layer, .. } => reader.draft.nodes.get(layer.0),
        Value::Input => None,
    }
}

/// The number of a function of a value and a number.
pub fn number(of: &Node, kind: BinaryKind) -> Option<f64> {
    match of.op.get::<Binary>() {
        Some(Binary { kind: known, of: Operands::Constant { value, first: false } })
            if *known == kind && value.elem_count() == 1 =>
        {
            value.to_dtype(DType::F64).ok()?.flatten_all().ok()?.get(0).ok()?.to_scalar().ok()
        }
        _ => None,
    }
}
