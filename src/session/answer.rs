//! Answering requests.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use xxhash_rust::xxh3::Xxh3;

use super::SessionError;
use super::ask::*;
use super::bounded::Bounded;
use super::kernels::Kernels;
use super::listing;
use super::locate::locate;
use super::network::{Network, file_name};
use super::options::Options;
use super::place::Place;
use super::room::check_input;
use super::run::{Colours, Run};
use crate::analysis::Histogram;
use crate::base::{Array, Blending, Cancel, LayerId, Progress, Shape};
use crate::picture::{Cells, Grid, Picture, color, invalid};
use crate::source::{Given, Photo, Prepared, SAMPLES, prepare};

/// What is loaded and known. Shared between threads; every method takes `&self`.
pub struct Session {
    pub(super) options: Options,
    pub(super) networks: Mutex<HashMap<ModelRef, Arc<Network>>>,
    pub(super) inputs: Mutex<Bounded<InputId, Arc<Held>>>,
    pub(super) runs: Mutex<Bounded<RunKey, Arc<Run>>>,
    pub(super) place: Place,
    /// What work has found, so far or at its end.
    pub(super) found: Mutex<Bounded<Job, Arc<Found>>>,
    /// The most bytes that work took so far, with what was kept beside it: memory that is used again.
    pub(super) taken: Mutex<u64>,
    /// The convolution whose weights were looked at last.
    pub(super) weights: Mutex<Option<Arc<Kernels>>>,
}

/// Colours in the scale that a heatmap brings along.
pub(super) const SCALE: usize = 16;

/// An input with what is known about it.
pub(super) struct Held {
    pub(super) prepared: Prepared,
    /// `None` for an input tensor: there is no photo to look at.
    pub(super) photo: Option<Picture>,
}

/// A panic in one request must not take the session down with it.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Session {
    /// An empty session.
    pub fn new(options: Options) -> Self {
        let kept = |bytes: usize| if options.history { bytes } else { 0 };
        let inputs = Bounded::new(kept(options.input_bytes()));
        let runs = Bounded::new(kept(options.run_bytes()));
        let found = Bounded::new(options.found_bytes());
        Self {
            options,
            networks: Mutex::default(),
            inputs: Mutex::new(inputs),
            runs: Mutex::new(runs),
            found: Mutex::new(found),
            place: Place::default(),
            weights: Mutex::default(),
            taken: Mutex::default(),
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
            Request::Network(model) => Answer::Network(self.load(model, cancel, progress)?),
            Request::Input { network, photo } => {
                Answer::Input(self.ready(*network, photo, cancel)?)
            }
            Request::Forward { run, knock_outs } => {
                Answer::Outcome(self.forward(*run, knock_outs, cancel, progress)?)
            }
            Request::Job(job) => Answer::Found(self.job(job, cancel, progress)?),
            Request::Found(job) => Answer::Found(self.found(job)?),
            Request::FoundValues(job) => Answer::Values(self.found_values(job)?),
            Request::Sight { sight, size: (columns, rows) } => {
                let grid = Grid { columns: *columns, rows: *rows, blocks: sight.blocks };
                Answer::Photo(Arc::new(Cells::photo(&self.sight(sight)?, grid)))
            }
            Request::Agreement(of) => Answer::Agreement(self.agreement(of)?),
            Request::Statistics { run, layer } => {
                Answer::Statistics(self.run(*run)?.statistics(*layer)?)
            }
            Request::Heatmap { plane, size, look, over_photo } => {
                Answer::Heatmap(self.heatmap(*plane, *size, *look, *over_photo)?)
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
            Request::Kernels { network, layer } => {
                Answer::Kernels(self.kernels(*network, *layer)?.info.clone())
            }
            Request::Kernel { kernel, size, look } => {
                Answer::Heatmap(self.kernel(*kernel, *size, *look)?)
            }
            Request::KernelValues { network, layer, kernels } => {
                let all = self.kernels(*network, *layer)?;
                Answer::Values(Arc::new(all.values(kernels.as_deref())?))
            }
            Request::Sheet { seen, scale } => Answer::Picture(Arc::new(self.sheet(seen, *scale)?)),
            Request::Raster { of, pixels, mark } => {
                Answer::Picture(Arc::new(self.raster(of, *pixels, *mark)?))
            }
            Request::Timing(wish) => Answer::Timing(self.timing(wish, cancel, progress)?),
            Request::Models => Answer::Models(Arc::new(self.models()?)),
            Request::Fetch(model) => {
                Answer::Fetched(Arc::new(self.fetch(model, cancel, progress)?))
            }
            Request::Folder(path) => Answer::Folder(Arc::new(listing::folder(path)?)),
            Request::Thumbnail { photo, size, blocks } => {
                Answer::Photo(Arc::new(listing::thumbnail(photo, *size, *blocks)?))
            }
            Request::Export(export) => Answer::Exported(Arc::new(self.export(export)?)),
            Request::Device(choice) => {
                let (chosen, changed) = self.place.change(&self.options, *choice)?;
                if changed {
                    // Values of two devices must not stand side by side under one name.
                    lock(&self.runs).clear();
                    lock(&self.found).clear();
                }
                Answer::Device(Arc::new(chosen.as_ref().into()))
            }
        })
    }

    /// Where networks run now: the device is taken when this is first asked for.
    ///
    /// # Errors
    /// When the one that the options name cannot be had.
    pub fn device(&self) -> Result<DeviceNow, SessionError> {
        Ok(self.place.now(&self.options)?.as_ref().into())
    }

    /// The layer of that name in a loaded network.
    ///
    /// # Errors
    /// When there is none, with similar names.
    pub fn find_layer(&self, network: NetworkId, name: &str) -> Result<LayerId, SessionError> {
        Ok(self.network(network)?.graph.find(name)?)
    }

    fn load(
        &self,
        model: &ModelRef,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Arc<NetworkInfo>, SessionError> {
        if let Some(network) = lock(&self.networks).get(model) {
            return Ok(network.info.clone());
        }
        // A device that cannot be had is said before the work, not after it.
        self.place.now(&self.options)?;
        let located = locate(model, &self.options, cancel, progress)?;
        let network = Network::load(&located, &self.options.wishes)?;
        let info = network.info.clone();
        lock(&self.networks).insert(model.clone(), Arc::new(network));
        Ok(info)
    }

    pub(super) fn network(&self, id: NetworkId) -> Result<Arc<Network>, SessionError> {
        let networks = lock(&self.networks);
        networks.values().find(|n| n.info.id == id).cloned().ok_or(SessionError::NotReady)
    }

    pub(super) fn input(&self, id: InputId) -> Result<Arc<Held>, SessionError> {
        lock(&self.inputs).get(&id).ok_or(SessionError::NotReady)
    }

    pub(super) fn run(&self, key: RunKey) -> Result<Arc<Run>, SessionError> {
        let plain = RunKey { difference: false, ..key };
        let run = lock(&self.runs).get(&plain).ok_or(SessionError::NotReady)?;
        Ok(if key.difference { run.difference() } else { run })
    }

    fn ready(
        &self,
        network: NetworkId,
        photo: &PhotoRef,
        cancel: &Cancel,
    ) -> Result<Arc<InputInfo>, SessionError> {
        let network = self.network(network)?;
        let [height, width] = network.recipe.size;
        check_input(Shape::new(1, network.graph.input_channels, height, width))?;
        let Ready { name, held, hash, notes } = match photo {
            PhotoRef::File(path) => match Given::read(path)? {
                Given::Input { input, notes } => input_array(path, input, notes),
                Given::Photo(photo) => {
                    ready_photo(photo, file_name(path), &path.to_string_lossy(), &network, cancel)?
                }
            },
            PhotoRef::Blank => blank(&network),
            PhotoRef::Sample(index) => {
                let sample = SAMPLES.get(*index).ok_or(SessionError::NotReady)?;
                let photo = Photo::decode(sample.bytes, sample.name)?;
                ready_photo(photo, sample.name.into(), sample.name, &network, cancel)?
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
        (hash, format!("{:?}", network.recipe), shape).hash(&mut key);
        let id = InputId(key.finish());
        let placement = held.photo.is_some().then_some(held.prepared.placement);
        let pixels = held.photo.as_ref().map_or(0, |photo| photo.rgb.len());
        let bytes = held.prepared.input.data.len() * 4 + pixels * 3;
        lock(&self.inputs).insert(id, Arc::new(held), bytes);
        Ok(Arc::new(InputInfo { id, name, shape, placement, notes }))
    }

    fn heatmap(
        &self,
        plane: Plane,
        (columns, rows): CellSize,
        look: Look,
        over_photo: Option<Blending>,
    ) -> Result<Arc<Heatmap>, SessionError> {
        let run = self.run(plane.run)?;
        let array = run.plane(plane)?;
        let Shape { h, w, .. } = array.shape;
        let values = array.map(0);
        let grid = Grid { columns, rows, blocks: look.blocks };
        let drawn = grid.drawn(values, (h, w));
        let Colours { map, range, mode, signed } = run.colours(plane, &drawn, look)?;
        let held = over_photo.map(|_| self.input(plane.run.input)).transpose()?;
        let photo =
            held.as_ref().map(|held| held.photo.as_ref().ok_or_else(no_photo)).transpose()?;
        let cells = Cells::heatmap(&drawn, grid, map, range, photo.zip(over_photo));
        let scale = (0..SCALE).map(|i| color(map, i as f32 / (SCALE - 1) as f32)).collect();
        let invalid = invalid(values);
        Ok(Arc::new(Heatmap { cells, range, colormap: map, mode, signed, scale, invalid }))
    }
}

pub(super) fn no_photo() -> SessionError {
    SessionError::Failed("an input tensor has no photo to look at".into())
}

/// An input before it has an id.
struct Ready {
    name: String,
    held: Held,
    /// Of the bytes or the values that it was made from.
    hash: u64,
    notes: Vec<String>,
}

fn ready_photo(
    photo: Photo,
    name: String,
    path: &str,
    network: &Network,
    cancel: &Cancel,
) -> Result<Ready, SessionError> {
    // A large photo takes seconds to decode, and as long to resize.
    if cancel.is_cancelled() {
        return Err(SessionError::Cancelled);
    }
    let channels = network.graph.input_channels;
    let mut prepared = prepare(&photo, &network.recipe, channels, path)?;
    let Shape { h: height, w: width, .. } = prepared.input.shape;
    let seen = Picture { width, height, rgb: std::mem::take(&mut prepared.seen) };
    let held = Held { prepared, photo: Some(seen) };
    Ok(Ready { name, held, hash: photo.hash, notes: photo.notes })
}

fn blank(network: &Network) -> Ready {
    let [height, width] = network.recipe.size;
    let input = Array::zeros(Shape::new(1, network.graph.input_channels, height, width));
    let placement = Placement { offset: [0; 2], scale: [1.0; 2], photo: [height, width] };
    let prepared = Prepared { input, seen: Vec::new(), placement };
    let held = Held { prepared, photo: None };
    Ready { name: "no photo".into(), held, hash: 0, notes: Vec::new() }
}

fn input_array(path: &Path, input: Array, notes: Vec<String>) -> Ready {
    let mut hash = Xxh3::new();
    for value in &input.data {
        value.to_bits().hash(&mut hash);
    }
    let placement =
        Placement { offset: [0; 2], scale: [1.0; 2], photo: [input.shape.h, input.shape.w] };
    let prepared = Prepared { input, seen: Vec::new(), placement };
    let held = Held { prepared, photo: None };
    Ready { name: file_name(path), held, hash: hash.finish(), notes }
}
