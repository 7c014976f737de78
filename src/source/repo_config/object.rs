//! Fields of a JSON object by name and type; what has another type is a sentence. `null` says nothing.

use serde_json::{Map, Value};

use crate::base::clean;

/// Most characters of a value that a sentence shows.
const SHOWN: usize = 40;

/// A JSON object and where it stands: `config.json`, `config.json, model_args`.
#[derive(Clone, Copy)]
pub struct Object<'a> {
    /// For people.
    pub place: &'a str,
    /// Its fields.
    pub fields: &'a Map<String, Value>,
}

impl<'a> Object<'a> {
    /// A field that says something.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    /// A field, read by `read`; what that makes nothing of is wrong.
    fn read<T>(
        &self,
        name: &str,
        expected: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, String> {
        let Some(value) = self.get(name) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| self.wrong(name, expected))
    }

    /// `true` or `false`.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, String> {
        self.read(name, "true or false", Value::as_bool)
    }

    /// A whole number from 0.
    pub fn whole(&self, name: &str) -> Result<Option<usize>, String> {
        self.read(name, "an integer", whole)
    }

    /// A finite number.
    pub fn number(&self, name: &str) -> Result<Option<f64>, String> {
        self.read(name, "a number", Value::as_f64)
    }

    /// A text.
    pub fn text(&self, name: &str) -> Result<Option<&'a str>, String> {
        self.read(name, "a string", Value::as_str)
    }

    /// Whole numbers.
    pub fn wholes(&self, name: &str) -> Result<Option<Vec<usize>>, String> {
        self.read(name, "a list of integers", |value| value.as_array()?.iter().map(whole).collect())
    }

    /// Numbers, or one for all; an empty list says nothing.
    pub fn numbers(&self, name: &str) -> Result<Option<Vec<f64>>, String> {
        let numbers = self.read(name, "a number or a list of numbers", |value| match value {
            Value::Array(values) => values.iter().map(Value::as_f64).collect(),
            value => Some(vec![value.as_f64()?]),
        })?;
        Ok(numbers.filter(|numbers| !numbers.is_empty()))
    }

    /// An object.
    pub fn object(&self, name: &str) -> Result<Option<&'a Map<String, Value>>, String> {
        self.read(name, "an object", Value::as_object)
    }

    /// `config.json: crop_pct is "x": expected a number`.
    pub fn wrong(&self, name: &str, expected: &str) -> String {
        let value = self.get(name).map_or_else(|| "missing".into(), show);
        format!("{}: {name} is {value}: expected {expected}", self.place)
    }
}

/// A whole number from 0, also where it is written with a point.
pub fn whole(value: &Value) -> Option<usize> {
    let exact = |v: f64| (v.fract() == 0.0 && (0.0..=1e9).contains(&v)).then_some(v as u64);
    usize::try_from(value.as_u64().or_else(|| exact(value.as_f64()?))?).ok()
}

/// A value as a sentence can hold it.
pub fn show(value: &Value) -> String {
    short(&value.to_string())
}

/// A text of a file as a sentence can hold it: harmless, and not long.
pub fn short(text: &str) -> String {
    let text = clean(text);
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
