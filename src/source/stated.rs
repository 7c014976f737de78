//! What one source states about the recipe, and what the command line says over it.

use std::collections::HashMap;

use super::recipe::{Crop, Fit, Interpolation};

/// Largest side of an input, in pixels.
const LONGEST: usize = 8192;
/// Means, in the unit of pixels in 0..1, are at most this far from 0.
const LARGEST_MEAN: f32 = 1e6;
/// Standard deviations: what divides by less leaves no digit of a float32.
const DEVIATIONS: std::ops::RangeInclusive<f32> = 1e-6..=1e6;

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
    /// The size to which the photo is scaled.
    pub fit: Option<Fit>,
    /// What is cut out of it.
    pub crop: Crop,
    /// RGB around a photo that is smaller than the crop.
    pub border: [u8; 3],
    /// The filter.
    pub interpolation: Option<Interpolation>,
    /// The channels are blue, green, red.
    pub bgr: bool,
    /// Means of pixels in 0..1.
    pub mean: Option<Vec<f32>>,
    /// Standard deviations of pixels in 0..1.
    pub std: Option<Vec<f32>>,
    /// Why the source cannot be followed, in words that continue `origin: `.
    pub refused: Option<String>,
}

impl Stated {
    /// One that cannot be followed.
    pub fn refused(origin: &str, why: String) -> Self {
        Self { origin: origin.into(), refused: Some(why), ..Self::default() }
    }

    /// What a checkpoint's own metadata says: `input_size`, `resize`, `mean`, `std`, `interpolation`.
    pub fn in_metadata(metadata: &HashMap<String, String>) -> Option<Self> {
        let origin = "the checkpoint's metadata";
        let side = |key: &str| metadata.get(key).and_then(|v| v.parse::<usize>().ok());
        let values =
            |key: &str| metadata.get(key).and_then(|v| serde_json::from_str::<Vec<f32>>(v).ok());
        let input = side("input_size")?;
        let name = metadata.get("interpolation");
        let interpolation = name.and_then(|name| Interpolation::named(name));
        if let (Some(name), None) = (name, interpolation) {
            return Some(Self::refused(origin, format!("there is no filter \"{name}\"")));
        }
        Some(Self {
            origin: origin.into(),
            size: Some([input; 2]),
            fit: Some(Fit::Shorter(side("resize").unwrap_or(input))),
            interpolation,
            mean: values("mean"),
            std: values("std"),
            ..Self::default()
        })
    }

    /// Why no photo can be made ready for that number of channels, in a sentence: sizes go from 1 to 8192 px, there is a
    /// mean and a deviation for each channel (or one for all), all finite, and deviations do not vanish.
    pub(super) fn refusal(&self, channels: usize) -> Option<String> {
        let why = self.refused.clone().or_else(|| {
            let sides = self.size.iter().flatten().copied().chain(sides(self.fit));
            if let Some(side) = sides.into_iter().find(|side| !(1..=LONGEST).contains(side)) {
                return Some(format!("a side of {side} px is not between 1 and {LONGEST} px"));
            }
            let several = |values: &Vec<f32>| ![1, 3, channels].contains(&values.len());
            for (what, values) in [("mean", &self.mean), ("standard deviation", &self.std)] {
                let Some(values) = values else { continue };
                if several(values) {
                    let given = values.len();
                    return Some(format!("{given} values of the {what} for {channels} channels"));
                }
                let fine = |x: &&f32| {
                    if what == "mean" { x.abs() <= LARGEST_MEAN } else { DEVIATIONS.contains(*x) }
                };
                if let Some(value) = values.iter().find(|x| !fine(x)) {
                    return Some(format!("{value:e} is out of range for a {what}"));
                }
            }
            None
        })?;
        Some(format!("{}: {why}", self.origin))
    }
}

/// The sides that a fit names.
fn sides(fit: Option<Fit>) -> Vec<usize> {
    match fit {
        Some(Fit::Shorter(side)) => vec![side],
        Some(Fit::ShorterWithin(side, longest)) => vec![side, longest],
        Some(Fit::Inside(to) | Fit::Exact(to) | Fit::KeepRatio { to, .. }) => to.into(),
        Some(Fit::Photo | Fit::Cover | Fit::Warp) | None => Vec::new(),
    }
}
