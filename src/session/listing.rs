//! What there is to choose from: networks, folders, photos.

use std::path::{Path, PathBuf};

use super::SessionError;
use super::answer::{Session, no_photo};
use super::ask::{CellSize, ModelRef, PhotoRef};
use super::locate::{Weights, locate, reference};
use super::network::file_name;
use crate::base::{Cancel, Progress, clean};
use crate::picture::{Blocks, Cells, Grid, Picture};
use crate::source::hub::{self, Status};
use crate::source::{Given, Photo, SAMPLES, is_checkpoint, is_photo};

/// A network that can be had.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelRow {
    /// How it is asked for.
    pub model: ModelRef,
    /// The name on the command line.
    pub name: String,
    /// The name for people.
    pub title: String,
    /// The repository, or where else it lies.
    pub place: String,
    /// Bytes of its weights.
    pub bytes: Option<u64>,
    /// Parameters.
    pub parameters: Option<u64>,
    /// Published accuracy on ImageNet's validation set, in %.
    pub top1: Option<f32>,
    /// How much of it is on this machine.
    pub cache: InCache,
    /// Anything else, for people.
    pub note: Option<String>,
}

/// How much of a network is on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InCache {
    /// All of it, in the program.
    Builtin,
    /// All of it, as a file of the user.
    File,
    /// All of it, in the cache of the hub.
    Whole,
    /// So many bytes.
    Part(u64),
    /// Nothing.
    Absent,
}

impl InCache {
    /// Whether it opens without the hub.
    pub const fn is_here(self) -> bool {
        matches!(self, Self::Builtin | Self::File | Self::Whole)
    }
}

/// Weights that were brought here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The file, the index or the folder; `None` for the network that is part of the program.
    pub path: Option<PathBuf>,
    /// What should be said about how they came.
    pub notes: Vec<String>,
}

/// Something in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it is.
    pub path: PathBuf,
    /// Its name, harmless to print.
    pub name: String,
    /// A folder, not a photo.
    pub folder: bool,
}

impl Session {
    /// The built-in network, the catalogue, and the checkpoints in the current folder.
    pub(super) fn models(&self) -> Result<Vec<ModelRow>, SessionError> {
        let mut rows = vec![ModelRow {
            model: ModelRef::Builtin,
            name: "builtin".into(),
            title: "ResNet-18, width 32".into(),
            place: "in the program".into(),
            bytes: None,
            parameters: None,
            top1: None,
            cache: InCache::Builtin,
            note: Some("ten classes of Imagenette".into()),
        }];
        let options = self.options.hub()?;
        for model in self.options.catalogue.models() {
            let Some(repo) = reference(model) else { continue };
            // One that the cache holds in a wrong way does not hide the others.
            let (cache, wrong) = match hub::status(&options, &repo) {
                Ok(Status::Whole) => (InCache::Whole, None),
                Ok(Status::Partial { bytes }) => (InCache::Part(bytes), None),
                Ok(Status::Absent) => (InCache::Absent, None),
                Err(error) => (InCache::Absent, Some(error.to_string())),
            };
            rows.push(ModelRow {
                place: model.repo.clone(),
                model: ModelRef::Hub(repo),
                name: model.name.clone(),
                title: model.title.clone(),
                bytes: model.size_bytes,
                parameters: model.parameters,
                top1: model.top1,
                cache,
                note: wrong.or_else(|| model.note.clone()),
            });
        }
        rows.extend(local(Path::new(".")));
        Ok(rows)
    }

    /// Brings weights here; progress is in bytes.
    pub(super) fn fetch(
        &self,
        model: &ModelRef,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Fetched, SessionError> {
        let located = locate(model, &self.options, cancel, progress)?;
        let path = match located.weights {
            Weights::Builtin => None,
            Weights::File { path, .. } => Some(path),
        };
        Ok(Fetched { path, notes: located.notes })
    }
}

/// The checkpoints of a folder, sorted by name. A folder that cannot be read has none.
fn local(folder: &Path) -> Vec<ModelRow> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.retain(|path| is_checkpoint(path) && path.is_file());
    paths.sort();
    let row = |path: PathBuf| {
        let path = path.strip_prefix(".").map(Path::to_path_buf).unwrap_or(path);
        ModelRow {
            name: file_name(&path),
            title: "a checkpoint".into(),
            place: "in this folder".into(),
            bytes: std::fs::metadata(&path).ok().map(|data| data.len()),
            model: ModelRef::File(path),
            parameters: None,
            top1: None,
            cache: InCache::File,
            note: None,
        }
    };
    paths.into_iter().map(row).collect()
}

/// The folders and photos in a folder, folders first, sorted by name; hidden ones are left out.
pub fn folder(path: &Path) -> Result<Vec<Entry>, SessionError> {
    let shown = clean(&path.to_string_lossy());
    let failed =
        |e: std::io::Error| SessionError::Failed(format!("{shown}: cannot be listed: {e}"));
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let (name, folder) = (file_name(&path), path.is_dir());
        if !name.starts_with('.') && (folder || is_photo(&path)) {
            entries.push(Entry { path, name, folder });
        }
    }
    entries.sort_by(|a, b| (!a.folder, &a.name).cmp(&(!b.folder, &b.name)));
    Ok(entries)
}

/// A photo as it is, as large as the room allows.
pub fn thumbnail(
    photo: &PhotoRef,
    (columns, rows): CellSize,
    blocks: Blocks,
) -> Result<Cells, SessionError> {
    let photo = match photo {
        PhotoRef::File(path) => match Given::read(path)? {
            Given::Photo(photo) => photo,
            Given::Input { .. } => return Err(no_photo()),
        },
        PhotoRef::Blank => return Err(SessionError::NotReady),
        PhotoRef::Sample(index) => {
            let sample = SAMPLES.get(*index).ok_or(SessionError::NotReady)?;
            Photo::decode(sample.bytes, sample.name)?
        }
    };
    let (pixels, _) = photo.rgb.as_chunks::<3>();
    let whole = Picture { width: photo.width, height: photo.height, rgb: pixels.to_vec() };
    // A cell is about twice as high as wide.
    let across = f64::from(columns) / whole.width as f64;
    let scale = across.min(2.0 * f64::from(rows) / whole.height as f64);
    let columns = ((whole.width as f64 * scale) as u16).clamp(1, columns.max(1));
    let rows = ((whole.height as f64 * scale / 2.0).round() as u16).clamp(1, rows.max(1));
    Ok(Cells::photo(&whole, Grid { columns, rows, blocks }))
}
