//! The mouse: a click chooses, a double click opens, the wheel pages, a drag moves the cursor.

use std::time::Duration;

use super::views::Move;
use super::{Effect, Layout, Overlay, Pane, State, command, picker};
use crate::base::{Mouse, MouseKind};

const DOUBLE_CLICK: Duration = Duration::from_millis(400);

pub(super) fn mouse(state: &mut State, mouse: Mouse) -> Vec<Effect> {
    let Some(layout) = Layout::of(state) else { return Vec::new() };
    if state.overlay.is_some() {
        return over(state, &layout, mouse);
    }
    let (x, y) = (mouse.column, mouse.row);
    if layout.layers.contains(x, y) {
        return in_layers(state, &layout, mouse);
    }
    if !layout.view.contains(x, y) {
        return Vec::new();
    }
    match mouse.kind {
        MouseKind::WheelUp => state.view().go(state, Move::PageUp),
        MouseKind::WheelDown => state.view().go(state, Move::PageDown),
        MouseKind::Drag => state.view().press(state, x, y),
        MouseKind::Press => {
            state.cursor.pane = Pane::View;
            let double = is_double(state, mouse);
            state.view().press(state, x, y);
            if double {
                state.view().open(state);
            }
        }
    }
    Vec::new()
}

fn in_layers(state: &mut State, layout: &Layout, mouse: Mouse) -> Vec<Effect> {
    let rows = state.tree();
    let at = state.tree_row(&rows);
    let inner = layout.layers.inner();
    let wanted = match mouse.kind {
        MouseKind::WheelUp => at.saturating_sub(3),
        MouseKind::WheelDown => (at + 3).min(rows.len().saturating_sub(1)),
        MouseKind::Press if inner.contains(mouse.column, mouse.row) => {
            state.cursor.list_top + usize::from(mouse.row - inner.y)
        }
        MouseKind::Press | MouseKind::Drag => return Vec::new(),
    };
    let Some(row) = rows.get(wanted) else { return Vec::new() };
    state.cursor.pane = Pane::Layers;
    command::choose_row(state, row);
    if mouse.kind == MouseKind::Press && is_double(state, mouse) {
        return command::open(state);
    }
    Vec::new()
}

fn over(state: &mut State, layout: &Layout, mouse: Mouse) -> Vec<Effect> {
    let area = layout.overlay();
    let inside = area.contains(mouse.column, mouse.row);
    match (state.overlay.clone(), mouse.kind) {
        (Some(_), MouseKind::Press) if !inside => state.overlay = None,
        (Some(Overlay::Picker(mut list)), MouseKind::Press) => {
            let (first, height) = super::views::picker_window(area, &list, list.items(state).len());
            let row = usize::from(mouse.row.saturating_sub(area.y + 2));
            if mouse.row >= area.y + 2 && row < height {
                list.chosen = first + row;
                state.overlay = None;
                return picker::choose(state, &list);
            }
        }
        (Some(Overlay::Picker(mut list)), MouseKind::WheelDown) => {
            list.chosen = (list.chosen + 3).min(list.items(state).len().max(1) - 1);
            state.overlay = Some(Overlay::Picker(list));
        }
        (Some(Overlay::Picker(mut list)), MouseKind::WheelUp) => {
            list.chosen = list.chosen.saturating_sub(3);
            state.overlay = Some(Overlay::Picker(list));
        }
        (Some(Overlay::Help(scroll)), MouseKind::WheelDown) => {
            state.overlay = Some(Overlay::Help((scroll + 3).min(super::COMMANDS.len() - 1)));
        }
        (Some(Overlay::Help(scroll)), MouseKind::WheelUp) => {
            state.overlay = Some(Overlay::Help(scroll.saturating_sub(3)));
        }
        _ => {}
    }
    Vec::new()
}

fn is_double(state: &mut State, mouse: Mouse) -> bool {
    let now = (mouse.column, mouse.row, mouse.time);
    let double = state.last_click.is_some_and(|(x, y, time)| {
        (x, y) == (mouse.column, mouse.row) && mouse.time.saturating_sub(time) < DOUBLE_CLICK
    });
    state.last_click = (!double).then_some(now);
    double
}
