//! Lists over the screen with an input line: their items, where they stand, what they need to know.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::{Layout, Overlay, Picker, PickerItem, PickerKind, State, command, lists};
use crate::base::{Key, Rect, columns};
use crate::session::ask::{
    Answer, Cells, ChannelStatistics, Method, ModelRef, ModelRow, Request, request,
};

impl Picker {
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

impl State {
    /// What an open list needs to know.
    pub(super) fn list_wants(&self) -> Vec<Request> {
        match &self.overlay {
            Some(Overlay::Picker(list)) if list.kind == PickerKind::Model => {
                [request::Models.into()].into_iter().chain(self.summary_requests(list)).collect()
            }
            Some(Overlay::Picker(list)) if list.kind == PickerKind::Photo => {
                let folder = request::Folder(self.wanted.folder.clone()).into();
                [folder].into_iter().chain(self.thumbnail_request(list)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What the files in the visible rows of the list of networks are: each is read only while it is visible.
    fn summary_requests(&self, list: &Picker) -> Vec<Request> {
        let items = list.items(self);
        let Some(places) = self.picker_places(list, items.len()) else { return Vec::new() };
        let visible = items.iter().skip(places.first).take(usize::from(places.rows.height));
        let row = |item: &PickerItem| self.models().iter().find(|row| row.name == item.name);
        let file = |row: &ModelRow| match &row.model {
            ModelRef::File(path) => Some(request::Summary(path.clone()).into()),
            ModelRef::Builtin | ModelRef::Hub(_) => None,
        };
        visible.filter_map(row).filter_map(file).collect()
    }

    fn thumbnail_request(&self, list: &Picker) -> Option<Request> {
        let items = list.items(self);
        let room = self.picker_places(list, items.len())?.picture?;
        let photo = lists::photo_of(self, &items.get(list.chosen)?.name)?;
        let (size, blocks) = ((room.width, room.height), self.display.look.blocks);
        Some(request::Thumbnail { photo, size, blocks }.into())
    }

    /// The small picture of the chosen photo, where it is known.
    pub fn thumbnail(&self, list: &Picker) -> Option<&Cells> {
        match self.answers.get(&self.thumbnail_request(list)?)? {
            Answer::Photo(cells) => Some(cells),
            _ => None,
        }
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
