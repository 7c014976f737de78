//! Lists over the screen with an input line: commands, layers, a channel number.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::{Effect, Help, Layout, State, command, lists, typing};
use crate::base::{Key, KeyCode, Rect, columns};
use crate::session::ask::{ChannelStatistics, Method};

/// What stands over the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overlay {
    /// All keys and commands.
    Help(Help),
    /// A list to choose from.
    Picker(Picker),
}

/// What a list chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PickerKind {
    /// A command, with an argument after a space.
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
    /// What stands before the name.
    pub mark: &'static str,
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
            PickerKind::Method => "Methods",
            PickerKind::Compare => "Compare with",
            PickerKind::Export => "Save",
        }
    }

    /// The items that match what was typed, the best first.
    pub fn items(&self, state: &State) -> Vec<PickerItem> {
        match self.kind {
            PickerKind::Command => {
                let name = self.input.split(' ').next().unwrap_or_default();
                let all = command::by_importance().into_iter();
                let mut items = best(name, all.map(|c| command_item(state, c)).collect());
                // Another name of a command is as good as its own.
                if let Some(command) = command::named(name) {
                    items.retain(|item| item.name != command.name);
                    items.insert(0, command_item(state, command));
                }
                items
            }
            PickerKind::Layer => {
                let mut items = best(&self.input, layer_items(state));
                // A block or a stage is its last layer, whatever else matches.
                if let Some(layer) = state.layer_named(&self.input) {
                    let named = |item: &PickerItem| item.name == state.layers()[layer.0].name;
                    if let Some(at) = items.iter().position(named) {
                        items[..=at].rotate_right(1);
                    }
                }
                items
            }
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

impl PickerItem {
    /// An item without a mark.
    pub(super) fn new(name: &str, note: impl Into<String>, side: impl Into<String>) -> Self {
        Self { name: name.to_string(), note: note.into(), side: side.into(), mark: "" }
    }
}

/// Where everything of a list stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PickerPlaces {
    /// The pane.
    pub area: Rect,
    /// The input line.
    pub input: Rect,
    /// The rows of the items.
    pub rows: Rect,
    /// The item in the first row.
    pub first: usize,
    /// The room for a picture of the chosen item.
    pub picture: Option<Rect>,
}

/// Where the parts of items begin, from the left of their rows. What stands at the right of an item ends there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PickerColumns {
    /// The name, after the mark.
    pub name: u16,
    /// What explains it.
    pub note: u16,
}

/// Columns between the parts of an item.
const GAP: u16 = 2;

impl PickerPlaces {
    /// The columns for these items: names are as wide as the longest, notes have the rest.
    pub fn columns(&self, items: &[PickerItem]) -> PickerColumns {
        let widest = |of: fn(&PickerItem) -> &str| {
            let widths = items.iter().map(|item| columns(of(item)));
            widths.max().unwrap_or(0).min(usize::from(self.rows.width)) as u16
        };
        let mark = widest(|item| item.mark);
        let name = 1 + if mark > 0 { mark + 1 } else { 0 };
        // Beside names of any length a note or what stands at the right keeps a third of the row.
        let others = widest(|item| &item.note).max(widest(|item| &item.side));
        let most = self.rows.width.saturating_sub(name + others.min(self.rows.width / 3));
        PickerColumns { name, note: name + (widest(|item| &item.name) + GAP).min(most) }
    }
}

impl State {
    /// Where a list of `items` over the screen stands.
    pub fn picker_places(&self, list: &Picker, items: usize) -> Option<PickerPlaces> {
        let mut area = Layout::of(self)?.overlay();
        // A short list leaves the rest of the screen in view.
        let all = match list.kind {
            PickerKind::Export => Some(lists::exports(self).len()),
            PickerKind::Device => Some(lists::devices().len()),
            _ => None,
        };
        if let Some(all) = all {
            area = area.centered(area.width.min(SHORT_LIST), area.height.min(all as u16 + 3));
        }
        let (input, rest) = area.inner().split_top(1);
        let side = if list.kind == PickerKind::Photo { rest.width / 3 } else { 0 };
        let side = if side < NARROWEST_PICTURE { 0 } else { side };
        let (rows, picture) = rest.split_left(rest.width - side);
        // Its first column is the line between.
        let picture = (side > 0).then(|| picture.split_left(1).1);
        let height = usize::from(rows.height);
        let first = list.chosen.saturating_sub(height / 2).min(items.saturating_sub(height));
        Some(PickerPlaces { area, input, rows, first, picture })
    }
}

/// Columns of a list of a few rows.
const SHORT_LIST: u16 = 84;
/// A picture of fewer columns shows nothing.
const NARROWEST_PICTURE: u16 = 13;

fn command_item(state: &State, command: &super::Command) -> PickerItem {
    let keys: Vec<String> =
        state.setup.keys.keys_of(command.name).iter().map(Key::to_string).collect();
    let note = match command.argument {
        "" => command.doc.to_string(),
        argument => format!("{} [{argument}]", command.doc),
    };
    PickerItem::new(command.name, note, keys.join(" "))
}

fn layer_items(state: &State) -> Vec<PickerItem> {
    let item = |l: &crate::session::ask::LayerInfo| {
        PickerItem::new(&l.name, l.op.clone(), l.shape.to_string())
    };
    state.layers().iter().map(item).collect()
}

/// Classes, the likeliest first.
fn class_items(state: &State) -> Vec<PickerItem> {
    let (Some(network), Some(outcome)) = (&state.shown.network, &state.shown.outcome) else {
        return Vec::new();
    };
    let item = |(class, score): &(usize, f32)| {
        let name = network.classes.get(*class).map_or("", |label| label.name.as_str());
        PickerItem::new(name, class.to_string(), network.outputs.show(*score))
    };
    outcome.ranked.iter().map(item).collect()
}

/// Methods, with how often each runs the network.
fn method_items(state: &State) -> Vec<PickerItem> {
    let item = |method: Method| {
        let passes = state.explain_with(method).map(|explain| state.passes(&explain));
        let passes = passes.map_or(0, |passes| passes.forward + passes.backward);
        let side = if passes > 2 { format!("{passes} passes") } else { String::new() };
        PickerItem::new(method.name(), method.doc(), side)
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
            let mean =
                |s: &ChannelStatistics| format!("mean {}", crate::base::significant(s.mean as f32));
            let zeros =
                |s: &ChannelStatistics| format!("zeros {}", crate::base::percent(s.sparsity()));
            PickerItem::new(
                &c.to_string(),
                of.map_or(String::new(), mean),
                of.map_or(String::new(), zeros),
            )
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
        Some(Overlay::Help(help)) => {
            state.overlay = help.key(state, key).map(Overlay::Help);
            Vec::new()
        }
        Some(Overlay::Picker(picker)) => picker_key(state, picker, key),
        None => Vec::new(),
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
