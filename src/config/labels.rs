//! Names of classes, one a line in the order of the logits: `n01440764 tench`, or the name alone.

use std::sync::LazyLock;

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

/// The labels of a file; blank lines and lines that begin with `#` are skipped.
pub fn parse(text: &str) -> Vec<Label> {
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (id, name) = line.split_once(char::is_whitespace).unwrap_or(("", line));
            if is_id(id) {
                Label { id: Some(id.to_string()), name: clean(name.trim_start()) }
            } else {
                Label { id: None, name: clean(line) }
            }
        })
        .collect()
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
    fn imagenet_is_whole() {
        let labels = imagenet();
        assert_eq!(labels.len(), 1000);
        assert_eq!(labels[0], label(Some("n01440764"), "tench"));
        assert_eq!(labels[281].id.as_deref(), Some("n02123045"));
        assert!(labels.iter().all(|label| label.id.is_some() && !label.name.is_empty()));
    }
}
