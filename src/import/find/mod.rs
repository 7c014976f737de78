//! Which of a file's tensors are a network, and what is done with the others.
//!
//! A file is a listing of names and extents, before any tensor is read. A network is found by names that only it has,
//! under any prefix and under any key (`roots`); weights that are kept in parts count as whole (`parts`); after the
//! body comes a classifier (`head`). What is left is named, never dropped without a word.
//!
//! Only ResNets have such names here yet; of others it is said what they look like.

mod dialect;
mod head;
mod looks_like;
mod parts;
mod roots;

use std::collections::{BTreeMap, HashMap};

use candle_core::Tensor;

pub use dialect::Dialect;
pub use head::{Head, HeadKind, HeadLayer};

use self::parts::Part;
use self::roots::Root;
use crate::base::{Listing, clean, count};
use crate::model::ModelError;

/// A network in a file.
#[derive(Clone, Debug)]
pub struct Found {
    /// The keys of dicts and lists that lead to its state dict, with dots between; empty for a state dict alone.
    pub key: String,
    /// What stands before its names in the state dict; ends with a dot unless it is empty.
    pub prefix: String,
    /// Whose names it has.
    pub dialect: Dialect,
    /// What follows its pooled features.
    pub head: Option<Head>,
    /// What was taken of several, what was put together and what was left out, in sentences.
    pub notes: Vec<String>,
    /// torchvision's name of each tensor.
    names: BTreeMap<String, Part>,
    /// Bytes of a whole name that are [`Found::key`] and its dot.
    key_length: usize,
}

/// The tensors of a network by torchvision's names.
#[derive(Clone, Debug, Default)]
pub struct Tensors {
    /// The tensors.
    pub all: HashMap<String, Tensor>,
    /// What the file's state dict calls them.
    pub file: HashMap<String, String>,
}

impl Found {
    /// Finds the network of a file; `state` says which, where there are several: the path that leads to it, or a part
    /// of the path.
    ///
    /// # Errors
    /// When there is none, with what the file looks like; when `state` does not name one.
    pub fn in_listing(listing: &Listing, state: Option<&str>) -> Result<Self, ModelError> {
        let tensors = parts::all(listing);
        let roots = Root::all(&tensors);
        let Some(root) = roots::choose(&roots, state)? else {
            return Err(ModelError::NoNetwork(looks_like::sentence(&tensors)));
        };
        let ours = |name: &str| root.dialect.body(name.strip_prefix(&root.path)?);
        let mut names: BTreeMap<String, Part> = BTreeMap::new();
        let mut rest: Vec<&str> = Vec::new();
        for (name, part) in &tensors {
            match ours(name) {
                Some(ours) => drop(names.insert(ours, part.clone())),
                None => rest.push(name),
            }
        }
        if let Some((name, part)) = names.iter().find(|(name, part)| {
            name.contains("conv") && name.ends_with(".weight") && part.info.dims.len() == 5
        }) {
            return Err(ModelError::NoNetwork(format!(
                "is a network of 3-D convolutions ({name} is {:?}), which are not supported yet; only \
                 2-D ResNets run",
                part.info.dims
            )));
        }
        let head = features(&names).and_then(|features| head::find(&tensors, root, features));
        for layer in head.iter().flat_map(|head| &head.layers) {
            let Some(module) = &layer.module else { continue };
            let inside = format!("{module}.");
            rest.retain(|name| {
                let tensor = name.strip_prefix(&inside);
                if let Some((tensor, part)) = tensor.zip(tensors.get(*name)) {
                    names.insert(format!("{}.{tensor}", layer.name), part.clone());
                }
                tensor.is_none()
            });
        }
        let key_length = names.values().map(|part| part.info.key).min().unwrap_or(0);
        let (key, prefix) = root.path.split_at(key_length.min(root.path.len()));
        let mut notes = Vec::new();
        if roots.len() > 1 {
            let others = roots.iter().filter(|other| *other != root).map(Root::shown);
            let others: Vec<String> = others.collect();
            notes.push(format!(
                "using {}, one of {} networks in the file; --state selects another: {}",
                root.shown(),
                roots.len(),
                some(&others)
            ));
        }
        notes.extend(left_out(&rest, root));
        let mut words: Vec<&str> = names.values().filter_map(Part::word).collect();
        words.sort_unstable();
        words.dedup();
        notes.extend(
            words
                .iter()
                .map(|word| format!("weights computed from their parametrization ({word})")),
        );
        let (key, prefix) = (key.trim_end_matches('.').to_string(), prefix.to_string());
        Ok(Self { key, prefix, dialect: root.dialect, head, notes, names, key_length })
    }

    /// What identifies it among the networks of its file.
    pub fn path(&self) -> String {
        format!("{}.{}", self.key, self.prefix)
    }

    /// The names of its tensors in the file.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.names.values().flat_map(Part::files)
    }

    /// Its tensors by torchvision's names, from the file's; one that is not there is left out.
    ///
    /// # Errors
    /// When the parts of a weight do not fit together.
    pub fn tensors(&self, loaded: &HashMap<String, Tensor>) -> Result<Tensors, ModelError> {
        let mut tensors = Tensors::default();
        for (name, part) in &self.names {
            let Some(tensor) = part.assemble(loaded)? else { continue };
            tensors.all.insert(name.clone(), tensor);
            if let Some(file) = part.files().next().and_then(|file| file.get(self.key_length..)) {
                tensors.file.insert(name.clone(), file.to_string());
            }
        }
        Ok(tensors)
    }
}

/// Channels of the last stage: the outputs of the last convolution of its first block.
fn features(names: &BTreeMap<String, Part>) -> Option<usize> {
    let stage = names
        .keys()
        .filter_map(|name| name.strip_prefix("layer")?.split_once('.')?.0.parse::<usize>().ok());
    let stage = stage.max()?;
    let last = ["conv3", "conv2"]
        .into_iter()
        .find_map(|conv| names.get(&format!("layer{stage}.0.{conv}.weight")))?;
    last.info.dims.first().copied()
}

/// A sentence about the tensors that are not part of the network, by the modules that they belong to.
fn left_out(rest: &[&str], root: &Root) -> Option<String> {
    let mut groups: BTreeMap<String, usize> = BTreeMap::new();
    for name in rest {
        *groups.entry(group(name, &root.path)).or_default() += 1;
    }
    let shown: Vec<String> = groups
        .iter()
        .map(|(group, size)| match size {
            1 => group.clone(),
            size => format!("{group} ({})", count(*size, "tensor")),
        })
        .collect();
    (!shown.is_empty()).then(|| format!("left out: {}", some(&shown)))
}

/// The module of a name just below the path that it shares with the network; the whole name of a tensor there.
fn group(name: &str, root: &str) -> String {
    let shared = name.split('.').zip(root.split('.')).take_while(|(a, b)| a == b).count();
    let parts: Vec<&str> = name.split('.').take(shared + 1).collect();
    parts.join(".")
}

/// The first of some names, cleaned, and how many more there are.
fn some(names: &[String]) -> String {
    const MOST: usize = 8;
    let first: Vec<String> = names.iter().take(MOST).map(|name| short(name)).collect();
    match names.len().saturating_sub(MOST) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// A name out of a file, short enough for a sentence.
fn short(name: &str) -> String {
    const MOST: usize = 60;
    match name.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", clean(&name[..end])),
        None => clean(name),
    }
}
