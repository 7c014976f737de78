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
            state.keys.keys_of(command.name).iter().map(Key::to_string).collect();
        text::line(buffer, inner.x + 1, y, 12, &keys.join(" "), theme::ACCENT);
        text::line(buffer, inner.x + 14, y, 15, command.name, theme::DIM);
        let x = inner.x + 30;
        text::line(buffer, x, y, inner.width.saturating_sub(30), command.doc, theme::PLAIN);
    }
    let shown =
        format!("{}-{} of {}", first + 1, (first + height).min(COMMANDS.len()), COMMANDS.len());
    text::label_right(buffer, rect, rect.y + rect.height - 1, &shown, theme::DIM);
}
