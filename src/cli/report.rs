//! What every `--json` is: one object, which begins the same for every command.

use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use super::context::Context;
use super::output;
use crate::session::ask::{ChannelStatistics, NetworkInfo};

/// The version of the fields. It grows when one of them gets another meaning or goes.
const VERSION: u32 = 1;

/// What every command says besides its own fields.
#[derive(Serialize)]
pub(super) struct Head {
    version: u32,
    network: Option<String>,
    device: Option<String>,
    /// `None` where the command's own fields have `photos`.
    #[serde(skip_serializing_if = "Option::is_none")]
    photo: Option<Option<String>>,
    notes: Vec<String>,
}

impl Head {
    /// Of a command that runs no network.
    pub fn alone() -> Self {
        Self { version: VERSION, network: None, device: None, photo: Some(None), notes: Vec::new() }
    }

    /// Of a command about a network, and the photo that it runs on if there is one. All notes must have been taken.
    ///
    /// # Errors
    /// When the device is not available.
    pub fn of(context: &Context, network: &NetworkInfo, photo: Option<&Path>) -> Result<Self> {
        Ok(Self {
            network: Some(network.name.clone()),
            device: Some(context.session.device()?.label),
            photo: Some(photo.map(|path| path.to_string_lossy().into_owned())),
            notes: context.notes.sentences(),
            ..Self::alone()
        })
    }

    /// The same for a command whose own fields name the photos.
    pub fn without_photo(self) -> Self {
        Self { photo: None, ..self }
    }

    /// The whole object on a line.
    ///
    /// # Errors
    /// Only what serde reports.
    pub fn with(self, own: impl Serialize) -> Result<String> {
        #[derive(Serialize)]
        struct Report<T> {
            #[serde(flatten)]
            head: Head,
            #[serde(flatten)]
            own: T,
        }
        Ok(output::json(&Report { head: self, own })? + "\n")
    }
}

/// The statistics of some values.
#[derive(Serialize)]
pub(super) struct Numbers {
    pub min: f32,
    pub max: f32,
    pub mean: f64,
    pub std: f64,
    pub sparsity: f32,
    pub invalid: usize,
}

impl From<&ChannelStatistics> for Numbers {
    fn from(of: &ChannelStatistics) -> Self {
        let sparsity = of.sparsity();
        Self { min: of.min, max: of.max, mean: of.mean, std: of.std, sparsity, invalid: of.invalid }
    }
}

/// The list of photos that a report begins with. Each is printed when it is done, so that memory does not grow with their
/// number.
#[derive(Default)]
pub(super) struct PhotoList {
    printed: usize,
}

impl PhotoList {
    /// The text of one photo, and what stands before it.
    ///
    /// # Errors
    /// Only what serde reports.
    pub fn entry(&mut self, photo: &impl Serialize) -> Result<String> {
        let before = if self.printed == 0 { "{\"photos\":[\n" } else { ",\n" };
        self.printed += 1;
        Ok(format!("{before}{}", output::json(photo)?))
    }

    /// The rest of the object: what every report has, and the command's own fields.
    ///
    /// # Errors
    /// Only what serde reports.
    pub fn end(self, head: Head, own: impl Serialize) -> Result<String> {
        let open = if self.printed == 0 { "{\"photos\":[" } else { "\n" };
        let rest = head.without_photo().with(own)?;
        Ok(format!("{open}],{}", rest.trim_start_matches('{')))
    }
}
