//! What the files beside the weights say: `config.json` and `preprocessor_config.json` of a hub
//! repository, or of any folder that is laid out like one.
//!
//! timm writes its preprocessing at the top of `config.json` or under `pretrained_cfg`; transformers
//! writes it to `preprocessor_config.json` and the strides and labels to `config.json`.

use std::path::Path;

use serde_json::Value;

use super::error::read_file;
use super::recipe::{Stated, filter};
use super::{Fit, Interpolation, SourceError};
use crate::config::{Label, labels_from_json};

/// Largest of these files: labels of a few thousand classes take less.
const LIMIT: u64 = 16 << 20;

/// What the files say; all of it may be missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RepoConfig {
    /// The classes in the order of the logits.
    pub labels: Option<Vec<Label>>,
    /// `downsample_in_bottleneck` and `downsample_in_first_stage`.
    pub strides: Option<(bool, bool)>,
    /// The preprocessing.
    pub recipe: Option<Stated>,
    /// What the files say that cannot be followed, in words.
    pub notes: Vec<String>,
}

impl RepoConfig {
    /// Reads the files of a folder; those that are not there say nothing.
    ///
    /// # Errors
    /// When one is there and cannot be read or is no JSON.
    pub fn read(folder: &Path) -> Result<Self, SourceError> {
        let config = read_json(&folder.join("config.json"))?.unwrap_or(Value::Null);
        let preprocessor = read_json(&folder.join("preprocessor_config.json"))?;
        let mut notes = Vec::new();
        let timm = from_timm(&config, &mut notes);
        let recipe = match (timm, preprocessor) {
            (Some(recipe), _) => Some(recipe),
            (None, Some(preprocessor)) => from_transformers(&preprocessor, &mut notes),
            (None, None) => None,
        };
        let flag = |key: &str| config.get(key).and_then(Value::as_bool);
        let strides = match (flag("downsample_in_bottleneck"), flag("downsample_in_first_stage")) {
            (None, None) => None,
            (first, stage) => Some((first.unwrap_or(false), stage.unwrap_or(false))),
        };
        Ok(Self { labels: labels(&config, &mut notes), strides, recipe, notes })
    }
}

fn read_json(path: &Path) -> Result<Option<Value>, SourceError> {
    if !path.is_file() {
        return Ok(None);
    }
    let bytes = read_file(path, LIMIT, "a configuration")?;
    let broken =
        |e| SourceError::at(path, format!("is broken JSON ({e}): copy it again or remove it"));
    serde_json::from_slice(&bytes).map(Some).map_err(broken)
}

/// transformers' `id2label`, unless it only counts (`LABEL_0`); timm's `label_names` with
/// `label_descriptions`.
fn labels(config: &Value, notes: &mut Vec<String>) -> Option<Vec<Label>> {
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

fn numbers(value: Option<&Value>) -> Option<Vec<f32>> {
    match value? {
        Value::Array(values) => values.iter().map(|v| Some(v.as_f64()? as f32)).collect(),
        value => Some(vec![value.as_f64()? as f32]),
    }
}

fn whole(value: Option<&Value>) -> Option<usize> {
    usize::try_from(value?.as_u64()?).ok()
}

/// timm: `input_size` is `[C, H, W]`; the shorter side becomes `floor(size / crop_pct)`.
fn from_timm(config: &Value, notes: &mut Vec<String>) -> Option<Stated> {
    let config = [config.get("pretrained_cfg"), Some(config)];
    let config = config.into_iter().flatten().find(|c| c.get("input_size").is_some())?;
    let size = match numbers(config.get("input_size"))?.as_slice() {
        [_, h, w] => [*h as usize, *w as usize],
        _ => return None,
    };
    let crop = config.get("crop_pct").and_then(Value::as_f64).filter(|c| *c > 0.0).unwrap_or(0.875);
    let fit = match config.get("crop_mode").and_then(Value::as_str) {
        Some("squash") => Fit::Warp,
        _ => Fit::Shorter((size[0].min(size[1]) as f64 / crop).floor() as usize),
    };
    let name = config.get("interpolation").and_then(Value::as_str);
    let interpolation = name.and_then(filter);
    if let (Some(name), None) = (name, interpolation) {
        notes.push(format!("the filter \"{}\" is not known: bilinear", crate::base::clean(name)));
    }
    Some(Stated {
        origin: "config.json".into(),
        size: Some(size),
        fit: Some(fit),
        crop_down: false,
        interpolation,
        mean: numbers(config.get("mean")),
        std: numbers(config.get("std")),
    })
}

/// transformers' `ConvNextImageProcessor`, which its ResNets use: the shorter side becomes
/// `shortest_edge / crop_pct` and the middle is cut out; from 384 px on the photo is warped.
fn from_transformers(config: &Value, notes: &mut Vec<String>) -> Option<Stated> {
    let size = config.get("size")?;
    let edge = whole(size.get("shortest_edge")).or_else(|| whole(Some(size)));
    let (size, fit) = match (edge, whole(size.get("height")), whole(size.get("width"))) {
        (Some(edge), ..) if edge >= 384 => ([edge; 2], Fit::Warp),
        (Some(edge), ..) => {
            let crop = config.get("crop_pct").and_then(Value::as_f64).filter(|c| *c > 0.0);
            ([edge; 2], Fit::Shorter((edge as f64 / crop.unwrap_or(0.875)) as usize))
        }
        (None, Some(height), Some(width)) => ([height, width], Fit::Warp),
        _ => return None,
    };
    // PIL's numbers of its filters.
    let interpolation = match whole(config.get("resample")) {
        Some(2) => Some(Interpolation::Bilinear),
        Some(3) => Some(Interpolation::Bicubic),
        Some(other) => {
            notes.push(format!("PIL's filter {other} is not known: bilinear"));
            None
        }
        None => None,
    };
    Some(Stated {
        origin: "preprocessor_config.json".into(),
        size: Some(size),
        fit: Some(fit),
        crop_down: true,
        interpolation,
        mean: numbers(config.get("image_mean")),
        std: numbers(config.get("image_std")),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(files: &[(&str, &str)]) -> RepoConfig {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        RepoConfig::read(folder.path()).unwrap()
    }

    #[test]
    fn timms_words_are_understood() {
        let text = r#"{"architecture": "resnet50", "num_classes": 1000, "pretrained_cfg": {
            "input_size": [3, 224, 224], "interpolation": "bicubic", "crop_pct": 0.95,
            "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}}"#;
        let recipe = read(&[("config.json", text)]).recipe.unwrap();
        assert_eq!(recipe.size, Some([224, 224]));
        assert_eq!(recipe.fit, Some(Fit::Shorter(235)));
        assert_eq!(recipe.interpolation, Some(Interpolation::Bicubic));
        assert_eq!(recipe.mean, Some(vec![0.485, 0.456, 0.406]));
        let named = r#"{"label_names": ["n01", "n02"], "label_descriptions": {"n01": "cat"}}"#;
        let labels = read(&[("config.json", named)]).labels.unwrap();
        let cat = Label { id: Some("n01".into()), name: "cat".into() };
        assert_eq!(labels, [cat, Label { id: None, name: "n02".into() }]);
    }

    #[test]
    fn transformers_words_are_understood() {
        let config = r#"{"downsample_in_first_stage": false, "downsample_in_bottleneck": true,
            "id2label": {"0": "tench, Tinca tinca", "1": "goldfish"}}"#;
        let preprocessor = r#"{"crop_pct": 0.875, "size": 224, "resample": 3,
            "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}"#;
        let said = read(&[("config.json", config), ("preprocessor_config.json", preprocessor)]);
        assert_eq!(said.strides, Some((true, false)));
        assert_eq!(said.labels.unwrap()[0].name, "tench, Tinca tinca");
        let recipe = said.recipe.unwrap();
        assert_eq!((recipe.fit, recipe.crop_down), (Some(Fit::Shorter(256)), true));
        assert_eq!(recipe.interpolation, Some(Interpolation::Bicubic));

        let large = r#"{"size": {"shortest_edge": 384}, "resample": 1}"#;
        let said = read(&[("preprocessor_config.json", large)]);
        assert_eq!(said.recipe.unwrap().fit, Some(Fit::Warp));
        assert_eq!(said.notes, ["PIL's filter 1 is not known: bilinear"]);
    }

    #[test]
    fn labels_that_only_count_say_nothing() {
        let text = r#"{"id2label": {"0": "LABEL_0", "1": "LABEL_1"}}"#;
        assert_eq!(read(&[("config.json", text)]), RepoConfig::default());
        let torn = r#"{"id2label": {"1": "dog"}}"#;
        assert_eq!(read(&[("config.json", torn)]).notes.len(), 1);
        assert_eq!(read(&[]), RepoConfig::default());
    }
}
