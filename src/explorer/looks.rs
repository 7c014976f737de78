//! Commands that change how maps look and in which order they stand, and nothing else.

use super::views::{ViewId, map};
use super::{Effect, State};
use crate::base::{Blending, Choice, Combine, RangeMode, SortOrder};

/// The choice that the argument names, or the one `step` further; `None`, with a complaint, for a name that is not one.
fn choose<T: Choice>(state: &mut State, now: T, argument: &str, step: isize) -> Option<T> {
    if argument.is_empty() {
        return Some(now.step(step));
    }
    T::parse(argument).map_err(|error| state.complain(error)).ok()
}

pub(super) fn sort(state: &mut State, argument: &str, step: isize) -> Vec<Effect> {
    let Some(order) = choose(state, state.display.sort, argument, step) else {
        return Vec::new();
    };
    state.display.sort = order;
    if state.display.sort == SortOrder::Index {
        state.say("channels in the network's order");
    } else if state.display.sort == SortOrder::Effect && state.effects().is_none() {
        state.say("the effects on the class are not computed yet: press K to rank the channels");
    } else {
        state.say(format!("channels sorted by {}", state.display.sort));
    }
    Vec::new()
}

pub(super) fn combine(state: &mut State, argument: &str, step: isize) -> Vec<Effect> {
    state.display.combine = match (argument, state.display.combine) {
        ("off", _) => None,
        ("", None) if step > 0 => Combine::ALL.first().copied(),
        ("", None) => Combine::ALL.last().copied(),
        ("", Some(how)) => {
            let at = Combine::ALL.iter().position(|c| *c == how).unwrap_or(0);
            at.checked_add_signed(step).and_then(|at| Combine::ALL.get(at)).copied()
        }
        (name, now) => match Combine::parse(name) {
            Ok(how) => Some(how),
            Err(error) => {
                state.complain(format!("{error}, off"));
                now
            }
        },
    };
    Vec::new()
}

pub(super) fn colormap(state: &mut State, argument: &str, step: isize) -> Vec<Effect> {
    // What is on the screen decides: a combination of a signed layer need not be signed.
    let signed = state.view().signed(state);
    let now = if signed { state.display.look.signed_colormap } else { state.display.look.colormap };
    let Some(mut chosen) = choose(state, now, argument, step) else { return Vec::new() };
    // The middle of a diverging map means 0: it says nothing where that is the least value.
    while argument.is_empty() && !signed && chosen.is_diverging() {
        chosen = chosen.step(step);
    }
    if signed {
        state.display.look.signed_colormap = chosen;
    } else if chosen.is_diverging() && chosen != now {
        state.complain(format!("{chosen} is a diverging colormap: it is for signed values"));
    } else {
        state.display.look.colormap = chosen;
    }
    Vec::new()
}

pub(super) fn range(state: &mut State, argument: &str, step: isize) -> Vec<Effect> {
    if let Some(chosen) = choose::<RangeMode>(state, state.display.look.range, argument, step) {
        state.display.look.range = chosen;
    }
    Vec::new()
}

pub(super) fn resize(state: &mut State, larger: bool) -> Vec<Effect> {
    if state.explains() {
        let step = if larger { 10 } else { -10 };
        state.explain.opacity = state.explain.opacity.saturating_add_signed(step).min(100);
    } else if state.view == ViewId::Map {
        map::zoom(state, larger);
    } else if let Some(layout) = super::Layout::of(state) {
        match layout.other_tile(state, larger) {
            Some(tile) => state.display.tile = tile,
            None if larger => state.say("the tiles are as large as they can be"),
            None => state.say("all tiles fit on the screen: they fill it"),
        }
    }
    Vec::new()
}

/// Maps over the photo or alone; the argument says how they lie there.
pub(super) fn overlay(state: &mut State, how: &str) -> Vec<Effect> {
    let blending = match Blending::parse(if how.is_empty() { "opacity" } else { how }) {
        Ok(blending) => blending,
        Err(error) => {
            state.complain(error);
            return Vec::new();
        }
    };
    if state.explains() {
        state.explain.blending = blending;
        state.explain.opacity = (100.0 * blending.usual_strength()).round() as u8;
    } else if state.shown.input.as_ref().is_some_and(|i| i.placement.is_none()) {
        state.complain("an input tensor has no photo to draw maps over");
    } else if how.is_empty() && state.display.over_photo.is_some() {
        state.display.over_photo = None;
    } else {
        state.display.over_photo = Some(blending);
    }
    Vec::new()
}
