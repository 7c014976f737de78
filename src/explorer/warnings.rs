//! What is odd about what comes onto the screen.

use super::State;
use crate::session::ask::Outcome;

/// Says what is odd about the network, the photo and the run that come onto the screen: each sentence once, the
/// inspector keeps them.
pub(super) fn say_new(state: &mut State, outcome: &Outcome) {
    let invalid: usize = outcome.summaries.iter().map(|s| s.invalid).sum();
    let first = outcome.summaries.iter().position(|s| s.invalid > 0);
    let first = first.and_then(|i| outcome.layers.get(i));
    let not_finite =
        first.map(|layer| format!("{invalid} values are NaN or infinite, first in {}", layer.name));
    let network = state.waiting.network.as_ref().map(|(_, network)| network);
    let network = network.or(state.shown.network.as_ref()).map(|network| network.warnings.clone());
    let input = state.waiting.input.as_ref().map(|input| input.notes.clone());
    let all = [network, input].into_iter().flatten().flatten();
    let mut new: Vec<String> = all
        .chain(outcome.note.clone())
        .filter(|warning| state.warned.insert(warning.clone()))
        .collect();
    new.extend(not_finite);
    if !new.is_empty() {
        state.complain(new.join(" · "));
    }
}
