//! What a file is, by its first bytes and whatever it is called, so that a file that cannot be read is named with a way
//! out: a pointer of Git LFS, a web page, a network of another framework, a picture given as a checkpoint.
//!
//! ```text
//! signatures    the table of magic numbers
//! archive       zip and tar, by the names of their entries
//! model         pickles, protocol buffers, MessagePack, HDF5: networks without one magic number
//! media         containers of pictures and films: ISO base media, RIFF, TIFF with a camera's raw data
//! directory     the fields of a TIFF
//! text          what text is: HTML, XML, JSON, pointers
//! ```
//!
//! A file that convscope reads is never taken for something else: a guess that rests on structure alone comes after
//! the formats that are read.

mod archive;
mod directory;
mod media;
mod model;
mod signatures;
#[cfg(test)]
mod tests;
mod text;

use std::borrow::Cow;
use std::io::{self, Read};
use std::path::Path;

use super::SourceError;
use crate::base::open_regular;

pub(super) use directory::Directory;

/// Bytes of a file that [`recognize`] can make use of.
pub const HEAD: usize = 64 << 10;

/// Bytes that, all zero, make a file one that is filled with zeros.
const ZEROS: usize = 4 << 10;

/// A format of pictures that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// WebP.
    WebP,
    /// GIF.
    Gif,
    /// Windows bitmap.
    Bmp,
    /// TIFF.
    Tiff,
    /// PBM, PGM, PPM: `P1` to `P6`.
    Pnm,
    /// JPEG XL, bare or in its container.
    JpegXl,
}

/// What can be done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A checkpoint, or what only its reader can tell from one.
    Checkpoint,
    /// JSON that may be the index of a checkpoint in shards: only its reader can tell.
    Index,
    /// A picture that is read.
    Picture(Format),
    /// An array in NumPy's format: an input tensor or a picture.
    Array,
    /// A picture in a format that is not read, and what to do, as a sentence without its subject.
    OtherPicture(&'static str),
    /// A network in a format that is not read, and what to do.
    OtherNetwork(&'static str),
    /// What stands for a file or holds it (a pointer, an error page, an archive), and what to do.
    Wrapper(&'static str),
    /// Nothing that convscope could read.
    Other,
}

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its name with an article: `a JPEG picture`. Continues the sentence "FILE is".
    pub name: Cow<'static, str>,
    /// What can be done with it.
    pub kind: Kind,
}

/// What a file was given as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// A network.
    Checkpoint,
    /// A photo or an input tensor.
    Photo,
}

impl Known {
    /// Something with a name that never changes.
    const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name: Cow::Borrowed(name), kind }
    }

    /// Why this cannot come in through that door, and what to do, as a sentence about the file without its name;
    /// `None` for what the door's reader reads.
    pub fn refusal(&self, door: Door) -> Option<String> {
        let name = &self.name;
        let why = match (door, self.kind) {
            (Door::Checkpoint, Kind::Checkpoint | Kind::Index)
            | (Door::Photo, Kind::Picture(_) | Kind::Array) => return None,
            (_, Kind::Wrapper(way))
            | (Door::Checkpoint, Kind::OtherNetwork(way))
            | (Door::Photo, Kind::OtherPicture(way)) => format!("is {name}: {way}"),
            (Door::Checkpoint, Kind::Picture(_) | Kind::Array) => {
                format!("is {name}, not a network: give it as the photo, without --model")
            }
            (Door::Photo, Kind::Checkpoint) => {
                format!("is {name}, not a photo: give it after --model")
            }
            (Door::Checkpoint, Kind::OtherPicture(_) | Kind::Other) => {
                format!("is {name}; supported: safetensors files and torch.save checkpoints")
            }
            (Door::Photo, Kind::OtherNetwork(_) | Kind::Index | Kind::Other) => {
                format!("is {name}; supported: {PICTURES}")
            }
        };
        Some(why)
    }
}

/// The formats that can be given as a photo.
pub const PICTURES: &str = "JPEG, PNG, WebP, GIF, BMP, TIFF, PPM, JPEG XL and .npy";

/// What a file of `length` bytes is that begins with `head`: all of its bytes, or the first [`HEAD`] at least. `None`
/// for what is not known.
pub fn recognize(head: &[u8], length: u64) -> Option<Known> {
    let head = head.get(..HEAD).unwrap_or(head);
    if length == 0 {
        let way = "copy or download it again";
        return Some(Known::new("empty", Kind::Wrapper(way)));
    }
    let zeros = head.get(..ZEROS).unwrap_or(head);
    if zeros.iter().all(|byte| *byte == 0) {
        let way = "it was not written to its end; copy or download it again";
        return Some(Known::new("filled with zeros", Kind::Wrapper(way)));
    }
    if model::is_safetensors(head) {
        return Some(Known::new("a safetensors checkpoint", Kind::Checkpoint));
    }
    media::recognize(head)
        .or_else(|| archive::recognize(head))
        .or_else(|| signatures::recognize(head))
        .or_else(|| model::recognize(head, length))
        .or_else(|| text::recognize(head, length))
}

/// The beginning of a file.
#[derive(Clone, Debug)]
pub struct Head {
    /// Its first [`HEAD`] bytes, or all.
    pub bytes: Vec<u8>,
    /// How many it has in all.
    pub length: u64,
}

impl Head {
    /// What the file is.
    pub fn recognize(&self) -> Option<Known> {
        recognize(&self.bytes, self.length)
    }
}

/// The beginning of a regular file; of the rest nothing is read.
///
/// # Errors
/// The system's, or that it is not a regular file.
pub fn peek(path: &Path) -> io::Result<Head> {
    let file = open_regular(path)?;
    let length = file.metadata()?.len();
    let mut bytes = Vec::with_capacity(HEAD.min(usize::try_from(length).unwrap_or(HEAD)));
    file.take(HEAD as u64).read_to_end(&mut bytes)?;
    Ok(Head { bytes, length })
}

/// What the file or folder at `path` is. Where its bytes do not say it, its name may: some formats have no magic number.
///
/// # Errors
/// The system's, or that it is neither a regular file nor a folder.
pub fn recognize_path(path: &Path) -> io::Result<Option<Known>> {
    if path.is_dir() {
        return Ok(archive::folder(path));
    }
    Ok(peek(path)?.recognize().or_else(|| signatures::by_name(path)))
}

/// Refuses a file or folder that cannot be a checkpoint, after a look at its first bytes. What is not known passes:
/// only its reader can tell.
///
/// # Errors
/// When it cannot be read, or is known and is not a checkpoint: what it is and what to do.
pub fn refuse_as_checkpoint(path: &Path) -> Result<(), SourceError> {
    refuse(path, Door::Checkpoint)
}

/// Refuses a file or folder that cannot come in through that door; see [`refuse_as_checkpoint`].
///
/// # Errors
/// When it cannot be read, or is known and is something else: what it is and what to do.
pub fn refuse(path: &Path, door: Door) -> Result<(), SourceError> {
    let known = recognize_path(path).map_err(|error| SourceError::unreadable(path, &error))?;
    match known.and_then(|known| known.refusal(door)) {
        Some(why) => Err(SourceError::at(path, why)),
        None => Ok(()),
    }
}
