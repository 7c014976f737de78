//! The command table: key help, the `:` palette, the README's key table and the checks of
//! `keys.toml` all come from it.

use super::picker::{Overlay, PickerKind};
use super::views::{Move, ViewId};
use super::{Effect, Pane, State, lists, looks, questions};
use crate::base::LayerId;
use crate::session::ask::ModelRef;

/// A command: a name for `keys.toml` and `:`, a sentence, and what it does.
pub struct Command {
    /// Its name.
    pub name: &'static str,
    /// What it does, for people.
    pub doc: &'static str,
    /// What may follow the name behind `:`; empty for nothing.
    pub argument: &'static str,
    run: fn(&mut State, &str) -> Vec<Effect>,
}

macro_rules! commands {
    ($($name:literal $([$argument:literal])? $doc:literal => $run:expr;)*) => {
        &[$(Command { name: $name, doc: $doc, argument: concat!($($argument)?), run: $run }),*]
    };
}

/// Every command.
pub const COMMANDS: &[Command] = commands! {
    "left" "Move left; in the list of layers, fold" => |s, _| go(s, Move::Left);
    "down" "Move down" => |s, _| go(s, Move::Down);
    "up" "Move up" => |s, _| go(s, Move::Up);
    "right" "Move right; in the list of layers, unfold" => |s, _| go(s, Move::Right);
    "first" "Go to the first" => |s, _| go(s, Move::First);
    "last" "Go to the last" => |s, _| go(s, Move::Last);
    "page-down" "Go a page on" => |s, _| go(s, Move::PageDown);
    "page-up" "Go a page back" => |s, _| go(s, Move::PageUp);
    "open" "Open the channel, the group or the layer" => |s, _| open(s);
    "back" "Close what is over the screen, cancel what runs, or go back" => |s, _| back(s);
    "next-pane" "Go to the next pane" => |s, _| other_pane(s);
    "previous-pane" "Go to the previous pane" => |s, _| other_pane(s);
    "next-layer" "Go to the next layer" => |s, _| step_layer(s, 1);
    "previous-layer" "Go to the previous layer" => |s, _| step_layer(s, -1);
    "next-stage" "Go to the end of the next stage" => |s, _| step_stage(s, true);
    "previous-stage" "Go to the end of the previous stage" => |s, _| step_stage(s, false);
    "find-layer" ["NAME"] "Find a layer by a part of its name" => find_layer;
    "channel" ["NUMBER"] "Go to a channel by its number" => channel;
    "next-channel" "Go to the next channel in the order on the screen" => |s, _| { s.step_channel(1); Vec::new() };
    "previous-channel" "Go to the previous channel in the order on the screen" => |s, _| { s.step_channel(-1); Vec::new() };
    "maximum" "In the Map view, go to the largest value, also of the next channels" => |s, _| { s.cursor.at_maximum = true; Vec::new() };
    "maps" "Show all channels as tiles" => |s, _| show(s, ViewId::Maps);
    "map" "Show the channel as large as possible" => |s, _| show(s, ViewId::Map);
    "kernels" "Show the weights that make the channels" => |s, _| show(s, ViewId::Kernels);
    "depth" "Show how the layers change with depth" => |s, _| show(s, ViewId::Depth);
    "explain" "Show why: what in the photo made the class" => |s, _| show(s, ViewId::Explain);
    "rebuild" "Make pictures: what a layer knows, what a channel answers to" => |s, _| show(s, ViewId::Rebuild);
    "make" ["WHAT"] "In the Rebuild view, choose what is made: invert-layer, maximise-channel, dream-layer and others" => questions::make;
    "iterations" ["N"] "Iterations of the Rebuild view; without a number the method's own" => questions::iterations;
    "seed" ["N"] "What random numbers of the Rebuild view start from; without a number the next" => questions::seed;
    "next-class" "Go to the next class, the likeliest first" => |s, _| { s.step_class(1); Vec::new() };
    "previous-class" "Go to the class before" => |s, _| { s.step_class(-1); Vec::new() };
    "class" ["NAME"] "Choose a class by its name or index" => questions::class;
    "method" ["NAME"] "Explain by another method" => questions::method;
    "compare" ["NAME"] "Compare with another method; the same again ends it" => questions::compare;
    "drives-channel" "What in the photo drives this channel?" => |s, _| questions::drives(s, false);
    "drives-unit" "What in the photo drives the unit under the cursor?" => |s, _| questions::drives(s, true);
    "judge" "Is the explanation true? Show or hide the judgement" => |s, _| questions::judge(s);
    "rank" "Find out how much each channel of the layer matters for the class" => |s, _| questions::rank(s);
    "knock-out" ["HOW"] "Switch the channel off and on; 0.5 scales it, =1.5 or mean replaces it" => |s, a| s.knock_out(a);
    "clear-knock-outs" "Switch all channels on again" => |s, _| s.clear_knock_outs();
    "undo" "Take the last knock-out back" => |s, _| s.undo();
    "difference" "Show what the knock-outs change, or the values" => |s, _| { s.toggle_difference(); Vec::new() };
    "pause" "Let long work rest, or go on" => |s, _| s.pause();
    "slice" ["NUMBER"] "In the kernels view, show this input of the kernels" => slice;
    "inspector" "Show or hide the inspector" => |s, _| inspector(s);
    "layers" "Show or hide the list of layers" => |s, _| layers(s);
    "sort" ["ORDER"] "Sort the channels by index, mean, max, sparsity, norm of the weights, effect on the class" => |s, a| looks::sort(s, a, 1);
    "sort-back" "Sort order the other way around" => |s, a| looks::sort(s, a, -1);
    "combine" ["HOW"] "Combine all channels: off, sum, mean, max, rms" => |s, a| looks::combine(s, a, 1);
    "combine-back" "Combine the other way around" => |s, a| looks::combine(s, a, -1);
    "colormap" ["NAME"] "Next colour map" => |s, a| looks::colormap(s, a, 1);
    "colormap-back" "Previous colour map" => |s, a| looks::colormap(s, a, -1);
    "range" ["MODE"] "Range of the colours: map, layer, symmetric, percentile" => |s, a| looks::range(s, a, 1);
    "range-back" "Range the other way around" => |s, a| looks::range(s, a, -1);
    "larger" "Make the tiles larger, or a map over the photo stronger" => |s, _| looks::resize(s, true);
    "smaller" "Make the tiles smaller, or a map over the photo weaker" => |s, _| looks::resize(s, false);
    "overlay" ["HOW"] "Draw the maps over the photo, or alone; blend draws them half and half" => looks::overlay;
    "next-photo" "Go to the next photo" => |s, _| step_photo(s, 1);
    "previous-photo" "Go to the previous photo" => |s, _| step_photo(s, -1);
    "models" ["NAME"] "Open another network" => models;
    "photos" ["PATH"] "Open another photo" => photos;
    "device" ["DEVICE"] "Run elsewhere: auto, cpu, cuda, cuda:N, metal" => device;
    "export" ["WHAT"] "Write what is seen: png, plain png, npy, safetensors" => export;
    "copy" "Copy the command that shows what is seen" => |s, _| copy(s);
    "print" "Print what is seen into the terminal's scrollback" => |s, _| super::printing::print(s);
    "command" "Run any command by its name" => |s, _| pick(s, PickerKind::Command);
    "help" "Show all keys" => |s, _| { s.overlay = Some(Overlay::Help(0)); Vec::new() };
    "suspend" "Go to the background; fg comes back" => |_, _| vec![Effect::Suspend];
    "quit" "Leave" => |_, _| vec![Effect::Quit];
};

/// Runs the command of that name with an argument, which may be empty.
pub(super) fn run(state: &mut State, name: &str, argument: &str) -> Vec<Effect> {
    match COMMANDS.iter().find(|c| c.name == name) {
        Some(command) => (command.run)(state, argument),
        None => Vec::new(),
    }
}

fn go(state: &mut State, to: Move) -> Vec<Effect> {
    match state.cursor.pane {
        Pane::View => state.view().go(state, to),
        Pane::Layers => walk_list(state, to),
    }
    Vec::new()
}

fn walk_list(state: &mut State, to: Move) {
    let rows = state.tree();
    let Some(last) = rows.len().checked_sub(1) else { return };
    let at = state.tree_row(&rows);
    let group = rows[at].group.clone();
    let page = usize::from(state.terminal.size.1).saturating_sub(6).max(1);
    let wanted = match (to, &group) {
        (Move::Right, Some(group)) if !rows[at].open => {
            state.cursor.folded.remove(group);
            return;
        }
        (Move::Left, Some(group)) if rows[at].open => {
            state.cursor.folded.insert(group.clone());
            return;
        }
        (Move::Left, _) => rows[..at].iter().rposition(|r| r.depth < rows[at].depth).unwrap_or(at),
        (Move::Right, _) => at,
        (Move::Up, _) => at.saturating_sub(1),
        (Move::Down, _) => (at + 1).min(last),
        (Move::First, _) => 0,
        (Move::Last, _) => last,
        (Move::PageUp, _) => at.saturating_sub(page),
        (Move::PageDown, _) => (at + page).min(last),
    };
    choose_row(state, &rows[wanted]);
}

pub(super) fn choose_row(state: &mut State, row: &super::Row) {
    state.go_to_layer(row.layer);
    state.cursor.group.clone_from(&row.group);
}

pub(super) fn toggle_group(state: &mut State, group: &str) {
    if !state.cursor.folded.remove(group) {
        state.cursor.folded.insert(group.to_string());
    }
}

pub(super) fn open(state: &mut State) -> Vec<Effect> {
    match (state.cursor.pane, state.cursor.group.clone()) {
        (Pane::View, _) => return state.view().open(state),
        (Pane::Layers, Some(group)) => toggle_group(state, &group),
        (Pane::Layers, None) => state.cursor.pane = Pane::View,
    }
    Vec::new()
}

fn back(state: &mut State) -> Vec<Effect> {
    if state.display.inspector_over {
        state.display.inspector_over = false;
    } else if state.waiting.request.is_some() {
        state.stop_waiting();
        state.wanted.photo = state.shown.photo;
        state.wanted.knock_outs.clone_from(&state.shown.knock_outs);
        state.say("cancelled");
        return vec![Effect::Cancel];
    } else if state.jobs.running.is_some() {
        return vec![Effect::CancelJob];
    } else if state.explains() && state.explain.from.is_some() {
        let from = state.explain.from.take();
        state.explain.target = None;
        state.show_view(from.unwrap_or(ViewId::Maps));
    } else if state.cursor.pane == Pane::Layers {
        state.cursor.pane = Pane::View;
    } else if state.display.inputs && state.view == ViewId::Kernels {
        state.display.inputs = false;
    } else if state.view != ViewId::Maps {
        state.show_view(ViewId::Maps);
    } else {
        state.display.combine = None;
    }
    Vec::new()
}

fn other_pane(state: &mut State) -> Vec<Effect> {
    let visible = super::Layout::of(state).is_some_and(|l| !l.layers.is_empty());
    state.cursor.pane = match state.cursor.pane {
        Pane::View if visible => Pane::Layers,
        _ => Pane::View,
    };
    Vec::new()
}

fn step_layer(state: &mut State, step: isize) -> Vec<Effect> {
    let last = state.layers().len().saturating_sub(1);
    let wanted = state.cursor.layer.0.saturating_add_signed(step).min(last);
    state.go_to_layer(LayerId(wanted));
    state.reveal();
    Vec::new()
}

fn step_stage(state: &mut State, forward: bool) -> Vec<Effect> {
    if let Some(layer) = state.stage_step(forward) {
        state.go_to_layer(layer);
        state.reveal();
    }
    Vec::new()
}

fn find_layer(state: &mut State, name: &str) -> Vec<Effect> {
    if name.is_empty() {
        return pick(state, PickerKind::Layer);
    }
    // As `Graph::find`: a block or a stage is its last layer.
    let inside = format!("{name}.");
    let layers = state.layers();
    let found = layers.iter().position(|l| l.name == name);
    match found.or_else(|| layers.iter().rposition(|l| l.name.starts_with(&inside))) {
        Some(index) => {
            state.go_to_layer(LayerId(index));
            state.reveal();
        }
        None => {
            state.complain(format!("there is no layer \"{name}\"; / finds by a part of the name"))
        }
    }
    Vec::new()
}

fn channel(state: &mut State, number: &str) -> Vec<Effect> {
    if number.is_empty() {
        return pick(state, PickerKind::Channel);
    }
    let channels = state.layer_info().map_or(0, |l| l.shape.c);
    match number.parse::<usize>() {
        Ok(channel) if channel < channels => {
            state.choose_channel(channel);
            state.display.combine = None;
        }
        _ => state.complain(format!(
            "there is no channel {number}: this layer has 0 to {}",
            channels.saturating_sub(1)
        )),
    }
    Vec::new()
}

fn show(state: &mut State, view: ViewId) -> Vec<Effect> {
    state.show_view(view);
    state.cursor.pane = Pane::View;
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
    if let Some(layer) = state.layer_info().filter(|layer| layer.kernels.is_none()) {
        let words = format!("no convolution makes the channels of {}", layer.name);
        state.complain(words);
        return Vec::new();
    }
    match number.parse::<usize>() {
        Ok(slice) if slice < inputs => state.cursor.slice = slice,
        _ if inputs == 0 => state.complain("inputs are those of the kernels view: press 3 first"),
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
        state.complain("there is nothing to write before the network has run");
    } else if what.is_empty() {
        return pick(state, PickerKind::Export);
    } else {
        lists::choose_export(state, what);
    }
    Vec::new()
}

fn copy(state: &mut State) -> Vec<Effect> {
    let line = super::say::command_line(state);
    state.say(format!("copied: {line}"));
    vec![Effect::Copy(line)]
}

pub(super) fn pick(state: &mut State, kind: PickerKind) -> Vec<Effect> {
    state.overlay = Some(Overlay::Picker(super::Picker::new(kind)));
    Vec::new()
}
