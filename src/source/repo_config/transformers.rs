//! transformers' preprocessing: an image processor and the values in `preprocessor_config.json`.

use serde_json::Value;

use super::fields::PROCESSOR;
use super::object::{Object, whole};
use super::processors::{Processor, Scaling, Size, named};
use super::sift::{Sifted, sift};
use crate::source::{Crop, Fit, Interpolation, Stated};

/// From this `shortest_edge` on, ConvNextImageProcessor warps.
const WARPED_FROM: usize = 384;

/// The recipe in a `preprocessor_config.json`; `of_resnet` says that `config.json` is that of a transformers ResNet.
///
/// # Errors
/// A sentence, when a field has the wrong type or asks for something that does not run.
pub fn recipe(config: Object<'_>, of_resnet: bool, found: &mut Sifted) -> Result<Stated, String> {
    *found = sift(config, &[&PROCESSOR]);
    if let Some(why) = found.refused.take() {
        return Err(why);
    }
    let processor = processor(config, of_resnet, found)?;
    ignored(config, processor, found);
    let (fit, scaled) = match config.flag("do_resize")?.unwrap_or(true) {
        true => scaling(config, processor)?,
        false => (Fit::Photo, None),
    };
    let crop = crop(config, processor, scaled)?;
    let resample = config.whole("resample")?.unwrap_or(processor.resample);
    let interpolation = Interpolation::numbered(resample)
        .ok_or_else(|| config.wrong("resample", "a filter of Pillow, 0 to 5"))?;
    if config.flag("do_pad")?.unwrap_or(false) && config.get("pad_size").is_some() {
        return Err(config.wrong("pad_size", "null: padding is not supported yet"));
    }
    let (mean, std) = normalization(config, processor)?;
    let flips = config.flag("do_flip_channel_order")?.unwrap_or(true);
    Ok(Stated {
        origin: config.place.into(),
        size: crop.or(scaled),
        fit: Some(fit),
        crop: if crop.is_some() { Crop::Down } else { Crop::None },
        interpolation: Some(interpolation),
        bgr: processor.name == "MobileViT" && flips,
        mean: Some(mean),
        std: Some(std),
        ..Stated::default()
    })
}

/// The class that the file names. One that names none is read as the class of transformers' ResNets if it can be.
fn processor(
    config: Object<'_>,
    of_resnet: bool,
    found: &mut Sifted,
) -> Result<&'static Processor, String> {
    for field in ["image_processor_type", "feature_extractor_type"] {
        let Some(class) = config.text(field)? else { continue };
        return named(class).ok_or_else(|| {
            config.wrong(
                field,
                "a class that is supported (ConvNextImageProcessor, BitImageProcessor, …)",
            )
        });
    }
    let crops = config.get("crop_size").is_some() || config.get("do_center_crop").is_some();
    let class = if crops && !of_resnet { "BitImageProcessor" } else { "ConvNextImageProcessor" };
    if !of_resnet {
        found
            .notes
            .push(format!("{}: names no image_processor_type: read as {class}", config.place));
    }
    named(class).ok_or_else(|| config.wrong("image_processor_type", class))
}

/// Notes fields that this class does not read, though others do.
fn ignored(config: Object<'_>, processor: &Processor, found: &mut Sifted) {
    const OWN: [(&str, &[&str]); 4] = [
        ("crop_pct", &["ConvNext", "PoolFormer"]),
        ("rescale_offset", &["EfficientNet"]),
        ("include_top", &["EfficientNet"]),
        ("do_flip_channel_order", &["MobileViT"]),
    ];
    let said = |field: &str| config.get(field).is_some_and(|value| value != &Value::Bool(false));
    let own = OWN.iter().filter(|(_, classes)| !classes.contains(&processor.name));
    let normalization = ("do_normalize", !processor.normalizes);
    let unread = own.map(|(field, _)| (*field, true)).chain([normalization]);
    for (field, _) in unread.filter(|(field, unread)| *unread && said(field)) {
        let class = format!("{}ImageProcessor", processor.name);
        found.notes.push(format!("{}: {class} does not read {field}: not used", config.place));
    }
}

/// How the photo is scaled, and to what where that does not depend on the photo.
fn scaling(config: Object<'_>, processor: &Processor) -> Result<(Fit, Option<[usize; 2]>), String> {
    let size = size(config, "size", processor.size, processor.square)?;
    let fraction = config.number("crop_pct")?.unwrap_or(processor.fraction);
    if !(1e-3..=1e3).contains(&fraction) {
        return Err(config.wrong("crop_pct", "a number between 0.001 and 1000"));
    }
    let over = |side: usize| (side as f64 / fraction) as usize;
    Ok(match (processor.scaling, size) {
        (Scaling::ConvNext, Size::Shortest(edge)) if edge >= WARPED_FROM => {
            (Fit::Exact([edge; 2]), Some([edge; 2]))
        }
        (Scaling::ConvNext, Size::Shortest(edge)) => (Fit::Shorter(over(edge)), Some([edge; 2])),
        (Scaling::ConvNext, _) => return Err(config.wrong("size", "shortest_edge, for this class")),
        (Scaling::Levit, Size::Shortest(edge)) => {
            (Fit::Shorter((256.0 / 224.0 * edge as f64) as usize), Some([edge; 2]))
        }
        (Scaling::PoolFormer, Size::Shortest(edge)) => (Fit::Shorter(over(edge)), Some([edge; 2])),
        (Scaling::PoolFormer, Size::Exact([h, w])) if h == w => {
            (Fit::Shorter(over(h)), Some([h, w]))
        }
        (Scaling::PoolFormer, Size::Exact([h, w])) => {
            let to = [over(h), over(w)];
            (Fit::Exact(to), Some(to))
        }
        (_, Size::Shortest(edge)) => (Fit::Shorter(edge), Some([edge; 2])),
        (_, Size::Within(edge, longest)) => (Fit::ShorterWithin(edge, longest), Some([edge; 2])),
        (_, Size::Exact(to)) => (Fit::Exact(to), Some(to)),
        (_, Size::Inside(to)) => (Fit::Inside(to), Some(to)),
    })
}

/// Height and width of what is cut out; `None` leaves the scaled photo whole.
fn crop(
    config: Object<'_>,
    processor: &Processor,
    scaled: Option<[usize; 2]>,
) -> Result<Option<[usize; 2]>, String> {
    let crops = config.flag("do_center_crop")?.unwrap_or(processor.crop.1);
    let usual = processor.crop.0.map(|side| Size::Exact([side; 2]));
    let to = match (crops, config.get("crop_size").is_some(), usual) {
        (false, ..) => None,
        (true, false, None) => return Err(config.wrong("crop_size", "a size, to do_center_crop")),
        (true, _, usual) => {
            match size(config, "crop_size", usual.unwrap_or(processor.size), true)? {
                Size::Exact(to) => Some(to),
                _ => return Err(config.wrong("crop_size", "height and width")),
            }
        }
    };
    // ConvNextImageProcessor has cut already.
    match (processor.scaling, to, scaled) {
        (Scaling::ConvNext, None, scaled) => Ok(scaled),
        (Scaling::ConvNext, Some(to), Some(scaled)) if to != scaled => {
            Err(config.wrong("crop_size", "the size itself, for this class"))
        }
        (_, to, _) => Ok(to),
    }
}

/// A size in any form that transformers takes.
fn size(config: Object<'_>, name: &str, usual: Size, square: bool) -> Result<Size, String> {
    let Some(value) = config.get(name) else { return Ok(usual) };
    let expected =
        "a number, [height, width], shortest_edge, height and width, or max_height and max_width";
    let wrong = || config.wrong(name, expected);
    if let Some(side) = whole(value) {
        let square = match name {
            "size" => config.flag("default_to_square")?.unwrap_or(square),
            _ => true,
        };
        return Ok(if square { Size::Exact([side; 2]) } else { Size::Shortest(side) });
    }
    if let Some(list) = value.as_array() {
        let sides: Option<Vec<usize>> = list.iter().map(whole).collect();
        return match sides.as_deref() {
            Some([height, width]) => Ok(Size::Exact([*height, *width])),
            _ => Err(wrong()),
        };
    }
    let fields = value.as_object().ok_or_else(wrong)?;
    let mut said: Vec<(&str, Option<usize>)> = fields
        .iter()
        .filter(|(_, side)| !side.is_null())
        .map(|(key, side)| (key.as_str(), whole(side)))
        .collect();
    said.sort_unstable();
    match said.as_slice() {
        [("shortest_edge", Some(edge))] => Ok(Size::Shortest(*edge)),
        [("longest_edge", Some(longest)), ("shortest_edge", Some(edge))] => {
            Ok(Size::Within(*edge, *longest))
        }
        [("height", Some(h)), ("width", Some(w))] => Ok(Size::Exact([*h, *w])),
        [("max_height", Some(h)), ("max_width", Some(w))] => Ok(Size::Inside([*h, *w])),
        _ => Err(wrong()),
    }
}

/// Rescaling and normalization as one mean and one deviation of pixels in 0..1: `(v f - o - m) / s` is
/// `(v / 255 - (m + o) / 255 f) / (s / 255 f)`.
fn normalization(
    config: Object<'_>,
    processor: &Processor,
) -> Result<(Vec<f32>, Vec<f32>), String> {
    let rescales = config.flag("do_rescale")?.unwrap_or(true);
    let factor = match config.number("rescale_factor")? {
        Some(factor) if rescales => factor,
        _ => 1.0 / 255.0,
    };
    let unit = if rescales { 255.0 * factor } else { 255.0 };
    if !(1e-6..=1e6).contains(&unit) {
        return Err(config.wrong("rescale_factor", "a number above 0"));
    }
    let efficient_net = processor.name == "EfficientNet";
    let offset = efficient_net && rescales && config.flag("rescale_offset")?.unwrap_or(false);
    let twice = efficient_net && config.flag("include_top")?.unwrap_or(true);
    let normalizes = processor.normalizes && config.flag("do_normalize")?.unwrap_or(true);
    let (usual_mean, usual_std) = processor.mean_std;
    let mean = config.numbers("image_mean")?.unwrap_or(usual_mean.into());
    let std = config.numbers("image_std")?.unwrap_or(usual_std.into());
    let shift = if offset { 1.0 } else { 0.0 };
    let mean = if normalizes { mean } else { vec![0.0] };
    let deviation = |s: &f64| match (normalizes, twice) {
        (true, true) => s * s,
        (true, false) | (false, true) => *s,
        (false, false) => 1.0,
    };
    let single = |v: f64| (v / unit) as f32;
    let mean = mean.iter().map(|m| single(m + shift)).collect();
    Ok((mean, std.iter().map(|s| single(deviation(s))).collect()))
}
