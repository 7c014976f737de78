//! How tiles get onto the normal screen.
//!
//! viuer prints half blocks, in all colors or 256. It is kept from everything else: to find out whether
//! there are kitty's or DEC's pictures it asks the terminal without a time limit, after each of kitty's it
//! reads stdin, and what it is told in its configuration it only believes after asking. So the terminal
//! is asked by [`probe`], and pictures are sent in our own bytes.

use std::hash::{BuildHasher, RandomState};
use std::io::{IsTerminal, stdout};
use std::time::Duration;

use anyhow::Result;

use super::{GAP, Tile, cells};
use crate::base::{ColorDepth, Graphics};
use crate::cli::{failure, output};
use crate::config::Display;
use crate::picture::Picture;
use crate::session::ask::{Blocks, CellSize};
use crate::terminal::graphics::{Encoder, GraphicsError, Protocol};
use crate::terminal::window::Window;
use crate::terminal::{colors, inline, probe};

/// How long the terminal may take to say what it can show.
const LIMIT: Duration = Duration::from_millis(150);
/// The most bytes of one row of pictures; a larger one loses detail.
const BYTES: usize = 1 << 20;
/// Placeholder characters number no more columns and rows.
const PLACES: usize = 297;
/// What lies between tiles.
const BACKGROUND: [u8; 3] = [24; 3];

/// How tiles get onto the normal screen.
pub(in crate::cli) enum Printer {
    /// In half blocks, by viuer.
    Viuer(ColorDepth),
    /// In any block characters, by ourselves.
    Text(ColorDepth, Blocks),
    /// As real pictures.
    Pictures(Pictures),
}

/// How large tiles may be, and of which shape the terminal's cells are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Room {
    /// Width and height of a cell, in pixels or as a ratio.
    pub cell: (u16, u16),
    /// Most rows of a tile.
    pub rows: usize,
    /// Most columns of a row of tiles.
    pub columns: usize,
}

impl Room {
    /// Text scrolls, so that only whims are too high; a cell is about twice as high as wide.
    pub const TEXT: Self = Self { cell: (1, 2), rows: 1000, columns: 1000 };
}

impl Printer {
    /// What the settings say, else what the terminal can show; without a terminal block characters.
    pub fn choose(display: &Display) -> Self {
        let depth = colors::depth(display.colors);
        let to_terminal = stdout().is_terminal();
        let terminal = match display.graphics {
            Graphics::Auto if to_terminal => probe::probe_on_normal_screen(LIMIT),
            _ => probe::unasked(),
        };
        let graphics = match probe::choose(display.graphics, &terminal) {
            asked @ (Graphics::Kitty | Graphics::Iterm2 | Graphics::Sixel) if !to_terminal => {
                failure::say(&format!(
                    "stdout is not a terminal: half blocks are printed, not {asked} pictures"
                ));
                Graphics::HalfBlocks
            }
            graphics => graphics,
        };
        match Encoder::new(graphics, &terminal) {
            Some(encoder) => Self::Pictures(Pictures::new(encoder, depth)),
            None => Self::text(depth, graphics.into()),
        }
    }

    /// viuer has neither 16 colors nor finer blocks.
    const fn text(depth: ColorDepth, blocks: Blocks) -> Self {
        match (blocks, depth) {
            (Blocks::Half, ColorDepth::TrueColor | ColorDepth::Colors256 | ColorDepth::Gray) => {
                Self::Viuer(depth)
            }
            _ => Self::Text(depth, blocks),
        }
    }

    /// How finely cells are divided.
    pub const fn blocks(&self) -> Blocks {
        match self {
            Self::Text(_, blocks) => *blocks,
            Self::Viuer(_) | Self::Pictures(_) => Blocks::Half,
        }
    }

    /// The room for a tile. A picture must not be higher than the screen, nor reach into its last row.
    pub fn room(&self) -> Room {
        match self {
            Self::Text(..) | Self::Viuer(_) => Room::TEXT,
            Self::Pictures(pictures) => {
                let rows = usize::from(Window::new(None).size().rows.saturating_sub(1)).max(1);
                Room { cell: pictures.encoder.cell, rows: rows.min(PLACES), columns: PLACES }
            }
        }
    }

    /// The pixels of a tile of that size, where they are wanted.
    pub const fn pixels(&self, (columns, rows): CellSize) -> Option<(u16, u16)> {
        match self {
            Self::Pictures(Pictures { encoder: Encoder { cell: (width, height), .. }, .. }) => {
                Some((columns.saturating_mul(*width), rows.saturating_mul(*height)))
            }
            Self::Text(..) | Self::Viuer(_) => None,
        }
    }

    /// Draws tiles of that size beside each other and goes to the line below them.
    ///
    /// # Errors
    /// When stdout is gone, or a picture cannot be encoded.
    pub fn row(&mut self, tiles: &[Tile], size: CellSize) -> Result<()> {
        match self {
            Self::Viuer(depth) => {
                let picture = points(tiles, size);
                let cells = (picture.width as u16, (picture.height / 2) as u16);
                Ok(inline::half_blocks(&picture, cells, *depth)?)
            }
            Self::Text(depth, _) => Ok(output::print(&cells::text(tiles, size, *depth))?),
            Self::Pictures(pictures) => Ok(output::print(&pictures.row(tiles, size)?)?),
        }
    }
}

/// Real pictures, numbered.
pub(in crate::cli) struct Pictures {
    encoder: Encoder,
    depth: ColorDepth,
    /// The number of the next picture.
    next: u32,
}

impl Pictures {
    /// kitty takes a picture away when its number is used again: numbers begin somewhere else each time,
    /// above those of the explorer. The lowest byte counts, and is never 0 (see
    /// [`Encoder::placeholders`]); the highest is the run's, never 0 either.
    fn new(encoder: Encoder, depth: ColorDepth) -> Self {
        let [run, start, ..] = RandomState::new().hash_one(std::process::id()).to_be_bytes();
        Self { encoder, depth, next: u32::from_be_bytes([run.max(1), 0, 0, start.max(1)]) }
    }

    fn number(&mut self) -> u32 {
        let number = self.next;
        let [run, .., low] = number.to_be_bytes();
        let low = low.checked_add(1).unwrap_or(1);
        self.next = u32::from_be_bytes([run, 0, 0, low]);
        number
    }

    /// The bytes that draw a row of tiles, in one picture.
    fn row(&mut self, tiles: &[Tile], (columns, rows): CellSize) -> Result<String, GraphicsError> {
        let picture = self.compose(tiles, (columns, rows));
        let across = usize::from(columns) * tiles.len() + GAP * tiles.len().saturating_sub(1);
        let cells = (u16::try_from(across).unwrap_or(u16::MAX), rows);
        let id = self.number();
        let encoded = self.encoder.encode(id, &picture, cells, BYTES)?;
        // All three protocols are text.
        let bytes = String::from_utf8_lossy(&encoded.bytes);
        if self.encoder.protocol == Protocol::Kitty && self.encoder.tmux {
            let text = self.encoder.placeholders(id, cells).ok_or(GraphicsError::Empty)?;
            let [.., color] = id.to_be_bytes();
            let line =
                |cells: &Vec<String>| format!("\x1b[38;5;{color}m{}\x1b[39m\n", cells.concat());
            return Ok(format!("{bytes}{}", text.iter().map(line).collect::<String>()));
        }
        // The lines are made first: a picture at the bottom of the screen would scroll half drawn.
        let lines = "\n".repeat(usize::from(rows));
        Ok(format!("{lines}\x1b[{rows}A{bytes}\r\x1b[{rows}B"))
    }

    fn compose(&self, tiles: &[Tile], (columns, rows): CellSize) -> Picture {
        let (cell_width, cell_height) = self.encoder.cell;
        let width = usize::from(columns) * usize::from(cell_width);
        let height = usize::from(rows) * usize::from(cell_height);
        let gap = GAP * usize::from(cell_width);
        let pictures = tiles.iter().filter_map(|tile| tile.picture.as_ref());
        let resized: Vec<Picture> = pictures.map(|p| p.resize(width, height)).collect();
        let mut composed = beside(&resized, gap);
        if self.depth == ColorDepth::Gray {
            composed.rgb.iter_mut().for_each(|rgb| *rgb = [colors::luminance(*rgb); 3]);
        }
        composed
    }
}

/// Pictures of one size beside each other.
fn beside(pictures: &[Picture], gap: usize) -> Picture {
    let (width, height) = pictures.first().map_or((0, 0), |p| (p.width, p.height));
    let count = pictures.len();
    let all = count * width + gap * count.saturating_sub(1);
    let mut composed = Picture::filled(all, height, BACKGROUND);
    for (i, picture) in pictures.iter().enumerate() {
        let left = i * (width + gap);
        for (to, from) in composed.rgb.chunks_mut(all).zip(picture.rgb.chunks(width)) {
            if let Some(place) = to.get_mut(left..left + width) {
                place.copy_from_slice(from);
            }
        }
    }
    composed
}

/// One row of tiles of half blocks, two pixels a cell.
fn points(tiles: &[Tile], (columns, rows): CellSize) -> Picture {
    let (width, height) = (usize::from(columns), 2 * usize::from(rows));
    let halves = |tile: &Tile| {
        let cells = &tile.cells.cells;
        let mut picture = Picture::filled(width, height, BACKGROUND);
        for (two, cells) in picture.rgb.chunks_mut(2 * width).zip(cells.chunks(width)) {
            let (upper, lower) = two.split_at_mut(width);
            for ((upper, lower), cell) in upper.iter_mut().zip(lower).zip(cells) {
                (*upper, *lower) = (cell.fg, cell.bg);
            }
        }
        picture
    };
    beside(&tiles.iter().map(halves).collect::<Vec<_>>(), GAP)
}
