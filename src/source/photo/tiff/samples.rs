//! The samples of a TIFF as bytes, whatever they mean.
//!
//! The decoder is asked for rows of gray bytes only: a copy of the file says that this is what the file has, one plane
//! after another. So it decompresses, and neither its list of color types nor its order of planes counts.

use std::io::Cursor;

use image::ImageDecoder;
use image::codecs::tiff::TiffDecoder;

use super::super::{ALLOCATION_LIMIT, Why, limits, why};
use super::{Layout, Predictor, tag};
use crate::source::recognize::Directory;

/// The samples of a picture: all channels of a pixel together, or a plane for each channel.
pub(super) struct Samples {
    planes: Vec<Vec<u8>>,
    /// Bytes of a row.
    stride: usize,
    /// Samples of a pixel in each plane.
    per_pixel: usize,
    bits: usize,
    little: bool,
}

impl Samples {
    /// Decompresses the first `channels` of a picture; where they are not apart, all of them.
    ///
    /// # Errors
    /// When the file is broken, or compressed in a way that is not read.
    pub fn read(
        bytes: &[u8],
        directory: &Directory<'_>,
        layout: &Layout,
        channels: usize,
    ) -> Why<Self> {
        let per_pixel = if layout.planar { 1 } else { layout.samples };
        let row_bytes = |width: usize| (width * layout.bits * per_pixel).div_ceil(8);
        let chunk = row_bytes(layout.tile_width.unwrap_or(layout.width));
        // Rows of whole tiles: a predictor may need what is beyond the edge.
        let across = layout.tile_width.map_or(1, |tile| layout.width.div_ceil(tile));
        let stride = across * chunk;
        if stride as u64 * layout.height as u64 > ALLOCATION_LIMIT {
            return Err("is a picture that is too large to decode".into());
        }
        let planes = if layout.planar { channels } else { 1 };
        let plane = |index: usize| {
            let mut rows = gray_bytes(bytes, directory, layout, [stride, chunk], index)?;
            if layout.bits_from_below {
                rows.iter_mut().for_each(|byte| *byte = byte.reverse_bits());
            }
            let unit = layout.bits / 8;
            for chunk in rows.chunks_exact_mut(chunk) {
                match (layout.predictor, unit) {
                    (Predictor::None, _) => {}
                    (Predictor::Differences, 1) => add_up::<1>(chunk, per_pixel, layout.little),
                    (Predictor::Differences, 2) => add_up::<2>(chunk, per_pixel, layout.little),
                    (Predictor::Differences, _) => add_up::<4>(chunk, per_pixel, layout.little),
                    (Predictor::Floats, _) => join_floats(chunk, per_pixel, unit, layout.little),
                }
            }
            Ok(rows)
        };
        let planes = (0..planes).map(plane).collect::<Why<_>>()?;
        let (bits, little) = (layout.bits, layout.little);
        Ok(Self { planes, stride, per_pixel, bits, little })
    }

    /// The bytes of one sample of 8 bits or more.
    fn bytes_of(&self, [y, x, channel]: [usize; 3]) -> &[u8] {
        let (plane, channel) = match self.planes.len() {
            1 => (0, channel),
            _ => (channel, 0),
        };
        let size = self.bits / 8;
        let at = y * self.stride + (x * self.per_pixel + channel) * size;
        self.planes.get(plane).and_then(|plane| plane.get(at..at + size)).unwrap_or_default()
    }

    /// A sample of at most 16 bits at (row, column, channel); of 16 bits the high byte.
    pub fn byte(&self, [y, x, channel]: [usize; 3]) -> u8 {
        if self.bits >= 8 {
            let high = if self.little { self.bits / 8 - 1 } else { 0 };
            return self.bytes_of([y, x, channel]).get(high).copied().unwrap_or_default();
        }
        let bit = (x * self.per_pixel + channel) * self.bits;
        let byte = self.planes.first().and_then(|plane| plane.get(y * self.stride + bit / 8));
        let mask = ((1u16 << self.bits) - 1) as u8;
        byte.copied().unwrap_or_default() >> (8 - self.bits - bit % 8) & mask
    }

    /// The first sample of a pixel, which has `N` bytes, the lowest first.
    pub fn number<const N: usize>(&self, [y, x]: [usize; 2]) -> [u8; N] {
        let mut bytes = [0; N];
        if let Some(found) = self.bytes_of([y, x, 0]).first_chunk::<N>() {
            bytes = *found;
        }
        if !self.little {
            bytes.reverse();
        }
        bytes
    }

    /// The bytes of all rows, where a row is just `width` samples of 8 bits.
    pub fn into_rows(self, width: usize) -> Result<Vec<u8>, Self> {
        let whole = self.planes.len() == 1 && self.bits == 8 && self.stride == width;
        if !whole {
            return Err(self);
        }
        Ok(self.planes.into_iter().next().unwrap_or_default())
    }
}

/// Decompresses one plane: `stride` bytes a row, `chunk` of them in each tile.
fn gray_bytes(
    bytes: &[u8],
    directory: &Directory<'_>,
    layout: &Layout,
    [stride, chunk]: [usize; 2],
    plane: usize,
) -> Why<Vec<u8>> {
    let mut copy = bytes.to_vec();
    let number = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
    for (tag, value) in [
        (tag::WIDTH, number(stride)),
        (tag::TILE_WIDTH, number(chunk)),
        (tag::BITS, 8),
        (tag::COLORS, super::BLACK_IS_ZERO),
        (tag::SAMPLES, 1),
        (tag::PLANES, 1),
        (tag::PREDICTOR, 1),
        (tag::EXTRA, 0),
        (tag::SAMPLE_FORMAT, super::UNSIGNED),
    ] {
        if let Some(field) = directory.field(tag) {
            directory.put(&mut copy, field, value);
        }
    }
    if layout.planar {
        for tag in [tag::STRIPS, tag::STRIP_BYTES, tag::TILES, tag::TILE_BYTES] {
            if let Some(field) = directory.field(tag) {
                let each = field.count / layout.samples;
                directory.keep(&mut copy, field, plane * each, each);
            }
        }
    }
    let mut decoder = TiffDecoder::new(Cursor::new(&copy)).map_err(why)?;
    decoder.set_limits(limits()).map_err(why)?;
    let mut rows = vec![0; stride * layout.height];
    if decoder.total_bytes() != rows.len() as u64 {
        return Err(
            "is a broken picture (its fields contradict each other): copy or download it again"
                .into(),
        );
    }
    decoder.read_image(&mut rows).map_err(why)?;
    Ok(rows)
}

/// Each sample of `N` bytes is stored as its difference to the one before it of the same channel.
fn add_up<const N: usize>(row: &mut [u8], channels: usize, little: bool) {
    let read = |sample: &[u8; N]| {
        let join = |number: u32, byte: &u8| number << 8 | u32::from(*byte);
        if little { sample.iter().rev().fold(0, join) } else { sample.iter().fold(0, join) }
    };
    let (samples, _) = row.as_chunks_mut::<N>();
    for i in channels..samples.len() {
        let sum = read(&samples[i]).wrapping_add(read(&samples[i - channels]));
        for (at, byte) in samples[i].iter_mut().enumerate() {
            let place = if little { at } else { N - 1 - at };
            *byte = (sum >> (8 * place)) as u8;
        }
    }
}

/// The highest bytes of all samples come first, then the second ones and so on, each stored as its difference to the one
/// before.
fn join_floats(row: &mut [u8], channels: usize, size: usize, little: bool) {
    for i in channels..row.len() {
        row[i] = row[i].wrapping_add(row[i - channels]);
    }
    let apart = row.to_vec();
    let samples = row.len() / size;
    for (i, sample) in row.chunks_exact_mut(size).enumerate() {
        for (at, byte) in sample.iter_mut().enumerate() {
            let place = if little { size - 1 - at } else { at };
            *byte = apart[place * samples + i];
        }
    }
}
