//! The list of layers: stages, blocks, layers, each with its shape and a bar of its zeros.

use ratatui::buffer::Buffer;

use super::{text, theme};
use crate::base::{Rect, Shape};
use crate::explorer::{Pane, Row, State, views};

const BAR: u16 = 4;

/// Draws the pane.
pub fn draw(state: &State, rect: Rect, buffer: &mut Buffer) {
    if rect.is_empty() {
        return;
    }
    let focused = state.pane == Pane::Layers && state.overlay.is_none();
    let inner = text::pane(buffer, rect, "Layers", focused);
    text::label_right(buffer, rect, rect.y, "zeros", theme::DIM);
    let rows = state.tree();
    let chosen = state.tree_row(&rows);
    let height = usize::from(inner.height);
    let first = views::first_visible(chosen, rows.len(), height);
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
    let indent = " ".repeat(usize::from(row.depth));
    let label = format!("{indent}{mark} {}", row.label);
    text::line(buffer, rect.x, rect.y, 15, &label, name);
    let Some(info) = state.layers().get(row.layer.0) else { return };
    let shape = short_shape(info.shape);
    let shape_end = rect.width.saturating_sub(BAR + 1);
    let wide = shape.chars().count() as u16;
    if wide < shape_end {
        let x = rect.x + shape_end - wide;
        text::line(buffer, x, rect.y, wide, &shape, theme::DIM);
    }
    let Some(summary) = state.summary(row.layer) else { return };
    let x = rect.x + rect.width - BAR;
    if summary.invalid > 0 {
        text::line(buffer, x, rect.y, BAR, "NaN", theme::ERROR);
        return;
    }
    let bar = text::bar(summary.sparsity, BAR);
    let used = text::line(buffer, x, rect.y, BAR, &bar, theme::BAR);
    if summary.dead > 0 && used < BAR {
        text::line(buffer, x + BAR - 1, rect.y, 1, "†", theme::ERROR);
    }
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
    let Some(summary) = state.summary(state.layer) else { return String::new() };
    let zeros = crate::base::percent(summary.sparsity);
    match summary.dead {
        0 => format!("{zeros} zeros"),
        dead => format!("{dead} dead † · {zeros} zeros"),
    }
}
