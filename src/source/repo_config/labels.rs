//! Names of classes in `config.json`.

use super::object::Object;
use crate::config::{Label, labels_from_json};

/// transformers' `id2label`, unless it only counts (`LABEL_0`); timm's `label_names` with `label_descriptions`.
pub fn labels(config: Object<'_>, notes: &mut Vec<String>) -> Option<Vec<Label>> {
    let pretrained = config.get("pretrained_cfg");
    let of = |key: &str| config.get(key).or_else(|| pretrained?.get(key)).filter(|v| !v.is_null());
    let (key, value) = ["id2label", "label_names"].into_iter().find_map(|k| Some((k, of(k)?)))?;
    let mut labels = match labels_from_json(value) {
        Ok(labels) => labels,
        Err(why) => {
            notes.push(format!("{key} in config.json {why}: not used"));
            return None;
        }
    };
    if labels.iter().all(|label| label.name.starts_with("LABEL_")) {
        return None;
    }
    for label in &mut labels {
        let described = of("label_descriptions").and_then(|d| d.get(&label.name)?.as_str());
        if let Some(description) = described {
            let id = std::mem::replace(&mut label.name, crate::base::clean(description));
            label.id = Some(id);
        }
    }
    Some(labels)
}
