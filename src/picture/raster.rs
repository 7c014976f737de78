//! RGB pictures.

use std::io::Cursor;

use image::RgbImage;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::error::{ImageError, ParameterError, ParameterErrorKind};

use super::{Range, colormap, resample};
use crate::base::{Colormap, Part};

/// The color of NaN and infinity: in no color map, and not to be overlooked.
pub const MARK: [u8; 3] = [255, 0, 255];

/// RGB pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `width * height` pixels, rows innermost.
    pub rgb: Vec<[u8; 3]>,
}

impl Picture {
    /// One color throughout.
    pub fn filled(width: usize, height: usize, color: [u8; 3]) -> Self {
        Self { width, height, rgb: vec![color; width * height] }
    }

    /// A map of `height x width` values through a color map, each value a block of `scale x scale`
    /// pixels.
    pub fn heatmap(
        values: &[f32],
        height: usize,
        width: usize,
        colormap: Colormap,
        range: Range,
        scale: usize,
    ) -> Self {
        let values = resample::fit(values, height, width, height * scale, width * scale);
        let table = colormap::table(colormap);
        let color =
            |value: &f32| range.unit(*value).map_or(MARK, |unit| colormap::pick(table, unit));
        Self {
            width: width * scale,
            height: height * scale,
            rgb: values.iter().map(color).collect(),
        }
    }

    /// Another size: shrinking averages areas, growing repeats the nearest pixel.
    pub fn resize(&self, width: usize, height: usize) -> Self {
        if (width, height) == (self.width, self.height) {
            return self.clone();
        }
        let fit = resample::Fit::new(self.height, self.width, height, width);
        let plane = |c: usize| {
            let values: Vec<f32> = self.rgb.iter().map(|pixel| f32::from(pixel[c])).collect();
            fit.apply(&values)
        };
        let byte = |value: f32| value.round() as u8;
        let rgb = plane(0).into_iter().zip(plane(1)).zip(plane(2));
        Self { width, height, rgb: rgb.map(|((r, g), b)| [r, g, b].map(byte)).collect() }
    }

    /// What it is more or less than another picture of its size: middle gray where they are equal, half of the
    /// difference to it elsewhere.
    pub fn minus(&self, other: &Self) -> Self {
        let half = |a: u8, b: u8| ((i16::from(a) - i16::from(b)) / 2 + 128).clamp(0, 255) as u8;
        let pairs = self.rgb.iter().zip(&other.rgb);
        let rgb = pairs.map(|(a, b)| [0, 1, 2].map(|c| half(a[c], b[c]))).collect();
        Self { rgb, ..*self }
    }

    /// A part of it.
    pub fn part(&self, part: Part) -> Self {
        let (height, width) = part.extent();
        Self { width, height, rgb: part.of(&self.rgb, self.width) }
    }

    /// The bytes of a PNG file.
    ///
    /// # Errors
    /// When the picture is empty, or its pixels are not `width * height`.
    pub fn png(&self) -> Result<Vec<u8>, ImageError> {
        let wrong = || {
            ImageError::Parameter(ParameterError::from_kind(ParameterErrorKind::DimensionMismatch))
        };
        let (Ok(width), Ok(height)) = (u32::try_from(self.width), u32::try_from(self.height))
        else {
            return Err(wrong());
        };
        if self.rgb.is_empty() || self.rgb.len() != self.width * self.height {
            return Err(wrong());
        }
        let image = RgbImage::from_raw(width, height, self.rgb.as_flattened().to_vec())
            .ok_or_else(wrong)?;
        let mut bytes = Cursor::new(Vec::new());
        // The fastest compression of the encoder leaves noisy pictures as they are.
        let (compression, filter) = (CompressionType::Default, FilterType::Adaptive);
        image.write_with_encoder(PngEncoder::new_with_quality(&mut bytes, compression, filter))?;
        Ok(bytes.into_inner())
    }

    /// Row `y`; empty where there is none.
    pub(super) fn row(&self, y: usize) -> &[[u8; 3]] {
        self.rgb.get(y * self.width..(y + 1) * self.width).unwrap_or(&[])
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn values_become_blocks() {
        let range = Range { low: 0.0, high: 1.0 };
        let picture = Picture::heatmap(&[0.0, f32::NAN], 1, 2, Colormap::Gray, range, 2);
        assert_eq!((picture.width, picture.height), (4, 2));
        assert_eq!(picture.row(1), [[0; 3], [0; 3], MARK, MARK]);
    }

    #[test]
    fn marks_are_in_no_color_map() {
        use crate::base::Choice;
        for map in Colormap::ALL {
            assert!(!colormap::table(*map).contains(&MARK), "{map}");
        }
    }

    #[test]
    fn png_comes_back_as_it_was() {
        let picture = Picture { width: 2, height: 1, rgb: vec![[1, 2, 3], [250, 0, 9]] };
        let back = image::load_from_memory(&picture.png().unwrap()).unwrap().to_rgb8();
        assert_eq!(back.dimensions(), (2, 1));
        assert_eq!(back.as_raw().as_slice(), picture.rgb.as_flattened());
    }

    #[test]
    fn broken_pictures_are_refused() {
        assert!(Picture::filled(0, 3, MARK).png().is_err());
        assert!(Picture { width: 2, height: 2, rgb: vec![MARK] }.png().is_err());
    }

    #[test]
    fn resizing_averages() {
        let picture = Picture { width: 2, height: 1, rgb: vec![[0, 10, 255], [100, 20, 255]] };
        assert_eq!(picture.resize(1, 1).rgb, [[50, 15, 255]]);
        assert_eq!(picture.resize(4, 1).rgb[1], [0, 10, 255]);
    }
}
