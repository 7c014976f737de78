//! All keys.

use ratatui::buffer::Buffer;

use super::{text, theme};
use crate::explorer::{Help, HelpLine, State};

/// Draws the list.
pub fn draw(state: &State, help: &Help, buffer: &mut Buffer) {
    let Some(page) = help.page(state) else { return };
    text::over(buffer, page.area, "Keys and commands");
    let prompt: &[_] = match (help.typing, help.filter.is_empty()) {
        (false, true) => &[("/ filters", theme::DIM)],
        (true, _) => {
            &[("/ ", theme::ACCENT), (help.filter.as_str(), theme::PLAIN), ("▏", theme::ACCENT)]
        }
        (false, false) => &[("/ ", theme::ACCENT), (help.filter.as_str(), theme::PLAIN)],
    };
    let input = page.input;
    text::spans(buffer, input.x + 1, input.y, input.width.saturating_sub(2), prompt);
    let (names, words) = page.starts;
    for (rect, lines) in &page.lists {
        for (line, y) in lines.iter().zip(rect.y..) {
            match line {
                HelpLine::Blank => {}
                HelpLine::Heading(title) => {
                    text::column(buffer, *rect, 0, y, title, theme::CHOSEN);
                }
                HelpLine::Command { keys, name, words: doc } => {
                    text::column(buffer, *rect, 0, y, keys, theme::ACCENT);
                    if names < words {
                        text::column(buffer, *rect, names, y, name, theme::DIM);
                    }
                    text::column(buffer, *rect, words, y, doc, theme::PLAIN);
                }
            }
        }
    }
    let (first, end, all) = page.shown;
    let shown = match all {
        0 => "nothing matches".to_string(),
        all => format!("{}-{end} of {all}", first + 1),
    };
    let area = page.area;
    text::label_right(buffer, area, area.y + area.height.saturating_sub(1), &shown, theme::DIM);
}
