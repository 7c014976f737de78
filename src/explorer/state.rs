//! Everything that the screen shows.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{Doing, Explaining, Given, Overlay, Rebuilding, views};
use crate::base::{Combine, DeviceChoice, Key, LayerId, SortOrder, Theme};
use crate::config::{Catalogue, KeyTable};
use crate::session::ask::{
    Answer, Finding, InputInfo, Job, KernelInfo, KnockOut, LaneName, LayerInfo, LayerStatistics,
    LayerSummary, Look, ModelRef, NetworkInfo, Outcome, PhotoRef, Plane, PlaneKind, Rank, Request,
    RunKey, Target,
};

/// The whole state of the explorer: plain, comparable, without any I/O.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Columns and rows of the terminal.
    pub screen: (u16, u16),
    /// How much higher than wide a cell is.
    pub cell_aspect: f32,
    /// What the program runs on, for the title: `cpu 2 threads f32`; empty until it is known.
    pub device: String,
    /// Why there.
    pub device_why: String,
    /// Where it was asked to run.
    pub device_choice: DeviceChoice,
    /// The networks with a name.
    pub catalogue: Arc<Catalogue>,
    /// The flags that the program was started with and that change what is computed.
    pub flags: Given,
    /// The size of a cell in pixels, where the terminal shows real pictures.
    pub real: Option<(u16, u16)>,
    /// No key was pressed for a while: real pictures may follow.
    pub settled: bool,
    /// The colours of everything that is no picture.
    pub theme: Theme,
    /// Which key runs which command.
    pub keys: Arc<KeyTable>,
    /// The network asked for.
    pub model: ModelRef,
    /// The photos that next and previous go through.
    pub photos: Vec<PhotoRef>,
    /// Which of them is shown: the one that the last run was of.
    pub shown: usize,
    /// The photos that take their place as soon as one of them has run.
    pub next_photos: Option<Vec<PhotoRef>>,
    /// Which photo was asked for last, of those that are to come where there are any.
    pub photo: usize,
    /// The layer asked for on the command line, until the network is known.
    pub wanted_layer: Option<LayerId>,
    /// The file or run that is waited for; answers to anything older are dropped.
    pub pending: Option<Request>,
    /// Keys that wait for the first run, in their order.
    pub ahead: Vec<Key>,
    /// The network that is ready and whose first run is waited for.
    pub next_network: Option<(ModelRef, Arc<NetworkInfo>)>,
    /// The photo that is ready and whose run is waited for.
    pub next_input: Option<Arc<InputInfo>>,
    /// The file that is being written.
    pub export: Option<Request>,
    /// The picture that is being made for the normal screen.
    pub print: Option<Request>,
    /// The folder of the list of photos.
    pub folder: PathBuf,
    /// Why there is no network.
    pub failure: Option<String>,
    /// What is known about the network.
    pub network: Option<Arc<NetworkInfo>>,
    /// What is known about the photo of the last run.
    pub input: Option<Arc<InputInfo>>,
    /// What the last run found.
    pub outcome: Option<Arc<Outcome>>,
    /// Answers that the screen shows.
    pub known: HashMap<Request, Answer>,
    /// Requests that failed; they are not asked again.
    pub refused: HashSet<Request>,
    /// The chosen layer.
    pub layer: LayerId,
    /// The group through which the layer was chosen.
    pub group: Option<String>,
    /// The first row of the list of layers that is on the screen.
    pub list_top: usize,
    /// Folded stages and blocks.
    pub folded: BTreeSet<String>,
    /// The chosen channel.
    pub channel: usize,
    /// All channels as one map.
    pub combine: Option<Combine>,
    /// The input of the kernels in view.
    pub slice: usize,
    /// Whether the kernels view shows all inputs of one kernel.
    pub inputs: bool,
    /// Row and column in the map.
    pub cursor: (usize, usize),
    /// Which view.
    pub view: usize,
    /// The pane that the keys move in.
    pub pane: Pane,
    /// Whether the list of layers is on.
    pub show_layers: bool,
    /// Whether the inspector is on, where it has a pane.
    pub show_inspector: bool,
    /// Whether the inspector stands over the view, where it has no pane.
    pub inspector_over: bool,
    /// Whether maps are blended with the photo.
    pub over_photo: bool,
    /// Colours and range.
    pub look: Look,
    /// Colours and range as the settings have them.
    pub usual_look: Look,
    /// The order of the channels.
    pub sort: SortOrder,
    /// Columns of a tile.
    pub tile: u16,
    /// The chosen class; the top one when `None`.
    pub class: Option<usize>,
    /// What the Explain view shows.
    pub explain: Explaining,
    /// What the Rebuild view makes.
    pub rebuild: Rebuilding,
    /// What is knocked out, or is to be with the run that is waited for.
    pub knock_outs: Vec<KnockOut>,
    /// What was knocked out in the run on the screen.
    pub shown_knock_outs: Vec<KnockOut>,
    /// What was knocked out before the last changes.
    pub undo: Vec<Vec<KnockOut>>,
    /// Whether maps show what the knock-outs changed.
    pub difference: bool,
    /// What stands over the screen.
    pub overlay: Option<Overlay>,
    /// What runs now.
    pub progress: Option<Work>,
    /// The long work that goes on.
    pub doing: Option<Doing>,
    /// The explanation of a pass or two that was asked for.
    pub quick: Option<Job>,
    /// Work of which there is nothing to be seen, as the session says.
    pub absent: HashSet<Job>,
    /// Answers that are shown until there are newer ones.
    pub stale: HashSet<Request>,
    /// The last thing to say.
    pub message: Option<Message>,
    /// The last mouse press, to tell double clicks.
    pub last_click: Option<(u16, u16, Duration)>,
}

/// A pane that keys move in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    /// The list of layers.
    Layers,
    /// The view.
    View,
}

/// Something that takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// Who does it.
    pub lane: LaneName,
    /// Steps behind.
    pub done: usize,
    /// All steps; 0 while unknown.
    pub total: usize,
    /// Since it began.
    pub elapsed: Duration,
}

/// A sentence for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The sentence.
    pub text: String,
    /// Whether something went wrong.
    pub error: bool,
}

/// What a session starts with.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    /// The network.
    pub model: ModelRef,
    /// The photos; at least one.
    pub photos: Vec<PhotoRef>,
    /// Index of the view.
    pub view: usize,
    /// A layer.
    pub layer: Option<LayerId>,
    /// A channel.
    pub channel: usize,
    /// Colours and range.
    pub look: Look,
    /// The order of the channels.
    pub sort: SortOrder,
    /// Columns of a tile.
    pub tile: u16,
    /// Where networks are to run.
    pub device: DeviceChoice,
    /// The networks with a name.
    pub catalogue: Arc<Catalogue>,
    /// The flags that the program was started with and that change what is computed.
    pub flags: Given,
    /// Colours and range as the settings have them, without the command line.
    pub usual_look: Look,
    /// The size of a cell in pixels, where the terminal shows real pictures.
    pub real: Option<(u16, u16)>,
    /// The colours of everything that is no picture.
    pub theme: Theme,
    /// What is knocked out from the start.
    pub knock_outs: Vec<KnockOut>,
}

impl State {
    /// The state before anything is known.
    pub fn new(opening: Opening, keys: Arc<KeyTable>, screen: (u16, u16)) -> Self {
        Self {
            screen,
            cell_aspect: 2.0,
            device: String::new(),
            device_why: String::new(),
            device_choice: opening.device,
            catalogue: opening.catalogue,
            flags: opening.flags,
            real: opening.real,
            settled: false,
            theme: opening.theme,
            keys,
            model: opening.model,
            photos: opening.photos,
            shown: 0,
            next_photos: None,
            photo: 0,
            pending: None,
            ahead: Vec::new(),
            next_network: None,
            next_input: None,
            export: None,
            print: None,
            folder: PathBuf::from("."),
            failure: None,
            wanted_layer: opening.layer,
            network: None,
            input: None,
            outcome: None,
            known: HashMap::new(),
            refused: HashSet::new(),
            layer: LayerId(0),
            group: None,
            list_top: 0,
            folded: BTreeSet::new(),
            channel: opening.channel,
            combine: None,
            slice: 0,
            inputs: false,
            cursor: (0, 0),
            view: opening.view,
            pane: Pane::View,
            show_layers: true,
            show_inspector: true,
            inspector_over: false,
            over_photo: false,
            look: opening.look,
            usual_look: opening.usual_look,
            sort: opening.sort,
            tile: opening.tile.max(1),
            class: None,
            explain: Explaining::default(),
            rebuild: Rebuilding::default(),
            knock_outs: opening.knock_outs,
            shown_knock_outs: Vec::new(),
            undo: Vec::new(),
            difference: false,
            overlay: None,
            progress: None,
            doing: None,
            quick: None,
            absent: HashSet::new(),
            stale: HashSet::new(),
            message: None,
            last_click: None,
        }
    }

    /// The layers at the size of the input that ran last, or of the recipe.
    pub fn layers(&self) -> &[LayerInfo] {
        match (&self.outcome, &self.network) {
            (Some(outcome), _) => &outcome.layers,
            (None, Some(network)) => &network.layers,
            (None, None) => &[],
        }
    }

    /// The chosen layer.
    pub fn layer_info(&self) -> Option<&LayerInfo> {
        self.layers().get(self.layer.0)
    }

    /// What the values of a layer are like in the run on the screen.
    pub fn summary(&self, layer: LayerId) -> Option<LayerSummary> {
        self.outcome.as_ref()?.summaries.get(layer.0).copied()
    }

    /// Whether the chosen layer has values below 0.
    pub fn is_signed(&self) -> bool {
        self.shows_difference() || self.summary(self.layer).is_some_and(|s| s.signed)
    }

    /// The run that is on the screen.
    pub fn run(&self) -> Option<RunKey> {
        let difference = self.shows_difference();
        self.outcome.as_ref().map(|o| RunKey { difference, ..o.run })
    }

    /// The chosen map.
    pub fn plane(&self) -> Option<Plane> {
        let what = match self.combine {
            Some(how) => PlaneKind::Combined(how),
            None => PlaneKind::Channel(self.channel),
        };
        Some(Plane { run: self.run()?, layer: self.layer, what })
    }

    /// The statistics of the chosen layer.
    pub fn statistics(&self) -> Option<&Arc<LayerStatistics>> {
        let request = Request::Statistics { run: self.run()?, layer: self.layer };
        match self.known.get(&request) {
            Some(Answer::Statistics(statistics)) => Some(statistics),
            _ => None,
        }
    }

    /// The channels of the chosen layer in the order on the screen.
    pub fn order(&self) -> Vec<usize> {
        match self.statistics() {
            Some(statistics) => statistics.order(self.sort, self.weights().as_deref()),
            None => (0..self.layer_info().map_or(0, |l| l.shape.c)).collect(),
        }
    }

    /// The kernels that make the channels of the chosen layer, where they are known.
    pub fn kernels(&self) -> Option<&KernelInfo> {
        match self.known.get(&self.kernels_request()?)? {
            Answer::Kernels(kernels) => Some(kernels),
            _ => None,
        }
    }

    /// What is asked for [`State::kernels`]; `None` where no convolution makes the channels.
    pub(super) fn kernels_request(&self) -> Option<Request> {
        let layer = self.layer_info()?.kernels?;
        Some(Request::Kernels { network: self.network.as_ref()?.id, layer })
    }

    /// What channels are sorted by besides their values.
    fn weights(&self) -> Option<Vec<f32>> {
        match self.sort {
            SortOrder::Norm => Some(self.kernels()?.norms.clone()),
            SortOrder::Effect => Some(self.effects()?.iter().map(|e| *e as f32).collect()),
            _ => None,
        }
    }

    /// What the chosen class loses without each channel of the chosen layer, where it is known.
    pub fn effects(&self) -> Option<&[f64]> {
        match &self.found(&Job::Rank(self.rank()?))?.what {
            Finding::Ranking { effects, .. } => Some(effects),
            _ => None,
        }
    }

    /// The ranking of the chosen layer's channels for the chosen class.
    pub(super) fn rank(&self) -> Option<Rank> {
        let target = Target::Class(self.class()?);
        Some(Rank { run: self.values_run()?, layer: self.layer, target })
    }

    /// The view on the screen.
    pub fn view(&self) -> &'static dyn views::View {
        views::ALL[self.view.min(views::ALL.len() - 1)]
    }

    /// The photos that are to come, else those that are there.
    pub(super) fn wanted_photos(&self) -> &[PhotoRef] {
        self.next_photos.as_ref().unwrap_or(&self.photos)
    }

    /// Says something.
    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.message = Some(Message { text: text.into(), error: false });
    }

    /// Says what went wrong.
    pub(super) fn complain(&mut self, text: impl Into<String>) {
        self.message = Some(Message { text: text.into(), error: true });
    }

    /// Goes so many channels on, in the order on the screen.
    pub(super) fn step_channel(&mut self, step: isize) {
        let order = self.order();
        let place = order.iter().position(|c| *c == self.channel).unwrap_or(0);
        let wanted = place.saturating_add_signed(step).min(order.len().saturating_sub(1));
        self.channel = order.get(wanted).copied().unwrap_or(self.channel);
    }

    /// Moves to a layer and keeps channel and cursor inside it.
    pub(super) fn go_to_layer(&mut self, layer: LayerId) {
        self.layer = layer;
        self.group = None;
        self.stay_inside();
    }

    pub(super) fn stay_inside(&mut self) {
        let Some(shape) = self.layer_info().map(|l| l.shape) else { return };
        self.channel = self.channel.min(shape.c.saturating_sub(1));
        let (row, column) = self.cursor;
        self.cursor = (row.min(shape.h.saturating_sub(1)), column.min(shape.w.saturating_sub(1)));
    }
}
