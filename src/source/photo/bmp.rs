//! BMP: the header of OS/2 2, and colors of 16 bits, which Pillow rounds down.

use std::borrow::Cow;

use image::{DynamicImage, ImageFormat};

use super::{Decoded, Why, by_image};

/// Bytes of the header of the file, before that of the picture.
const FILE: usize = 14;
/// Bytes of the picture's header: of Windows, and of OS/2 2, which begins the same.
const WINDOWS: u32 = 40;
const OS2: u32 = 64;
/// The compressions that mean the same in both.
const SAME: u32 = 2;
/// The compression that stands for colors with masks.
const MASKS: u32 = 3;

/// Decodes the picture.
///
/// # Errors
/// When it is broken, too large, or of a kind that is not read.
pub(super) fn decode(bytes: &[u8]) -> Why<Decoded> {
    let bytes = of_windows(bytes);
    let mut decoded = by_image(&bytes, ImageFormat::Bmp)?;
    let number = |at: usize| number(&bytes, FILE + at);
    let is_deep = number(14).is_some_and(|planes_and_bits| planes_and_bits & 0xffff == 16);
    if is_deep && number(0).is_some_and(|size| size >= WINDOWS) {
        let of_masks = number(16) == Some(MASKS);
        let bits = [0, 1, 2].map(|i| match (of_masks, number(40 + 4 * i)) {
            (true, Some(mask)) => mask.count_ones(),
            _ => 5,
        });
        round_down(&mut decoded.picture, bits);
    }
    Ok(decoded)
}

/// The number of four bytes at a place.
fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes))
}

/// A file with the header of OS/2 2 as one with that of Windows, which lacks the last fields.
fn of_windows(bytes: &[u8]) -> Cow<'_, [u8]> {
    let dropped = (OS2 - WINDOWS) as usize;
    let head = FILE + WINDOWS as usize;
    let same = number(bytes, FILE + 16).is_some_and(|compression| compression <= SAME);
    let start = number(bytes, 10).and_then(|start| start.checked_sub(OS2 - WINDOWS));
    match (number(bytes, FILE), start, bytes.get(head + dropped..)) {
        (Some(OS2), Some(start), Some(rest)) if same => {
            let mut copy = bytes[..head].to_vec();
            copy[10..14].copy_from_slice(&start.to_le_bytes());
            copy[FILE..FILE + 4].copy_from_slice(&WINDOWS.to_le_bytes());
            copy.extend_from_slice(rest);
            Cow::Owned(copy)
        }
        _ => Cow::Borrowed(bytes),
    }
}

/// Replaces colors of a few bits that were spread over a byte and rounded by those that are rounded down, as Pillow has
/// them.
fn round_down(picture: &mut DynamicImage, bits: [u32; 3]) {
    let DynamicImage::ImageRgb8(picture) = picture else { return };
    let tables = bits.map(|bits| {
        let most = (1u32 << bits.clamp(1, 8)) - 1;
        let mut table = [0; 256];
        for value in 0..=most {
            let rounded = (value * 255 + most / 2) / most;
            table[rounded as usize & 255] = (value * 255 / most) as u8;
        }
        table
    });
    for pixel in picture.pixels_mut() {
        for (value, table) in pixel.0.iter_mut().zip(&tables) {
            *value = table[usize::from(*value)];
        }
    }
}
