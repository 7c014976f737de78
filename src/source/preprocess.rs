//! Photo to input: resize, crop, divide, subtract, divide, as PIL and torchvision do it.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::{Fit, Interpolation, Photo, Recipe, SourceError};
use crate::base::{Array, Shape};

/// Most pixels of an input: beyond this a network's values would not fit any memory.
const PIXEL_LIMIT: usize = 1 << 26;

/// A photo made ready.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// The normalised input `[1, C, H, W]`.
    pub input: Array,
    /// The pixels that the network sees, before normalisation: `H * W` RGB, for the eye.
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
/// When the network takes another number of channels or the sizes are out of bounds.
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
    let [height, width] = recipe.size;
    let resized = resized_size(photo, recipe);
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
    let offset = [0, 1].map(|axis| crop_offset(resized[axis], recipe.size[axis], recipe.crop_down));
    let mut seen = vec![[0u8; 3]; height * width];
    for (y, row) in seen.chunks_mut(width).enumerate() {
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
    let input = normalise(&seen, recipe, channels);
    let photo_size = [photo.height, photo.width];
    let scale = [0, 1].map(|axis| photo_size[axis] as f64 / resized[axis] as f64);
    Ok(Prepared { input, seen, placement: Placement { offset, scale, photo: photo_size } })
}

fn normalise(seen: &[[u8; 3]], recipe: &Recipe, channels: usize) -> Array {
    let mut data = Vec::with_capacity(seen.len() * channels);
    for channel in 0..channels {
        let (mean, std) = (recipe.mean[channel], recipe.std[channel]);
        data.extend(seen.iter().map(|pixel| {
            let value = if channels == 1 { luminance(*pixel) } else { f32::from(pixel[channel]) };
            (value / 255.0 - mean) / std
        }));
    }
    Array { shape: Shape::new(1, channels, recipe.size[0], recipe.size[1]), data }
}

/// ITU-R 601 luma, rounded to a byte as PIL's `convert("L")` does.
fn luminance(pixel: [u8; 3]) -> f32 {
    let [r, g, b] = pixel.map(u32::from);
    ((r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16) as f32
}

fn resized_size(photo: &Photo, recipe: &Recipe) -> [usize; 2] {
    let (h, w) = (photo.height, photo.width);
    let by_shorter = |side: usize| {
        let long = |a: usize, b: usize| (side as u128 * a as u128 / b as u128) as usize;
        if w <= h { [long(h, w).max(1), side] } else { [side, long(w, h).max(1)] }
    };
    match recipe.fit {
        Fit::Warp => recipe.size,
        Fit::Shorter(side) => by_shorter(side),
        Fit::Cover => {
            // The side that must grow most (or shrink least) meets the size, the other is cut.
            let [height, width] = recipe.size;
            let long =
                |side: usize, a: usize, b: usize| (side as u128 * a as u128 / b as u128) as usize;
            if height as u128 * w as u128 >= width as u128 * h as u128 {
                [height, long(height, w, h).max(width)]
            } else {
                [long(width, h, w).max(height), width]
            }
        }
    }
}

/// torchvision's `round((size - crop) / 2)` with Python's rounding, half to even, or transformers'
/// `(size - crop) // 2`; when the crop is larger, the padding of `(crop - size) // 2` in front, as a
/// negative offset.
fn crop_offset(size: usize, crop: usize, down: bool) -> isize {
    if crop > size {
        -(((crop - size) / 2) as isize)
    } else if down {
        ((size - crop) / 2) as isize
    } else {
        ((size - crop) as f64 / 2.0).round_ties_even() as isize
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
        Interpolation::Bilinear => FilterType::Bilinear,
        Interpolation::Bicubic => FilterType::CatmullRom,
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
