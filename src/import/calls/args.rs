//! The arguments of a call.

use serde::Deserialize;
use serde_json::Value as Json;

/// An argument by its name.
#[derive(Deserialize)]
pub struct Named {
    /// The name.
    #[serde(default)]
    pub name: String,
    /// What it is, under the word for its kind.
    pub arg: Json,
}

/// Arguments by their names; callers give PyTorch's default for those that are missing.
pub struct Args<'a>(pub &'a [Named]);

/// An extent or another whole number: written out, or known by a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whole {
    /// The number.
    Is(i64),
    /// The name of a symbol.
    Symbol(String),
}

impl<'a> Args<'a> {
    /// The value of an argument, by the kind that it is of.
    fn of(&self, name: &str) -> Option<(&'a str, &'a Json)> {
        let arg = self.0.iter().find(|named| named.name == name)?.arg.as_object()?;
        let (kind, value) = arg.iter().next()?;
        (kind != "as_none").then_some((kind.as_str(), value))
    }

    /// Whether there is one that is not none.
    pub fn has(&self, name: &str) -> bool {
        self.of(name).is_some()
    }

    /// The name of a tensor.
    pub fn tensor(&self, name: &str) -> Option<&'a str> {
        let (kind, value) = self.of(name)?;
        match kind {
            "as_tensor" => value.get("name")?.as_str(),
            "as_optional_tensor" => value.get("as_tensor")?.get("name")?.as_str(),
            _ => None,
        }
    }

    /// The names of several.
    pub fn tensors(&self, name: &str) -> Option<Vec<&'a str>> {
        let (_, value) = self.of(name)?;
        value.as_array()?.iter().map(|one| one.get("name")?.as_str()).collect()
    }

    /// The names of several of which some are none.
    pub fn optional_tensors(&self, name: &str) -> Option<Vec<Option<&'a str>>> {
        let (kind, value) = self.of(name)?;
        let name = |one: &'a Json| (one.get("as_tensor").unwrap_or(one)).get("name")?.as_str();
        match kind {
            "as_tensors" | "as_optional_tensors" => {
                Some(value.as_array()?.iter().map(name).collect())
            }
            _ => None,
        }
    }

    /// The names of all tensors.
    pub fn names(&self) -> impl Iterator<Item = &'a str> + '_ {
        let one = self.0.iter().filter_map(|named| self.tensor(&named.name));
        let many = self.0.iter().filter_map(|named| self.optional_tensors(&named.name));
        one.chain(many.flatten().flatten())
    }

    /// A number.
    pub fn number(&self, name: &str) -> Option<f64> {
        number(self.of(name)?.1)
    }

    /// A whole number.
    pub fn whole(&self, name: &str) -> Option<i64> {
        self.of(name)?.1.as_i64()
    }

    /// Whole numbers; one stands for each.
    pub fn wholes(&self, name: &str) -> Option<Vec<Whole>> {
        let (_, value) = self.of(name)?;
        match value {
            Json::Array(all) => all.iter().map(whole).collect(),
            one => Some(vec![whole(one)?]),
        }
    }

    /// The same where all are written out.
    pub fn integers(&self, name: &str) -> Option<Vec<i64>> {
        let known = |whole| match whole {
            Whole::Is(number) => Some(number),
            Whole::Symbol(_) => None,
        };
        self.wholes(name)?.into_iter().map(known).collect()
    }

    /// Numbers.
    pub fn numbers(&self, name: &str) -> Option<Vec<f64>> {
        self.of(name)?.1.as_array()?.iter().map(number).collect()
    }

    /// Yes or no.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.of(name)?.1.as_bool()
    }

    /// Text.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.of(name)?.1.as_str()
    }
}

/// Infinities are text.
fn number(value: &Json) -> Option<f64> {
    match value {
        Json::String(text) => match text.as_str() {
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        other => other.as_f64(),
    }
}

/// `3`, `{"as_int": 3}` or `{"as_name": "sym_size_int"}`.
pub fn whole(value: &Json) -> Option<Whole> {
    if let Some(number) = value.as_i64() {
        return Some(Whole::Is(number));
    }
    if let Some(name) = value.get("as_name") {
        return Some(Whole::Symbol(name.as_str()?.to_string()));
    }
    if let Some(number) = value.get("as_int") {
        return Some(Whole::Is(number.as_i64()?));
    }
    // An expression with what it was when the program was written.
    let expression = value.get("as_expr")?;
    Some(Whole::Is(expression.get("hint")?.get("as_int")?.as_i64()?))
}
