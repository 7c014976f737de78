//! What files call the tensors of a ResNet, and what torchvision calls them.

use std::fmt;

/// Whose names a file uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// torchvision and timm: `layer1.0.conv1`, `downsample.0`, `fc`.
    Torchvision,
    /// Hugging Face transformers: `resnet.encoder.stages.0.layers.0.layer.0.convolution`.
    Transformers,
    /// The networks for small pictures: torchvision's names, but `linear` and `shortcut.0`.
    Small,
    /// The children of a ResNet in `torch.nn.Sequential`: `0.weight`, `1.running_mean`, `4.0.conv1.weight`.
    Children {
        /// The number of the first stage: 4 after convolution, norm, ReLU and max pool.
        first_stage: usize,
        /// The number of stages, which follow each other.
        stages: usize,
    },
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Torchvision => "torchvision's names",
            Self::Transformers => "transformers' names",
            Self::Small => "the names of the CIFAR networks",
            Self::Children { .. } => "the numbers of children in a Sequential",
        })
    }
}

impl Dialect {
    /// torchvision's name of a tensor of the network's body (stem and stages); `None` for all else.
    pub fn body(self, name: &str) -> Option<String> {
        let ours = match self {
            Self::Torchvision => name.to_string(),
            Self::Small => name.replace(".shortcut.", ".downsample."),
            Self::Transformers => from_transformers(name)?,
            Self::Children { first_stage, stages } => from_child(name, first_stage, stages)?,
        };
        let (module, _) = ours.split_once('.')?;
        let stage = module.strip_prefix("layer").is_some_and(|n| n.parse::<u32>().is_ok());
        (stage || ["conv1", "bn1"].contains(&module)).then_some(ours)
    }

    /// What the file calls the classifier that the network's own code applies.
    pub fn classifier(self) -> String {
        match self {
            Self::Torchvision => "fc".into(),
            Self::Small => "linear".into(),
            Self::Transformers => "classifier".into(),
            // The average pool comes between.
            Self::Children { first_stage, stages } => (first_stage + stages + 1).to_string(),
        }
    }
}

/// `modeling_resnet.py` of transformers: stage S is `layer{S+1}`, convolution J of a block
/// `conv{J+1}`, its normalization `bn{J+1}`.
fn from_transformers(name: &str) -> Option<String> {
    if let Some(rest) = name.strip_prefix("embedder.embedder.") {
        return Some(match rest.split_once('.')? {
            ("convolution", what) => format!("conv1.{what}"),
            ("normalization", what) => format!("bn1.{what}"),
            _ => return None,
        });
    }
    let mut parts = name.strip_prefix("encoder.stages.")?.split('.');
    let stage: usize = parts.next()?.parse().ok()?;
    let ("layers", block) = (parts.next()?, parts.next()?.parse::<usize>().ok()?) else {
        return None;
    };
    let rest: Vec<&str> = parts.collect();
    let block = format!("layer{}.{block}", stage.checked_add(1)?);
    let next = |j: &str| j.parse::<usize>().ok()?.checked_add(1);
    Some(match rest.as_slice() {
        ["layer", j, "convolution", what] => format!("{block}.conv{}.{what}", next(j)?),
        ["layer", j, "normalization", what] => format!("{block}.bn{}.{what}", next(j)?),
        ["shortcut", "convolution", what] => format!("{block}.downsample.0.{what}"),
        ["shortcut", "normalization", what] => format!("{block}.downsample.1.{what}"),
        // A part of the body that is not known: the builder names it.
        rest => format!("{block}.{}", rest.join(".")),
    })
}

fn from_child(name: &str, first_stage: usize, stages: usize) -> Option<String> {
    let (child, rest) = name.split_once('.')?;
    match child.parse::<usize>().ok()? {
        0 => Some(format!("conv1.{rest}")),
        1 => Some(format!("bn1.{rest}")),
        child => {
            let stage = child.checked_sub(first_stage).filter(|stage| *stage < stages)?;
            Some(format!("layer{}.{}", stage + 1, rest.replace("shortcut.", "downsample.")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transformers_names_become_torchvisions() {
        for (theirs, ours) in [
            ("embedder.embedder.convolution.weight", "conv1.weight"),
            ("embedder.embedder.normalization.running_mean", "bn1.running_mean"),
            ("encoder.stages.2.layers.5.layer.1.convolution.weight", "layer3.5.conv2.weight"),
            ("encoder.stages.0.layers.0.layer.2.normalization.bias", "layer1.0.bn3.bias"),
            (
                "encoder.stages.3.layers.0.shortcut.convolution.weight",
                "layer4.0.downsample.0.weight",
            ),
            (
                "encoder.stages.3.layers.0.shortcut.normalization.weight",
                "layer4.0.downsample.1.weight",
            ),
        ] {
            assert_eq!(Dialect::Transformers.body(theirs).as_deref(), Some(ours));
        }
        for other in ["classifier.1.bias", "encoder.stages.x.layers.0.layer.0.y.z", "pooler.x"] {
            assert_eq!(Dialect::Transformers.body(other), None, "{other}");
        }
    }

    #[test]
    fn children_are_counted() {
        let children = Dialect::Children { first_stage: 4, stages: 4 };
        assert_eq!(children.body("0.weight").as_deref(), Some("conv1.weight"));
        assert_eq!(children.body("1.running_var").as_deref(), Some("bn1.running_var"));
        assert_eq!(children.body("7.2.bn1.bias").as_deref(), Some("layer4.2.bn1.bias"));
        assert_eq!([children.body("8.weight"), children.body("fc.weight")], [None, None]);
        assert_eq!(children.classifier(), "9");
    }

    #[test]
    fn small_networks_have_shortcuts() {
        let ours = Dialect::Small.body("layer2.0.shortcut.0.weight");
        assert_eq!(ours.as_deref(), Some("layer2.0.downsample.0.weight"));
        assert_eq!(Dialect::Small.body("linear.weight"), None);
    }
}
