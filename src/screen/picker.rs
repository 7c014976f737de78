//! A list over the screen with an input line.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::{heatmap, text, theme};
use crate::base::Rect;
use crate::explorer::{Picker, PickerKind, State, views};

/// The small picture of the chosen photo at the right; returns the room for the list.
fn thumbnail(state: &State, list: &Picker, inner: Rect, buffer: &mut Buffer) -> Rect {
    let size = state.thumbnail_size().filter(|_| list.kind == PickerKind::Photo);
    let Some((width, height)) = size else { return inner };
    let (rest, side) = inner.split_left(inner.width - width);
    if let Some(cells) = state.thumbnail(list) {
        let place = Rect::new(side.x, side.y + 1, width, height).centred(cells.columns, cells.rows);
        heatmap::cells(buffer, place, cells);
    }
    rest
}

/// Draws the list.
pub fn draw(state: &State, list: &Picker, rect: Rect, buffer: &mut Buffer) {
    let inner = text::over(buffer, rect, list.title());
    // Of a long line the end is shown, where the next letter goes.
    let room = usize::from(inner.width.saturating_sub(5));
    let long = list.input.chars().count().saturating_sub(room);
    let from = list.input.char_indices().nth(long).map_or(list.input.len(), |(at, _)| at);
    let before = if long > 0 { "› …" } else { "› " };
    let prompt =
        [(before, theme::ACCENT), (&list.input[from..], theme::PLAIN), ("▏", theme::ACCENT)];
    text::spans(buffer, inner.x + 1, inner.y, inner.width.saturating_sub(2), &prompt);
    let inner = thumbnail(state, list, inner, buffer);
    let items = list.items(state);
    let (first, height) = views::picker_window(rect, list, items.len());
    for (i, item) in items.iter().enumerate().skip(first).take(height) {
        let y = inner.y + 1 + (i - first) as u16;
        let chosen = i == list.chosen;
        let pick = |style: Style| if chosen { theme::CHOSEN_ROW } else { style };
        if chosen {
            let blank = " ".repeat(usize::from(inner.width));
            text::line(buffer, inner.x, y, inner.width, &blank, theme::CHOSEN_ROW);
        }
        let side = text::columns(&item.side);
        let name = match list.kind {
            PickerKind::Photo => inner.width * 2 / 3,
            _ => (inner.width / 4).max(22),
        };
        let room = name.min(inner.width.saturating_sub(1));
        text::line(buffer, inner.x + 1, y, room, &item.name, pick(theme::PLAIN));
        let note_width = inner.width.saturating_sub(name.saturating_add(side).saturating_add(5));
        text::line(buffer, inner.x + 2 + name, y, note_width, &item.note, pick(theme::DIM));
        // Only behind the name: it is the name that is chosen.
        let row = Rect::new(inner.x + name, y, inner.width.saturating_sub(name + 1), 1);
        text::right(buffer, row, y, &item.side, pick(theme::ACCENT));
    }
    let count = format!("{} of {}", (list.chosen + 1).min(items.len()), items.len());
    text::label_right(buffer, rect, rect.y + rect.height - 1, &count, theme::DIM);
}
