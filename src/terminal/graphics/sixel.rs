//! DEC's sixels, <https://vt100.net/docs/vt3xx-gp/chapter14.html>: six rows of pixels at a time, a pass
//! over them for each color.
//!
//! Up to 256 colors are written as they are, to the hundredth that the protocol gives a channel.
//! Pictures of more colors are reduced by icy_sixel, without dithering, which would cost many times
//! the bytes.

use std::fmt::Write as _;

use icy_sixel::{EncodeOptions, sixel_encode};

use super::GraphicsError;
use super::palette::Indexed;
use crate::picture::Picture;

/// Rows of pixels in a band.
const BAND: usize = 6;

/// Draws a picture, pixel for pixel, and puts the cursor back.
pub(super) fn show(picture: &Picture) -> Result<String, GraphicsError> {
    let body = match Indexed::of(picture) {
        Some(indexed) => exact(&indexed, picture.width, picture.height),
        None => reduced(picture)?,
    };
    Ok(format!("\x1b7{body}\x1b8"))
}

fn reduced(picture: &Picture) -> Result<String, GraphicsError> {
    let rgba: Vec<u8> = picture.rgb.iter().flat_map(|[r, g, b]| [*r, *g, *b, 255]).collect();
    let options = EncodeOptions { diffusion: 0.0, ..EncodeOptions::default() };
    sixel_encode(&rgba, picture.width, picture.height, &options)
        .map_err(|error| GraphicsError::Encoding(error.to_string()))
}

fn exact(picture: &Indexed, width: usize, height: usize) -> String {
    // Pixels that nothing is drawn on keep what was there; square ones; the size in advance.
    let mut out = format!("\x1bP0;1q\"1;1;{width};{height}");
    for (i, rgb) in picture.colors.iter().enumerate() {
        let [r, g, b] = rgb.map(|v| (u32::from(v) * 100 + 127) / 255);
        // Writing into a string cannot fail.
        let _ = write!(out, "#{i};2;{r};{g};{b}");
    }
    let mut bits = vec![0u8; width];
    for (number, band) in picture.indices.chunks(BAND * width.max(1)).enumerate() {
        if number > 0 {
            out.push('-');
        }
        let mut used = [false; 256];
        band.iter().for_each(|index| used[usize::from(*index)] = true);
        let mut passes = (0..=255u8).filter(|color| used[usize::from(*color)]).peekable();
        while let Some(color) = passes.next() {
            bits.fill(0);
            for (row, line) in band.chunks(width.max(1)).enumerate() {
                for (bit, index) in bits.iter_mut().zip(line) {
                    *bit |= u8::from(*index == color) << row;
                }
            }
            let _ = write!(out, "#{color}");
            runs(&bits, &mut out);
            if passes.peek().is_some() {
                out.push('$');
            }
        }
    }
    out.push_str("\x1b\\");
    out
}

/// One pass: repeated columns are counted, empty ones at the end left out.
fn runs(bits: &[u8], out: &mut String) {
    let end = bits.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
    for run in bits.get(..end).unwrap_or_default().chunk_by(|a, b| a == b) {
        let symbol = char::from(0x3f + run.first().copied().unwrap_or(0));
        if run.len() > 3 {
            let _ = write!(out, "!{}{symbol}", run.len());
        } else {
            run.iter().for_each(|_| out.push(symbol));
        }
    }
}
