//! A few pictures beside each other on the terminal, and files of one.

use anyhow::{Context as _, Result};

use super::context::Context;
use super::print::{Printer, Sheet, Tile, terminal_width, tile_size};
use crate::session::ask::*;

/// Prints pictures beside each other, each with its name below. `wanted` is asked for the names and requests at a size
/// in cells; all pictures have `extent` rows and columns of pixels.
///
/// # Errors
/// The session's; when stdout is gone, or a picture cannot be encoded.
pub(super) fn print_beside(
    context: &Context,
    width: Option<u16>,
    extent: [usize; 2],
    count: usize,
    wanted: impl Fn(CellSize, Blocks) -> Vec<(String, Shown)>,
) -> Result<()> {
    let mut printer = Printer::choose(&context.settings.display);
    let width = usize::from(width.unwrap_or_else(terminal_width));
    let each = width.saturating_sub(2 * count.saturating_sub(1)) / count.max(1);
    let size = tile_size(1, each, extent, printer.room());
    let wanted = wanted(size, printer.blocks());
    let mut tiles = Vec::new();
    for (_, shown) in &wanted {
        let cells = context.ask(shown)?.cells().clone();
        let picture = match printer.pixels(size) {
            Some(pixels) => Some(context.ask(&request::Raster {
                of: Box::new(shown.clone()),
                pixels,
                mark: None,
            })?),
            None => None,
        };
        tiles.push(Tile { cells, picture });
    }
    printer.row(&tiles, size)?;
    Sheet::names(wanted.iter().map(|(name, _)| name.as_str()), size)
}

/// A picture of what was found, as a PNG file at the size of the input.
///
/// # Errors
/// The session's, or when it cannot be encoded.
pub(super) fn png(context: &Context, sight: Sight) -> Result<Vec<u8>> {
    let most = (u16::MAX, u16::MAX);
    let of = Box::new(sight.cells((1, 1)).into());
    let request = request::Raster { of, pixels: most, mark: None };
    context.ask(&request)?.png().context("the picture cannot be encoded")
}
