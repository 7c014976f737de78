//! The fields of the state, in groups by what changes them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::base::{Blending, Combine, DeviceChoice, Key, LayerId, SortOrder, Theme};
use crate::config::{Catalogue, KeyTable};
use crate::session::ask::{
    InputInfo, Job, KnockOut, LaneName, Look, ModelRef, NetworkInfo, Outcome, PhotoRef, Request,
};

/// The terminal.
#[derive(Clone, Debug, PartialEq)]
pub struct Terminal {
    /// Columns and rows.
    pub size: (u16, u16),
    /// Height of a cell divided by its width.
    pub cell_aspect: f32,
    /// Width and height of a cell in pixels, where the terminal shows real pictures.
    pub cell_pixels: Option<(u16, u16)>,
    /// No key was pressed for a while: real pictures may follow.
    pub settled: bool,
    /// The colors of everything that is not a picture.
    pub theme: Theme,
}

impl Terminal {
    pub(super) const fn new(
        size: (u16, u16),
        cell_pixels: Option<(u16, u16)>,
        theme: Theme,
    ) -> Self {
        Self { size, cell_aspect: 2.0, cell_pixels, settled: false, theme }
    }
}

/// Where networks run.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// For the title, `cpu 2 threads f32`; empty until it is known.
    pub label: String,
    /// Why there.
    pub why: String,
    /// Where they were asked to run.
    pub choice: DeviceChoice,
}

impl Device {
    pub(super) const fn wanted(choice: DeviceChoice) -> Self {
        Self { label: String::new(), why: String::new(), choice }
    }
}

/// What the program was started with and does not change.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    /// Which key runs which command.
    pub keys: Arc<KeyTable>,
    /// The known networks.
    pub catalogue: Arc<Catalogue>,
    /// The flags that change what is computed.
    pub flags: Given,
    /// Colors and range as the settings have them, without the command line.
    pub usual_look: Look,
}

/// The flags that the program was started with and that change what is computed, as words for the line of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// For every command that loads a network.
    pub network: Vec<String>,
    /// For commands that run it.
    pub run: Vec<String>,
}

/// What the user asked for last. It is on the screen when its run has ended ([`Shown`]).
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// The network.
    pub model: ModelRef,
    /// The photos that next and previous go through.
    pub photos: Vec<PhotoRef>,
    /// Which photo, of [`Waiting::photos`] where there are some, else of `photos`.
    pub photo: usize,
    /// The folder of the list of photos.
    pub folder: PathBuf,
    /// The layer of the command line, or of the network before, until the network is known.
    pub layer: Option<LayerId>,
    /// What is knocked out.
    pub knock_outs: Vec<KnockOut>,
    /// What was knocked out before each of the last changes.
    pub undo: Vec<Vec<KnockOut>>,
}

impl Wanted {
    pub(super) fn new(
        model: ModelRef,
        photos: Vec<PhotoRef>,
        layer: Option<LayerId>,
        knock_outs: Vec<KnockOut>,
    ) -> Self {
        let folder = PathBuf::from(".");
        Self { model, photos, photo: 0, folder, layer, knock_outs, undo: Vec::new() }
    }
}

/// What has been asked for and has not arrived.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Waiting {
    /// The file or run; answers to anything older are dropped.
    pub request: Option<Request>,
    /// How far it is.
    pub progress: Option<Work>,
    /// Keys pressed before the first run, in their order.
    pub early_keys: Vec<Key>,
    /// The network that is ready and whose first run has not ended.
    pub network: Option<(ModelRef, Arc<NetworkInfo>)>,
    /// The photo that is ready and whose run has not ended.
    pub input: Option<Arc<InputInfo>>,
    /// The photos that replace [`Wanted::photos`] as soon as one of them has run.
    pub photos: Option<Vec<PhotoRef>>,
    /// The file that is being written.
    pub export: Option<Request>,
    /// The picture that is being made for the normal screen.
    pub print: Option<Request>,
}

/// What is on the screen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// The network.
    pub network: Option<Arc<NetworkInfo>>,
    /// Why there is no network.
    pub failure: Option<String>,
    /// The photo of the run.
    pub input: Option<Arc<InputInfo>>,
    /// Its index in [`Wanted::photos`].
    pub photo: usize,
    /// What was knocked out in the run.
    pub knock_outs: Vec<KnockOut>,
    /// What the run found.
    pub outcome: Option<Arc<Outcome>>,
}

/// A pane that keys move in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    /// The list of layers.
    Layers,
    /// The view.
    View,
}

/// What is chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Cursor {
    /// The pane that the keys move in.
    pub pane: Pane,
    /// The layer.
    pub layer: LayerId,
    /// The group in the list of layers through which the layer was chosen.
    pub group: Option<String>,
    /// Folded stages and blocks of the list.
    pub folded: BTreeSet<String>,
    /// The first row of the list that is on the screen.
    pub list_top: usize,
    /// The channel.
    pub channel: usize,
    /// Whether the channel is the first in the order, whatever the layer: until the user chooses one.
    pub at_first: bool,
    /// Row and column of the unit in the map.
    pub unit: (usize, usize),
    /// Whether the unit is the one with the largest value, whatever the map: until the user chooses one.
    pub at_maximum: bool,
    /// The unit of the large map that the mouse points to.
    pub pointed: Option<(usize, usize)>,
    /// How many times the large map is magnified; a smaller map may be less.
    pub zoom: usize,
    /// Row and column of the first value of the magnified map on the screen.
    pub corner: (usize, usize),
    /// The input of the kernels in view.
    pub slice: usize,
    /// The class; the top one when `None`.
    pub class: Option<usize>,
}

impl Cursor {
    pub(super) fn at(channel: Option<usize>) -> Self {
        Self {
            pane: Pane::View,
            layer: LayerId(0),
            group: None,
            folded: BTreeSet::new(),
            list_top: 0,
            channel: channel.unwrap_or(0),
            at_first: channel.is_none(),
            unit: (0, 0),
            at_maximum: true,
            pointed: None,
            zoom: 1,
            corner: (0, 0),
            slice: 0,
            class: None,
        }
    }
}

/// How the view is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Display {
    /// Colors and range.
    pub look: Look,
    /// The order of the channels.
    pub sort: SortOrder,
    /// Columns of a tile.
    pub tile: u16,
    /// All channels as one map.
    pub combine: Option<Combine>,
    /// Whether maps show what the knock-outs changed.
    pub difference: bool,
    /// How maps lie over the photo; alone when `None`.
    pub over_photo: Option<Blending>,
    /// Whether the kernels view shows all inputs of one kernel.
    pub inputs: bool,
    /// Whether the list of layers is on.
    pub layers: bool,
    /// Whether the inspector is on, where it has a pane.
    pub inspector: bool,
    /// Whether the inspector stands over the view, where it has no pane.
    pub inspector_over: bool,
}

impl Display {
    pub(super) fn new(look: Look, sort: SortOrder, tile: u16) -> Self {
        Self {
            look,
            sort,
            tile: tile.max(1),
            combine: None,
            difference: false,
            over_photo: None,
            inputs: false,
            layers: true,
            inspector: true,
            inspector_over: false,
        }
    }
}

/// Work that takes time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Jobs {
    /// What runs in the Job lane.
    pub running: Option<Doing>,
    /// The explanation of a pass or two that was asked for.
    pub quick: Option<Job>,
}

/// Something that takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// Who does it.
    pub lane: LaneName,
    /// Steps done.
    pub done: usize,
    /// All steps; 0 while unknown.
    pub total: usize,
    /// Since it began.
    pub elapsed: Duration,
}

/// Work in the Job lane.
#[derive(Clone, Debug, PartialEq)]
pub struct Doing {
    /// What is done.
    pub job: Job,
    /// How far it is.
    pub work: Work,
    /// Whether it is paused.
    pub paused: bool,
}
