//! Tiles on the normal screen: real pictures where the terminal shows them, else block characters.

mod caption;
mod cells;
mod printer;

use std::io::{IsTerminal, stdout};
use std::sync::Arc;

use anyhow::Result;

pub(super) use caption::caption;
pub(super) use printer::{Printer, Room};

use super::output;
use crate::picture::{Picture, columns};
use crate::session::ask::{CellSize, Cells};
use crate::terminal::window::Window;

/// Columns between tiles.
const GAP: usize = 2;
/// Columns when stdout is no terminal.
const COLUMNS: u16 = 80;
/// Single maps of small layers do not fill a wide terminal: most columns for each value.
const LARGEST_VALUE: usize = 8;

/// The columns of the terminal, 80 without one.
pub(super) fn terminal_width() -> u16 {
    if stdout().is_terminal() { Window::new(None).size().columns } else { COLUMNS }
}

/// The cells of each of `n` tiles of so many rows and columns of values, for all of them to fit the
/// width, and each the height.
pub(super) fn tile_size(n: usize, width: usize, [h, w]: [usize; 2], room: Room) -> CellSize {
    let across = columns(n).max(1);
    let free = width.min(room.columns).saturating_sub((across - 1) * GAP);
    let (cell_width, cell_height) = room.cell;
    // What a square value takes of a row of cells, as a fraction.
    let (over, under) = (h * usize::from(cell_width), w.max(1) * usize::from(cell_height).max(1));
    let widest = (room.rows * under) / over.max(1);
    let most = (LARGEST_VALUE * w.max(1)).min(widest.max(1));
    let columns = (free / across).clamp(1, most);
    let rows = (columns * over).div_ceil(under).clamp(1, room.rows.max(1));
    (u16::try_from(columns).unwrap_or(u16::MAX), u16::try_from(rows).unwrap_or(u16::MAX))
}

/// A picture as it is drawn.
pub(super) struct Tile {
    /// In cells.
    pub cells: Cells,
    /// In pixels, for a printer of real pictures.
    pub picture: Option<Arc<Picture>>,
}

/// Tiles with their names, near-square.
pub(super) struct Sheet {
    /// What stands below each tile.
    pub names: Vec<String>,
    /// The tiles.
    pub tiles: Vec<Tile>,
    /// Columns and rows of each.
    pub size: CellSize,
}

impl Sheet {
    /// Draws row by row.
    ///
    /// # Errors
    /// When stdout is gone, or a picture cannot be encoded.
    pub fn print(&self, printer: &mut Printer) -> Result<()> {
        let across = columns(self.tiles.len()).max(1);
        for (tiles, names) in self.tiles.chunks(across).zip(self.names.chunks(across)) {
            printer.row(tiles, self.size)?;
            if self.names.len() > 1 {
                output::print(&labels(names, self.size.0))?;
            }
        }
        Ok(())
    }
}

impl Sheet {
    /// Prints names below a row of tiles of that size.
    ///
    /// # Errors
    /// When stdout is gone.
    pub fn names<'a>(names: impl Iterator<Item = &'a str>, size: CellSize) -> Result<()> {
        let names: Vec<String> = names.map(str::to_string).collect();
        Ok(output::print(&labels(&names, size.0))?)
    }
}

/// The names below a row; too long ones are left out, not cut to another number.
fn labels(names: &[String], columns: u16) -> String {
    let place = usize::from(columns) + GAP;
    let mut line = String::new();
    for name in names {
        let name = if name.len() < place { name } else { "" };
        line.push_str(&format!("{name:<place$}"));
    }
    format!("{}\n", line.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_fit_the_width() {
        for n in [1, 2, 7, 64, 512] {
            for width in [1, 20, 80, 300] {
                let (columns, rows) = tile_size(n, width, [28, 28], Room::TEXT);
                let across = crate::picture::columns(n);
                let total = usize::from(columns) * across + (across - 1) * GAP;
                assert!(total <= width || columns == 1, "{n} in {width}");
                assert!(rows >= 1 && rows <= columns.div_ceil(2));
            }
        }
        assert_eq!(tile_size(1, 80, [56, 56], Room::TEXT), (80, 40));
        assert_eq!(tile_size(1, 80, [1, 1], Room::TEXT), (8, 4));
    }

    #[test]
    fn pictures_keep_their_shape_and_fit_the_height() {
        let room = Room { cell: (9, 18), rows: 23, columns: 297 };
        assert_eq!(tile_size(1, 80, [56, 56], room), (46, 23));
        assert_eq!(tile_size(1, 80, [10, 40], room), (80, 10));
        assert_eq!(tile_size(1, 80, [500, 1], room), (1, 23));
        assert_eq!(tile_size(4, 82, [7, 7], Room { cell: (10, 10), ..Room::TEXT }), (40, 40));
    }
}
