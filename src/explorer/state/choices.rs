//! What is chosen in the views that compute: Explain and Rebuild.

use super::ViewId;
use crate::base::{Blending, Choice, LayerId};
use crate::session::ask::Method;

/// The choices of the Explain view.
#[derive(Clone, Debug, PartialEq)]
pub struct Explaining {
    /// The method.
    pub method: Method,
    /// The chosen channel or unit; the chosen class when `None`.
    pub aim: Option<Aim>,
    /// A second method to compare with.
    pub compare: Option<Method>,
    /// How the map lies over the photo.
    pub blending: Blending,
    /// How strong the map over the photo is, in per cent.
    pub opacity: u8,
    /// The layer that is not on the screen: explanations of classes and all else have one each.
    pub other_layer: Option<LayerId>,
    /// The view that asked what drives a channel.
    pub from: Option<ViewId>,
    /// Whether the judgement is shown, where there is one.
    pub judged: bool,
}

/// What of the chosen layer is explained instead of a class. Which one, the cursor says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// The channel.
    Channel,
    /// The unit of the channel.
    Unit,
}

impl Default for Explaining {
    fn default() -> Self {
        let method = Method::named("grad-cam").unwrap_or_else(|_| Method::first());
        Self {
            method,
            aim: None,
            compare: None,
            blending: Blending::Opacity,
            opacity: 80,
            other_layer: None,
            from: None,
            judged: true,
        }
    }
}

/// The choices of the Rebuild view.
#[derive(Clone, Debug, PartialEq)]
pub struct Rebuilding {
    /// What is made, and of what.
    pub what: What,
    /// Iterations; the method's own when `None`.
    pub iterations: Option<usize>,
    /// What random numbers start from.
    pub seed: u64,
    /// Pictures of a maximization.
    pub variants: usize,
}

impl Default for Rebuilding {
    fn default() -> Self {
        Self { what: What::InvertLayer, iterations: None, seed: 0, variants: 1 }
    }
}

/// What is made, and of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The photo from a layer.
    InvertLayer,
    /// The photo from the last layer of each stage.
    InvertStages,
    /// The photo from one channel.
    InvertChannel,
    /// What activates a channel most.
    MaximizeChannel,
    /// What activates the unit under the cursor of the Map view most.
    MaximizeUnit,
    /// What raises a class most.
    MaximizeClass,
    /// The photo with more of a layer in it.
    DreamLayer,
    /// The photo with more of a channel in it.
    DreamChannel,
}

impl Choice for What {
    const ALL: &'static [Self] = &[
        Self::InvertLayer,
        Self::InvertStages,
        Self::InvertChannel,
        Self::MaximizeChannel,
        Self::MaximizeUnit,
        Self::MaximizeClass,
        Self::DreamLayer,
        Self::DreamChannel,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::InvertLayer => "invert-layer",
            Self::InvertStages => "invert-stages",
            Self::InvertChannel => "invert-channel",
            Self::MaximizeChannel => "maximize-channel",
            Self::MaximizeUnit => "maximize-unit",
            Self::MaximizeClass => "maximize-class",
            Self::DreamLayer => "dream-layer",
            Self::DreamChannel => "dream-channel",
        }
    }
}

impl What {
    /// Whether a picture is made from noise, not from a photo.
    pub const fn from_noise(self) -> bool {
        matches!(self, Self::MaximizeChannel | Self::MaximizeUnit | Self::MaximizeClass)
    }
}
