//! The first frame of a GIF, as Pillow shows it: what the frame leaves free has the transparent color, or the first.

use image::metadata::Orientation;
use image::{DynamicImage, RgbImage};

use super::{Decoded, Why, check_size};

/// Decodes the first frame.
///
/// # Errors
/// When the GIF is broken, has no frame, or claims too many pixels.
pub(super) fn decode(bytes: &[u8]) -> Why<Decoded> {
    let broken = |error: gif::DecodingError| {
        format!("is a broken picture ({error}): copy or download it again")
    };
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::Indexed);
    let mut decoder = options.read_info(bytes).map_err(broken)?;
    let (width, height) = (decoder.width(), decoder.height());
    check_size(width.into(), height.into())?;
    let palette = decoder.global_palette().map(<[u8]>::to_vec);
    // The frame proves itself before the picture is allocated: the picture's size is only claimed.
    let frame = decoder.read_next_frame().map_err(broken)?;
    let frame = frame.ok_or("is a picture without a frame: copy or download it again")?;
    let palette = frame.palette.as_ref().or(palette.as_ref());
    let color = |index: u8| -> [u8; 3] {
        match palette {
            Some(palette) => {
                palette.as_chunks::<3>().0.get(usize::from(index)).copied().unwrap_or_default()
            }
            // Without any table a GIF is gray.
            None => [index; 3],
        }
    };
    let (width, height) = (
        u32::from(width).max(u32::from(frame.left) + u32::from(frame.width)),
        u32::from(height).max(u32::from(frame.top) + u32::from(frame.height)),
    );
    check_size(width, height)?;
    let free = color(frame.transparent.unwrap_or(0));
    let mut picture = RgbImage::from_pixel(width, height, image::Rgb(free));
    let row_of = usize::from(frame.width).max(1);
    for (y, row) in frame.buffer.chunks_exact(row_of).enumerate() {
        for (x, index) in row.iter().enumerate() {
            let (x, y) = (x as u32 + u32::from(frame.left), y as u32 + u32::from(frame.top));
            picture.put_pixel(x, y, image::Rgb(color(*index)));
        }
    }
    Ok(Decoded {
        picture: DynamicImage::ImageRgb8(picture),
        orientation: Orientation::NoTransforms,
        note: None,
    })
}
