//! Tables of classes in JSON.

use serde_json::{Map, Value};

use super::{Label, TABLES, in_order, is_id, label};
use crate::base::clean;

/// The labels of a JSON value: a list of names (or of pairs of an index or a WordNet id and a name, or of objects with
/// a `name`), an object from indices to names (Keras' pairs of id and name too), an object from names to indices, or an
/// object that holds one of these under a usual key (`class_to_idx`, `id2label`, `names`, ...).
///
/// # Errors
/// When it is something else, or the indices are not 0, 1, 2 and so on, each once.
pub fn from_json(value: &Value) -> Result<Vec<Label>, String> {
    match value {
        Value::Array(entries) => list(entries),
        Value::Object(object) => table(object),
        _ => Err(wrong()),
    }
}

fn wrong() -> String {
    "does not name classes; expected a list of names, or an object of names and indices".into()
}

fn list(entries: &[Value]) -> Result<Vec<Label>, String> {
    let pairs: Option<Vec<(usize, Label)>> = entries.iter().map(numbered).collect();
    match pairs {
        Some(pairs) => in_order(pairs),
        None => entries.iter().map(|entry| name(entry).ok_or_else(wrong)).collect(),
    }
}

fn table(object: &Map<String, Value>) -> Result<Vec<Label>, String> {
    let pairs = if !object.is_empty() && object.values().all(Value::is_u64) {
        by_name(object)
    } else if object.keys().all(|key| key.parse::<usize>().is_ok()) {
        let pair = |(index, value): (&String, &Value)| Some((index.parse().ok()?, name(value)?));
        object.iter().map(pair).collect()
    } else if object.values().all(|value| index(value).is_some()) {
        by_name(object)
    } else {
        // What is counted (`"classes": 10`) is not a table.
        let tables = TABLES.iter().filter_map(|key| object.get(*key));
        let table = tables.into_iter().find(|value| value.is_array() || value.is_object());
        return from_json(table.ok_or_else(wrong)?);
    };
    in_order(pairs.ok_or_else(wrong)?)
}

/// From names to indices.
fn by_name(object: &Map<String, Value>) -> Option<Vec<(usize, Label)>> {
    object.iter().map(|(name, value)| Some((index(value)?, label(name)))).collect()
}

/// An index, also as text.
fn index(value: &Value) -> Option<usize> {
    match value {
        Value::Number(number) => number.as_u64()?.try_into().ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// A pair of an index and a name, in either order.
fn numbered(value: &Value) -> Option<(usize, Label)> {
    match value.as_array()?.as_slice() {
        [Value::Number(number), Value::String(name)]
        | [Value::String(name), Value::Number(number)] => {
            Some((number.as_u64()?.try_into().ok()?, label(name)))
        }
        _ => None,
    }
}

/// A name, a pair of WordNet id and name, or an object with a `name` or `label`.
fn name(value: &Value) -> Option<Label> {
    match value {
        Value::String(name) => Some(label(name)),
        Value::Array(pair) => match pair.as_slice() {
            [Value::String(name)] => Some(label(name)),
            [Value::String(id), Value::String(name)] if is_id(id) => {
                Some(Label { id: Some(id.clone()), name: clean(name) })
            }
            _ => None,
        },
        Value::Object(entry) => {
            let name = entry.get("name").or_else(|| entry.get("label"))?.as_str()?;
            let id = entry.get("id").and_then(Value::as_str).filter(|id| is_id(id));
            Some(Label { id: id.map(str::to_string), ..label(name) })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;

    fn names(text: &str) -> Result<String, String> {
        read(text).map(|all| all.into_iter().map(|label| label.name).collect::<Vec<_>>().join("|"))
    }

    #[test]
    fn every_usual_shape_is_read() {
        for text in [
            r#"["cat", "dog"]"#,
            r#" {"1": "dog", "0": "cat"}"#,
            r#"{"dog": 1, "cat": 0}"#,
            r#"{"dog": "1", "cat": "0"}"#,
            r#"[["cat"], ["dog"]]"#,
            r#"[[1, "dog"], [0, "cat"]]"#,
            r#"[["dog", 1], ["cat", 0]]"#,
            r#"{"class_to_idx": {"cat": 0, "dog": 1}, "epoch": 3}"#,
            r#"{"idx_to_class": {"0": "cat", "1": "dog"}}"#,
            r#"{"id2label": {"0": "cat", "1": "dog"}, "label2id": {"cat": 0, "dog": 1}}"#,
            r#"{"label2id": {"cat": 0, "dog": 1}, "x": []}"#,
            r#"{"classes": 2, "names": ["cat", "dog"]}"#,
            r#"{"labels": {"names": ["cat", "dog"]}}"#,
            r#"{"categories": [{"id": 1, "name": "cat"}, {"id": 18, "name": "dog"}]}"#,
            r#"[{"id": null, "label": "cat"}, {"id": "n02084071", "label": "dog"}]"#,
            r#"{"0": ["n02121620", "cat"], "1": ["n02084071", "dog"]}"#,
        ] {
            assert_eq!(names(text).as_deref(), Ok("cat|dog"), "{text}");
        }
        // Folders that are called like numbers, and classes that are called like tables.
        assert_eq!(names(r#"{"7": 0, "3": 1}"#).as_deref(), Ok("7|3"));
        assert_eq!(names(r#"{"0": "7", "1": "3"}"#).as_deref(), Ok("7|3"));
        assert_eq!(names(r#"{"names": 1, "labels": 0}"#).as_deref(), Ok("labels|names"));
        let ids = read(r#"{"0": ["n01440764", "tench"]}"#).map(|all| all[0].id.clone());
        assert_eq!(ids, Ok(Some("n01440764".into())));
    }

    #[test]
    fn tables_with_holes_are_refused() {
        let wrong =
            "does not name classes; expected a list of names, or an object of names and indices";
        for (text, why) in [
            (r#"{"1": "dog"}"#, "has 1 classes, but none with the index 0"),
            (r#"{"cat": 0, "dog": 2}"#, "has 2 classes, but none with the index 1"),
            (r#"{"cat": 0, "dog": 0}"#, "has two classes with the index 0"),
            (r#"{"cat": -1}"#, wrong),
            (r#"{"cat": 0.5}"#, wrong),
            ("[3]", wrong),
            (r#"{"epoch": 3, "names": null}"#, wrong),
            ("{", "is broken JSON: EOF while parsing an object at line 1 column 1"),
            ("{}", "names no class"),
        ] {
            assert_eq!(read(text), Err(why.to_string()), "{text}");
        }
    }
}
