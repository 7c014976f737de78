//! Where in a file networks are: a name that only they have, under any prefix; and which of several is taken.

use std::collections::BTreeMap;

use super::Dialect;
use super::parts::Part;
use crate::base::{clean, nearest};
use crate::model::ModelError;

/// A network in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// What stands before the names of all its tensors; ends with a dot unless it is empty.
    pub path: String,
    /// Whose names follow.
    pub dialect: Dialect,
}

/// The first block of a ResNet in torchvision's names: one of its convolutions may be what a file lacks.
const BLOCK: [&str; 2] = ["layer1.0.conv1.weight", "layer1.0.conv2.weight"];
/// The same in transformers' names.
const TRANSFORMERS_BLOCK: &str = "encoder.stages.0.layers.0.layer.0.convolution.weight";
/// The same among the children of a `Sequential`, after the number of the child.
const CHILD_BLOCK: &str = ".0.conv1.weight";

/// Words in a path that mean a copy: an average over the training, or a second encoder that follows the first. What is
/// trained comes before its copies.
const COPIES: [&str; 10] = [
    "ema",
    "averaged",
    "average",
    "avg",
    "swa",
    "shadow",
    "teacher",
    "momentum",
    "target",
    "encoder_k",
];

/// Words in a path that mean training without labels: the outputs of such a network are embeddings, not classes.
const SELF_SUPERVISED: [&str; 10] = [
    "encoder_q",
    "encoder_k",
    "base_encoder",
    "momentum_encoder",
    "online",
    "online_encoder",
    "target_encoder",
    "student",
    "teacher",
    "projector",
];

impl Root {
    /// Every network of a file, in the order of their paths.
    pub fn all(tensors: &BTreeMap<String, Part>) -> Vec<Self> {
        let mut roots: Vec<Self> =
            tensors.keys().filter_map(|name| Self::at(name, tensors)).collect();
        roots.dedup();
        roots
    }

    /// The network whose first block this tensor belongs to.
    fn at(name: &str, tensors: &BTreeMap<String, Part>) -> Option<Self> {
        if let Some(path) = BLOCK.iter().find_map(|block| before(name, block)) {
            let has = |part: &str| {
                let from = format!("{path}layer");
                tensors.contains_key(&format!("{path}{part}"))
                    || tensors
                        .range(from.clone()..)
                        .take_while(|(n, _)| n.starts_with(&from))
                        .any(|(n, _)| n.contains(part))
            };
            let small = has("linear.weight") || has(".shortcut.");
            let dialect = if small { Dialect::Small } else { Dialect::Torchvision };
            return Some(Self { path: path.into(), dialect });
        }
        if let Some(path) = before(name, TRANSFORMERS_BLOCK) {
            return Some(Self { path: path.into(), dialect: Dialect::Transformers });
        }
        let child = name.strip_suffix(CHILD_BLOCK)?;
        let (path, number) = child
            .rsplit_once('.')
            .map_or(("", child), |(path, number)| (&child[..path.len() + 1], number));
        let first_stage: usize = number.parse().ok().filter(|n| (2..=4).contains(n))?;
        let block = |stage: usize| tensors.contains_key(&format!("{path}{stage}{CHILD_BLOCK}"));
        let stem = tensors.contains_key(&format!("{path}0.weight"));
        if !stem || block(first_stage - 1) {
            return None;
        }
        let stages = (first_stage..).take_while(|stage| block(*stage)).count();
        Some(Self { path: path.into(), dialect: Dialect::Children { first_stage, stages } })
    }

    /// The path for people; `the top` where it is empty.
    pub fn shown(&self) -> String {
        match self.path.trim_end_matches('.') {
            "" => "the top".into(),
            path => clean(path),
        }
    }

    /// Whether the outputs are embeddings of training without labels.
    pub fn is_self_supervised(&self) -> bool {
        self.words().any(|word| SELF_SUPERVISED.contains(&word))
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        self.path.split('.').filter(|word| !word.is_empty())
    }

    /// Parts of the path that mean a copy of another network.
    fn copies(&self) -> usize {
        let means = |word: &str| {
            let word = word.to_lowercase();
            COPIES.contains(&word.as_str()) || word.split('_').any(|part| COPIES.contains(&part))
        };
        self.words().filter(|word| means(word)).count()
    }

    /// Whether `state` names this network: its path, the start of it, or a part between dots.
    fn answers_to(&self, state: &str) -> bool {
        let state = format!(".{}.", state.trim_matches('.'));
        format!(".{}", self.path).contains(&state) || (state == ".." && self.path.is_empty())
    }
}

/// What stands before `ending` in a name, if that is a whole path.
fn before<'n>(name: &'n str, ending: &str) -> Option<&'n str> {
    name.strip_suffix(ending).filter(|path| path.is_empty() || path.ends_with('.'))
}

/// The network that is taken: what `state` names, else what is trained before its copies, then what the usual keys
/// hold, then the shortest path.
///
/// # Errors
/// When none or several answer to `state`.
pub fn choose<'r>(roots: &'r [Root], state: Option<&str>) -> Result<Option<&'r Root>, ModelError> {
    /// Where training scripts keep the weights that they train.
    const USUAL: [&str; 5] = ["state_dict", "model", "model_state_dict", "net", "network"];
    let rank = |root: &&Root| {
        let first = root.words().next().unwrap_or_default();
        let usual = if root.path.is_empty() { Some(0) } else { None };
        let usual = usual.or_else(|| USUAL.iter().position(|key| *key == first).map(|i| i + 1));
        (root.copies(), usual.unwrap_or(USUAL.len() + 1), root.words().count(), root.path.clone())
    };
    let Some(state) = state else { return Ok(roots.iter().min_by_key(rank)) };
    let named: Vec<&Root> = roots.iter().filter(|root| root.answers_to(state)).collect();
    // `model` names `model` before `model.teacher`.
    let exact = named.iter().find(|root| root.path.trim_end_matches('.') == state);
    if let Some(root) = exact.copied().or_else(|| named.iter().copied().min_by_key(rank)) {
        return Ok(Some(root));
    }
    let paths: Vec<String> = roots.iter().map(Root::shown).collect();
    let near = nearest(state, paths.iter().map(String::as_str));
    let hint = match (near.as_slice(), paths.as_slice()) {
        ([], []) => "no network was found in the file".to_string(),
        ([], all) => format!("the file holds {}", all.join(", ")),
        (near, _) => format!("did you mean {}?", near.join(" or ")),
    };
    Err(ModelError::UnknownState { wanted: clean(state), hint })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::base::TensorInfo;
    use crate::import::find::parts;

    fn paths(names: &[&str]) -> Vec<String> {
        let info = |name: &&str| ((*name).to_string(), TensorInfo::float(vec![1]));
        let tensors = parts::all(&names.iter().map(info).collect());
        Root::all(&tensors).into_iter().map(|root| root.path).collect()
    }

    #[test]
    fn networks_are_found_under_any_prefix() {
        assert_eq!(paths(&["layer1.0.conv1.weight", "fc.weight"]), [""]);
        assert_eq!(
            paths(&["a.b.layer1.0.conv1.weight", "a.c.layer1.0.conv1.weight"]),
            ["a.b.", "a.c."]
        );
        assert_eq!(paths(&["player1.0.conv1.weight"]), [""; 0]);
        assert_eq!(
            paths(&["module.resnet.encoder.stages.0.layers.0.layer.0.convolution.weight"]),
            ["module.resnet."]
        );
        assert_eq!(
            paths(&["features.0.weight", "features.4.0.conv1.weight", "features.5.0.conv1.weight"]),
            ["features."]
        );
        assert_eq!(paths(&["4.0.conv1.weight", "5.0.conv1.weight"]), [""; 0]);
    }

    #[test]
    fn what_is_trained_comes_before_its_copies() {
        for (names, taken) in [
            (["model_ema.module.", "model."], "model."),
            (["module.encoder_k.", "module.encoder_q."], "module.encoder_q."),
            (["teacher.backbone.", "student.backbone."], "student.backbone."),
            (["ema.", "state_dict."], "state_dict."),
            (["other.", "model."], "model."),
            (["target_encoder.", "online_encoder."], "online_encoder."),
        ] {
            let roots = names.map(|path| Root { path: path.into(), dialect: Dialect::Torchvision });
            assert_eq!(choose(&roots, None).unwrap().unwrap().path, taken);
            let other = roots.iter().find(|root| root.path != taken).unwrap();
            let key = other.path.trim_end_matches('.');
            assert_eq!(choose(&roots, Some(key)).unwrap(), Some(other));
            assert!(choose(&roots, other.words().next()).unwrap().is_some());
        }
        let roots = [Root { path: "model.".into(), dialect: Dialect::Torchvision }];
        let error = choose(&roots, Some("ema")).unwrap_err().to_string();
        assert!(error.contains("--state ema") && error.contains("model"), "{error}");
    }
}
