//! A loaded network: graph, labels and recipe, and what runs it on a device.

use std::sync::{Arc, Mutex};

use xxhash_rust::xxh3::xxh3_64;

use super::SessionError;
use super::ask::known::{LayerInfo, NetworkInfo};
use super::ask::refs::NetworkId;
use super::claims::contradictions;
use super::describe::{OwnLabels, Told, class_labels, not_finite};
use super::locate::{Located, Weights};
use super::lock::lock;
use super::options::{Options, Wishes};
use super::outputs::output_function;
use crate::base::{Shape, StrideIn, clean};
use crate::engine::device::Chosen;
use crate::engine::{Backend, EngineError};
use crate::import::find::Found;
use crate::import::{onnx, pt2, resnet};
use crate::model::{Graph, ModelError, costs, extents, receptive_fields};
use crate::ops::Dims;
use crate::source::{Checkpoint, Overrides, Recipe, RepoConfig, Stated, builtin_network};

/// Everything needed to run a network.
pub struct Network {
    /// The layers.
    pub graph: Arc<Graph>,
    /// What runs them, where they were run last.
    ready: Mutex<Option<Ready>>,
    /// How photos are made ready.
    pub recipe: Recipe,
    /// What others may know.
    pub info: Arc<NetworkInfo>,
}

/// A network made ready on a device.
pub struct Ready {
    on: Arc<Chosen>,
    backend: Arc<dyn Backend>,
}

impl Network {
    /// Reads and recognizes a network.
    pub fn load(located: &Located, wishes: &Wishes) -> Result<Self, SessionError> {
        let (checkpoint, repo) = match &located.weights {
            Weights::Builtin => (builtin_network()?, builtin_config()),
            Weights::File { path, folder } => (Checkpoint::read(path)?, RepoConfig::read(folder)?),
        };
        let source = &located.name;
        if let Some(why) = &repo.refused {
            return Err(SessionError::Failed(format!("{source}: {why}")));
        }
        let about = |e: ModelError| match e {
            ModelError::UnknownState { .. } => SessionError::Unknown(format!("{source}: {e}")),
            _ => SessionError::Failed(format!("{source}: {e}")),
        };
        let Built { graph, not_finite: broken, key, path } =
            Built::of(&checkpoint, wishes, &repo, about)?;
        let graph = Arc::new(graph);
        let channels = graph.input_channels;
        check_lists(&wishes.overrides, channels)?;
        let metadata = &checkpoint.metadata;
        let exported = (checkpoint.program.is_some() || checkpoint.onnx.is_some())
            .then(|| exported_with(graph.usual_input));
        let stated =
            [repo.recipe.clone(), located.recipe.clone(), Stated::in_metadata(metadata), exported];
        let stated = stated.into_iter().flatten();
        let recipe = Recipe::choose(graph.usual_input, channels, stated, &wishes.overrides);
        let input = Shape::new(1, channels, recipe.size[0], recipe.size[1]);
        let own = OwnLabels { metadata, tables: &checkpoint.tables };
        let (classes, odd) = class_labels(wishes, &repo, located.labels, &own, graph.classes())?;
        let mut told = Told::of(&graph, &key, metadata);
        told.warnings.extend(not_finite(&broken));
        told.warnings.extend(located.notes.iter().chain(&repo.notes).cloned().chain(odd));
        told.warnings.extend(contradictions(&repo.claims, &graph));
        told.warnings.extend(recipe.refused.iter().map(|why| format!("photos are refused: {why}")));
        let problem_type = repo.problem_type.as_deref();
        let outputs = output_function(wishes.answer, problem_type, graph.classes(), &mut told);
        let info = NetworkInfo {
            id: NetworkId(checkpoint.hash ^ xxh3_64(path.as_bytes())),
            name: graph.name.clone(),
            source: source.clone(),
            layers: Arc::new(layer_infos(&graph, input)?),
            input,
            classes,
            outputs,
            recipe: recipe.describe(),
            recipe_origin: recipe.origin.clone(),
            notes: told.notes,
            warnings: told.warnings,
        };
        Ok(Self { graph, ready: Mutex::default(), recipe, info: Arc::new(info) })
    }

    /// What runs it there; the weights go there when it is first asked for.
    ///
    /// # Errors
    /// When they do not fit.
    pub fn backend(
        &self,
        options: &Options,
        on: &Arc<Chosen>,
    ) -> Result<Arc<dyn Backend>, EngineError> {
        let mut ready = lock(&self.ready);
        if let Some(ready) = ready.as_ref().filter(|ready| Arc::ptr_eq(&ready.on, on)) {
            return Ok(ready.backend.clone());
        }
        // The old one goes first: both may not fit.
        *ready = None;
        let backend = options.devices.backend(&self.graph, on, options.capture_bytes())?;
        *ready = Some(Ready { on: on.clone(), backend: backend.clone() });
        Ok(backend)
    }
}

/// What a program says of its input, and what has to be assumed.
fn exported_with(size: [usize; 2]) -> Stated {
    let origin = "the size it was exported with; mean and deviation assumed".to_string();
    Stated { origin, size: Some(size), ..Stated::default() }
}

/// A graph, and where in the file its tensors were.
struct Built {
    graph: Graph,
    not_finite: Vec<String>,
    /// The state dict that was taken.
    key: String,
    /// The prefix of its names.
    path: String,
}

impl Built {
    /// By the program that the file has, else by its tensors alone.
    fn of(
        checkpoint: &Checkpoint,
        wishes: &Wishes,
        repo: &RepoConfig,
        about: impl Fn(ModelError) -> SessionError,
    ) -> Result<Self, SessionError> {
        let (key, path) = (String::new(), String::new());
        if let Some(model) = &checkpoint.onnx {
            let names = onnx::tensors(model);
            let loaded = checkpoint.load(names.iter().map(String::as_str))?;
            let graph = onnx::build(model, &loaded.tensors).map_err(&about)?;
            return Ok(Self { graph, not_finite: loaded.not_finite, key, path });
        }
        let listing = checkpoint.listing();
        let Some(program) = &checkpoint.program else {
            let found = Found::in_listing(&listing, wishes.state.as_deref()).map_err(&about)?;
            let loaded = checkpoint.load(found.files())?;
            let tensors = found.tensors(&loaded.tensors).map_err(&about)?;
            let graph = resnet::build_with(&found, &tensors, &options(wishes, repo));
            let (key, path) = (found.key.clone(), found.path());
            return Ok(Self {
                graph: graph.map_err(&about)?,
                not_finite: loaded.not_finite,
                key,
                path,
            });
        };
        let names = pt2::tensors(program).map_err(&about)?;
        // Counters and indices are no numbers to compute with.
        let float = |name: &&str| listing.get(*name).is_some_and(|info| info.float);
        let loaded = checkpoint.load(names.iter().map(String::as_str).filter(float))?;
        let graph = pt2::build(program, &loaded.tensors).map_err(&about)?;
        Ok(Self { graph, not_finite: loaded.not_finite, key, path })
    }
}

/// What stands beside the weights of the program: the recipe and the labels are in their metadata.
fn builtin_config() -> RepoConfig {
    let problem_type = Some("single_label_classification".to_string());
    RepoConfig { problem_type, ..RepoConfig::default() }
}

/// What the repository says that no tensor does, and the command line over it.
fn options(wishes: &Wishes, repo: &RepoConfig) -> resnet::Options {
    let RepoConfig { output_stride, eps, .. } = *repo;
    resnet::Options { strides: strides(wishes, repo), output_stride, eps }
}

/// The command line's word on the strides over the repository's.
fn strides(wishes: &Wishes, repo: &RepoConfig) -> Option<resnet::Strides> {
    let (in_first, in_first_stage) = repo.strides.unwrap_or_default();
    let of_repo = resnet::Strides { in_first, in_first_stage };
    match wishes.stride_in {
        Some(wish) => Some(resnet::Strides { in_first: wish == StrideIn::First, ..of_repo }),
        None => repo.strides.map(|_| of_repo),
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
    let dims = extents(graph, input)?;
    let shapes = dims.iter().map(Dims::shape);
    let fields = receptive_fields(graph, input, &dims);
    let makers = graph.makers(&dims);
    let facts = shapes.zip(fields).zip(costs(graph, input, &dims)).zip(makers);
    Ok(graph
        .layers()
        .zip(facts)
        .map(|((id, node), (((shape, field), cost), made))| LayerInfo {
            id,
            name: clean(&node.name),
            op: node.op.word().into_owned(),
            shape,
            parameters: cost.parameters,
            multiply_adds: cost.multiply_adds,
            field,
            made,
        })
        .collect())
}
