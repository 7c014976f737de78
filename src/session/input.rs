//! Inputs: photos and tensors made ready for a network.

use std::hash::{Hash, Hasher};

use xxhash_rust::xxh3::Xxh3;

use super::SessionError;
use super::ask::known::InputInfo;
use super::ask::refs::{InputId, PhotoRef};
use super::naming::STDIN;
use super::network::Network;
use super::room::check_input;
use crate::base::{Array, Cancel, Shape, file_name};
use crate::picture::Picture;
use crate::source::{Given, Photo, Placement, Prepared, SAMPLES, prepare};

/// An input with what is known about it.
pub struct Held {
    /// The input tensor, and what the network sees of the photo.
    pub prepared: Prepared,
    /// `None` for an input tensor: there is no photo to look at.
    pub photo: Option<Picture>,
}

impl Held {
    /// The photo as the network sees it.
    ///
    /// # Errors
    /// When there is none.
    pub fn photo(&self) -> Result<&Picture, SessionError> {
        self.photo.as_ref().ok_or_else(no_photo)
    }

    /// Host bytes.
    pub fn bytes(&self) -> usize {
        let pixels = self.photo.as_ref().map_or(0, |photo| photo.rgb.len());
        self.prepared.input.data.len() * 4 + pixels * 3
    }
}

/// Why an input tensor is not shown as a photo.
pub fn no_photo() -> SessionError {
    SessionError::Failed("an input tensor has no photo to look at".into())
}

/// Reads a photo and makes it ready for a network.
///
/// # Errors
/// When it cannot be read, does not fit, or the token was set.
pub fn ready(
    network: &Network,
    photo: &PhotoRef,
    cancel: &Cancel,
) -> Result<(Held, InputInfo), SessionError> {
    let [height, width] = network.recipe.size;
    check_input(Shape::new(1, network.graph.input_channels, height, width))?;
    let Ready { name, held, hash, notes } = match photo {
        PhotoRef::File(path) => {
            let names = (file_name(path), &*path.to_string_lossy());
            ready_given(Given::read(path)?, names, network, cancel)?
        }
        PhotoRef::Stdin(bytes) => {
            let given = Given::decode(bytes, STDIN)?;
            ready_given(given, (STDIN.into(), STDIN), network, cancel)?
        }
        PhotoRef::Blank => blank(network),
        PhotoRef::Sample(index) => {
            let sample = SAMPLES.get(*index).ok_or(SessionError::NotReady)?;
            let photo = Photo::decode(sample.bytes, sample.name)?;
            ready_photo(photo, sample.name.into(), sample.name, network, cancel)?
        }
    };
    if cancel.is_cancelled() {
        return Err(SessionError::Canceled);
    }
    let shape = held.prepared.input.shape;
    if shape.c != network.graph.input_channels {
        let needed = network.graph.input_channels;
        return Err(SessionError::Failed(format!(
            "{name}: has {} channels, the network takes {needed}",
            shape.c
        )));
    }
    let mut key = Xxh3::new();
    (hash, format!("{:?}", network.recipe), shape).hash(&mut key);
    let id = InputId(key.finish());
    let placement = held.photo.is_some().then_some(held.prepared.placement);
    Ok((held, InputInfo { id, name, shape, placement, notes }))
}

/// An input before it has an id.
struct Ready {
    name: String,
    held: Held,
    /// Of the bytes or the values that it was made from.
    hash: u64,
    notes: Vec<String>,
}

/// What was given under a short name and a path.
fn ready_given(
    given: Given,
    (name, path): (String, &str),
    network: &Network,
    cancel: &Cancel,
) -> Result<Ready, SessionError> {
    match given {
        Given::Input { input, notes } => Ok(input_array(name, input, notes)),
        Given::Photo(photo) => ready_photo(photo, name, path, network, cancel),
    }
}

fn ready_photo(
    photo: Photo,
    name: String,
    path: &str,
    network: &Network,
    cancel: &Cancel,
) -> Result<Ready, SessionError> {
    // A large photo takes seconds to decode, and as long to resize.
    if cancel.is_cancelled() {
        return Err(SessionError::Canceled);
    }
    let channels = network.graph.input_channels;
    let mut prepared = prepare(&photo, &network.recipe, channels, path)?;
    let Shape { h: height, w: width, .. } = prepared.input.shape;
    let seen = Picture { width, height, rgb: std::mem::take(&mut prepared.seen) };
    let held = Held { prepared, photo: Some(seen) };
    Ok(Ready { name, held, hash: photo.hash, notes: photo.notes })
}

fn blank(network: &Network) -> Ready {
    let [height, width] = network.recipe.size;
    let input = Array::zeros(Shape::new(1, network.graph.input_channels, height, width));
    let placement = Placement { offset: [0; 2], scale: [1.0; 2], photo: [height, width] };
    let prepared = Prepared { input, seen: Vec::new(), placement };
    let held = Held { prepared, photo: None };
    Ready { name: "no photo".into(), held, hash: 0, notes: Vec::new() }
}

fn input_array(name: String, input: Array, notes: Vec<String>) -> Ready {
    let mut hash = Xxh3::new();
    for value in &input.data {
        value.to_bits().hash(&mut hash);
    }
    let placement =
        Placement { offset: [0; 2], scale: [1.0; 2], photo: [input.shape.h, input.shape.w] };
    let prepared = Prepared { input, seen: Vec::new(), placement };
    let held = Held { prepared, photo: None };
    Ready { name, held, hash: hash.finish(), notes }
}
