//! The first page of a TIFF: what its samples mean, as Pillow's table of modes has it.
//!
//! JPEG and fax within a TIFF are left to the crate `image`; of all else it only decompresses ([`samples`]).

mod samples;

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageBuffer, ImageFormat, RgbImage};

use super::{Decoded, Why, by_image, check_size};
use crate::source::recognize::Directory;
use samples::Samples;

/// Fields of the directory.
mod tag {
    pub const WIDTH: u16 = 256;
    pub const HEIGHT: u16 = 257;
    pub const BITS: u16 = 258;
    pub const COMPRESSION: u16 = 259;
    pub const COLORS: u16 = 262;
    pub const FILL_ORDER: u16 = 266;
    pub const STRIPS: u16 = 273;
    pub const ORIENTATION: u16 = 274;
    pub const SAMPLES: u16 = 277;
    pub const STRIP_BYTES: u16 = 279;
    pub const PLANES: u16 = 284;
    pub const PREDICTOR: u16 = 317;
    pub const PALETTE: u16 = 320;
    pub const TILE_WIDTH: u16 = 322;
    pub const TILES: u16 = 324;
    pub const TILE_BYTES: u16 = 325;
    pub const EXTRA: u16 = 338;
    pub const SAMPLE_FORMAT: u16 = 339;
}

// What the colors are.
const WHITE_IS_ZERO: u32 = 0;
const BLACK_IS_ZERO: u32 = 1;
const RGB: u32 = 2;
const PALETTE: u32 = 3;
const CMYK: u32 = 5;
const YCBCR: u32 = 6;

// What the samples are.
const UNSIGNED: u32 = 1;
const SIGNED: u32 = 2;
const FLOAT: u32 = 3;

/// No compression.
const PLAIN: u32 = 1;
/// The compressions of fax.
const FAX: [u32; 3] = [2, 3, 4];
/// JPEG, as it was and as it is.
const JPEG: [u32; 2] = [6, 7];

/// A sample beside the colors by which they were multiplied.
const PREMULTIPLIED: u32 = 1;

/// What the decompressed samples are differences of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Predictor {
    None,
    /// Of the samples.
    Differences,
    /// Of the bytes of floats.
    Floats,
}

/// How the samples are stored.
#[derive(Debug)]
struct Layout {
    width: usize,
    height: usize,
    colors: u32,
    bits: usize,
    samples: usize,
    format: u32,
    /// What the first sample after the colors is.
    extra: Option<u32>,
    compression: u32,
    predictor: Predictor,
    /// Each channel has its own rows.
    planar: bool,
    tile_width: Option<usize>,
    /// The first pixel has the lowest bits of a byte.
    bits_from_below: bool,
    little: bool,
}

/// Decodes the first page.
///
/// # Errors
/// When the file is broken, too large, or of a kind that is not read.
pub(super) fn decode(bytes: &[u8]) -> Why<Decoded> {
    let directory = Directory::of(bytes);
    let layout = directory.as_ref().and_then(Layout::of);
    let (Some(directory), Some(layout)) = (directory, layout) else {
        // The decoder says what is missing, or takes what is usual.
        return by_image(bytes, ImageFormat::Tiff);
    };
    let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    check_size(side(layout.width), side(layout.height))?;
    let unread = JPEG.contains(&layout.compression) && layout.planar
        || layout.compression != PLAIN
            && !JPEG.contains(&layout.compression)
            && layout.bits_from_below;
    if unread {
        return Err(layout.unread());
    }
    if JPEG.contains(&layout.compression) && layout.colors == YCBCR {
        return by_image_as_rgb(bytes, &directory);
    }
    if JPEG.contains(&layout.compression) || FAX.contains(&layout.compression) {
        return by_image(bytes, ImageFormat::Tiff);
    }
    let (picture, note) = layout.picture(bytes, &directory)?;
    let orientation = directory.value(tag::ORIENTATION);
    let orientation = orientation.and_then(|value| Orientation::from_exif(value.min(255) as u8));
    Ok(Decoded { picture, orientation: orientation.unwrap_or(Orientation::NoTransforms), note })
}

impl Layout {
    /// `None` where a field is missing that the samples cannot be read without, or where the samples differ.
    fn of(directory: &Directory<'_>) -> Option<Self> {
        let value = |tag: u16, usual: u32| directory.value(tag).unwrap_or(usual);
        let size = |tag: u16| directory.value(tag).map(|value| value as usize);
        let same = |tag: u16| {
            let values = directory.numbers(tag)?;
            let first = *values.first()?;
            values.iter().all(|value| *value == first).then_some(first as u32)
        };
        let format = match directory.field(tag::SAMPLE_FORMAT) {
            Some(_) => same(tag::SAMPLE_FORMAT)?,
            None => UNSIGNED,
        };
        let samples = value(tag::SAMPLES, 1) as usize;
        Some(Self {
            width: size(tag::WIDTH)?,
            height: size(tag::HEIGHT)?,
            colors: directory.value(tag::COLORS)?,
            bits: same(tag::BITS).filter(|bits| (1..=64).contains(bits))? as usize,
            samples: Some(samples).filter(|samples| (1..=64).contains(samples))?,
            format,
            extra: directory.value(tag::EXTRA),
            compression: value(tag::COMPRESSION, PLAIN),
            predictor: match value(tag::PREDICTOR, 1) {
                1 => Predictor::None,
                2 => Predictor::Differences,
                3 => Predictor::Floats,
                _ => return None,
            },
            planar: value(tag::PLANES, 1) == 2 && samples > 1,
            tile_width: match directory.field(tag::TILES) {
                Some(_) => Some(size(tag::TILE_WIDTH).filter(|width| *width > 0)?),
                None => None,
            },
            bits_from_below: value(tag::FILL_ORDER, 1) == 2,
            little: directory.is_little(),
        })
    }

    fn unread(&self) -> String {
        let Self { samples, bits, .. } = self;
        let colors = match self.colors {
            WHITE_IS_ZERO => "inverted gray",
            BLACK_IS_ZERO => "gray",
            RGB => "RGB",
            PALETTE => "a palette",
            CMYK => "CMYK",
            YCBCR => "YCbCr",
            8..=10 => "Lab",
            _ => "unknown colors",
        };
        let planes = if self.planar { ", each channel apart" } else { "" };
        let order = if self.bits_from_below { ", the lowest bits first" } else { "" };
        let kind = match self.format {
            UNSIGNED => "bits",
            FLOAT => "bits of floats",
            _ => "signed bits",
        };
        format!(
            "is a TIFF of {colors} ({samples} x {bits} {kind}{planes}{order}), which is unsupported: save it as PNG"
        )
    }

    /// The picture, and what should be said about it.
    fn picture(
        &self,
        bytes: &[u8],
        directory: &Directory<'_>,
    ) -> Why<(DynamicImage, Option<String>)> {
        let predictable = match self.predictor {
            Predictor::None => true,
            Predictor::Differences => self.bits >= 8,
            Predictor::Floats => self.format == FLOAT,
        };
        // A tile begins with a whole byte.
        let whole = self.tile_width.is_none_or(|width| (width * self.bits).is_multiple_of(8));
        let read = |channels: usize| Samples::read(bytes, directory, self, channels);
        let premultiplied = self.extra == Some(PREMULTIPLIED);
        let picture = match (self.colors, self.format, self.bits, self.samples) {
            _ if !predictable || !whole => return Err(self.unread()),
            (WHITE_IS_ZERO | BLACK_IS_ZERO, UNSIGNED, 1 | 2 | 4, 1)
            | (WHITE_IS_ZERO | BLACK_IS_ZERO, UNSIGNED | SIGNED, 8, 1)
            | (BLACK_IS_ZERO, UNSIGNED, 8, 2) => {
                let premultiplied = premultiplied && self.samples > 1;
                let inverted = self.colors == WHITE_IS_ZERO;
                self.gray(read(1 + usize::from(premultiplied))?, premultiplied, inverted)
            }
            (BLACK_IS_ZERO, UNSIGNED, 16, 1) => {
                let samples = read(1)?;
                let deep = self.pixels(|at| [u16::from_le_bytes(samples.number(at))]);
                self.buffer(deep).map(DynamicImage::ImageLuma16)
            }
            (BLACK_IS_ZERO, UNSIGNED | SIGNED | FLOAT, 32, 1) | (BLACK_IS_ZERO, SIGNED, 16, 1) => {
                return self.numbers(&read(1)?);
            }
            (RGB, UNSIGNED, 8 | 16, 3..=6) => {
                self.rgb(read(3 + usize::from(premultiplied))?, premultiplied)
            }
            (PALETTE, UNSIGNED, 1 | 2 | 4 | 8, 1 | 2) => {
                let colors = palette(directory)?;
                let samples = read(1)?;
                let color = |[y, x]: [usize; 2]| {
                    let index = usize::from(samples.byte([y, x, 0]));
                    colors.get(index).copied().unwrap_or_default()
                };
                self.buffer(self.pixels(color)).map(DynamicImage::ImageRgb8)
            }
            (CMYK, UNSIGNED, 8 | 16, 4..=6) => {
                let samples = read(4)?;
                let color = |[y, x]: [usize; 2]| {
                    from_inks([0, 1, 2, 3].map(|ink| samples.byte([y, x, ink])))
                };
                self.buffer(self.pixels(color)).map(DynamicImage::ImageRgb8)
            }
            _ => return Err(self.unread()),
        };
        picture.map(|picture| (picture, None)).ok_or_else(|| self.unread())
    }

    /// All pixels by (row, column).
    fn pixels<T: Copy, const N: usize>(&self, of: impl Fn([usize; 2]) -> [T; N]) -> Vec<T> {
        let mut pixels = Vec::with_capacity(self.width * self.height * N);
        for y in 0..self.height {
            for x in 0..self.width {
                pixels.extend_from_slice(&of([y, x]));
            }
        }
        pixels
    }

    fn buffer<P: image::Pixel>(
        &self,
        pixels: Vec<P::Subpixel>,
    ) -> Option<ImageBuffer<P, Vec<P::Subpixel>>> {
        ImageBuffer::from_raw(self.width as u32, self.height as u32, pixels)
    }

    fn gray(&self, samples: Samples, premultiplied: bool, inverted: bool) -> Option<DynamicImage> {
        let most = if self.bits < 8 { (1u16 << self.bits) as u8 - 1 } else { 255 };
        let usual = !premultiplied && !inverted;
        let rows = match samples.into_rows(self.width) {
            Ok(rows) if usual => rows,
            Ok(mut rows) => {
                rows.iter_mut().for_each(|value| *value = !*value);
                rows
            }
            Err(samples) => self.pixels(|[y, x]| {
                let value = samples.byte([y, x, 0]) * (255 / most);
                let value = if inverted { !value } else { value };
                [if premultiplied { divided(value, samples.byte([y, x, 1])) } else { value }]
            }),
        };
        self.buffer::<image::Luma<u8>>(rows).map(|gray: GrayImage| gray.into())
    }

    fn rgb(&self, samples: Samples, premultiplied: bool) -> Option<DynamicImage> {
        let rows = match samples.into_rows(self.width * 3) {
            Ok(rows) => rows,
            Err(samples) => self.pixels(|[y, x]| {
                let color = [0, 1, 2].map(|channel| samples.byte([y, x, channel]));
                match premultiplied {
                    true => color.map(|value| divided(value, samples.byte([y, x, 3]))),
                    false => color,
                }
            }),
        };
        self.buffer::<image::Rgb<u8>>(rows).map(|picture: RgbImage| picture.into())
    }

    /// One number a pixel, cut to a byte as Pillow does, with a note where that loses something.
    fn numbers(&self, samples: &Samples) -> Why<(DynamicImage, Option<String>)> {
        let number = |at: [usize; 2]| match (self.format, self.bits) {
            (FLOAT, _) => f32::from_le_bytes(samples.number(at)),
            (_, 16) => i16::from_le_bytes(samples.number(at)).into(),
            (_, _) => i32::from_le_bytes(samples.number(at)) as f32,
        };
        let lost = std::cell::Cell::new(false);
        let byte = |at: [usize; 2]| {
            let number = number(at);
            let byte = number as u8;
            lost.set(lost.get() || f32::from(byte) != number);
            [byte]
        };
        let gray =
            self.buffer::<image::Luma<u8>>(self.pixels(byte)).ok_or_else(|| self.unread())?;
        let note = lost.get().then(|| {
            format!(
                "a TIFF of {} bits per sample: values are clipped and truncated to integers from 0 to 255, as Pillow's convert(\"RGB\") \
                 does; save a float .npy to keep them",
                self.bits
            )
        });
        Ok((gray.into(), note))
    }
}

/// The colors of a palette: all reds, then all greens, then all blues, of 16 bits, of which the high byte counts.
fn palette(directory: &Directory<'_>) -> Why<Vec<[u8; 3]>> {
    let values = directory.numbers(tag::PALETTE).unwrap_or_default();
    let count = values.len() / 3;
    if count == 0 {
        return Err(
            "is a broken picture (its palette is missing): copy or download it again".into()
        );
    }
    let color = |i: usize| [0, 1, 2].map(|channel| (values[channel * count + i] >> 8) as u8);
    Ok((0..count).map(color).collect())
}

/// A color that was multiplied by its alpha.
fn divided(value: u8, alpha: u8) -> u8 {
    match alpha {
        0 => 0,
        alpha => (u16::from(value) * 255 / u16::from(alpha)).min(255) as u8,
    }
}

/// Pillow's CMYK to RGB.
fn from_inks([c, m, y, k]: [u8; 4]) -> [u8; 3] {
    let white = u32::from(255 - k);
    [c, m, y].map(|ink| {
        let product = u32::from(ink) * white + 128;
        white.saturating_sub(((product >> 8) + product) >> 8) as u8
    })
}

/// A JPEG whose luma and chroma the decoder would refuse: it takes them for RGB, and they are turned into it here.
fn by_image_as_rgb(bytes: &[u8], directory: &Directory<'_>) -> Why<Decoded> {
    let mut copy = bytes.to_vec();
    if let Some(field) = directory.field(tag::COLORS) {
        directory.put(&mut copy, field, RGB);
    }
    let mut decoded = by_image(&copy, ImageFormat::Tiff)?;
    if let DynamicImage::ImageRgb8(picture) = &mut decoded.picture {
        for pixel in picture.pixels_mut() {
            let [y, cb, cr] = pixel.0.map(f32::from);
            let (cb, cr) = (cb - 128.0, cr - 128.0);
            let color = [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb];
            pixel.0 = color.map(|value| value.round() as u8);
        }
    }
    Ok(decoded)
}
