//! The Map view: one map, rulers in its coordinates, the cursor and what lies under it.

use ratatui::buffer::Buffer;

use super::{heatmap, text, theme};
use crate::base::{Part, Rect, Shape, significant};
use crate::explorer::{Layout, MapPlace, Pane, State, views};

/// Draws the view.
pub fn draw(state: &State, layout: &Layout, buffer: &mut Buffer) {
    let rect = layout.view;
    let focused = state.cursor.pane == Pane::View && state.overlay.is_none();
    text::pane(buffer, rect, &title(state), focused);
    let Some(part) = views::map::part(state).filter(|_| state.run().is_some()) else {
        return super::maps::waiting(state, rect, buffer);
    };
    let place = layout.map_place(state, part);
    if place.ruler > 0 {
        rulers(part, place.picture, rect.inner(), buffer);
    }
    if let Some(map) = views::map::heatmap(state) {
        heatmap::cells(buffer, place.picture, &map.cells);
        let under = read_out(state);
        text::label(buffer, rect, rect.y + rect.height - 1, &under, theme::CHOSEN);
        let taken = (under.chars().count() as u16 + 4).min(rect.width);
        let (_, rest) = rect.split_left(taken);
        heatmap::scale(buffer, rest, "", map);
    }
    cross(state, part, place, rect.inner(), buffer);
}

/// `layer1.0.relu · channel 5 of 64 · 56x56`.
fn title(state: &State) -> String {
    let Some(layer) = state.layer_info() else { return "Map".to_string() };
    let Shape { c, h, w, .. } = layer.shape;
    let what = match state.display.combine {
        Some(how) => format!("{how} of {c} channels"),
        None => format!("channel {} of {c}", state.cursor.channel),
    };
    let change = if state.shows_difference() { " · change by the knock-outs" } else { "" };
    let photo = if state.display.over_photo.is_some() { " · over the photo" } else { "" };
    let colors = views::map::heatmap(state)
        .map(|map| format!(" · {} · {}", map.colormap, heatmap::mode(map)))
        .unwrap_or_default();
    let part = views::map::magnified(state).map_or_else(String::new, |part| {
        let ((top, bottom), (left, right)) = (part.rows, part.columns);
        format!(", rows {top}-{}, columns {left}-{}", bottom - 1, right - 1)
    });
    format!("{} · {what} · {h}x{w}{part}{change}{photo}{colors}", layer.name)
}

/// `(12, 5) = 2.31 → photo 96..186, 40..130`: row and column, then the photo's columns and rows.
fn read_out(state: &State) -> String {
    let unit = views::map::read_out(state);
    let mut text = format!("({}, {})", unit.0, unit.1);
    if let Some(value) = views::map::value(state, unit) {
        text += &format!(" = {}", significant(value));
    }
    if let Some((rows, columns)) = views::map::photo_region(state, unit) {
        text += &format!(" → photo {}..{}, {}..{}", columns.0, columns.1, rows.0, rows.1);
    }
    text
}

/// The cell in which the middle of a value lies, of the values from `shown.0` to before `shown.1`.
fn cell_of(index: usize, shown: (usize, usize), first: u16, cells: u16) -> u16 {
    let values = shown.1.saturating_sub(shown.0).max(1) as f32;
    let middle = (index.saturating_sub(shown.0) as f32 + 0.5) * f32::from(cells) / values;
    first + (middle as u16).min(cells.saturating_sub(1))
}

fn rulers(part: Part, picture: Rect, inner: Rect, buffer: &mut Buffer) {
    let step = |values: usize, cells: u16, room: u16| {
        let each = |step: &usize| *step * usize::from(cells) / values.max(1) >= usize::from(room);
        [1, 2, 5, 10, 20, 50, 100, 200, 500].into_iter().find(each).unwrap_or(1000)
    };
    let (height, width) = part.extent();
    let across = step(width, picture.width, 5);
    for column in multiples(across, part.columns) {
        let x = cell_of(column, part.columns, picture.x, picture.width);
        if picture.y > inner.y {
            let label = column.to_string();
            text::column(buffer, inner, x - inner.x, picture.y - 1, &label, theme::DIM);
        }
    }
    let down = step(height, picture.height, 2);
    for row in multiples(down, part.rows) {
        let y = cell_of(row, part.rows, picture.y, picture.height);
        let text = format!("{row:>3}");
        text::line(buffer, picture.x.saturating_sub(4), y, 3, &text, theme::DIM);
    }
}

fn multiples(of: usize, (first, end): (usize, usize)) -> impl Iterator<Item = usize> {
    (first.next_multiple_of(of)..end).step_by(of)
}

fn cross(state: &State, part: Part, place: MapPlace, inner: Rect, buffer: &mut Buffer) {
    let picture = place.picture;
    if picture.is_empty() {
        return;
    }
    let x = cell_of(state.cursor.unit.1, part.columns, picture.x, picture.width);
    let y = cell_of(state.cursor.unit.0, part.rows, picture.y, picture.height);
    heatmap::over(buffer, x, y, "╋");
    let mark = theme::CHOSEN;
    if place.ruler > 0 {
        text::line(buffer, picture.x - 1, y, 1, "▸", mark);
    }
    if place.ruler > 0 && picture.y > inner.y {
        text::line(buffer, x, picture.y - 1, 1, "▾", mark);
    }
}
