//! From a picture to bytes of a protocol, as large as the limit allows.

use thiserror::Error;

use super::{iterm2, kitty, palette, placeholder, sixel, tmux};
use crate::base::Graphics;
use crate::picture::Picture;
use crate::terminal::probe::Capabilities;

/// A VT340's cell, for sixels on a terminal that does not tell the size of its own.
const CELL: (u16, u16) = (10, 20);
/// Most pixels of a picture: those of a 4K screen. A protocol that stretches gets fewer, DEC's draws none.
const MOST_PIXELS: usize = 1 << 23;

/// How real pictures are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// kitty's: the terminal keeps pictures, they can be shown again.
    Kitty,
    /// iTerm2's: a PNG each time.
    Iterm2,
    /// DEC's: pixels each time.
    Sixel,
}

/// Makes the bytes that draw pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Encoder {
    /// How.
    pub protocol: Protocol,
    /// Through tmux, which does not know the protocol: in its envelope.
    pub tmux: bool,
    /// Width and height of a cell, in pixels.
    pub cell: (u16, u16),
}

/// A picture ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// What the terminal draws it from.
    pub bytes: Vec<u8>,
    /// Width and height of the pixels that are sent: fewer than the cells have where the limit did not
    /// allow more.
    pub pixels: (usize, usize),
}

/// A picture that cannot be drawn.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum GraphicsError {
    /// No pixels, or no room.
    #[error("the picture or its place on the screen is empty")]
    Empty,
    /// A protocol that cannot stretch would have to draw all of them.
    #[error("the place of the picture has {0} pixels, more than the {MOST_PIXELS} that are drawn")]
    TooLarge(usize),
    /// Even one pixel would be too much.
    #[error("no picture can be drawn in {0} bytes; allow more")]
    Limit(usize),
    /// An encoder's refusal.
    #[error("the picture cannot be encoded: {0}; choose --graphics halfblocks")]
    Encoding(String),
}

impl Encoder {
    /// The encoder for a choice (see [`crate::terminal::probe::choose`]); `None` where pictures are
    /// text. Sixels that tmux itself can draw need no envelope.
    pub fn new(graphics: Graphics, terminal: &Capabilities) -> Option<Self> {
        let protocol = match graphics {
            Graphics::Kitty => Protocol::Kitty,
            Graphics::Iterm2 => Protocol::Iterm2,
            Graphics::Sixel => Protocol::Sixel,
            Graphics::Auto | Graphics::HalfBlocks | Graphics::Quadrants | Graphics::Sextants => {
                return None;
            }
        };
        let tmux = terminal.tmux && !(protocol == Protocol::Sixel && terminal.sixel);
        Some(Self { protocol, tmux, cell: terminal.cell.unwrap_or(CELL) })
    }

    /// The bytes that draw a picture stretched over `cells` (columns, rows) with its corner at the
    /// cursor, which stays there. `id` is the picture's number for [`Encoder::hide`] and
    /// [`Encoder::place_again`], from 1. More than `limit` bytes are never made: the picture loses
    /// detail instead.
    ///
    /// kitty's protocol inside tmux shows nothing before the text of [`Encoder::placeholders`] stands
    /// on the screen.
    ///
    /// # Errors
    /// An empty picture or place, a limit that is too small for one pixel, sixels of more than a screen.
    pub fn encode(
        &self,
        id: u32,
        picture: &Picture,
        cells: (u16, u16),
        limit: usize,
    ) -> Result<Encoded, GraphicsError> {
        let room = (
            usize::from(cells.0) * usize::from(self.cell.0),
            usize::from(cells.1) * usize::from(self.cell.1),
        );
        let whole = picture.width * picture.height == picture.rgb.len();
        if room.0 == 0 || room.1 == 0 || picture.rgb.is_empty() || !whole {
            return Err(GraphicsError::Empty);
        }
        let area = room.0.saturating_mul(room.1);
        if area > MOST_PIXELS && self.protocol == Protocol::Sixel {
            return Err(GraphicsError::TooLarge(area));
        }
        let scale = (MOST_PIXELS as f64 / area as f64).sqrt().min(1.0);
        let within = |extent: usize| ((extent as f64 * scale) as usize).max(1);
        let mut pixels = (within(room.0), within(room.1));
        let mut factor = (pixels.0 / picture.width).min(pixels.1 / picture.height);
        loop {
            let bytes = self.draw(id, &picture.resize(pixels.0, pixels.1), cells, room)?;
            if bytes.len() <= limit {
                return Ok(Encoded { bytes, pixels });
            }
            if pixels == (1, 1) {
                return Err(GraphicsError::Limit(limit));
            }
            pixels = if factor > 1 {
                // Whole blocks of the picture's own pixels stay crisp.
                factor /= 2;
                (picture.width * factor, picture.height * factor)
            } else {
                // Bytes go with the area, or slower.
                let by = (limit as f64 / bytes.len() as f64).sqrt().clamp(0.1, 0.95);
                let less = |n: usize| ((n as f64 * by) as usize).max(1);
                (less(pixels.0), less(pixels.1))
            };
        }
    }

    fn draw(
        &self,
        id: u32,
        picture: &Picture,
        cells: (u16, u16),
        room: (usize, usize),
    ) -> Result<Vec<u8>, GraphicsError> {
        let text = match self.protocol {
            Protocol::Kitty => {
                let sequences = kitty::show(id, &palette::png(picture)?, cells, self.tmux);
                return Ok(self.enclosed(&sequences));
            }
            Protocol::Iterm2 => iterm2::show(&palette::png(picture)?, cells),
            // These are not stretched by the terminal.
            Protocol::Sixel => sixel::show(&picture.resize(room.0, room.1))?,
        };
        Ok(if self.tmux { tmux::at_cursor(&text) } else { text }.into_bytes())
    }

    /// kitty's sequences, each in an envelope of its own where one is needed.
    fn enclosed(&self, sequences: &[String]) -> Vec<u8> {
        if self.tmux {
            sequences.iter().map(|s| tmux::envelope(s)).collect::<String>().into_bytes()
        } else {
            sequences.concat().into_bytes()
        }
    }

    /// Only kitty's pictures can be spoken of after they were sent.
    fn kitty(&self, sequence: impl Fn() -> String) -> Vec<u8> {
        match self.protocol {
            Protocol::Kitty => self.enclosed(&[sequence()]),
            Protocol::Iterm2 | Protocol::Sixel => Vec::new(),
        }
    }

    /// Shows a picture that was sent before, at the cursor; empty where the terminal keeps none, and
    /// [`Encoder::encode`]'s bytes have to be written again.
    pub fn place_again(&self, id: u32, cells: (u16, u16)) -> Vec<u8> {
        self.kitty(|| kitty::place(id, cells, self.tmux))
    }

    /// Takes a picture off the screen; the terminal keeps it. Empty where drawing over it does that.
    pub fn hide(&self, id: u32) -> Vec<u8> {
        self.kitty(|| kitty::hide(id))
    }

    /// The same, and the terminal forgets it.
    pub fn forget(&self, id: u32) -> Vec<u8> {
        self.kitty(|| kitty::forget(id))
    }

    /// Takes all pictures off the screen, and the terminal forgets those that were shown.
    pub fn hide_all(&self) -> Vec<u8> {
        self.kitty(kitty::forget_all)
    }

    /// What has to be written before the screen is given back.
    pub fn leave(&self) -> Vec<u8> {
        self.hide_all()
    }

    /// Inside tmux, the text that kitty draws a picture on: of each cell, row by row. Its foreground
    /// must be the color of the 256 with the picture's number, so numbers are 1 to 255 there (or, where
    /// all colors get through, red, green and blue of the number's lower three bytes). `None` where the
    /// protocol needs none, or cannot number so many cells (297 a side).
    pub fn placeholders(&self, id: u32, cells: (u16, u16)) -> Option<Vec<Vec<String>>> {
        let needed = self.protocol == Protocol::Kitty && self.tmux;
        needed.then(|| placeholder::rows(id, cells)).flatten()
    }
}
