//! What decoders give, as Pillow's `convert("RGB")` gives it: alpha is dropped, not blended; of 16 bits the high byte
//! counts, except that values of gray above 255 become white.

use image::DynamicImage;

use crate::source::recognize::Format;

/// What the user should know about how these pixels become RGB.
pub(super) fn note(picture: &DynamicImage) -> Option<String> {
    let DynamicImage::ImageLuma16(gray) = picture else { return None };
    gray.iter().any(|value| *value > 255).then(|| {
        "gray of 16 bits: values above 255 are white, as Pillow's convert(\"RGB\") makes them; divide by 256 and save 8 \
         bits, or save a float .npy, to keep them apart"
            .to_string()
    })
}

/// RGB pixels, 3 bytes each, in rows.
pub(super) fn to_rgb(picture: DynamicImage, format: Format) -> Vec<u8> {
    // Pillow scales the samples of netpbm files, and cuts those of all others.
    let byte = |value: u16| match format {
        Format::Pnm => ((u32::from(value) * 255 + 32_767) / 65_535) as u8,
        _ => (value >> 8) as u8,
    };
    match picture {
        DynamicImage::ImageRgb8(rgb) => rgb.into_raw(),
        DynamicImage::ImageRgba8(rgba) => without_alpha(rgba.into_raw()),
        DynamicImage::ImageLuma8(gray) => gray.iter().flat_map(|value| [*value; 3]).collect(),
        DynamicImage::ImageLumaA8(gray) => {
            gray.pixels().flat_map(|pixel| [pixel.0[0]; 3]).collect()
        }
        DynamicImage::ImageLuma16(gray) => {
            gray.iter().flat_map(|value| [(*value).min(255) as u8; 3]).collect()
        }
        DynamicImage::ImageLumaA16(gray) => {
            gray.pixels().flat_map(|pixel| [byte(pixel.0[0]); 3]).collect()
        }
        DynamicImage::ImageRgb16(rgb) => rgb.iter().map(|value| byte(*value)).collect(),
        DynamicImage::ImageRgba16(rgba) => {
            rgba.pixels().flat_map(|pixel| [0, 1, 2].map(|i| byte(pixel.0[i]))).collect()
        }
        other => other.to_rgb8().into_raw(),
    }
}

/// Moves the colors together in the memory that they have: a large picture is not there twice.
fn without_alpha(mut rgba: Vec<u8>) -> Vec<u8> {
    let pixels = rgba.len() / 4;
    for pixel in 0..pixels {
        rgba.copy_within(pixel * 4..pixel * 4 + 3, pixel * 3);
    }
    rgba.truncate(pixels * 3);
    rgba
}
