//! Maps on the normal screen, in half blocks, by viuer.

use std::io::{IsTerminal, stdout};
use std::sync::Arc;

use anyhow::{Result, anyhow};
use image::{DynamicImage, RgbImage};

use super::output;
use crate::base::{ColorDepth, RangeMode, Shape, count, significant};
use crate::picture::{Picture, columns};
use crate::session::ask::{CellSize, Heatmap};
use crate::terminal::colors;

/// Columns between tiles.
const GAP: usize = 2;
/// Columns when stdout is no terminal.
const COLUMNS: u16 = 80;
/// Single maps of small layers do not fill a wide terminal: most columns for each value.
const LARGEST_VALUE: usize = 8;

/// The columns of the terminal, 80 without one.
pub(super) fn terminal_width() -> u16 {
    if stdout().is_terminal() { viuer::terminal_size().0.max(1) } else { COLUMNS }
}

/// The cells of each of `n` tiles of a layer of that shape, for all of them to fit the width.
pub(super) fn tile_size(n: usize, width: usize, shape: Shape) -> CellSize {
    let across = columns(n).max(1);
    let free = width.saturating_sub((across - 1) * GAP);
    let columns = (free / across).clamp(1, LARGEST_VALUE * shape.w.max(1));
    // A cell is about twice as high as wide: two pixels.
    let rows = (columns * shape.h).div_ceil(2 * shape.w.max(1)).clamp(1, 1000);
    (u16::try_from(columns).unwrap_or(u16::MAX), rows as u16)
}

/// Tiles with their names, near-square.
pub(super) struct Sheet {
    /// What stands below each tile.
    pub names: Vec<String>,
    /// The tiles, all of the same size.
    pub tiles: Vec<Arc<Heatmap>>,
    /// What lies between them.
    pub background: [u8; 3],
}

impl Sheet {
    /// Draws row by row.
    ///
    /// # Errors
    /// When stdout is gone.
    pub fn print(&self, setting: Option<ColorDepth>) -> Result<()> {
        let depth = colors::depth(setting);
        let across = columns(self.tiles.len()).max(1);
        for (tiles, names) in self.tiles.chunks(across).zip(self.names.chunks(across)) {
            show(&row(tiles, across, self.background), depth)?;
            if self.names.len() > 1 {
                output::print(&labels(tiles, names))?;
            }
        }
        Ok(())
    }
}

/// One row of tiles of half blocks, two pixels a cell; an unfinished one ends early.
fn row(tiles: &[Arc<Heatmap>], across: usize, background: [u8; 3]) -> Picture {
    let extent =
        |of: fn(&Heatmap) -> u16| tiles.iter().map(|t| usize::from(of(t))).max().unwrap_or(0);
    let (wide, high) = (extent(|t| t.cells.columns), extent(|t| 2 * t.cells.rows));
    let shown = tiles.len().min(across);
    let width = shown * wide + shown.saturating_sub(1) * GAP;
    let mut picture = Picture::filled(width, high, background);
    for (i, tile) in tiles.iter().enumerate() {
        let columns = usize::from(tile.cells.columns).max(1);
        for (at, cell) in tile.cells.cells.iter().enumerate() {
            let (x, y) = (i * (wide + GAP) + at % columns, 2 * (at / columns));
            for (y, color) in [(y, cell.fg), (y + 1, cell.bg)] {
                if let Some(pixel) = picture.rgb.get_mut(y * width + x) {
                    *pixel = color;
                }
            }
        }
    }
    picture
}

/// The names below a row; too long ones are left out, not cut to another number.
fn labels(tiles: &[Arc<Heatmap>], names: &[String]) -> String {
    let mut line = String::new();
    for (tile, name) in tiles.iter().zip(names) {
        let place = usize::from(tile.cells.columns) + GAP;
        let name = if name.len() < place { name } else { "" };
        line.push_str(&format!("{name:<place$}"));
    }
    format!("{}\n", line.trim_end())
}

fn show(picture: &Picture, depth: ColorDepth) -> Result<()> {
    let pixels = picture.rgb.iter().flat_map(|rgb| match depth {
        ColorDepth::Grey => [colors::luminance(*rgb); 3],
        _ => *rgb,
    });
    let (width, height) = (picture.width as u32, picture.height as u32);
    let image = RgbImage::from_raw(width, height, pixels.collect())
        .ok_or_else(|| anyhow!("an internal error: the picture's size is wrong"))?;
    let config = viuer::Config {
        absolute_offset: false,
        use_kitty: false,
        use_iterm: false,
        width: Some(width),
        height: Some(height / 2),
        truecolor: depth == ColorDepth::TrueColor,
        ..viuer::Config::default()
    };
    match viuer::print(&DynamicImage::ImageRgb8(image), &config) {
        Ok(_) => Ok(()),
        Err(viuer::ViuError::Io(error)) => Err(error.into()),
        Err(error) => Err(anyhow!("the picture cannot be printed: {error}")),
    }
}

/// What was drawn, in which colours, and which values they stand for.
pub(super) fn caption(what: &str, tiles: &[Arc<Heatmap>], mode: RangeMode) -> String {
    let Some(first) = tiles.first() else { return format!("{what}\n") };
    let same = tiles.iter().all(|tile| tile.range == first.range);
    let range = if same {
        format!("{} to {}", significant(first.range.low), significant(first.range.high))
    } else {
        let lows = tiles.iter().map(|tile| tile.range.low);
        let highs = tiles.iter().map(|tile| tile.range.high);
        let (low, high) = (lows.fold(f32::MAX, f32::min), highs.fold(f32::MIN, f32::max));
        let (low, high) = (significant(low), significant(high));
        let mode = if mode == RangeMode::Map { String::new() } else { format!("{mode} ") };
        format!("each its own {mode}range, within {low} to {high}")
    };
    let invalid: usize = tiles.iter().map(|tile| tile.invalid).sum();
    let invalid = match invalid {
        0 => String::new(),
        n => format!(" · {} NaN or infinite (magenta)", count(n, "value")),
    };
    format!("{what} · {} · {range}{invalid}\n", first.colormap)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_fit_the_width() {
        for n in [1, 2, 7, 64, 512] {
            for width in [1, 20, 80, 300] {
                let (columns, rows) = tile_size(n, width, Shape::new(1, 1, 28, 28));
                let across = crate::picture::columns(n);
                let total = usize::from(columns) * across + (across - 1) * GAP;
                assert!(total <= width || columns == 1, "{n} in {width}");
                assert!(rows >= 1 && rows <= columns.div_ceil(2));
            }
        }
        assert_eq!(tile_size(1, 80, Shape::new(1, 1, 56, 56)), (80, 40));
        assert_eq!(tile_size(1, 80, Shape::flat(1, 10)), (8, 4));
    }
}
