//! What rules share: a node as a call of PyTorch, and what it is told.

use serde_json::{Value as Json, json};

use crate::import::calls::args::{Args, Named};
use crate::import::calls::aten::{self, Found};
use crate::import::calls::reader::{Call, Reader};
use crate::import::onnx::step::Step;

/// Makes layers of a node.
pub type Rule = fn(&mut Reader, &Step<'_>) -> Found;

/// The arguments of a call of PyTorch.
#[derive(Default)]
pub struct Told(Vec<Named>);

impl Told {
    /// A value by its name, where there is one.
    pub fn value(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.told(name, json!({ "as_tensor": { "name": value } })),
            None => self,
        }
    }

    /// Several values.
    pub fn values(self, name: &str, values: &[String]) -> Self {
        let values: Vec<Json> = values.iter().map(|value| json!({ "name": value })).collect();
        self.told(name, json!({ "as_tensors": values }))
    }

    /// A whole number.
    pub fn int(self, name: &str, number: i64) -> Self {
        self.told(name, json!({ "as_int": number }))
    }

    /// Whole numbers.
    pub fn ints(self, name: &str, numbers: &[i64]) -> Self {
        self.told(name, json!({ "as_ints": numbers }))
    }

    /// A number; an infinite one is text.
    pub fn float(self, name: &str, number: f64) -> Self {
        let number = if number.is_finite() {
            json!(number)
        } else {
            json!(if number > 0.0 { "Infinity" } else { "-Infinity" })
        };
        self.told(name, json!({ "as_float": number }))
    }

    /// Yes or no.
    pub fn flag(self, name: &str, flag: bool) -> Self {
        self.told(name, json!({ "as_bool": flag }))
    }

    /// Text.
    pub fn text(self, name: &str, text: &str) -> Self {
        self.told(name, json!({ "as_string": text }))
    }

    fn told(mut self, name: &str, arg: Json) -> Self {
        self.0.push(Named { name: name.to_string(), arg });
        self
    }
}

/// The node as a call of PyTorch.
pub fn call(reader: &mut Reader, step: &Step<'_>, base: &str, told: &Told) -> Found {
    let Some(rule) = aten::rule(base) else { return Ok(None) };
    let Call { path, is_leaf, .. } = step.call;
    rule(reader, &Call { base, args: Args(&told.0), path, is_leaf })
}

/// Whole numbers that the node is told by an attribute, or by an input since a later version of the operations.
pub fn ints(reader: &Reader, step: &Step<'_>, attribute: &str, input: usize) -> Option<Vec<i64>> {
    if let Some(ints) = step.node.ints(attribute) {
        return Some(ints.to_vec());
    }
    let numbers = numbers(reader, step, input)?;
    numbers.into_iter().map(|number| (number.fract() == 0.0).then_some(number as i64)).collect()
}

/// The numbers of an input that the file holds.
pub fn numbers(reader: &Reader, step: &Step<'_>, input: usize) -> Option<Vec<f64>> {
    let tensor = &reader.constant_named(step.node.input(input)?)?.tensor;
    tensor.to_dtype(candle_core::DType::F64).ok()?.flatten_all().ok()?.to_vec1().ok()
}

/// One number.
pub fn number(reader: &Reader, step: &Step<'_>, input: usize) -> Option<f64> {
    match numbers(reader, step, input)?.as_slice() {
        [number] => Some(*number),
        _ => None,
    }
}

/// Numbers as slices of an axis of that many; those below 0 count from the end.
pub fn slices(numbers: &[f64], size: usize) -> Option<Vec<u32>> {
    let size = size as f64;
    let slice = |number: &f64| {
        let at = if *number < 0.0 { number + size } else { *number };
        (at.fract() == 0.0 && (0.0..size).contains(&at)).then_some(at as u32)
    };
    numbers.iter().map(slice).collect()
}
