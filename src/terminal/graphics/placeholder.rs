//! kitty's placeholder characters: text that a picture is drawn on. tmux moves and clips it like any
//! other text, which it cannot do with pictures.

use super::diacritics::DIACRITICS;

/// The character that kitty reserves.
const PLACEHOLDER: char = '\u{10EEEE}';

/// The text of each cell, row by row. Every cell names its row and its column, so that any part of it
/// can be drawn anew; the picture's number is the color (see [`super::Encoder::placeholders`]), its
/// highest byte a third mark. `None` where there are more cells than can be numbered.
pub(super) fn rows(id: u32, (columns, rows): (u16, u16)) -> Option<Vec<Vec<String>>> {
    let [high, ..] = id.to_be_bytes();
    let last = match high {
        0 => None,
        high => Some(*DIACRITICS.get(usize::from(high))?),
    };
    let cell = |row: usize, column: usize| {
        let marks = [*DIACRITICS.get(row)?, *DIACRITICS.get(column)?];
        Some([PLACEHOLDER].into_iter().chain(marks).chain(last).collect::<String>())
    };
    (0..usize::from(rows))
        .map(|row| (0..usize::from(columns)).map(|c| cell(row, c)).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn cells_are_numbered() {
        let rows = rows(42, (2, 3)).unwrap();
        assert_eq!(rows.len(), 3);
        // Row 2, column 1 of kitty's list: U+030E, U+030D.
        assert_eq!(rows[2][1], "\u{10EEEE}\u{30E}\u{30D}");
        assert_eq!(
            super::rows(0x0200_0001, (1, 1)).unwrap()[0][0],
            "\u{10EEEE}\u{305}\u{305}\u{30E}"
        );
        assert!(super::rows(1, (297, 1)).is_some() && super::rows(1, (298, 1)).is_none());
    }

    #[test]
    fn a_cell_is_one_column_wide() {
        use ratatui::text::Span;
        assert_eq!(Span::raw(rows(1, (1, 1)).unwrap()[0][0].as_str()).width(), 1);
    }
}
