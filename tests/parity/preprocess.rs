//! Photos into inputs, against PIL and torchvision.

use convscope::source::{
    Fit, Interpolation, Overrides, Photo, Prepared, Recipe, RepoConfig, prepare,
};
use serde::Deserialize;

use super::support::{fixture, json, tensors, values};

/// How far a JPEG is from libjpeg-turbo (PIL) on average, in 255ths. Measured: 0.024 where every pixel
/// has its own chroma (orientation 6), 0.370 where four pixels share one (orientation 3).
const JPEG_MEAN: [(&str, f64); 2] = [("decode_orientation6", 0.03), ("decode_orientation3", 0.4)];

#[derive(Deserialize)]
struct Cases {
    normalized: Normalized,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Normalized {
    name: String,
    of: String,
    mean: Vec<f32>,
    std: Vec<f32>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    photo: String,
    mode: String,
    resize: serde_json::Value,
    interpolation: String,
    offset: Option<[isize; 2]>,
    output: [usize; 2],
    lossy: bool,
}

impl Case {
    fn prepared(&self) -> Prepared {
        let path = fixture("photos").join(&self.photo);
        let fit = match self.mode.as_str() {
            "shorter" => Fit::Shorter(self.resize.as_u64().unwrap() as usize),
            "cover" => Fit::Cover,
            "warp" => Fit::Warp,
            other => panic!("{other}"),
        };
        let interpolation = Interpolation::named(&self.interpolation).unwrap();
        let (mean, std) = (vec![0.0; 3], vec![1.0; 3]);
        let recipe = Recipe { size: self.output, fit, interpolation, mean, std, ..usual() };
        prepare(&Photo::read(&path).unwrap(), &recipe, 3, &self.photo).unwrap()
    }
}

fn usual() -> Recipe {
    Recipe::choose([224; 2], 3, None, &Overrides::default())
}

#[test]
fn pictures_are_pils_and_torchvisions() {
    let reference = tensors("preprocess.safetensors");
    let cases = json::<Cases>("preprocess.json").cases;
    assert!(cases.len() >= 29);
    for case in cases {
        let prepared = case.prepared();
        assert_eq!(prepared.placement.offset, case.offset.unwrap_or_default(), "{}", case.name);
        let expected = &reference[&case.name];
        assert_eq!(expected.dims(), [case.output[0], case.output[1], 3], "{}", case.name);
        let seen = prepared.seen.as_flattened();
        let off: Vec<f64> = seen
            .iter()
            .zip(values(expected))
            .map(|(ours, expected)| (f64::from(*ours) - expected).abs())
            .collect();
        assert_eq!(off.len(), case.output[0] * case.output[1] * 3);
        let most = off.iter().copied().fold(0.0, f64::max);
        let mean = off.iter().sum::<f64>() / off.len() as f64;
        println!("{}: {most}/255 at most, {mean:.4}/255 on average", case.name);
        if case.lossy {
            let (_, bound) = JPEG_MEAN.iter().find(|(name, _)| *name == case.name).unwrap();
            assert!(mean <= *bound, "{}: {mean}/255 on average", case.name);
        } else {
            assert!(most <= 1.0 && mean <= 0.1, "{}: {most}/255, mean {mean}/255", case.name);
        }
    }
}

#[test]
fn pixels_are_normalized_as_torchvision_does() {
    let Normalized { name, of, mean, std } = json::<Cases>("preprocess.json").normalized;
    let reference = tensors("preprocess.safetensors");
    // From PIL's own pixels, so that a resize that rounds otherwise has no say.
    let pixels = &reference[&of];
    let size = [pixels.dims()[0], pixels.dims()[1]];
    let rgb = values(pixels).into_iter().map(|value| value as u8).collect();
    let photo = Photo { width: size[1], height: size[0], rgb, hash: 0, notes: Vec::new() };
    let recipe = Recipe { size, fit: Fit::Warp, mean, std, ..usual() };
    let input = prepare(&photo, &recipe, 3, &of).unwrap().input;
    let expected = &reference[&name];
    assert_eq!(input.shape.dims(), expected.dims());
    let off = input.data.iter().zip(values(expected)).map(|(a, b)| (f64::from(*a) - b).abs());
    let most = off.fold(0.0, f64::max);
    println!("{name}: within {most:.1e}");
    assert!(most <= 1e-6, "{most:.1e}");
}

#[derive(Deserialize)]
struct Stated {
    name: String,
    photo: String,
    config: Option<serde_json::Value>,
    preprocessor: Option<serde_json::Value>,
    /// The pixels are Pillow's; else torchvision's, whose filters round otherwise.
    pillow: bool,
}

#[test]
fn inputs_are_those_of_timms_and_transformers_classes() {
    let reference = tensors("recipes.safetensors");
    let cases = json::<Vec<Stated>>("recipes.json");
    assert!(cases.len() >= 50);
    for case in cases {
        let text = |value: &Option<serde_json::Value>| value.as_ref().map(ToString::to_string);
        let (config, preprocessor) = (text(&case.config), text(&case.preprocessor));
        let says = RepoConfig::parse(config.as_deref(), preprocessor.as_deref()).unwrap();
        let recipe = Recipe::choose([224; 2], 3, says.recipe, &Overrides::default());
        assert_eq!(recipe.refused, None, "{}", case.name);
        let photo = Photo::read(&fixture("photos").join(&case.photo)).unwrap();
        let input = prepare(&photo, &recipe, 3, &case.photo).unwrap().input;
        let expected = &reference[&case.name];
        assert_eq!(input.shape.dims(), expected.dims(), "{}", case.name);
        // In 255ths of the photo's range.
        let plane = input.data.len() / 3;
        let off = input.data.iter().zip(values(expected)).enumerate();
        let off: Vec<f64> = off
            .map(|(i, (ours, expected))| {
                (f64::from(*ours) - expected).abs() * 255.0 * f64::from(recipe.std[i / plane])
            })
            .collect();
        let most = off.iter().copied().fold(0.0, f64::max);
        let mean = off.iter().sum::<f64>() / off.len() as f64;
        println!("{}: {most:.3}/255 at most, {mean:.4}/255 on average", case.name);
        let (at_most, on_average) = if case.pillow { (1.001, 0.1) } else { (2.001, 0.5) };
        assert!(
            most <= at_most && mean <= on_average,
            "{}: {most}/255, mean {mean}/255",
            case.name
        );
    }
}

/// What is refused in a sentence, though Pillow reads it.
const REFUSED: [&str; 3] = ["tiff_group3", "tiff_ycbcr", "tiff_zstd"];

#[test]
fn every_variant_has_pillows_pixels() {
    let variants = tensors("photo_variants.safetensors");
    let mut names: Vec<&str> =
        variants.keys().filter_map(|name| name.strip_suffix("/file")).collect();
    names.sort_unstable();
    assert!(names.len() >= 139);
    let mut wrong = Vec::new();
    for name in names {
        let bytes: Vec<u8> = variants[&format!("{name}/file")].to_vec1().unwrap();
        let expected = &variants[&format!("{name}/pixels")];
        let read = Photo::decode(&bytes, name);
        if REFUSED.contains(&name) {
            assert!(read.is_err_and(|e| e.to_string().contains("unsupported")), "{name}");
            continue;
        }
        let photo = match read {
            Ok(photo) => photo,
            Err(error) => {
                wrong.push(error.to_string());
                continue;
            }
        };
        if expected.dims() != [photo.height, photo.width, 3] {
            wrong.push(format!("{name}: {} x {}", photo.width, photo.height));
            continue;
        }
        let off = photo.rgb.iter().zip(values(expected)).map(|(a, b)| (f64::from(*a) - b).abs());
        let mean = off.sum::<f64>() / photo.rgb.len() as f64;
        let bound = if name.contains("lossy") && !name.contains("lossless") { 2.55 } else { 0.0 };
        if mean > bound {
            wrong.push(format!("{name}: {mean:.3}/255 on average"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn jpeg_xl_has_its_pixels() {
    for name in ["gradient_64x48.jxl", "gradient_alpha_64x48.jxl"] {
        let photo = Photo::read(&fixture("jpeg_xl").join(name)).unwrap();
        assert_eq!((photo.width, photo.height), (64, 48), "{name}");
        for (i, pixel) in photo.rgb.as_chunks::<3>().0.iter().enumerate() {
            let (x, y) = (i % 64, i / 64);
            let expected = [x * 4 % 256, y * 5 % 256, (x + y) * 2 % 256].map(|v| v as u8);
            assert_eq!(*pixel, expected, "{name} at {x}, {y}");
        }
    }
}
