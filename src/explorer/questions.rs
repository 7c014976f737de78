//! Commands that ask why, whether it is true, what matters, and what a picture of it would be.

use super::{Aim, Effect, PickerKind, State, What};
use crate::base::{Choice, bounds};
use crate::session::ask::{Job, Judge, find_class};

pub(super) fn class(state: &mut State, name: &str) -> Vec<Effect> {
    if name.is_empty() {
        state.open_list(PickerKind::Class);
        return Vec::new();
    }
    let classes = state.shown.network.as_ref().map_or(&[][..], |network| &network.classes);
    match find_class(classes, name) {
        Ok(class) => state.choose_class(class),
        Err(error) => state.complain(error.to_string()),
    }
    Vec::new()
}

pub(super) fn method(state: &mut State, name: &str) -> Vec<Effect> {
    if name.is_empty() {
        state.open_list(PickerKind::Method);
        return Vec::new();
    }
    state.choose_method(name);
    Vec::new()
}

pub(super) fn compare(state: &mut State, name: &str) -> Vec<Effect> {
    if name.is_empty() {
        state.open_list(PickerKind::Compare);
        return Vec::new();
    }
    state.choose_comparison(name);
    Vec::new()
}

pub(super) fn drives(state: &mut State, unit: bool) -> Vec<Effect> {
    if state.layer_info().is_none() || state.explains() {
        state.complain("choose a channel first: 1 shows all channels of the layer");
    } else if unit {
        state.cursor.unit = state.view().unit(state);
        state.explain_place(Aim::Unit);
    } else {
        state.explain_place(Aim::Channel);
    }
    Vec::new()
}

pub(super) fn judge(state: &mut State) -> Vec<Effect> {
    let Some(explain) = state.explain_now().filter(|_| state.explains()) else {
        state.complain("there is no explanation to score: 5 shows one");
        return Vec::new();
    };
    let job = Job::Judge(Judge(explain));
    if state.judgement().is_some_and(|(found, _)| found.complete) {
        state.explain.judged = !state.explain.judged;
        return Vec::new();
    }
    state.explain.judged = true;
    state.begin(job)
}

pub(super) fn rank(state: &mut State) -> Vec<Effect> {
    match state.rank() {
        Some(rank) => state.begin(Job::Rank(rank)),
        None => {
            state.complain("this network has no classes to rank channels for");
            Vec::new()
        }
    }
}

pub(super) fn make(state: &mut State, what: &str) -> Vec<Effect> {
    if what.is_empty() {
        state.rebuild.what = state.rebuild.what.step(1);
    } else {
        match What::parse(what) {
            Ok(what) => state.rebuild.what = what,
            Err(error) => state.complain(error),
        }
    }
    Vec::new()
}

pub(super) fn iterations(state: &mut State, number: &str) -> Vec<Effect> {
    match (number, bounds::ITERATIONS.parse(number)) {
        ("", _) => state.rebuild.iterations = None,
        (_, Ok(count)) => state.rebuild.iterations = Some(count),
        (_, Err(why)) => state.complain(format!("\":iterations N\": {why}")),
    }
    Vec::new()
}

pub(super) fn variants(state: &mut State, number: &str) -> Vec<Effect> {
    match (number, bounds::VARIANTS.parse(number)) {
        ("", _) => state.rebuild.variants = 1,
        (_, Ok(count)) => state.rebuild.variants = count,
        (_, Err(why)) => state.complain(format!("\":variants N\": {why}")),
    }
    if state.rebuild.variants > 1 && !state.rebuild.what.from_noise() {
        state.say("variants are made of maximize-channel, -unit and -class only");
    }
    Vec::new()
}

pub(super) fn seed(state: &mut State, number: &str) -> Vec<Effect> {
    match (number, bounds::SEED.parse(number)) {
        ("", _) => state.rebuild.seed = state.rebuild.seed.wrapping_add(1),
        (_, Ok(seed)) => state.rebuild.seed = seed,
        (_, Err(why)) => state.complain(format!("\":seed N\": {why}")),
    }
    Vec::new()
}
