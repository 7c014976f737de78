//! Everything that the screen shows.

mod answers;
mod choices;
mod groups;
mod overlay;
mod view_id;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

pub use answers::Answers;
pub use choices::{Aim, Explaining, Rebuilding, What};
pub use groups::{
    Cursor, Device, Display, Doing, Given, Jobs, Pane, Setup, Shown, Terminal, Waiting, Wanted,
    Work,
};
pub use overlay::{Help, Overlay, Picker, PickerItem, PickerKind};
pub use view_id::ViewId;

use crate::base::{DeviceChoice, LayerId, SortOrder, Theme};
use crate::config::{Catalogue, KeyTable};
use crate::session::ask::{
    Answer, EditsId, Finding, Job, KernelInfo, KnockOut, LayerInfo, LayerStatistics, LayerSummary,
    Look, ModelRef, PhotoRef, Plane, PlaneKind, Rank, Request, RunKey, Target, request,
};

/// The whole state of the explorer: plain, comparable, without any I/O.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The terminal.
    pub terminal: Terminal,
    /// Where networks run.
    pub device: Device,
    /// What the program was started with and does not change.
    pub setup: Setup,
    /// What the user asked for last.
    pub wanted: Wanted,
    /// What has been asked for and has not arrived.
    pub waiting: Waiting,
    /// What is on the screen: the network, the photo and the run.
    pub shown: Shown,
    /// What the session answered to the screen's requests.
    pub answers: Answers,
    /// What is chosen: layer, channel, unit, class, pane.
    pub cursor: Cursor,
    /// Which view.
    pub view: ViewId,
    /// How it is shown.
    pub display: Display,
    /// What the Explain view shows.
    pub explain: Explaining,
    /// What the Rebuild view makes.
    pub rebuild: Rebuilding,
    /// Work that takes time.
    pub jobs: Jobs,
    /// What stands over the screen.
    pub overlay: Option<Overlay>,
    /// The last thing to say.
    pub message: Option<Message>,
    /// What was said about networks, photos and runs: nothing of it is said twice.
    pub warned: BTreeSet<String>,
    /// The last mouse press, to tell double clicks.
    pub last_click: Option<(u16, u16, Duration)>,
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
    /// The view.
    pub view: ViewId,
    /// A layer.
    pub layer: Option<LayerId>,
    /// A channel; the first in the order when `None`.
    pub channel: Option<usize>,
    /// Colors and range.
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
    /// Colors and range as the settings have them, without the command line.
    pub usual_look: Look,
    /// The size of a cell in pixels, where the terminal shows real pictures.
    pub real: Option<(u16, u16)>,
    /// The colors of everything that is not a picture.
    pub theme: Theme,
    /// What is knocked out from the start.
    pub knock_outs: Vec<KnockOut>,
}

impl State {
    /// The state before anything is known.
    pub fn new(opening: Opening, keys: Arc<KeyTable>, screen: (u16, u16)) -> Self {
        Self {
            terminal: Terminal::new(screen, opening.real, opening.theme),
            device: Device::wanted(opening.device),
            setup: Setup {
                keys,
                catalogue: opening.catalogue,
                flags: opening.flags,
                usual_look: opening.usual_look,
            },
            wanted: Wanted::new(opening.model, opening.photos, opening.layer, opening.knock_outs),
            waiting: Waiting::default(),
            shown: Shown::default(),
            answers: Answers::default(),
            cursor: Cursor::at(opening.channel),
            view: opening.view,
            display: Display::new(opening.look, opening.sort, opening.tile),
            explain: Explaining::default(),
            rebuild: Rebuilding::default(),
            jobs: Jobs::default(),
            overlay: None,
            message: None,
            warned: BTreeSet::new(),
            last_click: None,
        }
    }

    /// The layers at the size of the input that ran last, or of the recipe.
    pub fn layers(&self) -> &[LayerInfo] {
        match (&self.shown.outcome, &self.shown.network) {
            (Some(outcome), _) => &outcome.layers,
            (None, Some(network)) => &network.layers,
            (None, None) => &[],
        }
    }

    /// The layer of that name, as `Graph::find` reads it: a block or a stage is its last layer.
    pub(super) fn layer_named(&self, name: &str) -> Option<LayerId> {
        let (layers, inside) = (self.layers(), format!("{name}."));
        let found = layers.iter().position(|l| l.name == name);
        found.or_else(|| layers.iter().rposition(|l| l.name.starts_with(&inside))).map(LayerId)
    }

    /// The chosen layer.
    pub fn layer_info(&self) -> Option<&LayerInfo> {
        self.layers().get(self.cursor.layer.0)
    }

    /// What the values of a layer are like in the run on the screen.
    pub fn summary(&self, layer: LayerId) -> Option<LayerSummary> {
        self.shown.outcome.as_ref()?.summaries.get(layer.0).copied()
    }

    /// Whether the chosen layer has values below 0.
    pub fn is_signed(&self) -> bool {
        self.shows_difference() || self.summary(self.cursor.layer).is_some_and(|s| s.signed)
    }

    /// The run that is on the screen.
    pub fn run(&self) -> Option<RunKey> {
        let difference = self.shows_difference();
        self.shown.outcome.as_ref().map(|o| RunKey { difference, ..o.run })
    }

    /// The chosen map.
    pub fn plane(&self) -> Option<Plane> {
        let what = match self.display.combine {
            Some(how) => PlaneKind::Combined(how),
            None => PlaneKind::Channel(self.cursor.channel),
        };
        Some(Plane { run: self.run()?, layer: self.cursor.layer, what })
    }

    /// The statistics of the chosen layer.
    pub fn statistics(&self) -> Option<&Arc<LayerStatistics>> {
        self.statistics_of(self.run()?)
    }

    fn statistics_of(&self, run: RunKey) -> Option<&Arc<LayerStatistics>> {
        let request = request::Statistics { run, layer: self.cursor.layer }.into();
        match self.answers.get(&request) {
            Some(Answer::Statistics(statistics)) => Some(statistics),
            _ => None,
        }
    }

    /// The run on the screen without its knock-outs, where it has some.
    pub(super) fn plain_run(&self) -> Option<RunKey> {
        let run = self.values_run().filter(|run| run.edits != EditsId::NONE)?;
        Some(RunKey::plain(run.network, run.input))
    }

    /// What channels are sorted by: a channel that is knocked out keeps its place.
    fn sorting_statistics(&self) -> Option<&Arc<LayerStatistics>> {
        self.plain_run().and_then(|run| self.statistics_of(run)).or_else(|| self.statistics())
    }

    /// The channels of the chosen layer in the order on the screen.
    pub fn order(&self) -> Vec<usize> {
        let sort = self.display.sort;
        let known = if self.shows_difference() && sort == SortOrder::Mean {
            self.statistics().map(|changes| changes.most_changed())
        } else {
            let weights = self.weights();
            self.sorting_statistics().map(|statistics| statistics.order(sort, weights.as_deref()))
        };
        known.unwrap_or_else(|| (0..self.layer_info().map_or(0, |l| l.shape.c)).collect())
    }

    /// The kernels of the convolution that makes the chosen channel, where they are known.
    pub fn kernels(&self) -> Option<&KernelInfo> {
        self.kernels_of(self.kernel()?.0)
    }

    /// The convolution that makes the chosen channel, and its kernel; `None` where none does.
    pub fn kernel(&self) -> Option<(LayerId, usize)> {
        self.layer_info()?.kernel_of(self.cursor.channel)
    }

    fn kernels_of(&self, convolution: LayerId) -> Option<&KernelInfo> {
        match self.answers.get(&self.kernels_request(convolution)?)? {
            Answer::Kernels(kernels) => Some(kernels),
            _ => None,
        }
    }

    fn kernels_request(&self, layer: LayerId) -> Option<Request> {
        Some(request::Kernels { network: self.shown.network.as_ref()?.id, layer }.into())
    }

    /// What is asked for [`State::kernels`], and for the norms of all kernels where channels are sorted by them.
    pub(super) fn kernels_requests(&self) -> Vec<Request> {
        let Some(layer) = self.layer_info() else { return Vec::new() };
        let by_norm = self.display.sort == SortOrder::Norm;
        let chosen = self.kernel().map(|(convolution, _)| convolution);
        let makers = if by_norm { layer.makers() } else { chosen.into_iter().collect() };
        makers.into_iter().filter_map(|of| self.kernels_request(of)).collect()
    }

    /// The norm of the kernel that makes a channel of the chosen layer, where it is known.
    pub fn norm(&self, channel: usize) -> Option<f32> {
        let (convolution, kernel) = self.layer_info()?.kernel_of(channel)?;
        self.kernels_of(convolution)?.norms.get(kernel).copied()
    }

    /// What channels are sorted by besides their values.
    fn weights(&self) -> Option<Vec<f32>> {
        match self.display.sort {
            SortOrder::Norm => {
                let channels = self.layer_info()?.shape.c;
                (0..channels).map(|channel| self.norm(channel)).collect()
            }
            SortOrder::Effect => Some(self.effects()?.iter().map(|e| *e as f32).collect()),
            _ => None,
        }
    }

    /// What the chosen class loses without each channel of the chosen layer, where it is known.
    pub fn effects(&self) -> Option<&[f64]> {
        match &self.found(&Job::Rank(self.rank()?))?.what {
            Finding::Ranking(of) => Some(&of.effects),
            _ => None,
        }
    }

    /// The ranking of the chosen layer's channels for the chosen class.
    pub(super) fn rank(&self) -> Option<Rank> {
        let target = Target::Class(self.class()?);
        Some(Rank { run: self.values_run()?, layer: self.cursor.layer, target })
    }

    /// Opens a list to choose from.
    pub(super) fn open_list(&mut self, kind: PickerKind) {
        self.overlay = Some(Overlay::Picker(Picker::new(kind)));
    }

    /// Says something.
    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.message = Some(Message { text: text.into(), error: false });
    }

    /// Says what went wrong.
    pub(super) fn complain(&mut self, text: impl Into<String>) {
        self.message = Some(Message { text: text.into(), error: true });
    }

    /// The user chose a channel: it stays chosen in other layers.
    pub(super) fn choose_channel(&mut self, channel: usize) {
        self.cursor.channel = channel;
        self.cursor.at_first = false;
    }

    /// The first channel in the order is chosen until the user chooses one.
    pub(super) fn follow_the_order(&mut self) {
        if self.cursor.at_first
            && self.statistics().is_some()
            && let Some(first) = self.order().first()
        {
            self.cursor.channel = *first;
        }
    }

    /// Goes so many channels on, in the order on the screen.
    pub(super) fn step_channel(&mut self, step: isize) {
        let order = self.order();
        let place = order.iter().position(|c| *c == self.cursor.channel).unwrap_or(0);
        let wanted = place.saturating_add_signed(step).min(order.len().saturating_sub(1));
        self.choose_channel(order.get(wanted).copied().unwrap_or(self.cursor.channel));
    }

    /// Moves to a layer and keeps channel and cursor inside it.
    pub(super) fn go_to_layer(&mut self, layer: LayerId) {
        self.cursor.layer = layer;
        self.cursor.group = None;
        self.stay_inside();
    }

    pub(super) fn stay_inside(&mut self) {
        let Some(shape) = self.layer_info().map(|l| l.shape) else { return };
        self.cursor.channel = self.cursor.channel.min(shape.c.saturating_sub(1));
        self.cursor.pointed = self.cursor.pointed.filter(|(y, x)| *y < shape.h && *x < shape.w);
        let (row, column) = self.cursor.unit;
        self.cursor.unit =
            (row.min(shape.h.saturating_sub(1)), column.min(shape.w.saturating_sub(1)));
    }
}
