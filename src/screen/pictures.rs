//! Real pictures: who shows them, and the cells that give way to them.

use ratatui::buffer::{Buffer, CellDiffOption};
use ratatui::style::{Color, Style};

use crate::base::Rect;
use crate::explorer::{Spot, State};

/// Who shows real pictures on the terminal.
pub trait Pictures {
    /// What stands in the cells of a spot while its picture is on the screen; `None` while it is not, so
    /// that block characters stand there.
    fn cover(&self, spot: &Spot) -> Option<Cover>;

    /// Where pictures stood that only new cells can wipe away: in this frame all of them are written,
    /// even those that are as they were.
    fn wiped(&self) -> &[Rect] {
        &[]
    }
}

/// What stands in the cells of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cover {
    /// Nothing: the terminal draws over them.
    Blank,
    /// Text on which the terminal hangs the picture, of each cell, row by row, in this color.
    Text(Vec<Vec<String>>, u8),
}

/// A terminal without pictures.
pub struct NoPictures;

impl Pictures for NoPictures {
    fn cover(&self, _: &Spot) -> Option<Cover> {
        None
    }
}

/// Clears the cells where pictures stand, and writes those where pictures stood.
pub fn give_way(state: &State, pictures: &dyn Pictures, buffer: &mut Buffer) {
    for rect in pictures.wiped() {
        for at in cells_of(*rect) {
            if let Some(cell) = buffer.cell_mut(at) {
                cell.set_diff_option(CellDiffOption::AlwaysUpdate);
            }
        }
    }
    for spot in state.spots() {
        let Some(cover) = pictures.cover(&spot) else { continue };
        for (x, y) in cells_of(spot.rect) {
            let Some(cell) = buffer.cell_mut((x, y)) else { continue };
            let update = cell.diff_option;
            cell.reset();
            cell.set_diff_option(update);
            if let Cover::Text(rows, color) = &cover {
                let (row, column) = (usize::from(y - spot.rect.y), usize::from(x - spot.rect.x));
                let text = rows.get(row).and_then(|row| row.get(column));
                cell.set_symbol(text.map_or(" ", String::as_str));
                cell.set_style(Style::new().fg(Color::Indexed(*color)));
            }
        }
    }
}

fn cells_of(rect: Rect) -> impl Iterator<Item = (u16, u16)> {
    let rows = rect.y..rect.y + rect.height;
    rows.flat_map(move |y| (rect.x..rect.x + rect.width).map(move |x| (x, y)))
}
