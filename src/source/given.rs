//! What stands for a photo: a picture, or an input tensor.

use std::path::Path;

use super::error::read_file;
use super::npy::{self, Npy};
use super::recognize::{Door, Kind, peek, recognize, refuse};
use super::{Photo, SourceError};
use crate::base::Array;

/// Largest `.npy` file.
const LIMIT: u64 = 1 << 30;

/// A photo, or what stands for one.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// Pixels.
    Photo(Photo),
    /// An input `[1, C, H, W]`, already normalized.
    Input {
        /// Its values.
        input: Array,
        /// What is odd about it, one sentence each without the file's name.
        notes: Vec<String>,
    },
}

impl Given {
    /// Reads what is given as a photo; its content decides, not its name.
    ///
    /// # Errors
    /// When it cannot be read, or is neither a picture nor an input tensor.
    pub fn read(path: &Path) -> Result<Self, SourceError> {
        refuse(path, Door::Photo)?;
        let head = peek(path).map_err(|error| SourceError::unreadable(path, &error))?;
        if head.recognize().is_none_or(|known| known.kind != Kind::Array) {
            return Photo::read(path).map(Self::Photo);
        }
        let bytes = read_file(path, LIMIT, "an input tensor")?;
        Self::array(&bytes, &path.to_string_lossy())
    }

    /// Decodes what came without a file, under a name for messages.
    ///
    /// # Errors
    /// When it is neither a picture nor an input tensor, or is broken.
    pub fn decode(bytes: &[u8], name: &str) -> Result<Self, SourceError> {
        match recognize(bytes, bytes.len() as u64).map(|known| known.kind) {
            Some(Kind::Array) => Self::array(bytes, name),
            _ => Photo::decode(bytes, name).map(Self::Photo),
        }
    }

    fn array(bytes: &[u8], name: &str) -> Result<Self, SourceError> {
        match npy::parse(bytes).map_err(|why| SourceError::named(name, why))? {
            Npy::Photo(photo) => Ok(Self::Photo(photo)),
            Npy::Input(input) => {
                let notes = not_finite(&input).into_iter().collect();
                Ok(Self::Input { input, notes })
            }
        }
    }
}

/// What to say about values that are NaN or infinite.
fn not_finite(input: &Array) -> Option<String> {
    let count = input.data.iter().filter(|value| !value.is_finite()).count();
    let all = input.data.len();
    (count > 0).then(|| {
        format!(
            "{count} of the {all} values of the input are NaN or infinite, and so are the results"
        )
    })
}

/// Whether the file at `path` holds an input tensor rather than a picture. What cannot be read does not.
pub fn is_input_array(path: &Path) -> bool {
    peek(path).is_ok_and(|head| npy::is_float(&head.bytes))
}

/// The same for bytes that came without a file.
pub fn is_input_bytes(bytes: &[u8]) -> bool {
    npy::is_float(bytes)
}
