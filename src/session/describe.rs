//! What a network says about itself: its classes, what was assumed, and what is odd.

use std::collections::HashMap;

use serde_json::Value;

use super::SessionError;
use super::ask::known::ClassLabel;
use super::options::Wishes;
use crate::base::{clean, count};
use crate::config::{Label, LabelSet, imagenet, labels_from_json};
use crate::model::Graph;
use crate::source::RepoConfig;

/// The user's labels, else the repository's, else the catalogue's, else the checkpoint's own, else ImageNet's for 1,000
/// classes, else numbers. With a sentence when some were there and do not fit.
///
/// # Errors
/// When the user's labels are not as many as the network has classes.
pub fn class_labels(
    wishes: &Wishes,
    repo: &RepoConfig,
    catalogue: Option<LabelSet>,
    own: &OwnLabels<'_>,
    classes: usize,
) -> Result<(Vec<ClassLabel>, Option<String>), SessionError> {
    if let Some(users) = &wishes.labels {
        if users.len() != classes {
            return Err(SessionError::Failed(format!(
                "--labels names {} classes, the network has {classes}",
                users.len()
            )));
        }
        return Ok((users.iter().map(label).collect(), None));
    }
    let mut odd = None;
    if let Some(labels) = &repo.labels {
        if labels.len() == classes {
            return Ok((labels.iter().map(label).collect(), None));
        }
        odd = Some(format!(
            "config.json names {} classes, the network has {classes}: not used",
            labels.len()
        ));
    }
    if let Some(LabelSet::Imagenet) = catalogue {
        if imagenet().len() == classes {
            return Ok((imagenet().iter().map(label).collect(), odd));
        }
        odd = Some(format!(
            "models.toml says ImageNet's classes, the network has {classes}: not used"
        ));
    }
    if let Some(own) = own.names(classes) {
        return Ok((own, odd));
    }
    if imagenet().len() == classes {
        return Ok((imagenet().iter().map(label).collect(), odd));
    }
    // A single output says yes or no, or is a number: "class 0" would say that there is another.
    let name = |i| if classes == 1 { "output".to_string() } else { format!("class {i}") };
    let number = |i| ClassLabel { wordnet: None, name: name(i) };
    Ok(((0..classes).map(number).collect(), odd))
}

fn label(label: &Label) -> ClassLabel {
    ClassLabel { wordnet: label.id.clone(), name: clean(&label.name) }
}

/// What a checkpoint may say about its classes.
#[derive(Clone, Copy, Debug)]
pub struct OwnLabels<'a> {
    /// Text by name, in the file itself.
    pub metadata: &'a HashMap<String, String>,
    /// Tables beside the weights, by where they are kept.
    pub tables: &'a [(String, Value)],
}

impl OwnLabels<'_> {
    /// The names of that many classes: what `tools/train_builtin.py` writes, else a table whose key says that it names
    /// classes (`class_to_idx`, `meta.CLASSES`).
    fn names(&self, classes: usize) -> Option<Vec<ClassLabel>> {
        #[derive(serde::Deserialize)]
        struct Entry {
            id: Option<String>,
            label: String,
        }
        let text = self.metadata.get("classes");
        if let Some(own) = text.and_then(|text| serde_json::from_str::<Vec<Entry>>(text).ok()) {
            let label = |e: Entry| ClassLabel { wordnet: e.id, name: clean(&e.label) };
            return (own.len() == classes).then(|| own.into_iter().map(label).collect());
        }
        let in_metadata = self.metadata.iter().filter(|(key, _)| names_classes(key));
        let mut in_metadata: Vec<(&String, Value)> = in_metadata
            .filter_map(|(key, text)| Some((key, serde_json::from_str(text).ok()?)))
            .collect();
        in_metadata.sort_by_key(|(key, _)| *key);
        let in_tables = self.tables.iter().filter(|(key, _)| names_classes(key));
        let mut all = in_metadata.iter().map(|(_, value)| value).chain(in_tables.map(|(_, v)| v));
        let labels = all.find_map(|table| {
            labels_from_json(table).ok().filter(|labels| labels.len() == classes)
        })?;
        Some(labels.iter().map(label).collect())
    }
}

/// Whether the last part of a key says that names of classes are kept there.
fn names_classes(key: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or(key).to_lowercase();
    ["class", "label", "categor", "names", "idx_to", "vocab"].iter().any(|word| last.contains(word))
}

/// What is said about a network, a sentence each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What was assumed as is usual, and what the checkpoint says about itself.
    pub notes: Vec<String>,
    /// What was left out, could not be followed or is odd: the user should know it at once.
    pub warnings: Vec<String>,
}

impl Told {
    /// What a graph, the key of its tensors and the metadata of its checkpoint say.
    pub fn of(graph: &Graph, key: &str, metadata: &HashMap<String, String>) -> Self {
        let mut notes: Vec<String> =
            graph.assumptions.iter().map(|a| format!("assumed: {a}")).collect();
        if !key.is_empty() {
            notes.push(format!("state dict key: {}", clean(key)));
        }
        for key in ["trained_on", "trained", "script", "accuracy", "accuracy_of"] {
            if let Some(value) = metadata.get(key) {
                notes.push(format!("{}: {}", key.replace('_', " "), clean(value)));
            }
        }
        Self { notes, warnings: graph.notes.clone() }
    }
}

/// What there is to say about tensors that hold NaN or infinity.
pub fn not_finite(names: &[String]) -> Option<String> {
    let first = names.first()?;
    let others = match names.len() - 1 {
        0 => String::new(),
        n => format!(" and {}", count(n, "other tensor")),
    };
    Some(format!("NaN or infinity in {}{others}: the training diverged", clean(first)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn names(
        labels: Option<&str>,
        repo: Option<&str>,
        catalogue: Option<LabelSet>,
        own: Option<&str>,
        classes: usize,
    ) -> (String, Option<String>) {
        let same = |name: &str| vec![Label { id: None, name: name.into() }; classes];
        let wishes = Wishes { labels: labels.map(same), ..Wishes::default() };
        let repo = RepoConfig { labels: repo.map(same), ..RepoConfig::default() };
        let entry = |name: &str| format!("{{\"id\": null, \"label\": \"{name}\"}}");
        let own = own.map(|name| format!("[{}]", vec![entry(name); classes].join(",")));
        let metadata = own.map(|own| ("classes".to_string(), own)).into_iter().collect();
        let own = OwnLabels { metadata: &metadata, tables: &[] };
        let (found, odd) = class_labels(&wishes, &repo, catalogue, &own, classes).unwrap();
        (found[0].name.clone(), odd)
    }

    #[test]
    fn the_first_that_names_the_classes_counts() {
        let imagenet = Some(LabelSet::Imagenet);
        let name = |labels, repo, catalogue, own| names(labels, repo, catalogue, own, 1000).0;
        assert_eq!(name(Some("user"), Some("repo"), imagenet, Some("own")), "user");
        assert_eq!(name(None, Some("repo"), imagenet, Some("own")), "repo");
        assert_eq!(name(None, None, imagenet, Some("own")), "tench");
        assert_eq!(name(None, None, None, Some("own")), "own");
        assert_eq!(name(None, None, None, None), "tench");
        let (name, odd) = names(None, None, imagenet, None, 10);
        assert_eq!(name, "class 0");
        assert!(odd.unwrap().contains("the network has 10: not used"));
    }

    #[test]
    fn tables_beside_the_weights_name_the_classes() {
        let table = |key: &str, text: &str| (key.to_string(), serde_json::from_str(text).unwrap());
        let tables = [
            table("optimizer.names", r#"["a", "b", "c"]"#),
            table("args.layers", r#"["x", "y"]"#),
            table("meta.class_to_idx", r#"{"dog": 1, "cat": 0}"#),
        ];
        let metadata = HashMap::new();
        let own = OwnLabels { metadata: &metadata, tables: &tables };
        let names = |classes| {
            let of = |label: ClassLabel| label.name;
            own.names(classes).map(|labels| labels.into_iter().map(of).collect::<Vec<_>>())
        };
        assert_eq!(names(2).unwrap(), ["cat", "dog"]);
        assert_eq!(names(4), None);
    }
}
