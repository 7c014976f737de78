//! JPEG XL, bare or in its container; of an animation, the first frame.

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, RgbImage};
use jxl_oxide::{AllocTracker, JxlImage};

use super::{ALLOCATION_LIMIT, Decoded, Why, check_size};

/// Decodes the first frame, in the colors that the file states.
///
/// # Errors
/// When the picture is broken, cut off, of inks, or too large.
pub(super) fn decode(bytes: &[u8]) -> Why<Decoded> {
    let broken = |error: Box<dyn std::error::Error + Send + Sync>| {
        format!("is a broken picture ({error}): copy or download it again")
    };
    let cut = || "is a picture cut off before its end: copy or download it again".to_string();
    let most = usize::try_from(ALLOCATION_LIMIT * 2).unwrap_or(usize::MAX);
    let builder = JxlImage::builder().alloc_tracker(AllocTracker::with_limit(most));
    let image = builder.read(bytes).map_err(broken)?;
    let (width, height) = (image.width(), image.height());
    check_size(width, height)?;
    if image.num_loaded_keyframes() == 0 {
        return Err(cut());
    }
    let frame = image.render_frame(0).map_err(broken)?;
    // Turned upright by the stream itself.
    let mut stream = frame.stream_no_alpha();
    let (width, height, channels) = (stream.width(), stream.height(), stream.channels());
    check_size(width, height)?;
    let mut samples = vec![0u8; width as usize * height as usize * channels as usize];
    stream.write_to_buffer(&mut samples);
    let picture = match channels {
        1 => GrayImage::from_raw(width, height, samples).map(DynamicImage::ImageLuma8),
        3 => RgbImage::from_raw(width, height, samples).map(DynamicImage::ImageRgb8),
        _ => {
            return Err(
                "is a JPEG XL picture of inks (CMYK), which is not read: save it as PNG".into()
            );
        }
    };
    let picture = picture.ok_or_else(cut)?;
    Ok(Decoded { picture, orientation: Orientation::NoTransforms, note: None })
}
