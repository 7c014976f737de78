//! Indices of shards: `{"weight_map": {"tensor": "model-00001-of-00002.safetensors", ...}}`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::base::{clean, first_line};
use crate::config::is_inside;

/// More shards than any network has that fits here.
const MOST: usize = 1000;

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// The files that an index of shards names, sorted.
///
/// # Errors
/// When it is not an index, or names something that cannot be a file beside it.
pub fn shards(text: &str) -> Result<Vec<String>, String> {
    let index: Index = serde_json::from_str(text).map_err(|e| clean(&first_line(&e)))?;
    let names: BTreeSet<String> = index.weight_map.into_values().collect();
    // Each becomes a path beside the index.
    if let Some(odd) = names.iter().find(|name| !is_inside(name) || name.contains('/')) {
        return Err(format!("\"{}\" is not a file beside it", clean(odd)));
    }
    match names.len() {
        0 => Err("it names no file".into()),
        many if many > MOST => Err(format!("it names {many} files")),
        _ => Ok(names.into_iter().collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_once_and_stay_beside_the_index() {
        let text =
            r#"{"metadata": {}, "weight_map": {"a": "m-2.st", "b": "m-1.st", "c": "m-2.st"}}"#;
        assert_eq!(shards(text), Ok(vec!["m-1.st".to_string(), "m-2.st".to_string()]));
        for bad in ["", "[]", "{}", r#"{"weight_map": {}}"#, r#"{"weight_map": {"a": 1}}"#] {
            assert!(shards(bad).is_err(), "{bad}");
        }
        for name in ["../x", "/etc/passwd", "a/b", "", "."] {
            let text = format!(r#"{{"weight_map": {{"a": "{name}"}}}}"#);
            assert!(shards(&text).is_err_and(|why| why.contains("beside")), "{name}");
        }
    }
}
