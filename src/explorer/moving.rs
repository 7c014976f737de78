//! Commands that move: the cursor, the panes, layers, channels, views, and back.

use super::views::{Move, ViewId};
use super::{Effect, Pane, PickerKind, State};
use crate::base::LayerId;

pub(super) fn go(state: &mut State, to: Move) -> Vec<Effect> {
    match state.cursor.pane {
        Pane::View => state.view().go(state, to),
        Pane::Layers => walk_list(state, to),
    }
    Vec::new()
}

fn walk_list(state: &mut State, to: Move) {
    let rows = state.tree();
    let Some(last) = rows.len().checked_sub(1) else { return };
    let at = state.tree_row(&rows);
    let group = rows[at].group.clone();
    let page = usize::from(state.terminal.size.1).saturating_sub(6).max(1);
    let wanted = match (to, &group) {
        (Move::Right, Some(group)) if !rows[at].open => {
            state.cursor.folded.remove(group);
            return;
        }
        (Move::Left, Some(group)) if rows[at].open => {
            state.cursor.folded.insert(group.clone());
            return;
        }
        (Move::Left, _) => rows[..at].iter().rposition(|r| r.depth < rows[at].depth).unwrap_or(at),
        (Move::Right, _) => at,
        (Move::Up, _) => at.saturating_sub(1),
        (Move::Down, _) => (at + 1).min(last),
        (Move::First, _) => 0,
        (Move::Last, _) => last,
        (Move::PageUp, _) => at.saturating_sub(page),
        (Move::PageDown, _) => (at + page).min(last),
    };
    choose_row(state, &rows[wanted]);
}

pub(super) fn choose_row(state: &mut State, row: &super::Row) {
    state.go_to_layer(row.layer);
    state.cursor.group.clone_from(&row.group);
}

pub(super) fn toggle_group(state: &mut State, group: &str) {
    if !state.cursor.folded.remove(group) {
        state.cursor.folded.insert(group.to_string());
    }
}

pub(super) fn open(state: &mut State) -> Vec<Effect> {
    match (state.cursor.pane, state.cursor.group.clone()) {
        (Pane::View, _) => return state.view().open(state),
        (Pane::Layers, Some(group)) => toggle_group(state, &group),
        (Pane::Layers, None) => state.cursor.pane = Pane::View,
    }
    Vec::new()
}

pub(super) fn back(state: &mut State) -> Vec<Effect> {
    if state.display.inspector_over {
        state.display.inspector_over = false;
    } else if state.waiting.request.is_some() {
        state.stop_waiting();
        state.wanted.photo = state.shown.photo;
        state.wanted.knock_outs.clone_from(&state.shown.knock_outs);
        state.say("canceled");
        return vec![Effect::Cancel];
    } else if state.jobs.running.is_some() {
        return vec![Effect::CancelJob];
    } else if state.explains() && state.explain.from.is_some() {
        let from = state.explain.from.take();
        state.show_view(from.unwrap_or(ViewId::Maps));
    } else if state.cursor.pane == Pane::Layers {
        state.cursor.pane = Pane::View;
    } else if state.display.inputs && state.view == ViewId::Kernels {
        state.display.inputs = false;
    } else if state.view != ViewId::Maps {
        state.show_view(ViewId::Maps);
    } else {
        state.display.combine = None;
    }
    Vec::new()
}

pub(super) fn other_pane(state: &mut State) -> Vec<Effect> {
    let visible = super::Layout::of(state).is_some_and(|l| !l.layers.is_empty());
    state.cursor.pane = match state.cursor.pane {
        Pane::View if visible => Pane::Layers,
        _ => Pane::View,
    };
    Vec::new()
}

pub(super) fn step_layer(state: &mut State, step: isize) -> Vec<Effect> {
    let last = state.layers().len().saturating_sub(1);
    let wanted = state.cursor.layer.0.saturating_add_signed(step).min(last);
    state.go_to_layer(LayerId(wanted));
    state.reveal();
    Vec::new()
}

pub(super) fn step_stage(state: &mut State, forward: bool) -> Vec<Effect> {
    if let Some(layer) = state.stage_step(forward) {
        state.go_to_layer(layer);
        state.reveal();
    }
    Vec::new()
}

pub(super) fn find_layer(state: &mut State, name: &str) -> Vec<Effect> {
    if name.is_empty() {
        state.open_list(PickerKind::Layer);
        return Vec::new();
    }
    match state.layer_named(name) {
        Some(layer) => {
            state.go_to_layer(layer);
            state.reveal();
        }
        None => state.complain(format!(
            "there is no layer \"{name}\"; press / to find one by part of its name"
        )),
    }
    Vec::new()
}

/// Goes to the next or previous channel, in the order on the screen.
pub(super) fn step_channel(state: &mut State, step: isize) -> Vec<Effect> {
    if state.display.combine.is_some() {
        state.say("all channels are combined into one map: \":combine off\" shows each");
    } else {
        state.step_channel(step);
    }
    Vec::new()
}

pub(super) fn channel(state: &mut State, number: &str) -> Vec<Effect> {
    if number.is_empty() {
        state.open_list(PickerKind::Channel);
        return Vec::new();
    }
    let channels = state.layer_info().map_or(0, |l| l.shape.c);
    match number.parse::<usize>() {
        Ok(channel) if channel < channels => {
            state.choose_channel(channel);
            state.display.combine = None;
        }
        _ => state.complain(format!(
            "there is no channel {number}: this layer has channels 0 to {}",
            channels.saturating_sub(1)
        )),
    }
    Vec::new()
}

pub(super) fn show(state: &mut State, view: ViewId) -> Vec<Effect> {
    state.show_view(view);
    state.cursor.pane = Pane::View;
    Vec::new()
}
