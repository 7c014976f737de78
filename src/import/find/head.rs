//! The classifier after a network's pooled features, whatever it is called: linear layers in sequence, with batch norm,
//! ReLU and dropout between.

use std::collections::BTreeMap;

use super::Dialect;
use super::parts::Part;
use super::roots::Root;

/// A classifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its layers in their order.
    pub layers: Vec<HeadLayer>,
    /// What its tensors do not say and was assumed, in words.
    pub assumed: Vec<String>,
}

/// A layer of a classifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadLayer {
    /// What torchvision would call it: `fc`, or `fc.2` in a sequence.
    pub name: String,
    /// Its module in the file; `None` for a layer without weights.
    pub module: Option<String>,
    /// What it computes.
    pub kind: HeadKind,
}

/// What a layer of a classifier computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadKind {
    /// A linear layer.
    Linear,
    /// Batch norm.
    Norm,
    /// ReLU.
    Relu,
}

/// The classifier that takes `features` values: the one that the network's own code applies, else the only one in
/// the modules around the network, the nearest first. One that is found elsewhere must end in a linear layer with a
/// bias: without, its weights may be prototypes.
pub fn find(tensors: &BTreeMap<String, Part>, root: &Root, features: usize) -> Option<Head> {
    if root.is_self_supervised() {
        return None;
    }
    let owner = match root.dialect {
        Dialect::Transformers => root.path.strip_suffix("resnet.").unwrap_or(&root.path),
        _ => &root.path,
    };
    let own = format!("{owner}{}", root.dialect.classifier());
    if below(tensors, &own).next().is_some() {
        return Chain::read(tensors, &own, features).map(|chain| chain.head(root.dialect));
    }
    let mut around = Some(root.path.as_str());
    while let Some(path) = around {
        let mut found = modules(tensors, path)
            .filter(|module| !root.path.starts_with(&format!("{module}.")))
            .filter_map(|module| Chain::read(tensors, &module, features))
            .filter(|chain| chain.has_bias);
        if let Some(chain) = found.next() {
            let only = found.next().is_none();
            return only.then(|| {
                let mut head = chain.head(root.dialect);
                let pooled = "is applied to the pooled features";
                head.assumed.insert(0, format!("\"{}\" {pooled}", crate::base::clean(&chain.at)));
                head
            });
        }
        around = parent(path);
    }
    None
}

/// The path around a path; both end with a dot or are empty.
fn parent(path: &str) -> Option<&str> {
    let inside = path.strip_suffix('.')?;
    Some(inside.rfind('.').map_or("", |dot| &path[..=dot]))
}

/// Every tensor of a module, with what follows the module's name.
fn below<'t>(
    tensors: &'t BTreeMap<String, Part>,
    module: &str,
) -> impl Iterator<Item = (&'t str, &'t Part)> + use<'t> {
    let start = format!("{module}.");
    let length = start.len();
    let from = tensors.range(start.clone()..);
    from.take_while(move |(name, _)| name.starts_with(&start))
        .map(move |(name, part)| (&name[length..], part))
}

/// The modules directly in a path, which ends with a dot or is empty.
fn modules(tensors: &BTreeMap<String, Part>, path: &str) -> impl Iterator<Item = String> {
    let from = tensors.range(path.to_string()..).map(|(name, _)| name.as_str());
    let inside = from.take_while(|name| name.starts_with(path));
    let module = |name: &str| Some(format!("{path}{}", name[path.len()..].split_once('.')?.0));
    let mut modules: Vec<String> = inside.filter_map(module).collect();
    modules.dedup();
    modules.into_iter()
}

/// Layers in sequence.
struct Chain {
    /// The module that holds them.
    at: String,
    /// (position in the sequence, module, what it is).
    layers: Vec<(Option<usize>, String, HeadKind)>,
    /// Whether the last one has a bias.
    has_bias: bool,
}

impl Chain {
    /// The layers of a module, if they are a classifier of `features` values and nothing else.
    fn read(tensors: &BTreeMap<String, Part>, at: &str, features: usize) -> Option<Self> {
        /// The extents of each tensor of a layer.
        type Layer<'t> = BTreeMap<&'t str, &'t [usize]>;
        let mut by_module: BTreeMap<&str, Layer<'_>> = BTreeMap::new();
        for (name, part) in below(tensors, at) {
            let (module, tensor) = name.rsplit_once('.').unwrap_or(("", name));
            by_module.entry(module).or_default().insert(tensor, &part.info.dims);
        }
        let single = by_module.len() == 1;
        let mut layers = Vec::new();
        let mut parents: Vec<&str> = Vec::new();
        for (module, tensors) in by_module {
            let (parent, last) = module.rsplit_once('.').unwrap_or(("", module));
            let number = last.parse::<usize>().ok();
            if !single && number.is_none() {
                return None;
            }
            parents.push(parent);
            layers.push((number, module, tensors));
        }
        parents.dedup();
        if parents.len() != 1 {
            return None;
        }
        layers.sort_by_key(|(number, ..)| *number);
        let (mut values, mut read, mut has_bias) = (features, Vec::new(), false);
        for (number, module, tensors) in layers {
            let vector = |name: &str, length: usize| match tensors.get(name) {
                Some([found]) => *found == length,
                found => found.is_none(),
            };
            let kind = match tensors.get("weight")? {
                [out, inside] if *inside == values && *out > 0 => {
                    has_bias = tensors.contains_key("bias");
                    if !vector("bias", *out) || tensors.len() > 1 + usize::from(has_bias) {
                        return None;
                    }
                    values = *out;
                    HeadKind::Linear
                }
                [channels] if *channels == values && tensors.len() == 4 => {
                    let parts = ["bias", "running_mean", "running_var"];
                    if parts.iter().any(|part| !tensors.contains_key(part) || !vector(part, values))
                    {
                        return None;
                    }
                    HeadKind::Norm
                }
                _ => return None,
            };
            let module = if module.is_empty() { at.into() } else { format!("{at}.{module}") };
            read.push((number, module, kind));
        }
        let ends = read.last().is_some_and(|(.., kind)| *kind == HeadKind::Linear);
        ends.then(|| Self { at: at.into(), layers: read, has_bias })
    }

    /// The classifier, with a ReLU after each linear layer but the last: in the first place of the sequence after it
    /// that has no weights. Other such places are dropout, which does nothing in evaluation.
    fn head(&self, dialect: Dialect) -> Head {
        let mut head = Head { layers: Vec::new(), assumed: Vec::new() };
        let name = |number: Option<usize>| match number {
            Some(number) if dialect != Dialect::Transformers => format!("fc.{number}"),
            _ => "fc".to_string(),
        };
        // The place after the last layer, and the last linear layer that has no ReLU yet.
        let (mut next, mut open): (usize, Option<String>) = (0, None);
        for (number, module, kind) in &self.layers {
            if let Some(number) = number
                && *number > next
                && let Some(linear) = open.take()
            {
                head.assumed.push(format!("a ReLU between {linear} and {}", name(Some(*number))));
                head.layers.push(HeadLayer {
                    name: name(Some(next)),
                    module: None,
                    kind: HeadKind::Relu,
                });
            }
            let name = name(*number);
            if *kind == HeadKind::Linear {
                open = Some(name.clone());
            }
            next = number.map_or(0, |number| number + 1);
            head.layers.push(HeadLayer { name, module: Some(module.clone()), kind: *kind });
        }
        head
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::base::TensorInfo;
    use crate::import::find::parts;

    /// The layers of the head that is found in such a file.
    fn head(path: &str, tensors: &[(&str, &[usize])]) -> Option<Vec<String>> {
        let info = |(name, dims): &(&str, &[usize])| {
            ((*name).to_string(), TensorInfo::float(dims.to_vec()))
        };
        let tensors = parts::all(&tensors.iter().map(info).collect());
        let root = Root { path: path.into(), dialect: Dialect::Torchvision };
        let head = find(&tensors, &root, 8)?;
        Some(head.layers.iter().map(|layer| format!("{} {:?}", layer.name, layer.kind)).collect())
    }

    #[test]
    fn linear_layers_in_sequence_are_a_head() {
        let (w, b): (&[usize], &[usize]) = (&[5, 8], &[5]);
        assert_eq!(head("", &[("fc.weight", w), ("fc.bias", b)]).unwrap(), ["fc Linear"]);
        assert_eq!(head("", &[("fc.1.weight", w), ("fc.1.bias", b)]).unwrap(), ["fc.1 Linear"]);
        let two: [(&str, &[usize]); 4] = [
            ("fc.0.weight", &[6, 8]),
            ("fc.0.bias", &[6]),
            ("fc.3.weight", &[5, 6]),
            ("fc.3.bias", b),
        ];
        assert_eq!(head("", &two).unwrap(), ["fc.0 Linear", "fc.1 Relu", "fc.3 Linear"]);
        let norm: [(&str, &[usize]); 8] = [
            ("fc.0.weight", &[6, 8]),
            ("fc.1.weight", &[6]),
            ("fc.1.bias", &[6]),
            ("fc.1.running_mean", &[6]),
            ("fc.1.running_var", &[6]),
            ("fc.4.weight", &[5, 6]),
            ("fc.4.bias", b),
            ("other", &[1]),
        ];
        let layers = ["fc.0 Linear", "fc.1 Norm", "fc.2 Relu", "fc.4 Linear"];
        assert_eq!(head("", &norm).unwrap(), layers);
    }

    #[test]
    fn a_head_beside_the_backbone_is_found_if_it_is_the_only_one() {
        let (w, b): (&[usize], &[usize]) = (&[5, 8], &[5]);
        let one = [("m.head.fc.weight", w), ("m.head.fc.bias", b)];
        assert_eq!(head("m.backbone.", &one).unwrap(), ["fc Linear"]);
        let two = [("a.weight", w), ("a.bias", b), ("c.weight", w), ("c.bias", b)];
        assert_eq!(head("b.", &two), None);
        assert_eq!(head("b.", &[("prototypes.weight", w)]), None);
        assert_eq!(head("module.encoder_q.", &[("module.encoder_q.fc.weight", w)]), None);
    }

    #[test]
    fn anything_else_is_not_a_head() {
        let cases: [&[(&str, &[usize])]; 6] = [
            &[("fc.weight", &[5, 9]), ("fc.bias", &[5])],
            &[("fc.weight", &[5, 8, 1, 1]), ("fc.bias", &[5])],
            &[("fc.weight", &[5, 8]), ("fc.bias", &[6])],
            &[("fc.weight", &[5, 8]), ("fc.scale", &[1])],
            &[("fc.a.weight", &[5, 8]), ("fc.b.weight", &[5, 5])],
            &[("fc.0.weight", &[5, 8]), ("fc.1.weight", &[5]), ("fc.1.bias", &[5])],
        ];
        for tensors in cases {
            assert_eq!(head("", tensors), None, "{tensors:?}");
        }
    }
}
