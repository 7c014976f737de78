//! Photos: files and folders into upright RGB pixels.

use std::collections::HashSet;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use xxhash_rust::xxh3::xxh3_64;

use super::SourceError;
use super::error::read_file;

/// Largest encoded file.
const FILE_LIMIT: u64 = 256 << 20;
/// Largest side in pixels.
const SIDE_LIMIT: u32 = 20_000;
/// Most bytes that decoding may take: a small file can claim to be a huge picture.
const ALLOCATION_LIMIT: u64 = 1 << 30;

/// File name endings that are taken out of a folder.
const ENDINGS: [&str; 11] =
    ["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff", "ppm", "pgm", "npy"];

/// A decoded photo, upright, alpha blended over black.
#[derive(Clone, Debug, PartialEq)]
pub struct Photo {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `width * height` RGB pixels, 3 bytes each.
    pub rgb: Vec<u8>,
    /// A hash of the encoded bytes.
    pub hash: u64,
}

impl Photo {
    /// Reads a picture file.
    ///
    /// # Errors
    /// When it cannot be read, is no picture, is broken or too large.
    pub fn read(path: &Path) -> Result<Self, SourceError> {
        let bytes = read_file(path, FILE_LIMIT, "a photo")?;
        Self::decode(&bytes, &path.to_string_lossy())
    }

    /// Decodes a picture by its content, whatever its name says; of an animation, the first frame.
    ///
    /// # Errors
    /// When it is no picture, is broken or too large.
    pub fn decode(bytes: &[u8], name: &str) -> Result<Self, SourceError> {
        let fail = |why: String| SourceError::named(name, why);
        let mut limits = Limits::default();
        limits.max_image_width = Some(SIDE_LIMIT);
        limits.max_image_height = Some(SIDE_LIMIT);
        limits.max_alloc = Some(ALLOCATION_LIMIT);
        let mut reader = ImageReader::new(Cursor::new(bytes))
            .with_guessed_format()
            .map_err(|e| fail(format!("cannot be read: {e}")))?;
        if reader.format().is_none() {
            return Err(fail(
                "is no picture: JPEG, PNG, WebP, GIF, BMP, TIFF and PPM are read".into(),
            ));
        }
        reader.limits(limits.clone());
        let broken = |e: image::ImageError| match e {
            image::ImageError::Limits(_) => fail(format!(
                "is too large: at most {SIDE_LIMIT} px a side and {} MiB decoded",
                ALLOCATION_LIMIT >> 20
            )),
            e => fail(format!("is broken or no picture that can be read: {e}")),
        };
        if reader.format() == Some(ImageFormat::Jpeg) && !jpeg_ends(bytes) {
            return Err(fail(
                "is a picture cut off before its end: copy or download it again".into(),
            ));
        }
        let mut decoder = reader.into_decoder().map_err(broken)?;
        // `from_decoder` allocates without asking the limits.
        limits.reserve(decoder.total_bytes()).map_err(broken)?;
        let orientation = decoder.orientation().map_err(broken)?;
        let mut picture = DynamicImage::from_decoder(decoder).map_err(broken)?;
        picture.apply_orientation(orientation);
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        if width == 0 || height == 0 {
            return Err(fail("has no pixels".into()));
        }
        Ok(Self { width, height, rgb: over_black(&picture), hash: xxh3_64(bytes) })
    }
}

/// Whether the marker that ends a JPEG follows its first scan: the decoder paints what is missing grey
/// and says nothing. An embedded thumbnail, which has its own, lies in a segment before the scan.
fn jpeg_ends(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some(&[0xff, marker, high, low]) = bytes.get(at..at + 4) {
        if marker == 0xda {
            return bytes[at..].windows(2).any(|pair| pair == [0xff, 0xd9]);
        }
        // A marker may be preceded by any number of 0xff.
        at += if marker == 0xff { 1 } else { 2 + usize::from(u16::from_be_bytes([high, low])) };
    }
    false
}

fn over_black(picture: &DynamicImage) -> Vec<u8> {
    if !picture.color().has_alpha() {
        return picture.to_rgb8().into_raw();
    }
    let blend = |value: u8, alpha: u8| ((u32::from(value) * u32::from(alpha) + 127) / 255) as u8;
    picture.to_rgba8().pixels().flat_map(|p| [0, 1, 2].map(|i| blend(p.0[i], p.0[3]))).collect()
}

/// Whether the path names an input tensor (`.npy`) rather than a picture.
pub fn is_input_array(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npy"))
}

/// Whether a file's name ends as those of photos and input tensors do.
pub fn is_photo(path: &Path) -> bool {
    path.extension().is_some_and(|e| ENDINGS.iter().any(|known| e.eq_ignore_ascii_case(known)))
}

/// The photos behind some paths: files as they are, folders searched to the bottom, sorted by name.
///
/// # Errors
/// When a path does not exist, a folder cannot be read, or a folder holds no photo.
pub fn collect(paths: &[PathBuf]) -> Result<Vec<PathBuf>, SourceError> {
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            if !path.exists() {
                return Err(SourceError::at(path, "no such file or folder"));
            }
            found.push(path.clone());
            continue;
        }
        let before = found.len();
        search(path, &mut found, &mut HashSet::new())?;
        if found.len() == before {
            return Err(SourceError::at(path, format!("holds no photo ({})", ENDINGS.join(", "))));
        }
    }
    Ok(found)
}

fn search(
    folder: &Path,
    found: &mut Vec<PathBuf>,
    seen: &mut HashSet<PathBuf>,
) -> Result<(), SourceError> {
    // Links can make a circle, or lead to the same folder twice.
    if !seen.insert(folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf())) {
        return Ok(());
    }
    let fail = |e: std::io::Error| SourceError::at(folder, format!("cannot be listed: {e}"));
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        entries.push(entry.map_err(fail)?.path());
    }
    entries.sort();
    for path in entries {
        let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        if path.is_dir() && !hidden {
            search(&path, found, seen)?;
        } else if !hidden && is_photo(&path) {
            found.push(path);
        }
    }
    Ok(())
}
