//! Keys in what stands over the screen, and what a list's chosen item does.

use super::{Effect, Overlay, Picker, PickerKind, State, command, lists};
use crate::base::{Key, KeyCode};

/// Most characters of an input line: no name that is looked for is longer.
pub const LONGEST_INPUT: usize = 256;
/// Most characters of a path that is typed or pasted, as of the system's own.
pub const LONGEST_PATH: usize = 4096;

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
                insert(state, &mut picker, c.encode_utf8(&mut [0; 4]));
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

/// Adds text to an input line, without control characters and up to the line's length.
pub(super) fn insert(state: &mut State, list: &mut Picker, text: &str) {
    let most = longest(list.kind);
    let room = most.saturating_sub(list.input.chars().count());
    let mut typed = text.chars().filter(|c| !c.is_control());
    list.input.extend(typed.by_ref().take(room));
    list.chosen = 0;
    if typed.next().is_some() {
        state.complain(format!("the line takes {most} characters: the rest was left out"));
    }
}

/// Most characters of a list's input line.
const fn longest(kind: PickerKind) -> usize {
    match kind {
        PickerKind::Model | PickerKind::Photo => LONGEST_PATH,
        _ => LONGEST_INPUT,
    }
}
