//! Cells as text: block characters in any number of colors.

use std::fmt::Write as _;

use super::{GAP, Tile};
use crate::base::ColorDepth;
use crate::session::ask::CellSize;
use crate::terminal::colors;

/// A row of tiles: lines of block characters. A color is named when it changes.
pub(super) fn text(tiles: &[Tile], (columns, rows): CellSize, depth: ColorDepth) -> String {
    let mut text = String::new();
    for row in 0..usize::from(rows) {
        for (i, tile) in tiles.iter().enumerate() {
            if i > 0 {
                text.push_str(&" ".repeat(GAP));
            }
            let (mut ink, mut paper) = (None, None);
            let first = row * usize::from(columns);
            let cells = tile.cells.cells.iter().skip(first);
            for cell in cells.take(usize::from(columns)) {
                let (fg, bg) = (Color::of(cell.fg, depth), Color::of(cell.bg, depth));
                // A space shows no ink.
                if cell.symbol != ' ' && ink != Some(fg) {
                    fg.write(true, &mut text);
                    ink = Some(fg);
                }
                if paper != Some(bg) {
                    bg.write(false, &mut text);
                    paper = Some(bg);
                }
                text.push(cell.symbol);
            }
            text.push_str("\x1b[0m");
        }
        text.push('\n');
    }
    text
}

/// A color that the terminal has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Color {
    /// One of the first 16, which terminals of no more colors know.
    Named(u8),
    /// One of 256.
    Indexed(u8),
    /// Any.
    Rgb([u8; 3]),
}

impl Color {
    fn of(rgb: [u8; 3], depth: ColorDepth) -> Self {
        match colors::nearest(rgb, depth) {
            None => Self::Rgb(rgb),
            Some(index) if depth == ColorDepth::Colors16 => Self::Named(index),
            Some(index) => Self::Indexed(index),
        }
    }

    fn write(self, ink: bool, to: &mut String) {
        let base = if ink { 30 } else { 40 };
        // Writing into a string cannot fail.
        let _ = match self {
            Self::Named(index @ 0..8) => write!(to, "\x1b[{}m", base + index),
            Self::Named(index) => write!(to, "\x1b[{}m", base + 60 + (index - 8)),
            Self::Indexed(index) => write!(to, "\x1b[{};5;{index}m", base + 8),
            Self::Rgb([r, g, b]) => write!(to, "\x1b[{};2;{r};{g};{b}m", base + 8),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::ask::{Cell, Cells};

    const fn tile(cells: Vec<Cell>) -> Tile {
        Tile { cells: Cells { columns: 2, rows: 1, cells }, picture: None }
    }

    #[test]
    fn colors_are_named_when_they_change() {
        let (red, blue) = ([255, 0, 0], [0, 0, 238]);
        let cell = |symbol, fg, bg| Cell { symbol, fg, bg, marked: false };
        let mixed = tile(vec![cell('▚', red, blue), cell('▀', red, blue)]);
        let plain = tile(vec![cell(' ', blue, blue), cell('▄', red, blue)]);
        let tiles = [mixed, plain];
        let lines = |depth| text(&tiles, (2, 1), depth);
        assert_eq!(
            lines(ColorDepth::Colors16),
            "\x1b[91m\x1b[44m▚▀\x1b[0m  \x1b[44m \x1b[91m▄\x1b[0m\n"
        );
        let all = lines(ColorDepth::TrueColor);
        assert!(all.starts_with("\x1b[38;2;255;0;0m\x1b[48;2;0;0;238m▚▀\x1b[0m"), "{all:?}");
        assert!(lines(ColorDepth::Colors256).starts_with("\x1b[38;5;196m\x1b[48;5;"));
    }
}
