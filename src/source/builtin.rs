//! The network and the photos that are part of the program, so that it starts without a network
//! connection. `tools/train_builtin.py` made the weights.

use super::{Checkpoint, SourceError};

/// A photo that ships with the program; `assets/photos/SOURCES.md` has its license.
pub struct Sample {
    /// File name.
    pub name: &'static str,
    /// The encoded picture.
    pub bytes: &'static [u8],
}

/// The shipped photos, the one whose class the built-in network knows first.
pub const SAMPLES: [Sample; 3] = [
    Sample { name: "china.jpg", bytes: include_bytes!("../../assets/photos/china.jpg") },
    Sample { name: "rocket.jpg", bytes: include_bytes!("../../assets/photos/rocket.jpg") },
    Sample { name: "chelsea.png", bytes: include_bytes!("../../assets/photos/chelsea.png") },
];

/// The built-in checkpoint.
///
/// # Errors
/// Only if the program was built with a broken asset.
pub fn network() -> Result<Checkpoint, SourceError> {
    Checkpoint::parse(&include_bytes!("../../assets/builtin.safetensors")[..], "builtin")
}
