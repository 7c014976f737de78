//! The list of layers: stages, blocks, layers, each with its shape and a bar of its zeros.

use ratatui::buffer::Buffer;

use super::{text, theme};
use crate::base::{Rect, Shape, bar};
use crate::explorer::{Pane, Row, State};

const BAR: u16 = 4;

/// Draws the pane.
pub fn draw(state: &State, rect: Rect, buffer: &mut Buffer) {
    if rect.is_empty() {
        return;
    }
    let focused = state.cursor.pane == Pane::Layers && state.overlay.is_none();
    let inner = text::pane(buffer, rect, "Layers", focused);
    text::label_right(buffer, rect, rect.y, "zeros", theme::DIM);
    let rows = state.tree();
    let chosen = state.tree_row(&rows);
    let height = usize::from(inner.height);
    let first = state.cursor.list_top;
    for (i, row) in rows.iter().enumerate().skip(first).take(height) {
        let y = inner.y + (i - first) as u16;
        draw_row(state, row, i == chosen, focused, Rect::new(inner.x, y, inner.width, 1), buffer);
    }
    text::label(buffer, rect, rect.y + rect.height - 1, &foot(state), theme::DIM);
}

fn draw_row(
    state: &State,
    row: &Row,
    chosen: bool,
    focused: bool,
    rect: Rect,
    buffer: &mut Buffer,
) {
    let mark = match (&row.group, row.open) {
        (Some(_), true) => "▾",
        (Some(_), false) => "▸",
        (None, _) if chosen => "›",
        (None, _) => " ",
    };
    let name = match (chosen, focused, row.group.is_some()) {
        (true, true, _) => theme::CHOSEN_ROW,
        (true, false, _) => theme::CHOSEN,
        (false, _, true) => theme::PLAIN,
        (false, _, false) => theme::DIM,
    };
    let shape = state.layers().get(row.layer.0).map_or(String::new(), |l| short_shape(l.shape));
    let shape_width = shape.chars().count() as u16;
    let shape_end = rect.width.saturating_sub(BAR + 2);
    let room = shape_end.saturating_sub(shape_width + 1);
    let indent = " ".repeat(usize::from(row.depth));
    let label = shorten(&format!("{indent}{mark} {}", row.label), usize::from(room));
    text::line(buffer, rect.x, rect.y, room, &label, name);
    if shape_width < shape_end {
        let x = rect.x + shape_end - shape_width;
        text::line(buffer, x, rect.y, shape_width, &shape, theme::DIM);
    }
    let Some(summary) = state.summary(row.layer) else { return };
    let x = rect.x + rect.width.saturating_sub(BAR + 1);
    if summary.invalid > 0 {
        text::line(buffer, x, rect.y, BAR, "NaN", theme::ERROR);
        return;
    }
    text::line(buffer, x, rect.y, BAR, &bar(summary.sparsity, usize::from(BAR)), theme::BAR);
    if summary.dead > 0 {
        text::line(buffer, x + BAR, rect.y, 1, "†", theme::ERROR);
    }
}

/// Leaves out the middle: names differ at their ends (`downsample.0`, `downsample.1`).
fn shorten(label: &str, width: usize) -> String {
    let letters: Vec<char> = label.chars().collect();
    if letters.len() <= width || width < 6 {
        return label.to_string();
    }
    let (start, end) = (&letters[..width - 3], &letters[letters.len() - 2..]);
    start.iter().chain(&['…']).chain(end).collect()
}

/// `64x112²`, `64x112x80`, `1000`.
fn short_shape(shape: Shape) -> String {
    match shape {
        Shape { flat: true, .. } => shape.c.to_string(),
        Shape { h, w, c, .. } if h == w => format!("{c}x{h}²"),
        Shape { h, w, c, .. } => format!("{c}x{h}x{w}"),
    }
}

/// What the chosen layer's zeros and dead channels are.
fn foot(state: &State) -> String {
    let Some(summary) = state.summary(state.cursor.layer) else { return String::new() };
    let zeros = crate::base::percent(summary.sparsity);
    match summary.dead {
        0 => format!("{zeros} zeros"),
        dead => format!("{dead} dead † · {zeros} zeros"),
    }
}
