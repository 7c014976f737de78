//! Names of classes: one a line in the order of the logits (`n01440764 tench`, or the name alone), or
//! JSON: a list of names, or an object from indices to names (transformers' `id2label`, torchvision's
//! `imagenet_class_index.json` with pairs of id and name).

use std::sync::LazyLock;

use serde_json::Value;

use crate::base::clean;

/// A class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Its WordNet id (`n01440764`), where the file gives one.
    pub id: Option<String>,
    /// Its name for people.
    pub name: String,
}

/// The 1,000 classes of ImageNet-1k.
pub fn imagenet() -> &'static [Label] {
    static LABELS: LazyLock<Vec<Label>> =
        LazyLock::new(|| parse(include_str!("../../config/labels/imagenet.txt")));
    &LABELS
}

/// The labels of a file, JSON or lines.
///
/// # Errors
/// When it starts as JSON and is none that names every class, or when there is no label at all.
pub fn read(text: &str) -> Result<Vec<Label>, String> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let labels = if text.starts_with(['[', '{']) {
        let value = serde_json::from_str(text).map_err(|e| format!("is broken JSON: {e}"))?;
        from_json(&value)?
    } else {
        parse(text)
    };
    if labels.is_empty() { Err("names no class".into()) } else { Ok(labels) }
}

/// The labels in a JSON list or object.
///
/// # Errors
/// When an entry is no name, or an index between 0 and the last has none.
pub fn from_json(value: &Value) -> Result<Vec<Label>, String> {
    let wrong = || "is no list of class names and no object from indices to names".to_string();
    match value {
        Value::Array(names) => names.iter().map(|v| from_value(v).ok_or_else(wrong)).collect(),
        Value::Object(by_index) => {
            let name = |i: usize| {
                let value = by_index.get(&i.to_string());
                value.ok_or_else(|| {
                    format!("has {} classes, but none with the index {i}", by_index.len())
                })
            };
            (0..by_index.len()).map(|i| from_value(name(i)?).ok_or_else(wrong)).collect()
        }
        _ => Err(wrong()),
    }
}

/// A name, or a pair of WordNet id and name.
fn from_value(value: &Value) -> Option<Label> {
    match value {
        Value::String(name) => Some(from_line(name.trim())),
        Value::Array(pair) => match pair.as_slice() {
            [Value::String(id), Value::String(name)] if is_id(id) => {
                Some(Label { id: Some(id.clone()), name: clean(name) })
            }
            _ => None,
        },
        _ => None,
    }
}

/// The labels of a file of lines; blank lines and lines that begin with `#` are skipped.
pub fn parse(text: &str) -> Vec<Label> {
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(from_line).collect()
}

fn from_line(line: &str) -> Label {
    let (id, name) = line.split_once(char::is_whitespace).unwrap_or(("", line));
    if is_id(id) {
        Label { id: Some(id.to_string()), name: clean(name.trim_start()) }
    } else {
        Label { id: None, name: clean(line) }
    }
}

/// `n` and eight digits, as ImageNet writes WordNet's ids.
fn is_id(text: &str) -> bool {
    let digits = text.strip_prefix('n').unwrap_or_default();
    digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(id: Option<&str>, name: &str) -> Label {
        Label { id: id.map(str::to_string), name: name.to_string() }
    }

    #[test]
    fn lines_become_labels() {
        let text = "# ten classes\r\nn01440764 tench\r\n\r\ngarbage truck\nnurse shark\nn0144 x\na\u{1b}b\n";
        assert_eq!(
            parse(text),
            [
                label(Some("n01440764"), "tench"),
                label(None, "garbage truck"),
                label(None, "nurse shark"),
                label(None, "n0144 x"),
                label(None, "a\u{fffd}b"),
            ]
        );
    }

    #[test]
    fn json_comes_in_three_shapes() {
        let two = vec![label(None, "cat"), label(None, "dog")];
        assert_eq!(read(r#"["cat", "dog"]"#), Ok(two.clone()));
        assert_eq!(read(r#" {"1": "dog", "0": "cat"}"#), Ok(two));
        let pair = read(r#"{"0": ["n01440764", "tench"]}"#);
        assert_eq!(pair, Ok(vec![label(Some("n01440764"), "tench")]));
        for (text, why) in [
            (r#"{"1": "dog"}"#, "has 1 classes, but none with the index 0"),
            ("[3]", "is no list of class names and no object from indices to names"),
            ("{", "is broken JSON: EOF while parsing an object at line 1 column 1"),
            ("# nothing", "names no class"),
        ] {
            assert_eq!(read(text), Err(why.to_string()), "{text}");
        }
    }

    #[test]
    fn imagenet_is_whole() {
        let labels = imagenet();
        assert_eq!(labels.len(), 1000);
        assert_eq!(labels[0], label(Some("n01440764"), "tench"));
        assert_eq!(labels[281].id.as_deref(), Some("n02123045"));
        assert!(labels.iter().all(|label| label.id.is_some() && !label.name.is_empty()));
    }
}
