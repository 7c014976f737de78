//! What a stopped rebuilding needs to be taken up again.

use super::Adam;
use super::diversity::Texture;
use super::track::Track;
use crate::base::{Array, Random};

/// A rebuilding that was stopped between two iterations. Taken up again with the same subject and wish, it ends with the
/// picture that it would have made without the stop.
pub enum Halted {
    /// Of [`super::invert`].
    Inversion(Descending),
    /// Of [`super::maximize`].
    Maximization(Ascending),
    /// Of [`super::dream`].
    Dream(Dreaming),
}

/// An inversion on its way.
pub struct Descending {
    pub(super) parameters: Vec<f32>,
    pub(super) adam: Adam<f32>,
    pub(super) random: Random,
    /// By how many pixels picture and photo are rolled at each place where they are compared.
    pub(super) places: Vec<[isize; 2]>,
    pub(super) track: Track,
}

/// A maximization on its way.
pub struct Ascending {
    /// A picture each.
    pub(super) climbers: Vec<Climber>,
    pub(super) track: Track,
}

/// A picture that is made to reach more.
pub struct Climber {
    pub(super) parameters: Vec<f64>,
    pub(super) adam: Adam<f64>,
    pub(super) random: Random,
    /// Iterations so far.
    pub(super) done: usize,
    /// What the last pass saw of the goal.
    pub(super) reached: f64,
    /// What the last pass saw of the layer at which pictures are kept unlike each other.
    pub(super) texture: Option<Texture>,
}

/// A dream on its way.
pub struct Dreaming {
    /// What the octaves before have added to the photo.
    pub(super) detail: Array,
    pub(super) picture: Array,
    pub(super) random: Random,
    pub(super) track: Track,
}

impl Halted {
    /// About how many bytes it takes.
    pub fn bytes(&self) -> usize {
        match self {
            // Adam has two means for each parameter.
            Self::Inversion(of) => 3 * size_of_val(of.parameters.as_slice()) + of.track.bytes(),
            Self::Maximization(of) => {
                of.climbers.iter().map(Climber::bytes).sum::<usize>() + of.track.bytes()
            }
            Self::Dream(of) => {
                let (detail, picture) = (of.detail.data.as_slice(), of.picture.data.as_slice());
                size_of_val(detail) + size_of_val(picture) + of.track.bytes()
            }
        }
    }
}

impl Climber {
    fn bytes(&self) -> usize {
        let texture = self.texture.as_ref().map_or(0, Texture::bytes);
        3 * size_of_val(self.parameters.as_slice()) + texture
    }
}
