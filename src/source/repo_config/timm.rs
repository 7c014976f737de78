//! timm's preprocessing, as `timm.data.resolve_data_config` reads it and `transforms_imagenet_eval` runs it.

use super::object::Object;
use crate::source::{Crop, Fit, Interpolation, Stated};

/// The fields that state preprocessing.
pub const FIELDS: [&str; 6] =
    ["input_size", "interpolation", "crop_pct", "crop_mode", "mean", "std"];

/// ImageNet's mean, which the border of `crop_mode` border has by default.
const MEAN: [f64; 3] = [0.485, 0.456, 0.406];

/// The recipe in a `pretrained_cfg`; what it leaves out is timm's default.
///
/// # Errors
/// A sentence, when a field has the wrong type or a value that timm does not take.
pub fn recipe(cfg: Object<'_>) -> Result<Stated, String> {
    let size = match cfg.wholes("input_size")?.as_deref() {
        None => [224; 2],
        Some([_, height, width]) => [*height, *width],
        Some(_) => return Err(cfg.wrong("input_size", "channels, height and width")),
    };
    let interpolation = match cfg.text("interpolation")? {
        None | Some("") => Interpolation::Bicubic,
        Some(name) => Interpolation::named(name).ok_or_else(|| {
            cfg.wrong("interpolation", "nearest, box, bilinear, hamming, bicubic or lanczos")
        })?,
    };
    let fraction = cfg.number("crop_pct")?.filter(|fraction| *fraction != 0.0).unwrap_or(0.875);
    if !(1e-3..=1e3).contains(&fraction) {
        return Err(cfg.wrong("crop_pct", "a number between 0.001 and 1000"));
    }
    let scaled = size.map(|side| (side as f64 / fraction).floor() as usize);
    let (mean, std) = (cfg.numbers("mean")?, cfg.numbers("std")?);
    let mut border = [0; 3];
    let fit = match cfg.text("crop_mode")? {
        Some("squash") => Fit::Exact(scaled),
        Some("border") => {
            let colors = mean.as_deref().unwrap_or(&MEAN);
            let color = |channel: usize| colors.get(channel).or(colors.first()).unwrap_or(&0.0);
            border = [0, 1, 2].map(|channel| (255.0 * color(channel)).round_ties_even() as u8);
            Fit::KeepRatio { to: scaled, cover: false }
        }
        _ if scaled[0] == scaled[1] => Fit::Shorter(scaled[0]),
        _ => Fit::KeepRatio { to: scaled, cover: true },
    };
    let single = |values: Vec<f64>| values.into_iter().map(|v| v as f32).collect();
    Ok(Stated {
        origin: "config.json".into(),
        size: Some(size),
        fit: Some(fit),
        crop: Crop::Nearest,
        border,
        interpolation: Some(interpolation),
        mean: mean.map(single),
        std: std.map(single),
        ..Stated::default()
    })
}
