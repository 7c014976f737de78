//! Lists over the screen with an input line: commands, layers, a channel number.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::{COMMANDS, Effect, State, command, lists, typing};
use crate::base::{Key, KeyCode};
use crate::session::ask::Method;

/// What stands over the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overlay {
    /// All keys, scrolled by some rows.
    Help(usize),
    /// A list to choose from.
    Picker(Picker),
}

/// What a list chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PickerKind {
    /// A command, with an argument behind a space.
    Command,
    /// A layer.
    Layer,
    /// A channel, by its number.
    Channel,
    /// A network.
    Model,
    /// A photo.
    Photo,
    /// Where to run.
    Device,
    /// A class.
    Class,
    /// A method that explains.
    Method,
    /// A method to compare with.
    Compare,
    /// A file to write.
    Export,
}

/// A list with an input line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picker {
    /// What it chooses.
    pub kind: PickerKind,
    /// What was typed.
    pub input: String,
    /// The chosen place among the items.
    pub chosen: usize,
}

/// One item of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PickerItem {
    /// What is matched.
    pub name: String,
    /// What explains it.
    pub note: String,
    /// What stands at its right: keys, shapes.
    pub side: String,
}

impl Picker {
    /// An empty list of that kind.
    pub const fn new(kind: PickerKind) -> Self {
        Self { kind, input: String::new(), chosen: 0 }
    }

    /// The title of the list.
    pub const fn title(&self) -> &'static str {
        match self.kind {
            PickerKind::Command => "Command",
            PickerKind::Layer => "Find a layer",
            PickerKind::Channel => "Go to channel",
            PickerKind::Model => "Networks",
            PickerKind::Photo => "Photos",
            PickerKind::Device => "Run on",
            PickerKind::Class => "Classes",
            PickerKind::Method => "Explain by",
            PickerKind::Compare => "Compare with",
            PickerKind::Export => "Write",
        }
    }

    /// The items that match what was typed, the best first.
    pub fn items(&self, state: &State) -> Vec<PickerItem> {
        match self.kind {
            PickerKind::Command => {
                let name = self.input.split(' ').next().unwrap_or_default();
                best(name, COMMANDS.iter().map(|c| command_item(state, c)).collect())
            }
            PickerKind::Layer => best(&self.input, layer_items(state)),
            PickerKind::Channel => channel_items(state, &self.input),
            PickerKind::Model => best(&self.input, lists::models(state)),
            PickerKind::Photo => best(&self.input, lists::photos(state)),
            PickerKind::Device => best(&self.input, lists::devices()),
            PickerKind::Class => best(&self.input, class_items(state)),
            PickerKind::Method | PickerKind::Compare => best(&self.input, method_items(state)),
            PickerKind::Export => best(&self.input, lists::exports(state)),
        }
    }
}

fn command_item(state: &State, command: &super::Command) -> PickerItem {
    let keys: Vec<String> =
        state.setup.keys.keys_of(command.name).iter().map(Key::to_string).collect();
    let note = match command.argument {
        "" => command.doc.to_string(),
        argument => format!("{} [{argument}]", command.doc),
    };
    PickerItem { name: command.name.to_string(), note, side: keys.join(" ") }
}

fn layer_items(state: &State) -> Vec<PickerItem> {
    let item = |l: &crate::session::ask::LayerInfo| PickerItem {
        name: l.name.clone(),
        note: l.op.clone(),
        side: l.shape.to_string(),
    };
    state.layers().iter().map(item).collect()
}

/// Classes, the likeliest first.
fn class_items(state: &State) -> Vec<PickerItem> {
    let (Some(network), Some(outcome)) = (&state.shown.network, &state.shown.outcome) else {
        return Vec::new();
    };
    let item = |(class, score): &(usize, f32)| PickerItem {
        name: network.classes.get(*class).map_or(String::new(), |label| label.name.clone()),
        note: class.to_string(),
        side: network.outputs.show(*score),
    };
    outcome.ranked.iter().map(item).collect()
}

/// Methods, with how often each runs the network.
fn method_items(state: &State) -> Vec<PickerItem> {
    let item = |method: Method| {
        let passes = state.explain_with(method).map(|explain| state.passes(&explain));
        let passes = passes.map_or(0, |passes| passes.forward + passes.backward);
        PickerItem {
            name: method.name().to_string(),
            note: method.doc().to_string(),
            side: if passes > 2 { format!("{passes} passes") } else { String::new() },
        }
    };
    Method::all().map(item).collect()
}

/// Channels whose number starts as typed, with their statistics.
fn channel_items(state: &State, input: &str) -> Vec<PickerItem> {
    let statistics = state.statistics();
    let order: Box<dyn Iterator<Item = usize>> = match input {
        "" => Box::new(state.order().into_iter()),
        _ => Box::new(0..state.layer_info().map_or(0, |l| l.shape.c)),
    };
    order
        .filter(|c| c.to_string().starts_with(input))
        .map(|c| {
            let of = statistics.and_then(|s| s.channels.get(c));
            PickerItem {
                name: c.to_string(),
                note: of.map_or(String::new(), |s| {
                    format!("mean {}", crate::base::significant(s.mean as f32))
                }),
                side: of.map_or(String::new(), |s| {
                    format!("zeros {}", crate::base::percent(s.sparsity()))
                }),
            }
        })
        .collect()
}

/// Most characters of a name that are compared with what was typed.
const COMPARED: usize = 512;

/// The items that match, the best first; all of them in their order when nothing was typed.
fn best(typed: &str, items: Vec<PickerItem>) -> Vec<PickerItem> {
    if typed.is_empty() {
        return items;
    }
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::parse(typed, CaseMatching::Smart, Normalization::Smart);
    let mut buffer = Vec::new();
    let beginning = |name: &str| name.char_indices().nth(COMPARED).map_or(name.len(), |(at, _)| at);
    let mut scored: Vec<(u32, PickerItem)> = items
        .into_iter()
        .filter_map(|item| {
            let score = pattern.score(
                Utf32Str::new(&item.name[..beginning(&item.name)], &mut buffer),
                &mut matcher,
            )?;
            // The whole name beats longer names that start with it.
            Some((score + u32::from(item.name == typed) * 1000, item))
        })
        .collect();
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored.into_iter().map(|(_, item)| item).collect()
}

/// A key while something stands over the screen.
pub(super) fn key(state: &mut State, key: Key) -> Vec<Effect> {
    match state.overlay.take() {
        Some(Overlay::Help(scroll)) => {
            state.overlay = help_key(state, scroll, key).map(Overlay::Help);
            Vec::new()
        }
        Some(Overlay::Picker(picker)) => picker_key(state, picker, key),
        None => Vec::new(),
    }
}

fn help_key(state: &State, scroll: usize, key: Key) -> Option<usize> {
    let page = usize::from(state.terminal.size.1).saturating_sub(6).max(1);
    let last = COMMANDS.len().saturating_sub(1);
    match state.setup.keys.command(key) {
        Some("down") => Some((scroll + 1).min(last)),
        Some("up") => Some(scroll.saturating_sub(1)),
        Some("page-down") => Some((scroll + page).min(last)),
        Some("page-up") => Some(scroll.saturating_sub(page)),
        Some("first") => Some(0),
        Some("last") => Some(last),
        _ => None,
    }
}

fn picker_key(state: &mut State, mut picker: Picker, key: Key) -> Vec<Effect> {
    let ctrl = |c: char| key == Key { ctrl: true, ..Key::char(c) };
    let move_down = |picker: &mut Picker, rows: usize| {
        picker.chosen = (picker.chosen + rows).min(picker.items(state).len().max(1) - 1);
    };
    match key.code {
        KeyCode::Named("Esc") => return Vec::new(),
        KeyCode::Named("Enter") => return choose(state, &picker),
        KeyCode::Named("Backspace") if picker.input.pop().is_none() => return Vec::new(),
        KeyCode::Named("Backspace") => picker.chosen = 0,
        KeyCode::Named("Down" | "Tab") => move_down(&mut picker, 1),
        KeyCode::Named("Up") => picker.chosen = picker.chosen.saturating_sub(1),
        KeyCode::Named("PgDn") => move_down(&mut picker, 10),
        KeyCode::Named("PgUp") => picker.chosen = picker.chosen.saturating_sub(10),
        _ if ctrl('n') => move_down(&mut picker, 1),
        _ if ctrl('p') => picker.chosen = picker.chosen.saturating_sub(1),
        _ if ctrl('u') => {
            picker.input.clear();
            picker.chosen = 0;
        }
        _ => {
            if let Some(c) = key.text() {
                typing::insert(state, &mut picker, c.encode_utf8(&mut [0; 4]));
            }
        }
    }
    state.overlay = Some(Overlay::Picker(picker));
    Vec::new()
}

/// Runs what is chosen; the list is gone by then.
pub(super) fn choose(state: &mut State, picker: &Picker) -> Vec<Effect> {
    let items = picker.items(state);
    let item = items.get(picker.chosen).cloned();
    match picker.kind {
        PickerKind::Model => return lists::choose_model(state, picker.clone(), item),
        PickerKind::Photo => return lists::choose_photo(state, picker.clone(), item),
        PickerKind::Device => {
            let name = item.map_or_else(|| picker.input.clone(), |item| item.name);
            return lists::choose_device(state, &name);
        }
        _ => {}
    }
    let Some(item) = item else {
        state.complain(format!("nothing matches \"{}\"", crate::base::clean(&picker.input)));
        return Vec::new();
    };
    match picker.kind {
        PickerKind::Command => {
            let argument = picker.input.split_once(' ').map_or("", |(_, rest)| rest.trim());
            command::run(state, &item.name, argument)
        }
        PickerKind::Layer => command::run(state, "find-layer", &item.name),
        PickerKind::Channel => command::run(state, "channel", &item.name),
        // By its index: two classes can have one name.
        PickerKind::Class => command::run(state, "class", &item.note),
        PickerKind::Method => command::run(state, "method", &item.name),
        PickerKind::Compare => command::run(state, "compare", &item.name),
        PickerKind::Export => {
            lists::choose_export(state, &item.name);
            Vec::new()
        }
        PickerKind::Model | PickerKind::Photo | PickerKind::Device => Vec::new(),
    }
}
