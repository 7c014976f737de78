//! Containers of pictures and films that many formats share: ISO base media, RIFF, TIFF.

use super::directory::Directory;
use super::signatures::CONVERT;
use super::{Format, Kind, Known};

const HEIC: &str = "convert it to JPEG or PNG (heif-convert FILE photo.jpg; on a Mac: sips -s format jpeg FILE --out photo.jpg)";
const AVIF: &str = "convert it to PNG (avifdec FILE photo.png)";
const RAW: &str = "this format is not read; develop it to JPEG, TIFF or PNG (darktable, RawTherapee, the camera's program)";
const FILM: &str =
    "save the frame that you want as a picture (ffmpeg -i FILE -frames:v 1 frame.png)";

pub(super) fn recognize(head: &[u8]) -> Option<Known> {
    iso(head).or_else(|| riff(head)).or_else(|| tiff(head))
}

/// Boxes with a length and a name of four letters; the brands in the first one say what the file is.
fn iso(head: &[u8]) -> Option<Known> {
    let (length, rest) = head.split_first_chunk::<4>()?;
    let (name, rest) = rest.split_first_chunk::<4>()?;
    let film = Known::new("a video (MP4, QuickTime)", Kind::OtherPicture(FILM));
    match name {
        b"ftyp" => {}
        b"moov" | b"mdat" | b"wide" | b"free" | b"skip" | b"pnot" => return Some(film),
        _ => return None,
    }
    let inside = (u32::from_be_bytes(*length) as usize).saturating_sub(8).min(rest.len());
    let (brands, _) = rest.get(..inside)?.as_chunks::<4>();
    let has = |wanted: &[&[u8; 4]]| brands.iter().any(|brand| wanted.contains(&brand));
    Some(if has(&[b"crx "]) {
        Known::new("a raw photo (CR3)", Kind::OtherPicture(RAW))
    } else if has(&[b"avif", b"avis"]) {
        Known::new("an AVIF picture", Kind::OtherPicture(AVIF))
    } else if has(&[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"]) {
        Known::new("a HEIC picture", Kind::OtherPicture(HEIC))
    } else if has(&[b"jp2 ", b"jpx "]) {
        Known::new("a JPEG 2000 picture", Kind::OtherPicture(CONVERT))
    } else {
        film
    })
}

fn riff(head: &[u8]) -> Option<Known> {
    let form = head.strip_prefix(b"RIFF")?.get(4..8)?;
    match form {
        b"WEBP" => Some(Known::new("a WebP picture", Kind::Picture(Format::WebP))),
        b"AVI " => Some(Known::new("a video (AVI)", Kind::OtherPicture(FILM))),
        b"WAVE" => Some(Known::new("an audio file (WAV)", Kind::Other)),
        _ => None,
    }
}

/// Tags of TIFF's first directory that tell a camera's raw file from a picture.
mod tag {
    pub const SUBFILE: u16 = 254;
    pub const COLORS: u16 = 262;
    pub const MAKE: u16 = 271;
    pub const DIRECTORIES: u16 = 330;
    pub const DNG: u16 = 50706;
}

/// Colors of a sensor: a filter over each pixel, or none yet.
const OF_A_SENSOR: [u32; 2] = [32803, 34892];

/// Who makes cameras whose raw files are TIFF, and the endings of those.
const MAKERS: [(&[u8], &str); 9] = [
    (b"NIKON", "a raw photo (NEF)"),
    (b"SONY", "a raw photo (ARW)"),
    (b"PENTAX", "a raw photo (PEF)"),
    (b"RICOH", "a raw photo (PEF)"),
    (b"SAMSUNG", "a raw photo (SRW)"),
    (b"Hasselblad", "a raw photo (3FR)"),
    (b"Phase One", "a raw photo (IIQ)"),
    (b"Leaf", "a raw photo (MOS)"),
    (b"EASTMAN KODAK", "a raw photo (KDC)"),
];

/// TIFF and BigTIFF. Pillow shows the thumbnail of a raw file as if it were the photo.
fn tiff(head: &[u8]) -> Option<Known> {
    let directory = Directory::of(head)?;
    let raw = |name| Some(Known::new(name, Kind::OtherPicture(RAW)));
    if head.get(8..10) == Some(b"CR") {
        return raw("a raw photo (CR2)");
    }
    if directory.field(tag::DNG).is_some() {
        return raw("a raw photo (DNG)");
    }
    let maker = directory
        .text(tag::MAKE)
        .and_then(|make| MAKERS.iter().find(|(name, _)| make.starts_with(name)));
    let sensor = directory.value(tag::COLORS).is_some_and(|colors| OF_A_SENSOR.contains(&colors));
    // The first directory has the thumbnail, another the photo.
    let thumbnail =
        directory.value(tag::SUBFILE) == Some(1) && directory.field(tag::DIRECTORIES).is_some();
    match maker {
        Some((_, name)) if sensor || thumbnail => raw(name),
        None if sensor => raw("a raw photo (TIFF)"),
        _ => Some(Known::new("a TIFF picture", Kind::Picture(Format::Tiff))),
    }
}
