//! All keys.

use ratatui::buffer::Buffer;

use super::{text, theme};
use crate::base::{Key, Rect};
use crate::explorer::{COMMANDS, State};

/// Draws the list from some row on.
pub fn draw(state: &State, scroll: usize, rect: Rect, buffer: &mut Buffer) {
    let inner = text::over(buffer, rect, "Keys");
    let height = usize::from(inner.height);
    let first = scroll.min(COMMANDS.len().saturating_sub(height));
    for (i, command) in COMMANDS.iter().enumerate().skip(first).take(height) {
        let y = inner.y + (i - first) as u16;
        let keys: Vec<String> =
            state.setup.keys.keys_of(command.name).iter().map(Key::to_string).collect();
        let keys = format!("{:<13}", keys.join(" "));
        text::column(buffer, inner, 1, y, &keys, theme::ACCENT);
        text::column(buffer, inner, 15, y, &format!("{:<15}", command.name), theme::DIM);
        text::column(buffer, inner, 31, y, command.doc, theme::PLAIN);
    }
    let shown =
        format!("{}-{} of {}", first + 1, (first + height).min(COMMANDS.len()), COMMANDS.len());
    text::label_right(buffer, rect, rect.y + rect.height - 1, &shown, theme::DIM);
}
