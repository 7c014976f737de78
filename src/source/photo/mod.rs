//! Photos: files into upright RGB pixels, the same that Pillow's `convert("RGB")` gives.
//!
//! ```text
//! jpeg      what libjpeg skips and others do not; where a JPEG ends
//! bmp       what the decoder of BMP does not know, and Pillow's rounding
//! gif       the first frame of a GIF
//! jxl       JPEG XL
//! tiff      TIFF: what its samples mean, and its samples as bytes
//! pixels    what a decoder gives, as RGB: 16 bits, gray, alpha
//! collect   the photos of a folder
//! ```

mod bmp;
mod collect;
mod gif;
mod jpeg;
mod jxl;
mod pixels;
mod tiff;

use std::borrow::Cow;
use std::io::Cursor;
use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use xxhash_rust::xxh3::xxh3_64;

use super::SourceError;
use super::error::read_file;
use super::recognize::{Door, Format, Kind, PICTURES, recognize, refuse};

pub use collect::{collect, is_photo};

/// Largest encoded file.
const FILE_LIMIT: u64 = 256 << 20;
/// Most pixels: Pillow refuses larger pictures as decompression bombs (2 x `MAX_IMAGE_PIXELS`).
pub(super) const PIXEL_LIMIT: u64 = 178_956_970;
/// Most bytes that a decoder may take: that many pixels with four channels of 16 bits.
const ALLOCATION_LIMIT: u64 = PIXEL_LIMIT * 8;

/// A decoded photo: upright, without alpha.
#[derive(Clone, Debug, PartialEq)]
pub struct Photo {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `width * height` RGB pixels, 3 bytes each. Of a picture with transparency, the colors below it.
    pub rgb: Vec<u8>,
    /// A hash of the encoded bytes.
    pub hash: u64,
    /// What is odd about the file although it was read, one sentence each without the file's name.
    pub notes: Vec<String>,
}

/// What is wrong with a picture, as a sentence without the file's name.
type Why<T> = Result<T, String>;

/// Pixels of one decoder.
struct Decoded {
    picture: DynamicImage,
    orientation: Orientation,
    /// What is odd about the file although it was read.
    note: Option<String>,
}

impl Photo {
    /// Reads a picture file, whatever it is called.
    ///
    /// # Errors
    /// When it cannot be read, is not a picture, is broken or too large.
    pub fn read(path: &Path) -> Result<Self, SourceError> {
        refuse(path, Door::Photo)?;
        let bytes = read_file(path, FILE_LIMIT, "a photo")?;
        Self::decode(&bytes, &path.to_string_lossy())
    }

    /// Decodes a picture by its content, whatever its name says; of an animation, the first frame.
    ///
    /// # Errors
    /// When it is not a picture, is broken or too large.
    pub fn decode(bytes: &[u8], name: &str) -> Result<Self, SourceError> {
        decode(bytes).map_err(|why| SourceError::named(name, why))
    }

    /// A picture from pixels that are there, without alpha.
    pub(super) fn of_pixels(picture: DynamicImage, hash: u64) -> Self {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        Self { width, height, rgb: pixels::to_rgb(picture, Format::Png), hash, notes: Vec::new() }
    }
}

fn decode(bytes: &[u8]) -> Why<Photo> {
    let known = recognize(bytes, bytes.len() as u64);
    let format = match &known {
        Some(known) => match (known.kind, known.refusal(Door::Photo)) {
            (Kind::Picture(format), _) => format,
            (_, Some(why)) => return Err(why),
            (_, None) => return Err(format!("is {}, not a picture", known.name)),
        },
        None => return Err(format!("is not in a known image format; supported: {PICTURES}")),
    };
    let Decoded { mut picture, orientation, note } = match format {
        Format::Jpeg => {
            let whole = jpeg::without_stray_bytes(bytes)?;
            Decoded { note: whole.note, ..by_image(&whole.bytes, ImageFormat::Jpeg)? }
        }
        Format::Gif => gif::decode(bytes)?,
        Format::JpegXl => jxl::decode(bytes)?,
        Format::Png => by_image(bytes, ImageFormat::Png)?,
        Format::WebP => by_image(bytes, ImageFormat::WebP)?,
        Format::Bmp => bmp::decode(bytes)?,
        Format::Tiff => tiff::decode(bytes)?,
        Format::Pnm => by_image(bytes, ImageFormat::Pnm)?,
    };
    picture.apply_orientation(orientation);
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let notes = note.into_iter().chain(pixels::note(&picture)).collect();
    let rgb = pixels::to_rgb(picture, format);
    Ok(Photo { width, height, rgb, hash: xxh3_64(bytes), notes })
}

/// Refuses a size before anything is allocated for it.
fn check_size(width: u32, height: u32) -> Why<()> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err("is a picture without pixels".into());
    }
    if pixels > PIXEL_LIMIT {
        return Err(format!(
            "is a picture of {width} x {height} px, which is too large: at most {PIXEL_LIMIT} pixels are read"
        ));
    }
    Ok(())
}

/// What a decoder may allocate.
fn limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(ALLOCATION_LIMIT);
    limits
}

/// Why a decoder of the crate `image` gave up.
fn why(error: image::ImageError) -> String {
    match error {
        image::ImageError::Limits(_) => "is a picture that is too large to decode".to_string(),
        image::ImageError::Unsupported(what) => {
            format!("is an unsupported kind of picture ({what}): save it as PNG")
        }
        error => format!("is a broken picture ({error}): copy or download it again"),
    }
}

/// Decodes by the crate `image`.
fn by_image(bytes: &[u8], format: ImageFormat) -> Why<Decoded> {
    let mut limits = limits();
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(why)?;
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    // `from_decoder` allocates without asking the limits.
    limits.reserve(decoder.total_bytes()).map_err(why)?;
    let orientation = decoder.orientation().map_err(why)?;
    let picture = DynamicImage::from_decoder(decoder).map_err(why)?;
    Ok(Decoded { picture, orientation, note: None })
}

/// Bytes that a decoder takes, and what was done to them.
struct Whole<'a> {
    bytes: Cow<'a, [u8]>,
    note: Option<String>,
}
