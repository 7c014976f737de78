//! How a photo becomes an input: sizes, crop, filter, mean and standard deviation.

use std::collections::HashMap;

/// ImageNet's channel means of pixels in 0..1.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
/// ImageNet's channel standard deviations.
const STD: [f32; 3] = [0.229, 0.224, 0.225];

/// Preprocessing as torchvision's inference transforms do it.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// Height and width of the input.
    pub size: [usize; 2],
    /// How the photo gets to that size.
    pub fit: Fit,
    /// The crop starts at the whole pixel below the middle (transformers), not at the nearest even one.
    pub crop_down: bool,
    /// The resampling filter.
    pub interpolation: Interpolation,
    /// Subtracted after dividing by 255, a value for each channel.
    pub mean: Vec<f32>,
    /// Then divided by, a value for each channel.
    pub std: Vec<f32>,
    /// Where the recipe comes from, for people.
    pub origin: String,
}

/// How a photo gets to the input's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// The shorter side is scaled to this, then the centre is cropped.
    Shorter(usize),
    /// Scaled to cover the size, then the centre is cropped.
    Cover,
    /// Both sides are scaled to the size, whatever the aspect.
    Warp,
}

/// Antialiased resampling filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// Triangle.
    Bilinear,
    /// Catmull-Rom.
    Bicubic,
}

/// What the command line says about the recipe.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    /// Height and width of the input.
    pub size: Option<[usize; 2]>,
    /// Crop (`true`) or warp (`false`).
    pub crop: Option<bool>,
    /// Means.
    pub mean: Option<Vec<f32>>,
    /// Standard deviations.
    pub std: Option<Vec<f32>>,
}

/// What one source states about the recipe; what it leaves out is ImageNet's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stated {
    /// Which source, for people.
    pub origin: String,
    /// Height and width of the input.
    pub size: Option<[usize; 2]>,
    /// How the photo gets to that size.
    pub fit: Option<Fit>,
    /// The crop starts at the whole pixel below the middle, as in transformers.
    pub crop_down: bool,
    /// The filter.
    pub interpolation: Option<Interpolation>,
    /// Means.
    pub mean: Option<Vec<f32>>,
    /// Standard deviations.
    pub std: Option<Vec<f32>>,
}

impl Stated {
    /// What a checkpoint's own metadata says: `input_size`, `resize`, `mean`, `std`, `interpolation`.
    pub fn in_metadata(metadata: &HashMap<String, String>) -> Option<Self> {
        let side = |key: &str| metadata.get(key).and_then(|v| v.parse::<usize>().ok());
        let values =
            |key: &str| metadata.get(key).and_then(|v| serde_json::from_str::<Vec<f32>>(v).ok());
        let input = side("input_size")?;
        Some(Self {
            origin: "the checkpoint's metadata".into(),
            size: Some([input; 2]),
            fit: Some(Fit::Shorter(side("resize").unwrap_or(input))),
            crop_down: false,
            interpolation: metadata.get("interpolation").and_then(|name| filter(name)),
            mean: values("mean"),
            std: values("std"),
        })
    }

    /// What is out of bounds counts as not stated: an input of at most 8192 px, finite means, positive
    /// deviations, one value for each channel or one for all.
    fn sane(mut self, channels: usize) -> Self {
        let side = |side: usize| (1..=8192).contains(&side);
        self.size = self.size.filter(|size| size.iter().all(|s| side(*s)));
        self.fit = self.fit.filter(|fit| !matches!(fit, Fit::Shorter(s) if !side(*s)));
        let fits =
            |v: &Vec<f32>| [1, channels].contains(&v.len()) && v.iter().all(|x| x.is_finite());
        self.mean = self.mean.filter(fits);
        self.std = self.std.filter(|v| fits(v) && v.iter().all(|x| *x > 0.0));
        self
    }
}

/// The filter of that name in timm's and our own files.
pub(super) fn filter(name: &str) -> Option<Interpolation> {
    match name {
        "bilinear" => Some(Interpolation::Bilinear),
        "bicubic" => Some(Interpolation::Bicubic),
        _ => None,
    }
}

impl Recipe {
    /// The recipe of a network: the command line's word over what the first of some sources states over
    /// what fits the stem. A stem for pictures of 32 px takes the whole photo.
    pub fn choose(
        usual_input: usize,
        channels: usize,
        stated: impl IntoIterator<Item = Stated>,
        overrides: &Overrides,
    ) -> Self {
        let small = usual_input < 64;
        let usual_fit = if small { Fit::Warp } else { Fit::Shorter(usual_input * 256 / 224) };
        let usual = || Stated {
            origin: if small { "usual for a 3x3 stem" } else { "ImageNet's usual recipe" }.into(),
            size: Some([usual_input; 2]),
            fit: Some(usual_fit),
            ..Stated::default()
        };
        let stated = stated.into_iter().next().unwrap_or_else(usual).sane(channels);
        let mut size = stated.size.unwrap_or([usual_input; 2]);
        let mut fit = stated.fit.unwrap_or(match size {
            [h, w] if h == w && !small => Fit::Shorter(h * 256 / 224),
            _ => Fit::Warp,
        });
        if let Some(wanted) = overrides.size {
            size = wanted;
            fit = Fit::Cover;
        }
        match (overrides.crop, fit) {
            (Some(false), _) => fit = Fit::Warp,
            (Some(true), Fit::Warp) => fit = Fit::Cover,
            _ => {}
        }
        let mut origin = stated.origin;
        if *overrides != Overrides::default() {
            origin = "the command line".into();
        }
        let mean = overrides.mean.clone().or(stated.mean).unwrap_or(MEAN.into());
        let std = overrides.std.clone().or(stated.std).unwrap_or(STD.into());
        let interpolation = stated.interpolation.unwrap_or(Interpolation::Bilinear);
        let (mean, std) = (for_channels(mean, channels), for_channels(std, channels));
        Self { size, fit, crop_down: stated.crop_down, interpolation, mean, std, origin }
    }

    /// For people: `shorter side 256, crop 224x224, bilinear`.
    pub fn describe(&self) -> String {
        let [h, w] = self.size;
        let filter = match self.interpolation {
            Interpolation::Bilinear => "bilinear",
            Interpolation::Bicubic => "bicubic",
        };
        match self.fit {
            Fit::Shorter(side) => format!("shorter side {side}, crop {h}x{w}, {filter}"),
            Fit::Cover => format!("scaled to cover {h}x{w}, cropped, {filter}"),
            Fit::Warp => format!("warped to {h}x{w}, {filter}"),
        }
    }
}

/// One value for each channel: a single one is repeated, several for one channel are averaged.
fn for_channels(values: Vec<f32>, channels: usize) -> Vec<f32> {
    let mean = values.iter().sum::<f32>() / values.len().max(1) as f32;
    if values.len() == channels { values } else { vec![mean; channels] }
}
