//! A list over the screen with an input line.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::{heatmap, text, theme};
use crate::base::Rect;
use crate::explorer::{Picker, PickerPlaces, State};

/// Draws the list.
pub fn draw(state: &State, list: &Picker, buffer: &mut Buffer) {
    let items = list.items(state);
    let Some(places) = state.picker_places(list, items.len()) else { return };
    let inner = text::over(buffer, places.area, list.title());
    // Of a long line the end is shown, where the next letter goes.
    let room = usize::from(inner.width.saturating_sub(5));
    let long = list.input.chars().count().saturating_sub(room);
    let from = list.input.char_indices().nth(long).map_or(list.input.len(), |(at, _)| at);
    let before = if long > 0 { "› …" } else { "› " };
    let prompt =
        [(before, theme::ACCENT), (&list.input[from..], theme::PLAIN), ("▏", theme::ACCENT)];
    let input = places.input;
    text::spans(buffer, input.x + 1, input.y, input.width.saturating_sub(2), &prompt);
    picture(state, list, &places, buffer);
    let (rows, columns) = (places.rows, places.columns(&items));
    for ((i, item), y) in
        items.iter().enumerate().skip(places.first).zip(rows.y..rows.y + rows.height)
    {
        let chosen = i == list.chosen;
        let pick = |style: Style| if chosen { theme::CHOSEN_ROW } else { style };
        if chosen {
            let blank = " ".repeat(usize::from(rows.width));
            text::line(buffer, rows.x, y, rows.width, &blank, theme::CHOSEN_ROW);
        }
        let mut part = |from: u16, to: u16, words: &str, style: Style| {
            let width = to.saturating_sub(from);
            text::line(buffer, rows.x + from, y, width, words, pick(style));
        };
        part(1, columns.name, item.mark, theme::ACCENT);
        part(columns.name, columns.note.saturating_sub(1), &item.name, theme::PLAIN);
        let end = rows.width.saturating_sub(text::columns(&item.side) + 1);
        part(columns.note, end.saturating_sub(2), &item.note, theme::DIM);
        // Only after the name: it is the name that is chosen.
        let after = rows.width.saturating_sub(columns.note + 1);
        let side = Rect::new(rows.x + columns.note, y, after, 1);
        text::right(buffer, side, y, &item.side, pick(theme::ACCENT));
    }
    let count = format!("{} of {}", (list.chosen + 1).min(items.len()), items.len());
    let area = places.area;
    text::label_right(buffer, area, area.y + area.height.saturating_sub(1), &count, theme::DIM);
}

/// The small picture of the chosen photo at the right of the list.
fn picture(state: &State, list: &Picker, places: &PickerPlaces, buffer: &mut Buffer) {
    let Some(room) = places.picture else { return };
    for y in room.y..room.y + room.height {
        text::line(buffer, room.x - 1, y, 1, "│", theme::DIM);
    }
    if let Some(cells) = state.thumbnail(list) {
        heatmap::cells(buffer, room.centered(cells.columns, cells.rows), cells);
    }
}
