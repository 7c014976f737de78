//! The command table: help, the `:` palette, the README's key tables and the checks of `keys.toml` all come
//! from it.

use super::moving::{
    back, channel, find_layer, go, open, other_pane, show, step_channel, step_layer, step_stage,
};
use super::views::{Move, ViewId};
use super::{Effect, Help, Overlay, Pane, PickerKind, State, lists, looks, questions};
use crate::session::ask::ModelRef;

/// A command: a name for `keys.toml` and `:`, a sentence, and what it does.
pub struct Command {
    /// Its name.
    pub name: &'static str,
    /// Other names that `:` takes: the command line's flags.
    pub aliases: &'static [&'static str],
    /// Where help and README list it.
    pub group: Group,
    /// What it does, for people.
    pub doc: &'static str,
    /// What may follow the name in the palette; empty for nothing.
    pub argument: &'static str,
    run: fn(&mut State, &str) -> Vec<Effect>,
}

/// The groups of commands, in the order of help and README.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// One command for each view.
    Views,
    /// The cursor, the panes, and back.
    Moving,
    /// Which layer and which channel.
    Layers,
    /// Panes, colors and sizes in every view.
    Display,
    /// What is done with channels: Maps and Map, and the order of Kernels.
    Maps,
    /// Kernels alone.
    Kernels,
    /// Explain.
    Explain,
    /// Rebuild.
    Rebuild,
    /// What is loaded, and where it runs.
    Networks,
    /// Files, clipboard and scrollback.
    Files,
    /// The program itself.
    Program,
}

impl Group {
    /// Its heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Views => "Views",
            Self::Moving => "Moving",
            Self::Layers => "Layers and channels",
            Self::Display => "Display",
            Self::Maps => "Maps and Map",
            Self::Kernels => "Kernels",
            Self::Explain => "Explain",
            Self::Rebuild => "Rebuild",
            Self::Networks => "Photos and networks",
            Self::Files => "Files",
            Self::Program => "Program",
        }
    }

    /// The group about a view; `None` for a view without its own commands.
    pub const fn of(view: ViewId) -> Option<Self> {
        match view {
            ViewId::Maps | ViewId::Map => Some(Self::Maps),
            ViewId::Kernels => Some(Self::Kernels),
            ViewId::Explain => Some(Self::Explain),
            ViewId::Rebuild => Some(Self::Rebuild),
            ViewId::Depth => None,
        }
    }
}

macro_rules! commands {
    ($($group:ident {
        $($name:literal $(| $alias:literal)* $([$argument:literal])? $doc:literal => $run:expr;)*
    })*) => {
        &[$($(Command {
            name: $name,
            aliases: &[$($alias),*],
            group: Group::$group,
            doc: $doc,
            argument: concat!($($argument)?),
            run: $run,
        },)*)*]
    };
}

/// Every command, group by group.
pub const COMMANDS: &[Command] = commands! {
    Views {
        "maps" "Show every channel as a tile" => |s, _| show(s, ViewId::Maps);
        "map" "Show the channel as large as possible" => |s, _| show(s, ViewId::Map);
        "kernels" "Show the weights of the layer's convolution" => |s, _| show(s, ViewId::Kernels);
        "depth" "Show statistics of every layer over the depth of the network" => |s, _| show(s, ViewId::Depth);
        "explain" "Explain the class: Grad-CAM and other methods" => |s, _| show(s, ViewId::Explain);
        "rebuild" "Invert a layer, maximize a channel, DeepDream" => |s, _| show(s, ViewId::Rebuild);
    }
    Moving {
        "left" "Move left; fold a group of the list of layers" => |s, _| go(s, Move::Left);
        "down" "Move down" => |s, _| go(s, Move::Down);
        "up" "Move up" => |s, _| go(s, Move::Up);
        "right" "Move right; unfold a group of the list of layers" => |s, _| go(s, Move::Right);
        "first" "Go to the start" => |s, _| go(s, Move::First);
        "last" "Go to the end" => |s, _| go(s, Move::Last);
        "page-down" "Move down a page" => |s, _| go(s, Move::PageDown);
        "page-up" "Move up a page" => |s, _| go(s, Move::PageUp);
        "open" "Open what is chosen; run a slow method" => |s, _| open(s);
        "back" "Close, cancel what is running, or go back" => |s, _| back(s);
        "next-pane" "Switch between the list of layers and the view" => |s, _| other_pane(s);
        "previous-pane" "Switch to the previous pane" => |s, _| other_pane(s);
    }
    Layers {
        "next-layer" "Go to the next layer" => |s, _| step_layer(s, 1);
        "previous-layer" "Go to the previous layer" => |s, _| step_layer(s, -1);
        "next-stage" "Go to the last layer of the next stage" => |s, _| step_stage(s, true);
        "previous-stage" "Go to the last layer of the previous stage" => |s, _| step_stage(s, false);
        "find-layer" | "layer" ["NAME"] "Find a layer by part of its name" => find_layer;
        "next-channel" "Go to the next channel, in the order on the screen" => |s, _| step_channel(s, 1);
        "previous-channel" "Go to the previous channel" => |s, _| step_channel(s, -1);
        "channel" ["NUMBER"] "Go to a channel by its number" => channel;
    }
    Display {
        "inspector" "Show or hide the inspector" => |s, _| inspector(s);
        "layers" "Show or hide the list of layers" => |s, _| layers(s);
        "colormap" ["NAME"] "Next colormap" => |s, a| looks::colormap(s, a, 1);
        "colormap-back" "Previous colormap" => |s, a| looks::colormap(s, a, -1);
        "range" ["MODE"] "Range of the colors: map, layer, symmetric, percentile" => |s, a| looks::range(s, a, 1);
        "range-back" "Previous range" => |s, a| looks::range(s, a, -1);
        "larger" "Larger tiles; in Map, zoom in; in Explain, a stronger overlay" => |s, _| looks::resize(s, true);
        "smaller" "Smaller tiles; in Map, zoom out; in Explain, a weaker overlay" => |s, _| looks::resize(s, false);
    }
    Maps {
        "sort" ["ORDER"] "Sort channels: index, mean, max, sparsity, norm, effect" => |s, a| looks::sort(s, a, 1);
        "sort-back" "Previous order" => |s, a| looks::sort(s, a, -1);
        "combine" ["HOW"] "Combine all channels: off, sum, mean, max, rms" => |s, a| looks::combine(s, a, 1);
        "combine-back" "Previous way to combine" => |s, a| looks::combine(s, a, -1);
        "overlay" ["HOW"] "Overlay the maps on the photo; blend shows half of each" => looks::overlay;
        "knock-out" ["HOW"] "Knock the channel out or restore it; 0.5 scales it, =1.5 or mean replaces it" => |s, a| s.knock_out(a);
        "clear-knock-outs" "Restore all channels" => |s, _| s.clear_knock_outs();
        "undo" "Undo the last knock-out" => |s, _| s.undo();
        "difference" "Show what the knock-outs change" => |s, _| { s.toggle_difference(); Vec::new() };
        "rank" "Rank the channels by their effect on the class" => |s, _| questions::rank(s);
        "drives-channel" "Explain the channel: which pixels activate it" => |s, _| questions::drives(s, false);
        "maximum" "In Map, go to the largest value, and stay at it" => |s, _| { s.cursor.at_maximum = true; Vec::new() };
        "drives-unit" "Explain the unit under the cursor" => |s, _| questions::drives(s, true);
    }
    Kernels {
        "slice" ["NUMBER"] "Show this input channel of the kernels" => slice;
    }
    Explain {
        "next-class" "Go to the next class, the most likely first" => |s, _| { s.step_class(1); Vec::new() };
        "previous-class" "Go to the previous class" => |s, _| { s.step_class(-1); Vec::new() };
        "class" ["NAME"] "Choose a class by its name or index" => questions::class;
        "method" ["NAME"] "Choose the method" => questions::method;
        "compare" ["NAME"] "Compare with another method; the same again stops" => questions::compare;
        "judge" "Score how faithful the explanation is; show or hide the scores" => |s, _| questions::judge(s);
    }
    Rebuild {
        "make" ["WHAT"] "Choose what to make: invert-layer, maximize-channel, dream-layer, …" => questions::make;
        "iterations" ["N"] "Set the number of iterations; without one, the method's own" => questions::iterations;
        "variants" ["N"] "Set the number of pictures to maximize, made to differ; without a number, one" => questions::variants;
        "seed" ["N"] "Set the random seed; without a number, the next one" => questions::seed;
    }
    Networks {
        "next-photo" "Go to the next photo" => |s, _| step_photo(s, 1);
        "previous-photo" "Go to the previous photo" => |s, _| step_photo(s, -1);
        "photos" | "photo" ["PATH"] "Open a photo" => photos;
        "models" | "model" ["NAME"] "Open a network" => models;
        "device" ["DEVICE"] "Choose the device: auto, cpu, cuda, cuda:N, metal" => device;
    }
    Files {
        "export" ["WHAT"] "Save what is shown: png, plain png, npy, safetensors, csv" => export;
        "copy" "Copy the shell command that shows the same" => |s, _| copy(s);
        "print" "Print what is shown into the terminal's scrollback" => |s, _| super::printing::print(s);
    }
    Program {
        "pause" "Pause or resume the running job" => |s, _| s.pause();
        "command" "Run a command by its name" => |s, _| pick(s, PickerKind::Command);
        "help" "Show all keys and commands" => |s, _| help(s);
        "suspend" "Suspend the program; fg in the shell resumes it" => |_, _| vec![Effect::Suspend];
        "quit" "Quit" => |_, _| vec![Effect::Quit];
    }
};

/// What the palette offers first: what has no digit on the screen and is wanted most.
const FIRST: [&str; 14] = [
    "find-layer",
    "channel",
    "class",
    "method",
    "sort",
    "overlay",
    "models",
    "photos",
    "export",
    "knock-out",
    "rank",
    "drives-channel",
    "combine",
    "colormap",
];

/// Every command in the order of the palette: the most wanted, then group by group, and moves, which are keys
/// rather than words, last.
pub(super) fn by_importance() -> Vec<&'static Command> {
    let rank = |command: &&Command| {
        let first = FIRST.iter().position(|name| *name == command.name);
        (first.unwrap_or(FIRST.len()), command.group == Group::Moving)
    };
    let mut all: Vec<&Command> = COMMANDS.iter().collect();
    all.sort_by_key(rank);
    all
}

/// The command of that name or alias.
pub(super) fn named(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|c| c.name == name || c.aliases.contains(&name))
}

/// Runs the command of that name with an argument, which may be empty.
pub(super) fn run(state: &mut State, name: &str, argument: &str) -> Vec<Effect> {
    match named(name) {
        Some(command) => (command.run)(state, argument),
        None => Vec::new(),
    }
}

fn help(state: &mut State) -> Vec<Effect> {
    state.overlay = Some(Overlay::Help(Help::default()));
    Vec::new()
}

fn inspector(state: &mut State) -> Vec<Effect> {
    let has_pane = state.terminal.size.0 >= 100;
    let on =
        if has_pane { &mut state.display.inspector } else { &mut state.display.inspector_over };
    *on = !*on;
    Vec::new()
}

fn layers(state: &mut State) -> Vec<Effect> {
    state.display.layers = !state.display.layers;
    if !state.display.layers {
        state.cursor.pane = Pane::View;
    }
    Vec::new()
}

fn step_photo(state: &mut State, step: isize) -> Vec<Effect> {
    let photos = state.wanted_photos().len();
    if photos < 2 {
        state.say("there is only this photo; give several, or a folder, on the command line");
        return Vec::new();
    }
    state.wanted.photo = (state.wanted.photo as isize + step).rem_euclid(photos as isize) as usize;
    state.read_photo()
}

fn slice(state: &mut State, number: &str) -> Vec<Effect> {
    let inputs = state.kernels().map_or(0, |kernels| kernels.shape[1]);
    if let Some(layer) = state.layer_info().filter(|_| state.kernel().is_none()) {
        let words = format!("{} has no kernels", layer.name);
        state.complain(words);
        return Vec::new();
    }
    match number.parse::<usize>() {
        Ok(slice) if slice < inputs => state.cursor.slice = slice,
        _ if inputs == 0 => state.complain("\":slice\" works in the kernels view: press 3 first"),
        _ => state.complain(format!("\":slice N\" takes an input from 0 to {}", inputs - 1)),
    }
    Vec::new()
}

fn models(state: &mut State, name: &str) -> Vec<Effect> {
    if name.is_empty() {
        return pick(state, PickerKind::Model);
    }
    match ModelRef::named(name, &state.setup.catalogue, false) {
        Ok(model) => lists::open_model(state, model),
        Err(error) => {
            state.complain(error.to_string());
            Vec::new()
        }
    }
}

fn photos(state: &mut State, path: &str) -> Vec<Effect> {
    if path.is_empty() { pick(state, PickerKind::Photo) } else { lists::open_path(state, path) }
}

fn device(state: &mut State, name: &str) -> Vec<Effect> {
    if name.is_empty() {
        pick(state, PickerKind::Device)
    } else {
        lists::choose_device(state, name)
    }
}

fn export(state: &mut State, what: &str) -> Vec<Effect> {
    if state.shown.outcome.is_none() {
        state.complain("nothing to save yet: the network has not run");
    } else if state.view != ViewId::Depth && state.view().seen(state).is_none() {
        state.complain("nothing to save yet: press Enter to run it");
    } else if what.is_empty() {
        return pick(state, PickerKind::Export);
    } else {
        lists::choose_export(state, what);
    }
    Vec::new()
}

fn copy(state: &mut State) -> Vec<Effect> {
    let line = super::say::command_line(state);
    state.say(format!("sent to the clipboard: {line}"));
    vec![Effect::Copy(line)]
}

fn pick(state: &mut State, kind: PickerKind) -> Vec<Effect> {
    state.open_list(kind);
    Vec::new()
}
