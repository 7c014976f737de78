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

impl Recipe {
    /// The recipe of a network: the command line's word over the checkpoint's metadata over what
    /// fits an ImageNet stem.
    pub fn choose(
        usual_input: usize,
        channels: usize,
        metadata: &HashMap<String, String>,
        overrides: &Overrides,
    ) -> Self {
        // What a file says is taken only where it makes sense.
        let side = |key: &str| {
            metadata
                .get(key)
                .and_then(|v| v.parse::<usize>().ok())
                .filter(|v| (1..=8192).contains(v))
        };
        let values = |key: &str| {
            let values = metadata.get(key).and_then(|v| serde_json::from_str::<Vec<f32>>(v).ok());
            values.filter(|v: &Vec<f32>| v.len() == channels && v.iter().all(|x| x.is_finite()))
        };
        let mut origin = "ImageNet's usual recipe";
        let (mut size, mut shorter) = ([usual_input; 2], usual_input * 256 / 224);
        if let Some(input) = side("input_size") {
            origin = "the checkpoint's metadata";
            size = [input; 2];
            shorter = side("resize").unwrap_or(input);
        }
        let mut fit = Fit::Shorter(shorter);
        if let Some(wanted) = overrides.size {
            size = wanted;
            fit = Fit::Cover;
        }
        if overrides.crop == Some(false) {
            fit = Fit::Warp;
        }
        if *overrides != Overrides::default() {
            origin = "the command line";
        }
        let mean = overrides.mean.clone().or_else(|| values("mean")).unwrap_or(MEAN.into());
        let std = overrides
            .std
            .clone()
            .or_else(|| values("std").filter(|v| v.iter().all(|x| *x > 0.0)))
            .unwrap_or(STD.into());
        let interpolation = match metadata.get("interpolation").map(String::as_str) {
            Some("bicubic") => Interpolation::Bicubic,
            _ => Interpolation::Bilinear,
        };
        let (mean, std) = (for_channels(mean, channels), for_channels(std, channels));
        Self { size, fit, interpolation, mean, std, origin: origin.into() }
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
