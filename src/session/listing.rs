//! What there is to choose from: networks, folders, photos.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::SessionError;
use super::ask::files::{Entry, Fetched, InCache, ModelRow};
use super::ask::refs::{ModelRef, PhotoRef};
use super::ask::request;
use super::input::no_photo;
use super::locate::{Weights, locate, reference};
use super::naming::STDIN;
use super::network::Network;
use super::options::Wishes;
use super::store::{Ask, Session};
use crate::base::{Cancel, Progress, clean, file_name};
use crate::picture::{Cells, Grid, Picture};
use crate::source::hub::{self, Status};
use crate::source::{Given, Photo, SAMPLES, is_checkpoint, is_photo};

/// The built-in network, the checkpoints in the current folder, and the catalogue.
impl Ask for request::Models {
    type Answer = Arc<Vec<ModelRow>>;

    fn answer(
        &self,
        session: &Session,
        _: &Cancel,
        _: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
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
        rows.extend(local(Path::new(".")));
        let options = session.options.hub()?;
        for model in session.options.catalogue.models() {
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
        Ok(Arc::new(rows))
    }
}

/// `ResNet-18, 7 classes`, or why none runs from the file.
impl Ask for request::Summary {
    type Answer = Arc<str>;

    fn answer(
        &self,
        session: &Session,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        if std::fs::metadata(&self.0).is_ok_and(|data| data.len() > SUMMARIZED) {
            return Ok("a large file: open it to see what it is".into());
        }
        let located = locate(&ModelRef::File(self.0.clone()), &session.options, cancel, progress);
        Ok(match located.and_then(|located| Network::load(&located, &Wishes::default())) {
            Ok(network) => match network.info.classes.len() {
                1 => format!("{}, 1 class", network.info.name).into(),
                n => format!("{}, {n} classes", network.info.name).into(),
            },
            Err(error) => without_name(&error.to_string(), &self.0.to_string_lossy()).into(),
        })
    }
}

/// Progress is in bytes.
impl Ask for request::Fetch {
    type Answer = Arc<Fetched>;

    fn answer(
        &self,
        session: &Session,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        let located = locate(&self.0, &session.options, cancel, progress)?;
        let path = match located.weights {
            Weights::Builtin => None,
            Weights::File { path, .. } => Some(path),
        };
        Ok(Arc::new(Fetched { path, notes: located.notes }))
    }
}

/// Folders first, sorted by name; hidden ones are left out.
impl Ask for request::Folder {
    type Answer = Arc<Vec<Entry>>;

    fn answer(
        &self,
        _: &Session,
        _: &Cancel,
        _: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        let shown = clean(&self.0.to_string_lossy());
        let failed =
            |e: std::io::Error| SessionError::Failed(format!("{shown}: cannot be listed: {e}"));
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(&self.0).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let (name, folder) = (file_name(&path), path.is_dir());
            if !name.starts_with('.') && (folder || is_photo(&path)) {
                entries.push(Entry { path, name, folder });
            }
        }
        entries.sort_by(|a, b| (!a.folder, &a.name).cmp(&(!b.folder, &b.name)));
        Ok(Arc::new(entries))
    }
}

impl Ask for request::Thumbnail {
    type Answer = Arc<Cells>;

    fn answer(
        &self,
        _: &Session,
        _: &Cancel,
        _: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        let (columns, rows) = self.size;
        let pixels = |given| match given {
            Given::Photo(photo) => Ok(photo),
            Given::Input { .. } => Err(no_photo()),
        };
        let photo = match &self.photo {
            PhotoRef::File(path) => pixels(Given::read(path)?)?,
            PhotoRef::Stdin(bytes) => pixels(Given::decode(bytes, STDIN)?)?,
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
        Ok(Arc::new(Cells::photo(&whole, Grid { columns, rows, blocks: self.blocks })))
    }
}

/// Most bytes of a file that is read for a few words about it.
const SUMMARIZED: u64 = 1 << 30;

/// An error about a file without the file's name in front and without what stands in its first parentheses.
fn without_name(error: &str, path: &str) -> String {
    let names = [path, path.rsplit('/').next().unwrap_or(path)];
    let rest = names.iter().find_map(|name| error.strip_prefix(name)?.strip_prefix(": "));
    let rest = rest.unwrap_or(error);
    let cut = rest.find(" (").and_then(|from| Some((from, from + rest[from..].find(')')? + 1)));
    cut.map_or(rest.to_string(), |(from, to)| format!("{}{}", &rest[..from], &rest[to..]))
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
