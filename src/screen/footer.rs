//! The last row: what the keys do here, or the last message; at the right, what runs, and the way to help.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::{text, theme};
use crate::base::Rect;
use crate::explorer::State;

/// Draws the row.
pub fn draw(state: &State, rect: Rect, buffer: &mut Buffer) {
    let Some(footer) = state.footer() else { return };
    for hint in &footer.hints {
        let keys = hint.text();
        let parts = [(keys.as_str(), theme::ACCENT), (" ", theme::DIM), (hint.word, theme::DIM)];
        text::spans(buffer, hint.rect.x, hint.rect.y, hint.rect.width, &parts);
    }
    if let Some((at, words)) = &footer.work {
        text::line(buffer, at.x, at.y, at.width, words, theme::ACCENT);
    }
    if let Some(message) = &state.message {
        let style = if message.error { theme::ERROR } else { theme::PLAIN };
        say(&message.text, rect, footer.message, style, buffer);
    }
}

/// A message; what does not fit the row stands above it, over the panes, so that no sentence is cut.
fn say(words: &str, rect: Rect, room: Rect, style: Style, buffer: &mut Buffer) {
    let lines = text::wrapped(words, usize::from(room.width));
    let above = (lines.len() as u16).saturating_sub(1).min(rect.y.saturating_sub(1));
    for (i, line) in lines.iter().take(usize::from(above) + 1).enumerate() {
        let y = rect.y - above + i as u16;
        if i < usize::from(above) {
            let blank = " ".repeat(usize::from(rect.width));
            text::line(buffer, rect.x, y, rect.width, &blank, theme::PLAIN);
        }
        text::line(buffer, room.x, y, room.width, line, style);
    }
}
