//! Keys and pastes: what runs at once, what waits for the network, what goes into an input line.

use super::choosing::{self, LONGEST_PATH, insert};
use super::{Effect, Overlay, State, command, lists};
use crate::base::Key;
use crate::config::LEAVE;

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
        _ if state.overlay.is_some() => choosing::key(state, key),
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
