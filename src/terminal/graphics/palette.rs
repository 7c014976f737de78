//! Pictures of few colors, such as heatmaps: a list of colors and one byte a pixel.

use std::collections::HashMap;

use super::GraphicsError;
use crate::picture::Picture;

/// A picture of at most 256 colors.
pub(super) struct Indexed {
    /// Which color each pixel has, rows innermost.
    pub indices: Vec<u8>,
    /// The colors, in the order in which they first occur.
    pub colors: Vec<[u8; 3]>,
}

impl Indexed {
    /// `None` where there are more than 256 colors.
    pub(super) fn of(picture: &Picture) -> Option<Self> {
        let mut known = HashMap::new();
        let mut colors = Vec::new();
        let mut indices = Vec::with_capacity(picture.rgb.len());
        let mut last = None;
        for rgb in &picture.rgb {
            // Neighbors are mostly alike.
            let index = match last {
                Some((color, index)) if color == *rgb => index,
                _ => *known.entry(*rgb).or_insert_with(|| {
                    colors.push(*rgb);
                    colors.len() - 1
                }),
            };
            last = Some((*rgb, index));
            indices.push(u8::try_from(index).ok()?);
        }
        Some(Self { indices, colors })
    }
}

/// The bytes of a PNG file, with a palette where that is exact.
pub(super) fn png(picture: &Picture) -> Result<Vec<u8>, GraphicsError> {
    let failed = |error: png::EncodingError| GraphicsError::Encoding(error.to_string());
    let extent = |n: usize| u32::try_from(n).map_err(|_| GraphicsError::Empty);
    let mut bytes = Vec::new();
    let mut encoder =
        png::Encoder::new(&mut bytes, extent(picture.width)?, extent(picture.height)?);
    encoder.set_depth(png::BitDepth::Eight);
    let indexed = Indexed::of(picture);
    let data = match &indexed {
        Some(indexed) => {
            encoder.set_color(png::ColorType::Indexed);
            encoder.set_palette(indexed.colors.as_flattened());
            // Differences of indices mean nothing.
            encoder.set_filter(png::Filter::NoFilter);
            indexed.indices.as_slice()
        }
        None => {
            encoder.set_color(png::ColorType::Rgb);
            picture.rgb.as_flattened()
        }
    };
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(data).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn up_to_256_colors_have_a_palette() {
        let rgb: Vec<[u8; 3]> = (0..=255).flat_map(|i| [[i, 0, 255 - i]; 2]).collect();
        let mut picture = Picture { width: 32, height: 16, rgb };
        let indexed = Indexed::of(&picture).unwrap();
        assert_eq!(indexed.colors.len(), 256);
        let back: Vec<_> =
            indexed.indices.iter().map(|i| indexed.colors[usize::from(*i)]).collect();
        assert_eq!(back, picture.rgb);
        picture.rgb[0] = [9, 9, 9];
        assert!(Indexed::of(&picture).is_none());
    }

    #[test]
    fn pngs_come_back_as_they_were() {
        let few = Picture { width: 3, height: 1, rgb: vec![[1, 2, 3], [4, 5, 6], [1, 2, 3]] };
        let rgb = (0..1024u32).map(|i| [(i / 4) as u8, (i % 7) as u8, (i % 251) as u8]).collect();
        let many = Picture { width: 32, height: 32, rgb };
        for picture in [few, many] {
            let back = image::load_from_memory(&png(&picture).unwrap()).unwrap().to_rgb8();
            assert_eq!(back.as_raw().as_slice(), picture.rgb.as_flattened());
        }
    }
}
