//! A loaded network: graph, labels and recipe; `place` makes it ready on a device.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::SessionError;
use super::ask::{ClassLabel, LayerInfo, ModelRef, NetworkId, NetworkInfo};
use super::place::Ready;
use crate::base::{Shape, clean, count};
use crate::config::imagenet;
use crate::model::{Graph, costs, infer, receptive_fields, resnet};
use crate::source::{Checkpoint, Overrides, Recipe, builtin_network};

/// Everything needed to run a network.
pub struct Network {
    /// The layers.
    pub graph: Arc<Graph>,
    /// What runs them, where they were run last.
    pub ready: Mutex<Option<Ready>>,
    /// How photos are made ready.
    pub recipe: Recipe,
    /// What others may know.
    pub info: Arc<NetworkInfo>,
}

impl Network {
    /// Reads and recognises a network.
    pub fn load(model: &ModelRef, overrides: &Overrides) -> Result<Self, SessionError> {
        let (checkpoint, source) = match model {
            ModelRef::Builtin => (builtin_network()?, "builtin".to_string()),
            ModelRef::File(path) => (Checkpoint::read(path)?, file_name(path)),
        };
        let graph = Arc::new(
            resnet::build(&checkpoint.tensors)
                .map_err(|e| SessionError::Failed(format!("{source}: {e}")))?,
        );
        let channels = graph.input_channels;
        let metadata = &checkpoint.metadata;
        check_lists(overrides, channels)?;
        let recipe = Recipe::choose(graph.usual_input, channels, metadata, overrides);
        let input = Shape::new(1, channels, recipe.size[0], recipe.size[1]);
        let info = NetworkInfo {
            id: NetworkId(checkpoint.hash),
            name: graph.name.clone(),
            source,
            layers: Arc::new(layer_infos(&graph, input)?),
            input,
            classes: class_labels(metadata, graph.classes()),
            recipe: recipe.describe(),
            recipe_origin: recipe.origin.clone(),
            notes: notes(&graph, metadata),
            warnings: warnings(&checkpoint.not_finite),
        };
        Ok(Self { graph, ready: Mutex::default(), recipe, info: Arc::new(info) })
    }
}

/// A mean or deviation for each channel, or one for all.
fn check_lists(overrides: &Overrides, channels: usize) -> Result<(), SessionError> {
    for (flag, values) in [("--mean", &overrides.mean), ("--std", &overrides.std)] {
        let given = values.as_ref().map_or(1, Vec::len);
        if given != 1 && given != channels {
            return Err(SessionError::Unknown(format!(
                "{flag} has {given} values, the network takes {channels} channels"
            )));
        }
    }
    Ok(())
}

/// What is known about every layer for an input of that shape.
pub fn layer_infos(graph: &Graph, input: Shape) -> Result<Vec<LayerInfo>, SessionError> {
    let shapes = infer(graph, input)?;
    let fields = receptive_fields(graph, input, &shapes);
    let facts = shapes.iter().zip(fields).zip(costs(graph, &shapes));
    Ok(graph
        .layers()
        .zip(facts)
        .map(|((id, node), ((shape, field), cost))| LayerInfo {
            id,
            name: clean(&node.name),
            op: node.op.describe(),
            shape: *shape,
            parameters: cost.parameters,
            multiply_adds: cost.multiply_adds,
            field,
        })
        .collect())
}

/// The last part of a path, harmless to print.
pub fn file_name(path: &Path) -> String {
    clean(&path.file_name().unwrap_or(path.as_os_str()).to_string_lossy())
}

/// Labels from the checkpoint's metadata, else ImageNet's for 1,000 classes, else numbers.
fn class_labels(metadata: &HashMap<String, String>, classes: usize) -> Vec<ClassLabel> {
    #[derive(serde::Deserialize)]
    struct Entry {
        id: Option<String>,
        label: String,
    }
    let own = metadata.get("classes").and_then(|v| serde_json::from_str::<Vec<Entry>>(v).ok());
    if let Some(own) = own.filter(|own| own.len() == classes) {
        let label = |e: Entry| ClassLabel { wordnet: e.id, name: clean(&e.label) };
        return own.into_iter().map(label).collect();
    }
    if imagenet().len() == classes {
        let label =
            |l: &crate::config::Label| ClassLabel { wordnet: l.id.clone(), name: clean(&l.name) };
        return imagenet().iter().map(label).collect();
    }
    (0..classes).map(|i| ClassLabel { wordnet: None, name: format!("class {i}") }).collect()
}

fn notes(graph: &Graph, metadata: &HashMap<String, String>) -> Vec<String> {
    let mut notes: Vec<String> =
        graph.assumptions.iter().map(|a| format!("assumed: {a}")).collect();
    for key in ["trained_on", "trained", "script", "accuracy", "accuracy_of"] {
        if let Some(value) = metadata.get(key) {
            notes.push(format!("{}: {}", key.replace('_', " "), clean(value)));
        }
    }
    notes
}

fn warnings(not_finite: &[String]) -> Vec<String> {
    let Some(first) = not_finite.first() else { return Vec::new() };
    let others = match not_finite.len() - 1 {
        0 => String::new(),
        n => format!(" and {}", count(n, "other tensor")),
    };
    vec![format!("{}{others} hold NaN or infinity: the training diverged", clean(first))]
}
