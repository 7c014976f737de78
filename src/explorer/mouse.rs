//! The mouse: a click chooses, a double click opens, the wheel pages, a drag moves the cursor.

use std::time::Duration;

use super::views::ViewId;
use super::{Effect, Layout, Overlay, Pane, Picker, State, choosing, command, moving, typing};
use crate::base::{Choice, Mouse, MouseKind};

const DOUBLE_CLICK: Duration = Duration::from_millis(400);
/// Rows of a list that a notch of the wheel moves.
const WHEEL: isize = 3;

pub(super) fn mouse(state: &mut State, mouse: Mouse) -> Vec<Effect> {
    let Some(layout) = Layout::of(state) else { return Vec::new() };
    let (x, y) = (mouse.column, mouse.row);
    if mouse.kind == MouseKind::Move {
        let hidden = state.inspector_place().is_some_and(|place| place.contains(x, y));
        if state.overlay.is_none() && state.view.follows_the_mouse() {
            state.cursor.pointed = None;
            if !hidden {
                state.view().point(state, x, y);
            }
        }
        return Vec::new();
    }
    if layout.footer.contains(x, y) {
        return in_footer(state, mouse);
    }
    if state.overlay.is_some() {
        return over(state, mouse);
    }
    if layout.title.contains(x, y) {
        return in_tabs(state, mouse);
    }
    if layout.strip.contains(x, y) && mouse.kind == MouseKind::Press {
        return command::run(state, "inspector", "");
    }
    if state.inspector_place().is_some_and(|place| place.contains(x, y)) {
        in_inspector(state, mouse);
        return Vec::new();
    }
    if layout.layers.contains(x, y) {
        return in_layers(state, &layout, mouse);
    }
    if !layout.view.contains(x, y) {
        return Vec::new();
    }
    match mouse.kind {
        MouseKind::WheelUp => state.view().wheel(state, x, y, true),
        MouseKind::WheelDown => state.view().wheel(state, x, y, false),
        MouseKind::Drag => state.view().press(state, x, y),
        MouseKind::Move => {}
        MouseKind::Press => {
            state.cursor.pane = Pane::View;
            let double = is_double(state, mouse);
            state.view().press(state, x, y);
            if double {
                return state.view().open(state);
            }
        }
    }
    Vec::new()
}

/// A press on a hint is its key; one on a message closes that.
fn in_footer(state: &mut State, mouse: Mouse) -> Vec<Effect> {
    let (Some(footer), MouseKind::Press) = (state.footer(), mouse.kind) else { return Vec::new() };
    let hint = footer.hints.iter().find(|hint| hint.rect.contains(mouse.column, mouse.row));
    match hint.and_then(|hint| hint.key_at(mouse.column)) {
        Some(key) => typing::key(state, key),
        None => {
            state.message = None;
            Vec::new()
        }
    }
}

fn in_tabs(state: &mut State, mouse: Mouse) -> Vec<Effect> {
    let tabs = state.tabs();
    let pressed = tabs.iter().find(|tab| tab.rect.contains(mouse.column, mouse.row));
    match (pressed, mouse.kind) {
        (Some(tab), MouseKind::Press) => command::run(state, tab.view.name(), ""),
        _ => Vec::new(),
    }
}

/// A press on a class chooses it, one on the photo goes to the unit that sees that place; the wheel steps through what
/// is below it.
fn in_inspector(state: &mut State, mouse: Mouse) {
    let (x, y) = (mouse.column, mouse.row);
    let classes = state.class_rows().filter(|classes| classes.rows.contains(x, y));
    match (classes, mouse.kind) {
        (Some(_), MouseKind::WheelUp) => state.step_class(-1),
        (Some(_), MouseKind::WheelDown) => state.step_class(1),
        (Some(classes), MouseKind::Press) => {
            let place = classes.first + usize::from(y - classes.rows.y);
            let ranked = state.shown.outcome.as_ref().map(|outcome| &outcome.ranked);
            if let Some((class, _)) = ranked.and_then(|ranked| ranked.get(place)).copied() {
                state.choose_class(class);
            }
        }
        (None, MouseKind::Press | MouseKind::Drag) => {
            if let Some(unit) = state.unit_below(x, y) {
                state.show_view(ViewId::Map);
                (state.cursor.unit, state.cursor.at_maximum) = (unit, false);
            }
        }
        _ => {}
    }
}

fn in_layers(state: &mut State, layout: &Layout, mouse: Mouse) -> Vec<Effect> {
    let rows = state.tree();
    let at = state.tree_row(&rows);
    let inner = layout.layers.inner();
    let wanted = match mouse.kind {
        MouseKind::WheelUp => at.saturating_sub(WHEEL as usize),
        MouseKind::WheelDown => (at + WHEEL as usize).min(rows.len().saturating_sub(1)),
        MouseKind::Press if inner.contains(mouse.column, mouse.row) => {
            state.cursor.list_top + usize::from(mouse.row - inner.y)
        }
        MouseKind::Press | MouseKind::Drag | MouseKind::Move => return Vec::new(),
    };
    let Some(row) = rows.get(wanted) else { return Vec::new() };
    state.cursor.pane = Pane::Layers;
    moving::choose_row(state, row);
    if mouse.kind == MouseKind::Press && is_double(state, mouse) {
        return moving::open(state);
    }
    Vec::new()
}

fn over(state: &mut State, mouse: Mouse) -> Vec<Effect> {
    match state.overlay.take() {
        Some(Overlay::Picker(list)) => in_list(state, list, mouse),
        Some(Overlay::Help(mut help)) => {
            let inside =
                help.page(state).is_some_and(|page| page.area.contains(mouse.column, mouse.row));
            match mouse.kind {
                MouseKind::Press if !inside => return Vec::new(),
                MouseKind::WheelUp => help.scroll(state, -WHEEL),
                MouseKind::WheelDown => help.scroll(state, WHEEL),
                MouseKind::Press | MouseKind::Drag | MouseKind::Move => {}
            }
            state.overlay = Some(Overlay::Help(help));
            Vec::new()
        }
        None => Vec::new(),
    }
}

/// A press on a row chooses it, one outside of the list closes it.
fn in_list(state: &mut State, mut list: Picker, mouse: Mouse) -> Vec<Effect> {
    let count = list.items(state).len();
    let Some(places) = state.picker_places(&list, count) else { return Vec::new() };
    let (x, y) = (mouse.column, mouse.row);
    match mouse.kind {
        MouseKind::Press if !places.area.contains(x, y) => return Vec::new(),
        MouseKind::Press if places.rows.contains(x, y) => {
            let pressed = places.first + usize::from(y - places.rows.y);
            if pressed < count {
                list.chosen = pressed;
                return choosing::choose(state, &list);
            }
        }
        MouseKind::WheelUp => list.chosen = list.chosen.saturating_sub(WHEEL as usize),
        MouseKind::WheelDown => {
            list.chosen = (list.chosen + WHEEL as usize).min(count.max(1) - 1);
        }
        MouseKind::Press | MouseKind::Drag | MouseKind::Move => {}
    }
    state.overlay = Some(Overlay::Picker(list));
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
