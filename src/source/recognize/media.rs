//! Containers of pictures and films that many formats share: ISO base media, RIFF, TIFF.

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
    let film = Known::new("a film (MP4, QuickTime)", Kind::OtherPicture(FILM));
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
        b"AVI " => Some(Known::new("a film (AVI)", Kind::OtherPicture(FILM))),
        b"WAVE" => Some(Known::new("a sound (WAV)", Kind::Other)),
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
    let little = match head.first_chunk::<4>()? {
        b"II*\0" => true,
        b"MM\0*" => false,
        b"II+\0" | b"MM\0+" => {
            return Some(Known::new("a TIFF picture", Kind::Picture(Format::Tiff)));
        }
        _ => return None,
    };
    let raw = |name| Some(Known::new(name, Kind::OtherPicture(RAW)));
    if head.get(8..10) == Some(b"CR") {
        return raw("a raw photo (CR2)");
    }
    let directory = Directory { head, little };
    if directory.entry(tag::DNG).is_some() {
        return raw("a raw photo (DNG)");
    }
    let maker = directory
        .text(tag::MAKE)
        .and_then(|make| MAKERS.iter().find(|(name, _)| make.starts_with(name)));
    let sensor = directory.value(tag::COLORS).is_some_and(|colors| OF_A_SENSOR.contains(&colors));
    // The first directory has the thumbnail, another the photo.
    let thumbnail =
        directory.value(tag::SUBFILE) == Some(1) && directory.entry(tag::DIRECTORIES).is_some();
    match maker {
        Some((_, name)) if sensor || thumbnail => raw(name),
        None if sensor => raw("a raw photo (TIFF)"),
        _ => Some(Known::new("a TIFF picture", Kind::Picture(Format::Tiff))),
    }
}

/// The first directory of a TIFF, as far as it is in the head.
struct Directory<'a> {
    head: &'a [u8],
    little: bool,
}

impl<'a> Directory<'a> {
    fn short(&self, at: usize) -> Option<u16> {
        let bytes = self.head.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    }

    fn long(&self, at: usize) -> Option<u32> {
        let bytes = self.head.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    /// Where an entry begins: a tag, a type, a count and a value or its place.
    fn entry(&self, tag: u16) -> Option<usize> {
        let start = self.long(4)? as usize;
        let count = usize::from(self.short(start)?);
        let mut entries = (0..count).map(|i| start + 2 + 12 * i);
        entries.find(|at| self.short(*at) == Some(tag))
    }

    fn value(&self, tag: u16) -> Option<u32> {
        let at = self.entry(tag)?;
        match self.short(at + 2)? {
            3 => self.short(at + 8).map(u32::from),
            _ => self.long(at + 8),
        }
    }

    fn text(&self, tag: u16) -> Option<&'a [u8]> {
        let at = self.entry(tag)?;
        let length = self.long(at + 4)? as usize;
        let start = if length <= 4 { at + 8 } else { self.long(at + 8)? as usize };
        self.head.get(start..start.checked_add(length)?)
    }
}
