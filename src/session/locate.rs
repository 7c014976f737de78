//! Where the weights of a network are; those of the hub are brought here first.

use std::path::{Path, PathBuf};

use super::SessionError;
use super::ask::refs::ModelRef;
use super::options::Options;
use crate::base::{Cancel, Progress, file_name};
use crate::config::{Catalogue, Filter, LabelSet, Model};
use crate::source::hub::{self, HubError, HubOptions, RepoRef};
use crate::source::{Fit, Interpolation, Stated};

/// A network's weights and what is known about them besides.
#[derive(Clone, Debug, PartialEq)]
pub struct Located {
    /// Where they are.
    pub weights: Weights,
    /// What people call it: `builtin`, a file's name, a repository.
    pub name: String,
    /// The catalogue's word on the preprocessing.
    pub recipe: Option<Stated>,
    /// The catalogue's word on the classes.
    pub labels: Option<LabelSet>,
    /// What should be said about how they got here.
    pub notes: Vec<String>,
}

/// A place of weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Weights {
    /// In the program.
    Builtin,
    /// On the disk.
    File {
        /// A checkpoint, an index of several, or a folder that holds one.
        path: PathBuf,
        /// Where `config.json` would be.
        folder: PathBuf,
    },
}

impl Options {
    /// How to ask the hub.
    ///
    /// # Errors
    /// When there is no place for a cache.
    pub fn hub(&self) -> Result<HubOptions, SessionError> {
        Ok(HubOptions::from_environment(self.offline)?)
    }
}

impl From<HubError> for SessionError {
    fn from(error: HubError) -> Self {
        if error.is_cancelled() { Self::Canceled } else { Self::Failed(error.to_string()) }
    }
}

/// Finds the weights; progress is in bytes.
///
/// # Errors
/// When they are on the hub and cannot be had, or the token was set.
pub fn locate(
    model: &ModelRef,
    options: &Options,
    cancel: &Cancel,
    progress: &mut Progress,
) -> Result<Located, SessionError> {
    let (mut recipe, mut labels, mut notes) = (None, None, Vec::new());
    let (weights, name) = match model {
        ModelRef::Builtin => (Weights::Builtin, "builtin".to_string()),
        ModelRef::File(path) => match hub::in_folder(path)? {
            // A folder of the cache holds the network in a folder for each version.
            Some(snapshot) => {
                notes.extend(snapshot.notes);
                let weights = Weights::File { path: snapshot.weights, folder: snapshot.folder };
                (weights, file_name(path))
            }
            None => {
                let folder = if path.is_dir() { Some(path.as_path()) } else { path.parent() };
                let folder = folder.filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
                (Weights::File { path: path.clone(), folder: folder.into() }, file_name(path))
            }
        },
        ModelRef::Hub(repo) => {
            let snapshot = hub::fetch(&options.hub()?, repo, cancel, progress)?;
            notes.extend(snapshot.notes);
            let entry = entry(&options.catalogue, repo);
            recipe = entry.and_then(stated);
            labels = entry.and_then(|entry| entry.labels);
            let weights = Weights::File { path: snapshot.weights, folder: snapshot.folder };
            (weights, repo.to_string())
        }
    };
    Ok(Located { weights, name, recipe, labels, notes })
}

/// The files in the cache that a network of the hub is read from; none where it is not there. Asks nobody.
pub fn cached_files(model: &ModelRef, options: &Options) -> Vec<PathBuf> {
    let ModelRef::Hub(repo) = model else { return Vec::new() };
    let cached = options.hub().ok().and_then(|hub| hub::cached(&hub, repo).ok().flatten());
    let Some(snapshot) = cached else { return Vec::new() };
    let beside = std::fs::read_dir(snapshot.folder).into_iter().flatten().flatten();
    beside.map(|entry| entry.path()).chain([snapshot.weights]).collect()
}

/// The catalogue's entry for a repository.
pub fn entry<'a>(catalogue: &'a Catalogue, repo: &RepoRef) -> Option<&'a Model> {
    let same = |of: &RepoRef| {
        // A repository named without a file is the entry's: that is the file it means.
        let file = repo.file.is_none() || repo.file == of.file;
        file && of.owner_name == repo.owner_name && of.revision() == repo.revision()
    };
    catalogue.models().iter().find(|model| reference(model).is_some_and(|of| same(&of)))
}

/// The repository behind an entry of the catalogue.
pub fn reference(model: &Model) -> Option<RepoRef> {
    let repo: RepoRef = model.repo.parse().ok()?;
    Some(RepoRef { file: model.file.clone().or(repo.file), ..repo })
}

/// An entry's word on the preprocessing, if it states a size.
fn stated(model: &Model) -> Option<Stated> {
    let size = model.input_size?;
    let shorter = |crop: f64| Fit::Shorter((size as f64 / crop).floor() as usize);
    Some(Stated {
        origin: "models.toml".into(),
        size: Some([size; 2]),
        fit: model.crop_pct.map(shorter),
        interpolation: model.interpolation.map(|filter| match filter {
            Filter::Bilinear => Interpolation::Bilinear,
            Filter::Bicubic => Interpolation::Bicubic,
        }),
        mean: model.mean.clone(),
        std: model.std.clone(),
        ..Stated::default()
    })
}
