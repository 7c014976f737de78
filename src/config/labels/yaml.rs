//! The `names` of a data set of Ultralytics: a list or a map of YAML, in lines or in brackets. Nothing else of YAML.

use super::{Label, TABLES, in_order, label};

/// Labels below one of the usual keys; `None` when the text has none.
pub(super) fn read(text: &str) -> Option<Result<Vec<Label>, String>> {
    let lines: Vec<&str> = text.lines().map(without_comment).collect();
    let (at, rest) = lines.iter().enumerate().find_map(|(at, line)| {
        let (key, rest) = line.split_once(':')?;
        let known = TABLES.contains(&key.trim_end()) && (rest.is_empty() || rest.starts_with(' '));
        known.then_some((at, rest.trim()))
    })?;
    let below = lines.get(at + 1..).unwrap_or_default();
    let entries = if rest.starts_with(['[', '{']) {
        inside_brackets(&[&[rest], below].concat().join(" "))
    } else if rest.is_empty() {
        indented(below)
    } else {
        None
    };
    let wrong = || "is YAML, but not a list or a mapping of names".to_string();
    Some(entries.ok_or_else(wrong).and_then(|entries| labels(&entries)))
}

/// What one entry says.
enum Entry {
    Name(String),
    At(usize, String),
}

fn labels(entries: &[Entry]) -> Result<Vec<Label>, String> {
    let pairs = entries.iter().enumerate().map(|(place, entry)| match entry {
        Entry::Name(name) => (place, label(name)),
        Entry::At(index, name) => (*index, label(name)),
    });
    in_order(pairs.collect())
}

/// `- name` or `0: name` on lines of their own, up to the next key.
fn indented(lines: &[&str]) -> Option<Vec<Entry>> {
    let full = lines.iter().filter(|line| !line.trim().is_empty());
    let entries = full.take_while(|line| line.starts_with([' ', '\t', '-']));
    let entry = |line: &&str| match line.trim().strip_prefix('-') {
        Some(name) => Some(Entry::Name(scalar(name)?)),
        None => pair(line),
    };
    entries.map(entry).collect()
}

/// `[a, b]` or `{0: a, 1: b}`.
fn inside_brackets(text: &str) -> Option<Vec<Entry>> {
    let close = if text.starts_with('[') { ']' } else { '}' };
    let (mut parts, mut quote) = (vec![String::new()], None);
    let mut whole = false;
    for c in text.chars().skip(1) {
        let part = parts.last_mut()?;
        match (c, quote) {
            (c, Some(open)) => {
                quote = (c != open).then_some(open);
                part.push(c);
            }
            ('"' | '\'', None) if part.trim().is_empty() || part.trim_end().ends_with(':') => {
                quote = Some(c);
                part.push(c);
            }
            (',', None) => parts.push(String::new()),
            (c, None) if c == close => {
                whole = true;
                break;
            }
            (c, None) => part.push(c),
        }
    }
    // A comma may stand after the last.
    if parts.last().is_some_and(|part| part.trim().is_empty()) {
        parts.pop();
    }
    let entry = |part: &String| match close {
        ']' => Some(Entry::Name(scalar(part)?)),
        _ => pair(part),
    };
    if whole { parts.iter().map(entry).collect() } else { None }
}

/// `0: name`.
fn pair(text: &str) -> Option<Entry> {
    let (index, name) = text.split_once(':')?;
    Some(Entry::At(scalar(index)?.parse().ok()?, scalar(name)?))
}

/// A word or words, in quotes or not.
fn scalar(text: &str) -> Option<String> {
    let text = text.trim();
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote) {
            return inner.strip_suffix(quote).map(|name| name.replace("''", "'"));
        }
    }
    (!text.is_empty() && !text.starts_with(['[', '{', '&', '*', '|', '>', '!']))
        .then(|| text.to_string())
}

fn without_comment(line: &str) -> &str {
    let comment = line.find(" #").or_else(|| line.starts_with('#').then_some(0));
    // One inside quotes is a part of the name.
    match comment {
        Some(at) if !line[at..].contains(['"', '\'']) => line[..at].trim_end(),
        _ => line.trim_end(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;

    fn names(text: &str) -> Result<String, String> {
        read(text).map(|all| all.into_iter().map(|label| label.name).collect::<Vec<_>>().join("|"))
    }

    #[test]
    fn names_of_data_sets_are_read() {
        for text in [
            "path: ../data\ntrain: images # 128 images\n\n# Classes\nnames:\n  0: cat\n  1: dog # small\n\ndownload: |\n  x: 1",
            "nc: 2\nnames:\n- cat\n- 'dog'\n",
            "names:\n  - cat\n  - \"dog\"\nnc: 2",
            "names: ['cat', \"dog\"]",
            "names: [\n  cat,\n  dog,\n]\nnc: 2",
            "names: {1: dog, 0: 'cat'}",
        ] {
            assert_eq!(names(text).as_deref(), Ok("cat|dog"), "{text}");
        }
        assert_eq!(names("names: ['a, b', 'it''s #1']").as_deref(), Ok("a, b|it's #1"));
    }

    #[test]
    fn other_yaml_is_refused() {
        let why = "is YAML, but not a list or a mapping of names".to_string();
        for text in
            ["names: cat dog", "names:\n  cat:\n    id: 0", "names: [a, b", "names:\n  - [a]"]
        {
            assert_eq!(names(text), Err(why.clone()), "{text}");
        }
        assert_eq!(names("names:\n  1: a"), Err("has 1 classes, but none with the index 0".into()));
        assert_eq!(names("names:\nnc: 2"), Err("names no class".into()));
        // A list of labels with a colon in one of them is not YAML.
        assert!(names("cat\nnames: not a key").is_err());
        assert_eq!(names("star: trek\nstar: wars").as_deref(), Ok("star: trek|star: wars"));
    }
}
