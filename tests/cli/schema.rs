//! The tables of docs/json.md as schemas.

use std::collections::BTreeMap;

use serde_json::Value;

const DOC: &str = include_str!("../../docs/json.md");

/// A type as the tables write it: `string, null`, `array of 2 numbers`.
#[derive(Clone, Debug)]
struct Field {
    types: Vec<Type>,
    /// Whether it may be missing.
    left_out: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Type {
    Number,
    Text,
    Boolean,
    Null,
    Object,
    Texts,
    Numbers(Option<usize>),
    Pairs,
}

impl Type {
    fn parse(text: &str) -> Self {
        let words: Vec<&str> = text.split(' ').collect();
        match words.as_slice() {
            ["number"] => Self::Number,
            ["string"] => Self::Text,
            ["boolean"] => Self::Boolean,
            ["null"] => Self::Null,
            ["object"] => Self::Object,
            ["array", "of", "strings"] => Self::Texts,
            ["array", "of", "numbers"] => Self::Numbers(None),
            ["array", "of", "pairs", "of", "numbers"] => Self::Pairs,
            ["array", "of", count, "numbers"] => Self::Numbers(Some(count.parse().unwrap())),
            _ => panic!("docs/json.md has the type {text}, which this test does not know"),
        }
    }

    fn fits(self, value: &Value) -> bool {
        let all = |fits: fn(&Value) -> bool| value.as_array().is_some_and(|a| a.iter().all(fits));
        match self {
            Self::Number => value.is_number(),
            Self::Text => value.is_string(),
            Self::Boolean => value.is_boolean(),
            Self::Null => value.is_null(),
            Self::Object => value.is_object(),
            Self::Texts => all(Value::is_string),
            Self::Numbers(count) => {
                let length = value.as_array().map(Vec::len);
                all(Value::is_number) && count.is_none_or(|count| length == Some(count))
            }
            Self::Pairs => all(|pair| Self::Numbers(Some(2)).fits(pair)),
        }
    }
}

/// The fields of an object, by path: `layers[].name`.
#[derive(Clone, Debug, Default)]
pub struct Schema(BTreeMap<String, Field>);

impl Schema {
    /// The table of a section.
    pub fn of(section: &str) -> Self {
        let text = DOC.split("\n## ").find(|text| text.lines().next() == Some(section));
        let text = text.unwrap_or_else(|| panic!("docs/json.md has no section {section}"));
        let rows = text.lines().filter_map(|row| row.strip_prefix("| `"));
        let field = |row: &str| {
            let (name, rest) = row.split_once("` | ").unwrap_or_else(|| panic!("{row}"));
            let (types, words) = rest.split_once(" |").unwrap_or_else(|| panic!("{row}"));
            let types = types.split(", ").map(Type::parse).collect();
            (name.to_string(), Field { types, left_out: words.trim().starts_with("*left out*") })
        };
        Self(rows.map(field).collect())
    }

    /// This schema with the fields of another.
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// This schema with one more field.
    pub fn with(mut self, name: &str, types: &str) -> Self {
        let types = types.split(", ").map(Type::parse).collect();
        self.0.insert(name.into(), Field { types, left_out: false });
        self
    }

    /// This schema without a field.
    pub fn without(mut self, name: &str) -> Self {
        self.0.remove(name).unwrap_or_else(|| panic!("there is no field {name}"));
        self
    }

    /// The same fields in each element of a list.
    pub fn in_each(self, list: &str) -> Self {
        Self(self.0.into_iter().map(|(path, field)| (format!("{list}[].{path}"), field)).collect())
    }

    /// What is wrong with an object; the fields that it has are counted.
    pub fn check(&self, object: &Value, seen: &mut BTreeMap<String, usize>) -> Vec<String> {
        let mut wrong = Vec::new();
        self.check_below("", object, &mut wrong, seen);
        wrong
    }

    fn check_below(
        &self,
        path: &str,
        value: &Value,
        wrong: &mut Vec<String>,
        seen: &mut BTreeMap<String, usize>,
    ) {
        let own = self.0.get(path);
        if let Some(field) = own {
            *seen.entry(path.into()).or_default() += 1;
            if !field.types.iter().any(|of| of.fits(value)) {
                wrong.push(format!("{path} is {value}, not {:?}", field.types));
            }
        }
        let (dot, list) = (format!("{path}."), format!("{path}[]."));
        let has = |start: &str| self.0.keys().any(|path| path.starts_with(start));
        match value {
            Value::Object(fields) if path.is_empty() || has(&dot) => {
                let start = if path.is_empty() { "" } else { &dot };
                self.check_fields(start, fields, wrong, seen);
            }
            Value::Array(all) if has(&list) => {
                for value in all {
                    match value.as_object() {
                        Some(fields) => self.check_fields(&list, fields, wrong, seen),
                        None => wrong.push(format!("{path} has {value}, not objects")),
                    }
                }
            }
            _ if own.is_none() => {
                wrong.push(format!("{path} is not in docs/json.md, or of another type"))
            }
            _ => {}
        }
    }

    fn check_fields(
        &self,
        start: &str,
        fields: &serde_json::Map<String, Value>,
        wrong: &mut Vec<String>,
        seen: &mut BTreeMap<String, usize>,
    ) {
        for (key, value) in fields {
            self.check_below(&format!("{start}{key}"), value, wrong, seen);
        }
        for (path, field) in &self.0 {
            let Some(rest) = path.strip_prefix(start) else { continue };
            let key = rest.split(['.', '[']).next().unwrap_or_default();
            // Below a field of its own, as those of `facts`, what is missing is found there.
            if !field.left_out && !fields.contains_key(key) {
                wrong.push(format!("{path} is missing"));
            }
        }
    }

    /// The fields that were never seen.
    pub fn unseen(&self, seen: &BTreeMap<String, usize>) -> Vec<&String> {
        self.0.keys().filter(|path| !seen.contains_key(*path)).collect()
    }
}

#[test]
fn what_does_not_fit_is_found() {
    let schema = Schema::default()
        .with("name", "string, null")
        .with("all[].at", "array of 2 numbers")
        .with("of.area", "number");
    let wrong = |text: &str| {
        let object = serde_json::from_str(text).unwrap();
        schema.check(&object, &mut BTreeMap::new()).len()
    };
    assert_eq!(wrong(r#"{"name": null, "all": [{"at": [1, 2]}], "of": {"area": 0.5}}"#), 0);
    assert_eq!(wrong(r#"{"name": "a", "all": [], "of": {"area": 1}}"#), 0);
    for text in [
        r#"{"all": [], "of": {"area": 1}}"#,
        r#"{"name": 1, "all": [], "of": {"area": 1}}"#,
        r#"{"name": "a", "all": [{"at": [1]}], "of": {"area": 1}}"#,
        r#"{"name": "a", "all": [{}], "of": {"area": 1}}"#,
        r#"{"name": "a", "all": [3], "of": {"area": 1}}"#,
        r#"{"name": "a", "all": [], "of": {}}"#,
        r#"{"name": "a", "all": [], "of": 3}"#,
        r#"{"name": "a", "all": [], "of": {"area": 1}, "more": 1}"#,
    ] {
        assert_eq!(wrong(text), 1, "{text}");
    }
}
