//! Pictures on the normal screen, where they stay in the scrollback.
//!
//! Block characters are viuer's. Real pictures are our own bytes: viuer reads stdin after each of
//! kitty's pictures, where somebody else may be reading.

use std::io::{self, Write, stdout};

use image::{DynamicImage, RgbImage};

use super::colors;
use super::graphics::Encoder;
use super::window::Size;
use crate::base::ColorDepth;
use crate::picture::Picture;

/// Most bytes of a picture: it is asked for, and nothing waits behind it.
const LIMIT: usize = 2_000_000;
/// Rows that a picture leaves for the words below it.
const WORDS: u16 = 4;

/// Prints a picture as large as the window allows; the cursor stands on the line below it.
///
/// # Errors
/// When stdout is gone, or the picture cannot be encoded.
pub fn print(
    picture: &Picture,
    encoder: Option<(Encoder, u32)>,
    depth: ColorDepth,
    Size { columns, rows, .. }: Size,
) -> io::Result<()> {
    match encoder {
        Some((encoder, number)) => real(picture, (encoder, number), columns, rows),
        None => blocks(picture, columns, rows, depth),
    }
}

/// Columns and rows for a picture of that many pixels on cells of that size.
fn fit(picture: &Picture, cell: (u16, u16), columns: u16, rows: u16) -> (u16, u16) {
    let (w, h) = (picture.width.max(1) as f64, picture.height.max(1) as f64);
    let most = (f64::from(columns) * f64::from(cell.0), f64::from(rows) * f64::from(cell.1));
    // No larger than it is, as long as it is not tiny.
    let scale = (most.0 / w).min(most.1 / h).min((400.0 / w.max(h)).max(1.0));
    let cells = |pixels: f64, size: u16| (pixels * scale / f64::from(size)).round().max(1.0) as u16;
    (cells(w, cell.0).min(columns), cells(h, cell.1).min(rows))
}

fn real(
    picture: &Picture,
    (encoder, number): (Encoder, u32),
    columns: u16,
    rows: u16,
) -> io::Result<()> {
    let cells = fit(picture, encoder.cell, columns, rows.saturating_sub(WORDS).max(1));
    let encoded = encoder.encode(number, picture, cells, LIMIT).map_err(io::Error::other)?;
    let mut out = stdout().lock();
    // The room first: a picture that scrolls the screen would be cut.
    for _ in 0..cells.1 {
        out.write_all(b"\n")?;
    }
    write!(out, "\x1b[{}A\r", cells.1)?;
    out.write_all(&encoded.bytes)?;
    write!(out, "\x1b[{}B\r", cells.1)?;
    out.flush()
}

fn blocks(picture: &Picture, columns: u16, rows: u16, depth: ColorDepth) -> io::Result<()> {
    let (columns, rows) = fit(picture, (1, 2), columns, rows.saturating_sub(WORDS).max(1));
    half_blocks(picture, (columns, rows), depth)
}

/// Prints a picture in half blocks over so many columns and rows, by viuer.
///
/// # Errors
/// When stdout is gone.
pub fn half_blocks(
    picture: &Picture,
    (columns, rows): (u16, u16),
    depth: ColorDepth,
) -> io::Result<()> {
    let pixels = picture.rgb.iter().flat_map(|rgb| match depth {
        ColorDepth::Gray => [colors::luminance(*rgb); 3],
        _ => *rgb,
    });
    let image = RgbImage::from_raw(picture.width as u32, picture.height as u32, pixels.collect());
    let image = image.ok_or_else(|| io::Error::other("the picture's size is wrong"))?;
    let config = viuer::Config {
        absolute_offset: false,
        use_kitty: false,
        use_iterm: false,
        use_sixel: false,
        width: Some(u32::from(columns)),
        height: Some(u32::from(rows)),
        truecolor: depth == ColorDepth::TrueColor,
        ..viuer::Config::default()
    };
    match viuer::print(&DynamicImage::ImageRgb8(image), &config) {
        Ok(_) => Ok(()),
        Err(viuer::ViuError::Io(error)) => Err(error),
        Err(error) => Err(io::Error::other(error.to_string())),
    }
}
