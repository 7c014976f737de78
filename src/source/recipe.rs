//! How a photo becomes an input: sizes, crop, filter, mean and standard deviation.

use super::stated::{Overrides, Stated};

/// ImageNet's channel means of pixels in 0..1.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
/// ImageNet's channel standard deviations.
const STD: [f32; 3] = [0.229, 0.224, 0.225];

/// Preprocessing as the inference transforms of torchvision, timm and transformers do it: resize, crop, normalize.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// Height and width of the input; with [`Crop::None`] those of a square photo's input.
    pub size: [usize; 2],
    /// The size to which the photo is scaled.
    pub fit: Fit,
    /// What is cut out of the scaled photo.
    pub crop: Crop,
    /// RGB around a scaled photo that is smaller than the crop.
    pub border: [u8; 3],
    /// The resampling filter.
    pub interpolation: Interpolation,
    /// The channels are blue, green, red.
    pub bgr: bool,
    /// Subtracted after dividing by 255, a value for each channel.
    pub mean: Vec<f32>,
    /// Then divided by, a value for each channel.
    pub std: Vec<f32>,
    /// Where the recipe comes from, for people.
    pub origin: String,
    /// Why no photo can be made ready, in a sentence: what the source states cannot be followed.
    pub refused: Option<String>,
}

/// The size to which a photo is scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// The photo's own: it is not scaled.
    Photo,
    /// The shorter side becomes this, the longer one follows, rounded down.
    Shorter(usize),
    /// The shorter side becomes the first, but the longer one at most the second (DETR's rule).
    ShorterWithin(usize, usize),
    /// As large as fits into this height and width, rounded down.
    Inside([usize; 2]),
    /// As small as covers (`cover`), or as large as fits into, this height and width, rounded to the nearest
    /// (timm's `ResizeKeepRatio`).
    KeepRatio {
        /// Height and width.
        to: [usize; 2],
        /// Covers them instead of fitting into them.
        cover: bool,
    },
    /// This height and width, whatever the aspect.
    Exact([usize; 2]),
    /// Scaled to cover the input's size.
    Cover,
    /// The input's size, whatever the aspect.
    Warp,
}

/// What is cut out of the scaled photo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Crop {
    /// The center; it starts at the nearest pixel, of two the even one (torchvision, timm).
    #[default]
    Nearest,
    /// The center; it starts at the whole pixel below (transformers).
    Down,
    /// Nothing: the input is as large as the scaled photo.
    None,
}

/// Pillow's resampling filters, antialiased but for the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// The pixel at the center of the new one.
    Nearest,
    /// The mean of the pixels below the new one.
    Box,
    /// Triangle.
    Bilinear,
    /// Hamming window.
    Hamming,
    /// Catmull-Rom.
    Bicubic,
    /// Three lobes.
    Lanczos,
}

impl Interpolation {
    const ALL: [(Self, &str, usize); 6] = [
        (Self::Nearest, "nearest", 0),
        (Self::Lanczos, "lanczos", 1),
        (Self::Bilinear, "bilinear", 2),
        (Self::Bicubic, "bicubic", 3),
        (Self::Box, "box", 4),
        (Self::Hamming, "hamming", 5),
    ];

    /// The filter of that name in timm's files and ours.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == name).map(|(filter, ..)| *filter)
    }

    /// The filter of that number in Pillow (`Image.Resampling`), as transformers writes it.
    pub fn numbered(number: usize) -> Option<Self> {
        Self::ALL.iter().find(|(.., known)| *known == number).map(|(filter, ..)| *filter)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(filter, ..)| *filter == self).map_or("", |(_, name, _)| name)
    }
}

impl Recipe {
    /// The recipe of a network: the command line's word over what the first of some sources states over
    /// what fits the stem. A stem for pictures of 32 px takes the whole photo.
    ///
    /// When the source cannot be followed, the recipe is the usual one with the reason in [`Recipe::refused`], unless
    /// the command line states the size, the mean and the deviation.
    pub fn choose(
        usual_input: [usize; 2],
        channels: usize,
        stated: impl IntoIterator<Item = Stated>,
        overrides: &Overrides,
    ) -> Self {
        let small = usual_input[0] < 64;
        let usual_fit = if small { Fit::Warp } else { Fit::Shorter(usual_input[0] * 256 / 224) };
        let usual = || Stated {
            origin: if small { "usual for a 3x3 stem" } else { "ImageNet's usual recipe" }.into(),
            size: Some(usual_input),
            fit: Some(usual_fit),
            ..Stated::default()
        };
        let mut stated = stated.into_iter().next().unwrap_or_else(usual);
        let mut refused = stated.refusal(channels);
        if refused.is_some() {
            stated = Stated { origin: stated.origin, ..usual() };
        }
        let mut size = stated.size.unwrap_or(usual_input);
        let mut fit = stated.fit.unwrap_or(match size {
            [h, w] if h == w && !small => Fit::Shorter(h * 256 / 224),
            _ => Fit::Warp,
        });
        if let Some(wanted) = overrides.size {
            size = wanted;
            fit = Fit::Cover;
            if overrides.mean.is_some() && overrides.std.is_some() {
                refused = None;
            }
        }
        match (overrides.crop, fit) {
            (Some(false), _) => fit = Fit::Warp,
            (Some(true), Fit::Warp) => fit = Fit::Cover,
            _ => {}
        }
        let mut origin = stated.origin;
        let averaged = |values: &Option<Vec<f32>>| {
            values.as_ref().is_some_and(|v| ![1, channels].contains(&v.len()))
        };
        if averaged(&stated.mean) || averaged(&stated.std) {
            origin += ", averaged over its channels";
        }
        if *overrides != Overrides::default() {
            origin = "the command line".into();
        }
        // A size that was asked for is the input's.
        let asked = matches!(fit, Fit::Cover | Fit::Warp);
        let crop = if asked && stated.crop == Crop::None { Crop::default() } else { stated.crop };
        let mean = overrides.mean.clone().or(stated.mean).unwrap_or(MEAN.into());
        let std = overrides.std.clone().or(stated.std).unwrap_or(STD.into());
        Self {
            size,
            fit,
            crop,
            border: stated.border,
            interpolation: stated.interpolation.unwrap_or(Interpolation::Bilinear),
            bgr: stated.bgr,
            mean: for_channels(mean, channels),
            std: for_channels(std, channels),
            origin,
            refused,
        }
    }

    /// For people: `shorter side 256, crop 224x224, bilinear`.
    pub fn describe(&self) -> String {
        if self.refused.is_some() {
            return "photos are refused".into();
        }
        let [h, w] = self.size;
        let pair = |[h, w]: [usize; 2]| format!("{h}x{w}");
        let mut said = match self.fit {
            Fit::Photo => "the photo's own size".into(),
            Fit::Shorter(side) => format!("shorter side {side}"),
            Fit::ShorterWithin(side, longest) => {
                format!("shorter side {side}, longer side at most {longest}")
            }
            Fit::Inside(to) | Fit::KeepRatio { to, cover: false } => {
                format!("scaled to fit into {}", pair(to))
            }
            Fit::KeepRatio { to, cover: true } => format!("scaled to cover {}", pair(to)),
            Fit::Exact(to) => format!("warped to {}", pair(to)),
            Fit::Cover => format!("scaled to cover {h}x{w}, cropped"),
            Fit::Warp => format!("warped to {h}x{w}"),
        };
        let same = matches!(self.fit, Fit::Exact(to) if to == self.size);
        if self.crop != Crop::None && !same && !matches!(self.fit, Fit::Cover | Fit::Warp) {
            said += &format!(", crop {h}x{w}");
        }
        if self.fit != Fit::Photo {
            said += &format!(", {}", self.interpolation.name());
        }
        if self.bgr {
            said += ", channels blue, green, red";
        }
        said
    }
}

/// One value for each channel: a single one is repeated, several for one channel are averaged.
fn for_channels(values: Vec<f32>, channels: usize) -> Vec<f32> {
    let mean = values.iter().sum::<f32>() / values.len().max(1) as f32;
    if values.len() == channels { values } else { vec![mean; channels] }
}
