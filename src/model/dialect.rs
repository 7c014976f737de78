//! What files call the tensors of a ResNet, and what torchvision calls them.

use std::collections::HashMap;
use std::fmt;

/// What wrappers put in front of every name: PyTorch's `DataParallel` and `compile`, and the usual
/// attributes under which people keep a network.
const PREFIXES: [&str; 5] = ["module.", "_orig_mod.", "model.", "backbone.", "encoder."];

/// Whose names a file uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// torchvision and timm: `layer1.0.conv1`, `downsample.0`, `fc`.
    Torchvision,
    /// Hugging Face transformers: `resnet.encoder.stages.0.layers.0.layer.0.convolution`.
    Transformers,
    /// The networks for small pictures: torchvision's names, but `linear` and `shortcut.0`.
    Small,
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Torchvision => "torchvision's names",
            Self::Transformers => "transformers' names",
            Self::Small => "the names of the CIFAR networks",
        })
    }
}

/// The tensors of a file by their torchvision names.
#[derive(Clone, Debug, PartialEq)]
pub struct Names {
    /// torchvision's name to the file's.
    pub file: HashMap<String, String>,
    /// Whose names they are.
    pub dialect: Dialect,
    /// What was dropped in front of them.
    pub prefix: String,
}

impl Names {
    /// Recognises the dialect of some tensor names. Prefixes are dropped as long as no ResNet's stem
    /// is found without it; a name without the prefix stays as it is.
    pub fn read<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut left: Vec<(String, &str)> = names.map(|n| (n.to_string(), n)).collect();
        let mut prefix = String::new();
        while dialect(&left).is_none()
            && let Some(next) = PREFIXES.iter().find(|p| leads(&left, p))
        {
            prefix.push_str(next);
            for (name, _) in &mut left {
                if let Some(rest) = name.strip_prefix(next) {
                    *name = rest.to_string();
                }
            }
        }
        let dialect = dialect(&left).unwrap_or(Dialect::Torchvision);
        let file = left.into_iter().map(|(name, file)| {
            let known = match dialect {
                Dialect::Torchvision => None,
                Dialect::Transformers => from_transformers(&name),
                Dialect::Small => from_small(&name),
            };
            (known.unwrap_or(name), file.to_string())
        });
        Self { file: file.collect(), dialect, prefix }
    }
}

fn dialect(names: &[(String, &str)]) -> Option<Dialect> {
    let has = |wanted: &str| names.iter().any(|(name, _)| name == wanted);
    let some = |part: &str| names.iter().any(|(name, _)| name.contains(part));
    if has("resnet.embedder.embedder.convolution.weight")
        || has("embedder.embedder.convolution.weight")
    {
        return Some(Dialect::Transformers);
    }
    if !has("conv1.weight") && !has("layer1.0.conv1.weight") {
        return None;
    }
    let small = has("linear.weight") || some(".shortcut.");
    Some(if small { Dialect::Small } else { Dialect::Torchvision })
}

/// Whether a ResNet may lie behind the prefix: dropping it must lead towards a stem.
fn leads(names: &[(String, &str)], prefix: &str) -> bool {
    let stems = ["conv1.weight", "embedder.convolution.weight"];
    names.iter().any(|(name, _)| {
        name.strip_prefix(prefix).is_some_and(|rest| stems.iter().any(|stem| rest.ends_with(stem)))
    })
}

/// `modeling_resnet.py` of transformers: stage S is `layer{S+1}`, convolution J of a block
/// `conv{J+1}`, its normalization `bn{J+1}`.
fn from_transformers(name: &str) -> Option<String> {
    let name = name.strip_prefix("resnet.").unwrap_or(name);
    if let Some(rest) = name.strip_prefix("embedder.embedder.") {
        return Some(match rest.split_once('.')? {
            ("convolution", what) => format!("conv1.{what}"),
            ("normalization", what) => format!("bn1.{what}"),
            _ => return None,
        });
    }
    if let Some(what) = name.strip_prefix("classifier.1.") {
        return Some(format!("fc.{what}"));
    }
    let mut parts = name.strip_prefix("encoder.stages.")?.split('.');
    let stage: usize = parts.next()?.parse().ok()?;
    let ("layers", block) = (parts.next()?, parts.next()?.parse::<usize>().ok()?) else {
        return None;
    };
    let rest: Vec<&str> = parts.collect();
    let block = format!("layer{}.{block}", stage.checked_add(1)?);
    Some(match rest.as_slice() {
        ["layer", j, "convolution", what] => {
            format!("{block}.conv{}.{what}", j.parse::<usize>().ok()?.checked_add(1)?)
        }
        ["layer", j, "normalization", what] => {
            format!("{block}.bn{}.{what}", j.parse::<usize>().ok()?.checked_add(1)?)
        }
        ["shortcut", "convolution", what] => format!("{block}.downsample.0.{what}"),
        ["shortcut", "normalization", what] => format!("{block}.downsample.1.{what}"),
        _ => return None,
    })
}

fn from_small(name: &str) -> Option<String> {
    if let Some(what) = name.strip_prefix("linear.") {
        return Some(format!("fc.{what}"));
    }
    name.contains(".shortcut.").then(|| name.replace(".shortcut.", ".downsample."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(names: &[&str]) -> Names {
        Names::read(names.iter().copied())
    }

    #[test]
    fn transformers_names_become_torchvisions() {
        for (theirs, ours) in [
            ("resnet.embedder.embedder.convolution.weight", "conv1.weight"),
            ("resnet.embedder.embedder.normalization.running_mean", "bn1.running_mean"),
            (
                "resnet.encoder.stages.2.layers.5.layer.1.convolution.weight",
                "layer3.5.conv2.weight",
            ),
            ("encoder.stages.0.layers.0.layer.2.normalization.bias", "layer1.0.bn3.bias"),
            (
                "resnet.encoder.stages.3.layers.0.shortcut.convolution.weight",
                "layer4.0.downsample.0.weight",
            ),
            (
                "resnet.encoder.stages.3.layers.0.shortcut.normalization.weight",
                "layer4.0.downsample.1.weight",
            ),
            ("classifier.1.bias", "fc.bias"),
        ] {
            assert_eq!(from_transformers(theirs).as_deref(), Some(ours));
        }
        assert_eq!(from_transformers("resnet.encoder.stages.x.layers.0.layer.0.y.z"), None);
    }

    #[test]
    fn wrappers_are_dropped_where_a_stem_lies_behind_them() {
        let names = read(&["module._orig_mod.conv1.weight", "module._orig_mod.fc.bias", "epoch"]);
        assert_eq!(names.prefix, "module._orig_mod.");
        assert_eq!(names.file["fc.bias"], "module._orig_mod.fc.bias");
        assert_eq!(names.file["epoch"], "epoch");
        // transformers' own `encoder.` is no wrapper.
        let names = read(&[
            "module.embedder.embedder.convolution.weight",
            "module.encoder.stages.0.layers.0.layer.0.convolution.weight",
        ]);
        assert_eq!((names.prefix.as_str(), names.dialect), ("module.", Dialect::Transformers));
        assert!(names.file.contains_key("layer1.0.conv1.weight"));
    }

    #[test]
    fn what_is_no_network_stays_as_it_is() {
        let names = read(&["model.embed_tokens.weight", "model.norm.weight"]);
        assert_eq!((names.prefix.as_str(), names.dialect), ("", Dialect::Torchvision));
        assert!(names.file.contains_key("model.norm.weight"));
    }

    #[test]
    fn small_networks_have_shortcuts_and_a_linear_layer() {
        let names = read(&["conv1.weight", "layer2.0.shortcut.0.weight", "linear.weight"]);
        assert_eq!(names.dialect, Dialect::Small);
        assert_eq!(names.file["layer2.0.downsample.0.weight"], "layer2.0.shortcut.0.weight");
        assert_eq!(names.file["fc.weight"], "linear.weight");
    }
}
