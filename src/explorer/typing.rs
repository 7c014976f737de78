//! Keys and pastes: what runs at once, what waits for the network, what goes into an input line.

use super::picker::Overlay;
use super::{Effect, Picker, PickerKind, State, command, lists, picker};
use crate::base::Key;
use crate::config::LEAVE;

/// Most characters of an input line: no name that is looked for is longer.
pub const LONGEST_INPUT: usize = 256;
/// Most characters of a path that is typed or pasted, as of the system's own.
pub const LONGEST_PATH: usize = 4096;

/// Most keys that wait for the first run.
const MOST_AHEAD: usize = 256;

/// Takes a key.
pub(super) fn key(state: &mut State, key: Key) -> Vec<Effect> {
    state.message = None;
    // It leaves from everywhere, whatever the table says.
    if key == LEAVE {
        return vec![Effect::Quit];
    }
    let keys = state.setup.keys.clone();
    match keys.command(key) {
        // It works everywhere, as in every program.
        Some("suspend") => command::run(state, "suspend", ""),
        _ if state.overlay.is_some() => picker::key(state, key),
        name if waits(state, name) => {
            if state.waiting.early_keys.len() < MOST_AHEAD {
                state.waiting.early_keys.push(key);
            }
            Vec::new()
        }
        Some(name) => command::run(state, name, ""),
        None => {
            state.say(format!("{key} is bound to nothing; ? shows all keys"));
            Vec::new()
        }
    }
}

/// Whether a key has to wait for the first run: its command works on what is not there yet, or it comes after one that
/// waits. What cancels or leaves never waits.
fn waits(state: &State, command: Option<&str>) -> bool {
    let starting = state.shown.outcome.is_none() && state.waiting.request.is_some();
    let needs_run = match command {
        Some("back" | "quit") => return false,
        Some("help" | "command" | "models" | "photos" | "device") | None => false,
        Some(_) => true,
    };
    starting && (needs_run || !state.waiting.early_keys.is_empty())
}

/// Pasted text goes into an open list as a whole, and is a path otherwise: it runs no commands.
pub(super) fn paste(state: &mut State, text: &str) -> Vec<Effect> {
    state.message = None;
    match state.overlay.take() {
        Some(Overlay::Picker(mut list)) => {
            insert(state, &mut list, text);
            state.overlay = Some(Overlay::Picker(list));
            Vec::new()
        }
        Some(help) => {
            state.overlay = Some(help);
            Vec::new()
        }
        None if text.chars().nth(LONGEST_PATH).is_some() => {
            state.complain(format!(
                "what was pasted is not a path: it has more than {LONGEST_PATH} characters"
            ));
            Vec::new()
        }
        None => lists::open_path(state, text),
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
