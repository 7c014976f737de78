//! Answering requests.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use xxhash_rust::xxh3::Xxh3;

use super::SessionError;
use super::ask::*;
use super::bounded::Bounded;
use super::network::{Network, file_name, layer_infos};
use super::run::{Colours, Run};
use crate::analysis::{Histogram, LayerStatistics, ranked};
use crate::base::{Cancel, LayerId, Progress, Shape};
use crate::config::Dtype;
use crate::picture::{Cells, Grid, Picture, color, invalid};
use crate::source::{Overrides, Photo, Prepared, SAMPLES, is_input_array, prepare, read_input};

/// What holds for a whole session.
#[derive(Clone, Debug)]
pub struct Options {
    /// The type that networks compute in.
    pub dtype: Dtype,
    /// The command line's word on preprocessing.
    pub overrides: Overrides,
    /// Bytes of captures and inputs that are kept.
    pub memory: usize,
}

/// What is loaded and known. Shared between threads; every method takes `&self`.
pub struct Session {
    options: Options,
    networks: Mutex<HashMap<ModelRef, Arc<Network>>>,
    inputs: Mutex<Bounded<InputId, Arc<Held>>>,
    runs: Mutex<Bounded<RunKey, Arc<Run>>>,
}

/// Colours in the scale that a heatmap brings along.
const SCALE: usize = 16;

/// An input with what is known about it.
struct Held {
    prepared: Prepared,
    /// `None` for an input tensor: there is no photo to look at.
    photo: Option<Picture>,
}

/// A panic in one request must not take the session down with it.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Session {
    /// An empty session.
    pub fn new(options: Options) -> Self {
        // Inputs are small beside captures; a share of the bound keeps long folders from piling up.
        let inputs = Bounded::new(options.memory / 8);
        let runs = Bounded::new(options.memory - options.memory / 8);
        Self {
            options,
            networks: Mutex::default(),
            inputs: Mutex::new(inputs),
            runs: Mutex::new(runs),
        }
    }

    /// Answers a request, from what is known where that suffices.
    ///
    /// # Errors
    /// When what is named does not exist, a file fails, or the token was set;
    /// [`SessionError::NotReady`] when the request builds on something that is not in memory.
    pub fn answer(
        &self,
        request: &Request,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Answer, SessionError> {
        Ok(match request {
            Request::Network(model) => Answer::Network(self.load(model)?),
            Request::Input { network, photo } => {
                Answer::Input(self.ready(*network, photo, cancel)?)
            }
            Request::Forward(run) => Answer::Outcome(self.forward(*run, cancel, progress)?),
            Request::Statistics { run, layer } => {
                Answer::Statistics(self.run(*run)?.statistics(*layer)?)
            }
            Request::Heatmap { plane, size, look, over_photo } => {
                Answer::Heatmap(self.heatmap(*plane, *size, *look, *over_photo)?)
            }
            Request::Picture { plane, scale, look } => {
                let run = self.run(plane.run)?;
                let array = run.plane(*plane)?;
                let Colours { map, range, .. } = run.colours(*plane, &array, *look)?;
                let Shape { h, w, .. } = array.shape;
                let picture = Picture::heatmap(array.map(0), h, w, map, range, *scale);
                Answer::Picture(Arc::new(picture))
            }
            Request::Values { run, layer, maps } => {
                Answer::Values(self.run(*run)?.values(*layer, maps.as_deref())?)
            }
            Request::Histogram { plane, bins } => {
                let array = self.run(plane.run)?.plane(*plane)?;
                Answer::Histogram(Arc::new(Histogram::of(array.map(0), *bins)))
            }
            Request::Photo { input, size: (columns, rows), blocks } => {
                let held = self.input(*input)?;
                let photo = held.photo.as_ref().ok_or_else(no_photo)?;
                let grid = Grid { columns: *columns, rows: *rows, blocks: *blocks };
                Answer::Photo(Arc::new(Cells::photo(photo, grid)))
            }
            Request::InputValues(input) => {
                Answer::Values(Arc::new(self.input(*input)?.prepared.input.clone()))
            }
        })
    }

    /// The layer of that name in a loaded network.
    ///
    /// # Errors
    /// When there is none, with similar names.
    pub fn find_layer(&self, network: NetworkId, name: &str) -> Result<LayerId, SessionError> {
        Ok(self.network(network)?.graph.find(name)?)
    }

    fn load(&self, model: &ModelRef) -> Result<Arc<NetworkInfo>, SessionError> {
        if let Some(network) = lock(&self.networks).get(model) {
            return Ok(network.info.clone());
        }
        let network = Network::load(model, self.options.dtype, &self.options.overrides)?;
        let info = network.info.clone();
        lock(&self.networks).insert(model.clone(), Arc::new(network));
        Ok(info)
    }

    fn network(&self, id: NetworkId) -> Result<Arc<Network>, SessionError> {
        let networks = lock(&self.networks);
        networks.values().find(|n| n.info.id == id).cloned().ok_or(SessionError::NotReady)
    }

    fn input(&self, id: InputId) -> Result<Arc<Held>, SessionError> {
        lock(&self.inputs).get(&id).ok_or(SessionError::NotReady)
    }

    fn run(&self, key: RunKey) -> Result<Arc<Run>, SessionError> {
        lock(&self.runs).get(&key).ok_or(SessionError::NotReady)
    }

    fn ready(
        &self,
        network: NetworkId,
        photo: &PhotoRef,
        cancel: &Cancel,
    ) -> Result<Arc<InputInfo>, SessionError> {
        let network = self.network(network)?;
        let (name, held, hash) = match photo {
            PhotoRef::File(path) if is_input_array(path) => input_array(path)?,
            PhotoRef::File(path) => {
                let photo = Photo::read(path)?;
                ready_photo(photo, file_name(path), &path.to_string_lossy(), &network)?
            }
            PhotoRef::Sample(index) => {
                let sample = SAMPLES.get(*index).ok_or(SessionError::NotReady)?;
                let photo = Photo::decode(sample.bytes, sample.name)?;
                ready_photo(photo, sample.name.into(), sample.name, &network)?
            }
        };
        if cancel.is_cancelled() {
            return Err(SessionError::Cancelled);
        }
        let shape = held.prepared.input.shape;
        if shape.c != network.graph.input_channels {
            let needed = network.graph.input_channels;
            return Err(SessionError::Failed(format!(
                "{name}: has {} channels, the network takes {needed}",
                shape.c
            )));
        }
        let mut key = Xxh3::new();
        (hash, network.recipe.describe(), shape).hash(&mut key);
        for value in network.recipe.mean.iter().chain(&network.recipe.std) {
            value.to_bits().hash(&mut key);
        }
        let id = InputId(key.finish());
        let placement = held.photo.is_some().then_some(held.prepared.placement);
        let pixels = held.photo.as_ref().map_or(0, |photo| photo.rgb.len());
        let bytes = held.prepared.input.data.len() * 4 + pixels * 3;
        lock(&self.inputs).insert(id, Arc::new(held), bytes);
        Ok(Arc::new(InputInfo { id, name, shape, placement }))
    }

    fn forward(
        &self,
        key: RunKey,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Arc<Outcome>, SessionError> {
        if let Some(run) = lock(&self.runs).get(&key) {
            return Ok(run.outcome.clone());
        }
        let (network, input) = (self.network(key.network)?, self.input(key.input)?);
        let layers = layer_infos(&network.graph, input.prepared.input.shape)?;
        let started = Instant::now();
        // The statistics afterwards take about a tenth of the time.
        let steps = layers.len() + layers.len() / 10;
        let mut layer_done = Progress::new(|done, _| progress.report(done, steps));
        let capture =
            network.backend.forward(&input.prepared.input, &Vec::new(), cancel, &mut layer_done)?;
        drop(layer_done);
        let milliseconds = started.elapsed().as_secs_f64() * 1000.0;
        let mut statistics = HashMap::new();
        let mut summaries = Vec::with_capacity(layers.len());
        for layer in &layers {
            if cancel.is_cancelled() {
                return Err(SessionError::Cancelled);
            }
            let of = LayerStatistics::of(capture.as_ref(), layer.id)?;
            summaries.push(LayerSummary {
                sparsity: of.total.sparsity(),
                dead: of.dead(),
                invalid: of.total.invalid,
                signed: of.is_signed(),
            });
            statistics.insert(layer.id, Arc::new(of));
            progress.report(layers.len() + statistics.len() / 10, steps);
        }
        let classes = network.graph.classes();
        let logits = match layers.last().filter(|_| classes > 0) {
            Some(last) => capture.read_all(last.id)?.data,
            None => Vec::new(),
        };
        let outcome = Arc::new(Outcome {
            run: key,
            layers: Arc::new(layers),
            summaries,
            ranked: ranked(logits.get(..classes).unwrap_or(&[])),
            milliseconds,
        });
        let bytes = capture.bytes();
        let run = Run { capture, statistics: Mutex::new(statistics), outcome: outcome.clone() };
        lock(&self.runs).insert(key, Arc::new(run), bytes);
        Ok(outcome)
    }

    fn heatmap(
        &self,
        plane: Plane,
        (columns, rows): CellSize,
        look: Look,
        over_photo: bool,
    ) -> Result<Arc<Heatmap>, SessionError> {
        let run = self.run(plane.run)?;
        let array = run.plane(plane)?;
        let Colours { map, range, mode, signed } = run.colours(plane, &array, look)?;
        let Shape { h, w, .. } = array.shape;
        let values = array.map(0);
        let held = if over_photo { Some(self.input(plane.run.input)?) } else { None };
        let photo =
            held.as_ref().map(|held| held.photo.as_ref().ok_or_else(no_photo)).transpose()?;
        let grid = Grid { columns, rows, blocks: look.blocks };
        let cells = Cells::heatmap(values, (h, w), grid, map, range, photo);
        let scale = (0..SCALE).map(|i| color(map, i as f32 / (SCALE - 1) as f32)).collect();
        let invalid = invalid(values);
        Ok(Arc::new(Heatmap { cells, range, colormap: map, mode, signed, scale, invalid }))
    }
}

fn no_photo() -> SessionError {
    SessionError::Failed("an input tensor has no photo to look at".into())
}

fn ready_photo(
    photo: Photo,
    name: String,
    path: &str,
    network: &Network,
) -> Result<(String, Held, u64), SessionError> {
    let channels = network.graph.input_channels;
    let mut prepared = prepare(&photo, &network.recipe, channels, path)?;
    let [height, width] = network.recipe.size;
    let seen = Picture { width, height, rgb: std::mem::take(&mut prepared.seen) };
    Ok((name, Held { prepared, photo: Some(seen) }, photo.hash))
}

fn input_array(path: &Path) -> Result<(String, Held, u64), SessionError> {
    let input = read_input(path)?;
    let mut hash = Xxh3::new();
    for value in &input.data {
        value.to_bits().hash(&mut hash);
    }
    let placement =
        Placement { offset: [0; 2], scale: [1.0; 2], photo: [input.shape.h, input.shape.w] };
    let prepared = Prepared { input, seen: Vec::new(), placement };
    Ok((file_name(path), Held { prepared, photo: None }, hash.finish()))
}
