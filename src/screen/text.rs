//! Lines, bordered panes and bars.

use ratatui::buffer::Buffer;
use ratatui::style::Style;
use ratatui::text::Span;
use ratatui::widgets::{Block, BorderType, Clear, Widget};

use super::theme;
use crate::base::{Rect, clean};

/// The same rectangle for ratatui, cut to the buffer.
pub fn area(rect: Rect, buffer: &Buffer) -> ratatui::layout::Rect {
    ratatui::layout::Rect::new(rect.x, rect.y, rect.width, rect.height).intersection(buffer.area)
}

/// Writes text, cut with `…` where it does not fit; returns the columns used.
pub fn line(buffer: &mut Buffer, x: u16, y: u16, width: u16, text: &str, style: Style) -> u16 {
    if width == 0 || y >= buffer.area.height || x >= buffer.area.width {
        return 0;
    }
    let text = clean(text);
    let wide = Span::raw(text.as_str()).width();
    let width = width.min(buffer.area.width - x);
    if wide <= usize::from(width) {
        return buffer.set_stringn(x, y, text, usize::from(width), style).0 - x;
    }
    let (end, _) = buffer.set_stringn(x, y, text, usize::from(width - 1), style);
    buffer.set_stringn(end, y, "…", 1, style).0 - x
}

/// Text in lines of at most so many letters, broken at spaces; a longer word has a line of its own.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last().map_or(0, |l| l.chars().count());
        match lines.last_mut() {
            Some(last) if line == 0 => last.push_str(word),
            Some(last) if line + 1 + word.chars().count() <= width => {
                last.push(' ');
                last.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines
}

/// Writes a column of a pane: from `at` columns inside of it, cut at its edge.
pub fn column(buffer: &mut Buffer, inner: Rect, at: u16, y: u16, text: &str, style: Style) {
    line(buffer, inner.x + at, y, inner.width.saturating_sub(at), text, style);
}

/// Writes several styles in a row; returns the columns used.
pub fn spans(buffer: &mut Buffer, x: u16, y: u16, width: u16, parts: &[(&str, Style)]) -> u16 {
    let mut used = 0;
    for (text, style) in parts {
        used += line(buffer, x + used, y, width.saturating_sub(used), text, *style);
    }
    used
}

/// Writes text that ends at the right edge, if it fits.
pub fn right(buffer: &mut Buffer, rect: Rect, y: u16, text: &str, style: Style) {
    let wide = Span::raw(text).width() as u16;
    if wide <= rect.width {
        line(buffer, rect.x + rect.width - wide, y, wide, text, style);
    }
}

/// A pane with a title at the top left; returns its inside.
pub fn pane(buffer: &mut Buffer, rect: Rect, title: &str, focused: bool) -> Rect {
    let border = if focused { theme::ACCENT } else { theme::DIM };
    let block = Block::bordered().border_type(BorderType::Rounded).border_style(border);
    block.render(area(rect, buffer), buffer);
    let style = if focused { theme::CHOSEN } else { theme::PLAIN };
    label(buffer, rect, rect.y, title, style);
    rect.inner()
}

/// A pane over the screen: what was below is gone.
pub fn over(buffer: &mut Buffer, rect: Rect, title: &str) -> Rect {
    Clear.render(area(rect, buffer), buffer);
    pane(buffer, rect, title, true)
}

/// A pane that may stand over others, without the accent.
pub fn over_quiet(buffer: &mut Buffer, rect: Rect, title: &str) -> Rect {
    Clear.render(area(rect, buffer), buffer);
    pane(buffer, rect, title, false)
}

/// A label in a border's row, from the left.
pub fn label(buffer: &mut Buffer, rect: Rect, y: u16, text: &str, style: Style) {
    if rect.width > 4 && !text.is_empty() {
        let width = rect.width - 4;
        let used = line(buffer, rect.x + 2, y, width, &format!(" {text} "), style);
        debug_assert!(used <= width);
    }
}

/// A label in a border's row, at the right.
pub fn label_right(buffer: &mut Buffer, rect: Rect, y: u16, text: &str, style: Style) {
    let wide = Span::raw(text).width() as u16 + 2;
    if !text.is_empty() && wide + 2 < rect.width {
        let x = rect.x + rect.width - 1 - wide;
        line(buffer, x, y, wide, &format!(" {text} "), style);
    }
}
