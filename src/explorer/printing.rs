//! Printing what is on the screen below the prompt.

use super::views::{ViewId, depth};
use super::{Effect, Printed, State, say};
use crate::session::ask::request;

/// Words for the picture on the normal screen.
pub(super) fn words(state: &State) -> Vec<String> {
    let mut words = say::caption(state);
    words.push(say::command_line(state));
    words
}

/// Prints what is seen; a picture has to be made first.
pub(super) fn print(state: &mut State) -> Vec<Effect> {
    match state.view().seen(state) {
        Some(seen) => {
            state.waiting.print = Some(request::Sheet { seen, scale: None }.into());
            Vec::new()
        }
        None if state.shown.outcome.is_none() => Vec::new(),
        None if state.view != ViewId::Depth => {
            state.complain("nothing to print yet: press Enter to run it");
            Vec::new()
        }
        None => {
            let table = depth::table(state);
            let lines = table.lines().map(str::to_string).chain(words(state));
            vec![Effect::Print(Printed { picture: None, words: lines.collect() })]
        }
    }
}
