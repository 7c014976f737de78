//! What a network says about itself: its classes, what was assumed, and what is odd.

use std::collections::HashMap;

use super::SessionError;
use super::ask::ClassLabel;
use crate::base::{clean, count};
use crate::config::{Label, imagenet};
use crate::model::Graph;
use crate::source::RepoConfig;

/// The user's labels, else the repository's, else the checkpoint's own, else ImageNet's for 1,000
/// classes, else numbers. With a sentence when some were there and do not fit.
///
/// # Errors
/// When the user's labels are not as many as the network has classes.
pub fn class_labels(
    users: Option<&[Label]>,
    repo: &RepoConfig,
    metadata: &HashMap<String, String>,
    classes: usize,
) -> Result<(Vec<ClassLabel>, Option<String>), SessionError> {
    if let Some(users) = users {
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
    if let Some(own) = own_labels(metadata).filter(|own| own.len() == classes) {
        return Ok((own, odd));
    }
    if imagenet().len() == classes {
        return Ok((imagenet().iter().map(label).collect(), odd));
    }
    let number = |i| ClassLabel { wordnet: None, name: format!("class {i}") };
    Ok(((0..classes).map(number).collect(), odd))
}

fn label(label: &Label) -> ClassLabel {
    ClassLabel { wordnet: label.id.clone(), name: clean(&label.name) }
}

/// What `tools/train_builtin.py` writes under `classes`.
fn own_labels(metadata: &HashMap<String, String>) -> Option<Vec<ClassLabel>> {
    #[derive(serde::Deserialize)]
    struct Entry {
        id: Option<String>,
        label: String,
    }
    let own = serde_json::from_str::<Vec<Entry>>(metadata.get("classes")?).ok()?;
    Some(own.into_iter().map(|e| ClassLabel { wordnet: e.id, name: clean(&e.label) }).collect())
}

/// What was assumed, and what the checkpoint says about itself.
pub fn notes(graph: &Graph, metadata: &HashMap<String, String>) -> Vec<String> {
    let mut notes: Vec<String> =
        graph.assumptions.iter().map(|a| format!("assumed: {a}")).collect();
    for key in ["trained_on", "trained", "script", "accuracy", "accuracy_of", "state_dict_key"] {
        if let Some(value) = metadata.get(key) {
            notes.push(format!("{}: {}", key.replace('_', " "), clean(value)));
        }
    }
    notes
}

/// What the user should know at once.
pub fn warnings(not_finite: &[String]) -> Vec<String> {
    let Some(first) = not_finite.first() else { return Vec::new() };
    let others = match not_finite.len() - 1 {
        0 => String::new(),
        n => format!(" and {}", count(n, "other tensor")),
    };
    vec![format!("{}{others} hold NaN or infinity: the training diverged", clean(first))]
}
