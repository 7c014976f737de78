//! Names of classes, as training scripts save them.
//!
//! | text | read by |
//! |---|---|
//! | JSON: lists, tables from indices to names or from names to indices, also below the usual keys | `json` |
//! | CSV and TSV, and lines of a name and an index | `columns` |
//! | YAML: the `names` of a data set of Ultralytics | `yaml` |
//! | a name on each line, in the order of the logits (`n01440764 tench`, or the name alone) | here |

mod columns;
mod json;
mod yaml;

use std::sync::LazyLock;

use crate::base::clean;

pub use json::from_json;

/// A class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Its WordNet id (`n01440764`), where the file gives one.
    pub id: Option<String>,
    /// Its name for people.
    pub name: String,
}

/// Names of tables of classes in files that hold other things too. Of several in one file the first here counts.
const TABLES: [&str; 12] = [
    "id2label",
    "idx_to_class",
    "index_to_class",
    "class_to_idx",
    "class_to_index",
    "label2id",
    "class_names",
    "label_names",
    "classes",
    "names",
    "categories",
    "labels",
];

/// The 1,000 classes of ImageNet-1k.
pub fn imagenet() -> &'static [Label] {
    static LABELS: LazyLock<Vec<Label>> =
        LazyLock::new(|| lines(include_str!("../../config/labels/imagenet.txt")));
    &LABELS
}

/// The labels of a file.
///
/// # Errors
/// When a table does not name every class once, or when there is no label at all; in words that continue a sentence
/// about the file.
pub fn read(text: &str) -> Result<Vec<Label>, String> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let labels = if text.starts_with(['[', '{']) {
        let value = serde_json::from_str(text).map_err(|e| format!("is broken JSON: {e}"))?;
        from_json(&value)?
    } else if let Some(table) = yaml::read(text) {
        table?
    } else if let Some(table) = columns::read(text) {
        table?
    } else {
        lines(text)
    };
    if labels.is_empty() { Err("names no class".into()) } else { Ok(labels) }
}

/// The labels of a file of lines.
fn lines(text: &str) -> Vec<Label> {
    rows(text).map(label).collect()
}

/// Lines with something on them that is not a comment.
fn rows(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// A name, which may begin with its WordNet id.
fn label(line: &str) -> Label {
    let line = line.trim();
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

/// Labels in the order of their indices, which must be 0, 1, 2 and so on, each once.
fn in_order(mut pairs: Vec<(usize, Label)>) -> Result<Vec<Label>, String> {
    let count = pairs.len();
    pairs.sort_by_key(|(index, _)| *index);
    for (expected, (index, _)) in pairs.iter().enumerate() {
        if *index < expected {
            return Err(format!("has two classes with the index {index}"));
        }
        if *index > expected {
            return Err(format!("has {count} classes, but none with the index {expected}"));
        }
    }
    Ok(pairs.into_iter().map(|(_, label)| label).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(id: Option<&str>, name: &str) -> Label {
        Label { id: id.map(str::to_string), name: name.to_string() }
    }

    #[test]
    fn lines_become_labels() {
        let text = "# ten classes\r\nn01440764 tench\r\n\r\ngarbage truck\nnurse shark\nn0144 x\na\u{1b}b\n";
        let labels = [
            named(Some("n01440764"), "tench"),
            named(None, "garbage truck"),
            named(None, "nurse shark"),
            named(None, "n0144 x"),
            named(None, "a\u{fffd}b"),
        ];
        assert_eq!(read(text), Ok(labels.to_vec()));
        assert_eq!(read("# nothing"), Err("names no class".into()));
        // Synonyms are not columns.
        let synonyms = read("tench, Tinca tinca\ngoldfish, Carassius auratus");
        assert_eq!(
            synonyms.map(|all| all[1].name.clone()),
            Ok("goldfish, Carassius auratus".into())
        );
    }

    #[test]
    fn imagenet_is_whole() {
        let labels = imagenet();
        assert_eq!(labels.len(), 1000);
        assert_eq!(labels[0], named(Some("n01440764"), "tench"));
        assert_eq!(labels[281].id.as_deref(), Some("n02123045"));
        assert!(labels.iter().all(|label| label.id.is_some() && !label.name.is_empty()));
    }

    /// Every table that is not refused has as many names as the text says, whatever was done to it.
    #[test]
    fn mutated_tables_are_read_or_refused() {
        use crate::base::Random;
        let seeds = [
            r#"{"class_to_idx": {"cat": 0, "dog": 1}, "epoch": 3}"#,
            r#"{"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"]}"#,
            "index,name\n0,cat\n1,\"dog, small\"\n",
            "names:\n  0: cat\n  1: dog\nnc: 2\n",
            "names: ['cat', \"dog\"]\n",
            "n01440764 tench\ngoldfish\n",
        ];
        let parts =
            ["{", "}", "[", "]", ",", ":", "\"", "\n", "0", "-1", "9e9", "\\", "- ", "#", "é"];
        let mut random = Random::new(12);
        let (mut read_well, mut refused) = (0, 0);
        for round in 0..4000 {
            let mut text: Vec<char> = seeds[round % seeds.len()].chars().collect();
            for _ in 0..=random.below(4) {
                let at = random.below(text.len() + 1);
                if random.below(2) == 0 && at < text.len() {
                    text.remove(at);
                } else {
                    let part = parts[random.below(parts.len())];
                    text.splice(at..at, part.chars());
                }
            }
            match read(&text.iter().collect::<String>()) {
                Ok(labels) => {
                    assert!(!labels.is_empty());
                    read_well += 1;
                }
                Err(why) => {
                    assert!(!why.is_empty() && why.len() < 300, "{why}");
                    refused += 1;
                }
            }
        }
        assert!(read_well > 500 && refused > 500, "{read_well} {refused}");
    }
}
