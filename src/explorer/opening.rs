//! Networks and photos on their way to the screen.

use std::sync::Arc;
use std::time::Duration;

use super::{Effect, State, Work, tree, warnings};
use crate::base::LayerId;
use crate::session::ask::{
    LaneName, LayerInfo, ModelRef, NetworkInfo, Outcome, PhotoRef, Request, last_map, request,
};

/// Fewer rows than these show little of a photo.
const ROWS_WITH_STRUCTURE: usize = 28;

/// What a layer computes whose maps are shown first.
const ACTIVATIONS: [&str; 10] =
    ["relu", "relu6", "prelu", "elu", "selu", "silu", "gelu", "mish", "hardswish", "clamp"];

/// The layer that is shown first when none is asked for: the last activation whose maps have at least a quarter of the
/// input's rows, and enough rows to recognize things in; else the first activation.
pub fn first_layer(layers: &[LayerInfo]) -> LayerId {
    let input =
        layers.first().map_or(0, |first| (first.shape.h as f64 * first.field.rows.jump) as usize);
    let relu = |layer: &&LayerInfo| {
        let word = layer.op.split(' ').find(|word| *word != "leaky").unwrap_or_default();
        ACTIVATIONS.contains(&word)
    };
    let large = |layer: &&LayerInfo| {
        relu(layer) && layer.shape.h >= ROWS_WITH_STRUCTURE && 4 * layer.shape.h >= input
    };
    let found = layers.iter().rfind(large).or_else(|| layers.iter().find(relu));
    found.map_or(LayerId(0), |layer| layer.id)
}

impl State {
    /// A lane has been asked for what the screen waits for.
    pub(super) fn wait_for(&mut self, lane: LaneName, request: Request) {
        self.waiting.request = Some(request);
        self.waiting.progress = Some(Work { lane, done: 0, total: 0, elapsed: Duration::ZERO });
    }

    /// Nothing is waited for any more.
    pub(super) fn stop_waiting(&mut self) {
        self.waiting.request = None;
        self.waiting.early_keys.clear();
        self.waiting.input = None;
        self.waiting.network = None;
        if self.waiting.photos.take().is_some() {
            self.wanted.photo = self.shown.photo;
        }
        self.waiting.progress = None;
    }

    /// The photos that are to come, else those that are there.
    pub(super) fn wanted_photos(&self) -> &[PhotoRef] {
        self.waiting.photos.as_ref().unwrap_or(&self.wanted.photos)
    }

    /// Reads the photo that was asked for last.
    pub(super) fn read_photo(&mut self) -> Vec<Effect> {
        let next = self.waiting.network.as_ref().map(|(_, network)| network);
        let network = next.or(self.shown.network.as_ref());
        let photo = self.wanted_photos().get(self.wanted.photo);
        let (Some(network), Some(photo)) = (network, photo) else {
            return Vec::new();
        };
        let request = request::Input { network: network.id, photo: photo.clone() };
        let request = Request::from(request);
        self.wait_for(LaneName::Transfer, request.clone());
        vec![Effect::Cancel, Effect::Transfer(request)]
    }

    /// Reads the photo on the screen once more, for another network or another device; the one that was asked for
    /// last while nothing is there.
    pub(super) fn read_again(&mut self) -> Vec<Effect> {
        if self.shown.outcome.is_some() {
            self.waiting.photos = None;
            self.wanted.photo = self.shown.photo;
        }
        self.read_photo()
    }

    /// A network was loaded. One that follows another changes the screen only when it has run.
    pub(super) fn network_is_ready(&mut self, model: ModelRef, network: Arc<NetworkInfo>) {
        self.shown.failure = None;
        if self.shown.outcome.is_none() {
            self.open_network(model, network);
        } else {
            self.waiting.network = Some((model, network));
        }
    }

    /// Photo, maps, classes and statistics change together: the screen never mixes two photos.
    pub(super) fn show_outcome(&mut self, outcome: Arc<Outcome>) {
        warnings::say_new(self, &outcome);
        let next = self.waiting.network.take();
        let shown = self.layer_info().map(|layer| layer.name.clone());
        self.shown.outcome = Some(outcome);
        if let Some((model, network)) = next {
            // The layer is kept where the new network has it.
            let same = network.layers.iter().find(|layer| Some(&layer.name) == shown.as_ref());
            self.wanted.layer = same.map(|layer| layer.id);
            self.open_network(model, network);
        }
        self.shown.input = self.waiting.input.take();
        self.jobs.quick = None;
        if let Some(photos) = self.waiting.photos.take() {
            self.wanted.photos = photos;
        }
        self.shown.photo = self.wanted.photo;
        self.shown.knock_outs.clone_from(&self.wanted.knock_outs);
        self.stop_waiting();
        self.answers.allow_all();
        self.stay_inside();
    }

    fn open_network(&mut self, model: ModelRef, network: Arc<NetworkInfo>) {
        self.wanted.model = model;
        self.cursor.folded = tree::blocks(&network.layers);
        let first = first_layer(&network.layers);
        self.cursor.layer = self.wanted.layer.take().unwrap_or_else(|| {
            let last = last_map(&network.layers).filter(|_| self.explains());
            last.unwrap_or(first)
        });
        if self.shown.network.as_ref().is_some_and(|before| before.id != network.id) {
            self.cursor.class = None;
            (self.explain.aim, self.explain.other_layer, self.explain.from) = (None, None, None);
            (self.wanted.knock_outs, self.wanted.undo) = (Vec::new(), Vec::new());
        }
        self.shown.network = Some(network);
        self.reveal();
    }
}
