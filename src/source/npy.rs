//! NumPy's `.npy`: floats are an input tensor `[C, H, W]` or `[1, C, H, W]`, already normalized; bytes `[H, W]` or
//! `[H, W, 3]` are a photo.
//!
//! The header is read by a small parser of just its grammar: bounded, without recursion.

use half::f16;
use image::{DynamicImage, GrayAlphaImage, GrayImage, RgbImage, RgbaImage};
use xxhash_rust::xxh3::xxh3_64;

use super::photo::{PIXEL_LIMIT, Photo};
use crate::base::{Array, Shape};

/// Longest header: NumPy's own limit.
const HEADER_LIMIT: usize = 10_000;
/// Most axes: NumPy's own limit.
const AXES_LIMIT: usize = 64;

/// A result whose error is one sentence without the file's name.
type Why<T> = Result<T, String>;

/// What an array stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Npy {
    /// A normalized input `[1, C, H, W]`.
    Input(Array),
    /// Pixels.
    Photo(Photo),
}

/// Whether these bytes, the beginning of a file at least, are an array of floats.
pub fn is_float(head: &[u8]) -> bool {
    header(head).is_ok_and(|(header, _)| header.kind == 'f')
}

/// The array of an `.npy` file.
///
/// # Errors
/// When the bytes are not an `.npy` file, are cut off, or hold a type or a shape that stands for nothing here: one
/// sentence without the file's name.
pub fn parse(bytes: &[u8]) -> Why<Npy> {
    let (header, data) = header(bytes)?;
    let count = header.shape.iter().try_fold(1usize, |all, extent| all.checked_mul(*extent));
    let length = count.and_then(|count| count.checked_mul(header.size));
    let data = length.filter(|length| *length > 0).and_then(|length| data.get(..length));
    let data =
        data.ok_or_else(|| format!("is cut off or empty: its header says {:?}", header.shape))?;
    match (header.kind, header.size) {
        ('f', 2 | 4 | 8) => input(&header, data).map(Npy::Input),
        ('u', 1) => photo(&header, data, xxh3_64(bytes)).map(Npy::Photo),
        _ => Err(refused(&header)),
    }
}

/// Why a type stands for nothing here.
fn refused(header: &Header) -> String {
    let bits = header.size * 8;
    let float = "save x.astype(\"float32\")";
    let either = "save x.astype(\"uint8\") for a photo [H, W, 3], or the normalized input [3, H, W] as float32";
    match (header.kind, header.size) {
        ('f', _) => format!("holds float{bits}: {float}"),
        ('i', _) => format!("holds int{bits}: {either}"),
        ('u', _) => format!("holds uint{bits}: {either}"),
        ('b', _) => format!("holds booleans: {either}"),
        ('c', _) => format!("holds complex numbers: {float}"),
        ('V', 2) => format!("holds bfloat16, or other values of two bytes: {float}"),
        ('O', _) => format!("holds Python objects, which are never read: {float}"),
        (kind, _) => format!("holds values of NumPy's type \"{kind}\", not numbers: {float}"),
    }
}

fn input(header: &Header, data: &[u8]) -> Why<Array> {
    let [c, h, w] = match *header.shape {
        [c, h, w] | [1, c, h, w] => [c, h, w],
        [n, _, _, _] => {
            return Err(format!("holds {n} inputs; one at a time is run, save x[:1]"));
        }
        _ => return Err(format!("has the shape {:?}; [3, H, W] is needed", header.shape)),
    };
    let big = header.big;
    let values: Vec<f32> = match header.size {
        2 => each(data, |b: [u8; 2]| {
            f16::from_bits(if big { u16::from_be_bytes(b) } else { u16::from_le_bytes(b) }).to_f32()
        }),
        4 => {
            each(data, |b: [u8; 4]| if big { f32::from_be_bytes(b) } else { f32::from_le_bytes(b) })
        }
        _ => each(data, |b: [u8; 8]| {
            (if big { f64::from_be_bytes(b) } else { f64::from_le_bytes(b) }) as f32
        }),
    };
    let values = if header.fortran { in_c_order(&values, [c, h, w]) } else { values };
    Array::new(Shape::new(1, c, h, w), values).ok_or_else(|| "is cut off".into())
}

fn each<const N: usize>(data: &[u8], value: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    data.as_chunks::<N>().0.iter().map(|bytes| value(*bytes)).collect()
}

/// Values whose first axis changes fastest, with the last one fastest. A leading axis of 1 changes nothing.
fn in_c_order<T: Copy>(values: &[T], [a, b, c]: [usize; 3]) -> Vec<T> {
    let mut out = Vec::with_capacity(values.len());
    for i in 0..a {
        for j in 0..b {
            out.extend((0..c).filter_map(|k| values.get(i + a * (j + b * k))));
        }
    }
    out
}

/// Pixels as `PIL.Image.fromarray(x).convert("RGB")` takes them.
fn photo(header: &Header, data: &[u8], hash: u64) -> Why<Photo> {
    let [h, w, channels] = match *header.shape {
        [h, w] => [h, w, 1],
        [h, w, channels @ 2..=4] => [h, w, channels],
        [3, _, _] | [1, 3, _, _] => {
            return Err("holds uint8 with the channels first: save x.transpose(1, 2, 0) for a photo, or the normalized \
                        input as float32"
                .into());
        }
        _ => {
            let shape = &header.shape;
            return Err(format!(
                "holds uint8 of the shape {shape:?}; a photo is [H, W] or [H, W, 3]"
            ));
        }
    };
    let data = if header.fortran { in_c_order(data, [h, w, channels]) } else { data.to_vec() };
    let too_large = || {
        format!(
            "is a photo of {w} x {h} px, which is too large: at most {PIXEL_LIMIT} pixels are read"
        )
    };
    if (w as u64).saturating_mul(h as u64) > PIXEL_LIMIT {
        return Err(too_large());
    }
    let size = u32::try_from(w).ok().zip(u32::try_from(h).ok());
    let (width, height) = size.ok_or_else(too_large)?;
    let picture = match channels {
        1 => GrayImage::from_raw(width, height, data).map(DynamicImage::ImageLuma8),
        2 => GrayAlphaImage::from_raw(width, height, data).map(DynamicImage::ImageLumaA8),
        3 => RgbImage::from_raw(width, height, data).map(DynamicImage::ImageRgb8),
        _ => RgbaImage::from_raw(width, height, data).map(DynamicImage::ImageRgba8),
    };
    picture.map(|picture| Photo::of_pixels(picture, hash)).ok_or_else(|| "is cut off".into())
}

/// What a header says.
struct Header {
    /// NumPy's letter for the kind of its type: `f`, `i`, `u`, ...
    kind: char,
    /// Bytes of a value.
    size: usize,
    big: bool,
    fortran: bool,
    shape: Vec<usize>,
}

/// The header, and what follows it.
fn header(bytes: &[u8]) -> Why<(Header, &[u8])> {
    let broken =
        || "is not a .npy file, or its header is broken: save it again with numpy.save".to_string();
    let body = bytes.strip_prefix(b"\x93NUMPY").ok_or_else(broken)?;
    let (length, rest) = match body {
        [1, _, a, b, rest @ ..] => (u32::from(u16::from_le_bytes([*a, *b])), rest),
        [2 | 3, _, a, b, c, d, rest @ ..] => (u32::from_le_bytes([*a, *b, *c, *d]), rest),
        _ => return Err(broken()),
    };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > HEADER_LIMIT {
        return Err(format!("{}; a header has at most {HEADER_LIMIT} bytes", broken()));
    }
    let (text, data) = rest.split_at_checked(length).ok_or_else(broken)?;
    let text = std::str::from_utf8(text).map_err(|_| broken())?;
    let mut reader = Reader(text);
    let (mut descr, mut fortran, mut shape) = (None, None, None);
    reader.expect('{').ok_or_else(broken)?;
    while reader.expect('}').is_none() {
        let key = reader.string().ok_or_else(broken)?;
        reader.expect(':').ok_or_else(broken)?;
        match key {
            "descr" if reader.starts('[') => {
                return Err("holds records with several fields: save one of them as float32".into());
            }
            "descr" => descr = Some(reader.string().ok_or_else(broken)?),
            "fortran_order" => fortran = Some(reader.boolean().ok_or_else(broken)?),
            "shape" => shape = Some(reader.extents().ok_or_else(broken)?),
            _ => return Err(broken()),
        }
        if reader.expect(',').is_none() && !reader.starts('}') {
            return Err(broken());
        }
    }
    let (Some(descr), Some(fortran), Some(shape)) = (descr, fortran, shape) else {
        return Err(broken());
    };
    let (order, rest) = match descr.strip_prefix(['<', '>', '|', '=']) {
        Some(rest) => (descr.chars().next(), rest),
        None => (None, descr),
    };
    let kind = rest.chars().next().filter(char::is_ascii_alphabetic).ok_or_else(broken)?;
    // Objects have no size.
    let size = match rest.get(1..) {
        Some("") => 1,
        Some(digits) => digits.parse().map_err(|_| broken())?,
        None => return Err(broken()),
    };
    Ok((Header { kind, size, big: order == Some('>'), fortran, shape }, data))
}

/// The text of a header that is still to be read. Each step skips blanks first, and takes nothing when it fails.
struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn starts(&mut self, letter: char) -> bool {
        self.0 = self.0.trim_start();
        self.0.starts_with(letter)
    }

    fn expect(&mut self, letter: char) -> Option<()> {
        if self.starts(letter) {
            self.0 = self.0.get(letter.len_utf8()..)?;
            return Some(());
        }
        None
    }

    /// A string in either kind of quotes; no escapes, which NumPy never writes here.
    fn string(&mut self) -> Option<&'a str> {
        let quote = if self.starts('\'') { '\'' } else { '"' };
        let (text, rest) = self.0.strip_prefix(quote)?.split_once(quote)?;
        self.0 = rest;
        Some(text)
    }

    fn boolean(&mut self) -> Option<bool> {
        self.0 = self.0.trim_start();
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.0.strip_prefix(word) {
                self.0 = rest;
                return Some(value);
            }
        }
        None
    }

    /// A tuple of whole numbers; Python 2 wrote an `L` after large ones.
    fn extents(&mut self) -> Option<Vec<usize>> {
        self.expect('(')?;
        let mut extents = Vec::new();
        while self.expect(')').is_none() {
            self.0 = self.0.trim_start();
            let end = self.0.find(|c: char| !c.is_ascii_digit())?;
            let (digits, rest) = self.0.split_at_checked(end)?;
            if extents.len() == AXES_LIMIT {
                return None;
            }
            extents.push(digits.parse().ok()?);
            self.0 = rest.strip_prefix('L').unwrap_or(rest);
            if self.expect(',').is_none() && !self.starts(')') {
                return None;
            }
        }
        Some(extents)
    }
}
