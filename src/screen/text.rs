//! Lines, bordered panes and bars.

use ratatui::buffer::Buffer;
use ratatui::style::Style;
use ratatui::widgets::{Block, BorderType, Clear, Widget};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::theme;
use crate::base::{self, Rect, clean};

pub use crate::base::wrapped;

/// The same rectangle for ratatui, cut to the buffer.
pub fn area(rect: Rect, buffer: &Buffer) -> ratatui::layout::Rect {
    ratatui::layout::Rect::new(rect.x, rect.y, rect.width, rect.height).intersection(buffer.area)
}

/// Marks that one letter may bear, as accents; more of them are left out.
const MARKS: usize = 8;

/// The columns that text takes.
pub fn columns(text: &str) -> u16 {
    u16::try_from(base::columns(text)).unwrap_or(u16::MAX)
}

/// The beginning of text that takes at most `width` columns, and whether that is all of it. Names in files may be of any
/// length: no more of them is looked through than is shown.
pub fn beginning(text: &str, width: u16) -> (String, bool) {
    let mut kept = String::new();
    let (mut used, mut marks) = (0, 0);
    for (place, c) in text.chars().enumerate() {
        let wide = c.width().unwrap_or(1);
        marks = if wide == 0 { marks + 1 } else { 0 };
        used += wide;
        // Marks without a letter take no columns.
        if used > usize::from(width) || place > LONGEST_LINE {
            return (kept, false);
        }
        if marks <= MARKS {
            kept.push(c);
        }
    }
    (kept, true)
}

/// Most characters that are looked through for a line: more than any screen shows.
const LONGEST_LINE: usize = 1 << 14;

/// Writes text, cut with `…` where it does not fit; returns the columns used.
pub fn line(buffer: &mut Buffer, x: u16, y: u16, width: u16, text: &str, style: Style) -> u16 {
    if width == 0 || y >= buffer.area.height || x >= buffer.area.width {
        return 0;
    }
    let width = width.min(buffer.area.width - x);
    let (text, whole) = beginning(text, width);
    let text = clean(&text);
    if whole && text.width() <= usize::from(width) {
        return buffer.set_stringn(x, y, text, usize::from(width), style).0 - x;
    }
    let (end, _) = buffer.set_stringn(x, y, text, usize::from(width - 1), style);
    buffer.set_stringn(end, y, "…", 1, style).0 - x
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
    let wide = columns(text);
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
    let wide = columns(text).saturating_add(2);
    if !text.is_empty() && wide.saturating_add(2) < rect.width {
        let x = rect.x + rect.width - 1 - wide;
        line(buffer, x, y, wide, &format!(" {text} "), style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_by_its_columns() {
        assert_eq!(columns(&"x".repeat(70_000)), u16::MAX);
        let accents = format!("a{}b", "\u{301}".repeat(65_536));
        assert_eq!(beginning(&accents, 9).0, format!("a{}", "\u{301}".repeat(MARKS)));
        assert_eq!(beginning(&"x".repeat(65_536), 3), ("xxx".to_string(), false));
    }

    #[test]
    fn any_text_stays_in_its_line() {
        let area = ratatui::layout::Rect::new(0, 0, 20, 2);
        for letter in [
            "x",
            "漢",
            "a\u{301}",
            "\u{301}",
            "\u{200d}",
            "👩\u{200d}👩\u{200d}👧",
            "\u{202e}",
            "\t",
        ] {
            let mut buffer = Buffer::empty(area);
            let used = line(&mut buffer, 3, 0, 9, &letter.repeat(20_000), theme::PLAIN);
            assert!(used <= 9, "{letter:?} takes {used}");
            let longest = buffer.content.iter().map(|cell| cell.symbol().len()).max();
            assert!(longest <= Some(64), "{letter:?}: {longest:?} bytes in a cell");
            let outside = |x: u16| !(3..12).contains(&x);
            assert!((0..20).filter(|x| outside(*x)).all(|x| buffer[(x, 0)].symbol() == " "));
        }
    }
}
