//! Every field of an object against the table: what must be refused, what is noted, what is unknown.

use serde_json::Value;

use super::fields::{Does, Table};
use super::object::{Object, short, show};

/// Most unknown fields that a note names.
const NAMED: usize = 8;

/// What an object says beyond the fields that are followed.
#[derive(Default)]
pub struct Sifted {
    /// Fields that no table has and that say something.
    pub unknown: Vec<String>,
    /// The first field that asks for something that does not run, in a sentence.
    pub refused: Option<String>,
    /// What is noted.
    pub notes: Vec<String>,
}

/// Looks every field of an object up in the tables, in their order.
pub fn sift(object: Object<'_>, tables: &[&Table]) -> Sifted {
    let mut found = Sifted::default();
    for (name, value) in object.fields {
        if value.is_null() {
            continue;
        }
        let place = object.place;
        match tables.iter().find_map(|table| table.find(name)) {
            None => found.unknown.push(short(name)),
            Some(Does::Only(allowed, what)) if !allows(allowed, value) => {
                let sentence =
                    format!("{place}: {name} is {}: {what} is not supported yet", show(value));
                found.refused.get_or_insert(sentence);
            }
            Some(Does::Noted(usual, remark)) if !allows(usual, value) => {
                found.notes.push(format!("{place}: {name} is {}: {remark}", show(value)));
            }
            Some(_) => {}
        }
    }
    found
}

/// `config.json: unknown fields foo, bar: not used`; `None` when there are none.
pub fn unknown_fields(file: &str, names: &[String]) -> Option<String> {
    let (first, rest) = names.split_at(names.len().min(NAMED));
    let others =
        if rest.is_empty() { String::new() } else { format!(" and {} others", rest.len()) };
    let noun = if names.len() == 1 { "field" } else { "fields" };
    let listed = first.join(", ");
    (!names.is_empty()).then(|| format!("{file}: unknown {noun} {listed}{others}: not used"))
}

/// Whether a value is one of these JSON texts: letters in either case, numbers by value, objects of `null`s as empty.
fn allows(allowed: &[&str], value: &Value) -> bool {
    let text = match value {
        Value::Object(fields) if fields.values().all(Value::is_null) => "{}".to_string(),
        Value::Number(number) => number.as_f64().unwrap_or(f64::NAN).to_string(),
        other => other.to_string().to_lowercase(),
    };
    allowed.iter().any(|known| known.to_lowercase() == text)
}
