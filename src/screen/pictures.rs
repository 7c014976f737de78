//! Real pictures: who shows them, and the cells that give way to them.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Style};

use crate::explorer::{Spot, State};

/// Who shows real pictures on the terminal.
pub trait Pictures {
    /// What stands in the cells of a spot while its picture is on the screen; `None` while it is not, so
    /// that block characters stand there.
    fn cover(&self, spot: &Spot) -> Option<Cover>;
}

/// What stands in the cells of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cover {
    /// Nothing: the terminal draws over them.
    Blank,
    /// Text on which the terminal hangs the picture, of each cell, row by row, in this colour.
    Text(Vec<Vec<String>>, u8),
}

/// A terminal without pictures.
pub struct NoPictures;

impl Pictures for NoPictures {
    fn cover(&self, _: &Spot) -> Option<Cover> {
        None
    }
}

/// Clears the cells where pictures stand.
pub fn give_way(state: &State, pictures: &dyn Pictures, buffer: &mut Buffer) {
    for spot in state.spots() {
        let Some(cover) = pictures.cover(&spot) else { continue };
        for row in 0..spot.rect.height {
            for column in 0..spot.rect.width {
                let at = (spot.rect.x + column, spot.rect.y + row);
                let Some(cell) = buffer.cell_mut(at) else { continue };
                cell.reset();
                if let Cover::Text(rows, color) = &cover {
                    let text = rows.get(usize::from(row)).and_then(|r| r.get(usize::from(column)));
                    cell.set_symbol(text.map_or(" ", String::as_str));
                    cell.set_style(Style::new().fg(Color::Indexed(*color)));
                }
            }
        }
    }
}
