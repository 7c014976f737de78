//! Photo to input: resize, crop, divide, subtract, divide, as PIL and torchvision do it.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::{Crop, Fit, Interpolation, Photo, Recipe, SourceError};
use crate::base::{Array, Shape};

/// Most pixels of an input: beyond this a network's values would not fit any memory.
const PIXEL_LIMIT: usize = 1 << 26;

/// A photo made ready.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// The normalized input `[1, C, H, W]`.
    pub input: Array,
    /// The pixels that the network sees, before normalization: `H * W` RGB, for the eye.
    pub seen: Vec<[u8; 3]>,
    /// Where the input lies in the photo.
    pub placement: Placement,
}

/// Maps input pixels to photo pixels: `photo = (input + offset) * scale`, (rows, columns).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    /// Input pixels cut off (negative: added) before the first.
    pub offset: [isize; 2],
    /// Photo pixels for one input pixel.
    pub scale: [f64; 2],
    /// Height and width of the photo.
    pub photo: [usize; 2],
}

impl Placement {
    /// The photo rows (axis 0) or columns (axis 1) behind input positions `first..end`.
    pub fn range(&self, axis: usize, first: usize, end: usize) -> (usize, usize) {
        let map = |at: usize| (at as f64 + self.offset[axis] as f64) * self.scale[axis];
        let clip = |at: f64| at.clamp(0.0, self.photo[axis] as f64) as usize;
        (clip(map(first).floor()), clip(map(end).ceil()))
    }
}

/// Makes a photo ready for a network with `channels` input channels (1 or 3).
///
/// # Errors
/// When the network takes another number of channels, the recipe is refused, or the sizes are out of bounds.
pub fn prepare(
    photo: &Photo,
    recipe: &Recipe,
    channels: usize,
    name: &str,
) -> Result<Prepared, SourceError> {
    let fail = |why: String| SourceError::named(name, why);
    if channels != 1 && channels != 3 {
        return Err(fail(format!(
            "the network takes {channels} channels, a photo has 3: give an .npy of [{channels}, H, W]"
        )));
    }
    if let Some(why) = &recipe.refused {
        return Err(fail(format!(
            "cannot be preprocessed ({why}): give --size, --mean and --std, or an .npy of [{channels}, H, W]"
        )));
    }
    let resized = resized_size(photo, recipe);
    let size = if recipe.crop == Crop::None { resized } else { recipe.size };
    let pixels = |size: [usize; 2]| size[0].saturating_mul(size[1]);
    if pixels(recipe.size) == 0 || pixels(recipe.size) > PIXEL_LIMIT {
        return Err(fail(format!(
            "{}: sizes from 1 px to 8192 x 8192 px are possible",
            recipe.describe()
        )));
    }
    if pixels(resized) > PIXEL_LIMIT {
        let [h, w] = resized;
        return Err(fail(format!(
            "{}: the whole photo would have {h}x{w} px before the crop, more than {} million: \
             --no-crop warps it to the input's size",
            recipe.describe(),
            PIXEL_LIMIT / 1_000_000
        )));
    }
    let scaled = resize(photo, resized, recipe.interpolation).map_err(|e| fail(e.to_string()))?;
    let offset = [0, 1].map(|axis| crop_offset(resized[axis], size[axis], recipe.crop));
    let mut seen = vec![recipe.border; size[0] * size[1]];
    for (y, row) in seen.chunks_mut(size[1]).enumerate() {
        for (x, pixel) in row.iter_mut().enumerate() {
            let (from_y, from_x) = (y as isize + offset[0], x as isize + offset[1]);
            let inside = (0..resized[0] as isize).contains(&from_y)
                && (0..resized[1] as isize).contains(&from_x);
            if inside {
                let at = (from_y as usize * resized[1] + from_x as usize) * 3;
                pixel.copy_from_slice(&scaled[at..at + 3]);
            }
        }
    }
    let input = normalize(&seen, size, recipe, channels);
    let photo_size = [photo.height, photo.width];
    let scale = [0, 1].map(|axis| photo_size[axis] as f64 / resized[axis] as f64);
    Ok(Prepared { input, seen, placement: Placement { offset, scale, photo: photo_size } })
}

fn normalize(seen: &[[u8; 3]], size: [usize; 2], recipe: &Recipe, channels: usize) -> Array {
    let mut data = Vec::with_capacity(seen.len() * channels);
    for channel in 0..channels {
        let (mean, std) = (recipe.mean[channel], recipe.std[channel]);
        let color = if recipe.bgr { 2 - channel } else { channel };
        data.extend(seen.iter().map(|pixel| {
            let value = if channels == 1 { luminance(*pixel) } else { f32::from(pixel[color]) };
            (value / 255.0 - mean) / std
        }));
    }
    Array { shape: Shape::new(1, channels, size[0], size[1]), data }
}

/// ITU-R 601 luma, rounded to a byte as PIL's `convert("L")` does.
fn luminance(pixel: [u8; 3]) -> f32 {
    let [r, g, b] = pixel.map(u32::from);
    ((r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16) as f32
}

/// Height and width to which the photo is scaled. Each rule rounds as the library does that it comes from; no side
/// vanishes.
fn resized_size(photo: &Photo, recipe: &Recipe) -> [usize; 2] {
    let (h, w) = (photo.height, photo.width);
    let times = |side: usize, a: usize, b: usize| (side as u128 * a as u128 / b as u128) as usize;
    let [height, width] = match recipe.fit {
        Fit::Photo => [h, w],
        Fit::Warp => recipe.size,
        Fit::Exact(to) => to,
        Fit::Shorter(side) if w <= h => [times(side, h, w), side],
        Fit::Shorter(side) => [side, times(side, w, h)],
        Fit::ShorterWithin(side, longest) => shorter_within([h, w], side, longest),
        Fit::Inside(to) => {
            let scale = (to[0] as f64 / h as f64).min(to[1] as f64 / w as f64);
            [h, w].map(|side| (side as f64 * scale) as usize)
        }
        Fit::KeepRatio { to, cover } => {
            let (rows, columns) = (h as f64 / to[0] as f64, w as f64 / to[1] as f64);
            let ratio = if cover { rows.min(columns) } else { rows.max(columns) };
            [h, w].map(|side| (side as f64 / ratio).round_ties_even() as usize)
        }
        Fit::Cover => {
            // The side that must grow most (or shrink least) meets the size, the other is cut.
            let [height, width] = recipe.size;
            if height as u128 * w as u128 >= width as u128 * h as u128 {
                [height, times(height, w, h).max(width)]
            } else {
                [times(width, h, w).max(height), width]
            }
        }
    };
    [height.max(1), width.max(1)]
}

/// transformers' `get_size_with_aspect_ratio`.
fn shorter_within([h, w]: [usize; 2], side: usize, longest: usize) -> [usize; 2] {
    let (short, long) = (h.min(w) as f64, h.max(w) as f64);
    let (mut shorter, mut exact) = (side, side as f64);
    if long / short * exact > longest as f64 {
        exact = longest as f64 * short / long;
        shorter = exact.round_ties_even() as usize;
    }
    let longer = |a: usize, b: usize| (exact * a as f64 / b as f64) as usize;
    match (h, w) {
        _ if h.min(w) == shorter => [h, w],
        _ if w < h => [longer(h, w), shorter],
        _ => [shorter, longer(w, h)],
    }
}

/// torchvision's `round((size - crop) / 2)` with Python's rounding, half to even, or transformers'
/// `(size - crop) // 2`; when the crop is larger, the padding of `(crop - size) // 2` in front, as a
/// negative offset.
fn crop_offset(size: usize, crop: usize, rule: Crop) -> isize {
    if crop > size {
        return -(((crop - size) / 2) as isize);
    }
    match rule {
        Crop::Nearest => ((size - crop) as f64 / 2.0).round_ties_even() as isize,
        Crop::Down => ((size - crop) / 2) as isize,
        Crop::None => 0,
    }
}

/// PIL goes across first and rounds to bytes in between; `fast_image_resize` goes down first when
/// given both, so it is asked twice.
fn resize(
    photo: &Photo,
    [height, width]: [usize; 2],
    interpolation: Interpolation,
) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let filter = match interpolation {
        Interpolation::Nearest => return Ok(nearest(photo, [height, width])),
        Interpolation::Box => FilterType::Box,
        Interpolation::Bilinear => FilterType::Bilinear,
        Interpolation::Hamming => FilterType::Hamming,
        Interpolation::Bicubic => FilterType::CatmullRom,
        Interpolation::Lanczos => FilterType::Lanczos3,
    };
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
    let mut resizer = Resizer::new();
    let (w, h) = (photo.width as u32, photo.height as u32);
    let source = ImageRef::new(w, h, &photo.rgb, PixelType::U8x3)?;
    let mut across = Image::new(width as u32, h, PixelType::U8x3);
    resizer.resize(&source, &mut across, &options)?;
    let mut down = Image::new(width as u32, height as u32, PixelType::U8x3);
    resizer.resize(&across, &mut down, &options)?;
    Ok(down.into_vec())
}

/// The pixel at the center of each new one. PIL adds up the positions, so that rounding decides between two pixels that
/// are as near.
fn nearest(photo: &Photo, [height, width]: [usize; 2]) -> Vec<u8> {
    let positions = |from: usize, to: usize| {
        let step = from as f64 / to as f64;
        let centers = std::iter::successors(Some(step * 0.5), move |at| Some(at + step));
        centers.take(to).map(move |at| (at as usize).min(from - 1))
    };
    let columns: Vec<usize> = positions(photo.width, width).collect();
    let mut pixels = Vec::with_capacity(height * width * 3);
    for row in positions(photo.height, height) {
        for column in &columns {
            let at = (row * photo.width + column) * 3;
            pixels.extend_from_slice(&photo.rgb[at..at + 3]);
        }
    }
    pixels
}
