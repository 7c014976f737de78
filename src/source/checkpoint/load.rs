//! From a path or from bytes to a [`Checkpoint`].

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use xxhash_rust::xxh3::{Xxh3Default, xxh3_64};

use super::entry::{self, Entry, Loaded};
use super::{Contents, LIMIT, Why, exported, folder, index, onnx, safetensors, torch};
use crate::base::{Listing, TensorInfo};
use crate::source::SourceError;
use crate::source::error::read_file;
use crate::source::recognize::refuse_as_checkpoint;

/// The contents of a checkpoint; its tensors are read when they are asked for.
pub struct Checkpoint {
    /// Text that the file itself has by name (`metadata` of safetensors).
    pub metadata: HashMap<String, String>,
    /// What may be the names of classes, beside the weights: dicts from text to numbers or from numbers to text, and
    /// lists of text, by where they are kept.
    pub tables: Vec<(String, serde_json::Value)>,
    /// The text of a program, of a file that `torch.export` wrote.
    pub program: Option<String>,
    /// The graph of an ONNX file.
    pub onnx: Option<Arc<crate::onnx::Model>>,
    /// A hash of the bytes of all files.
    pub hash: u64,
    /// The file that was read, which for a folder is one inside it, for shards their index; `None`
    /// for bytes.
    pub file: Option<PathBuf>,
    name: String,
    entries: std::collections::BTreeMap<String, Entry>,
    files: Vec<Bytes>,
}

impl Checkpoint {
    /// Reads a file, an index with its shards, or a folder that holds one of them.
    ///
    /// # Errors
    /// When it cannot be read or is not a checkpoint.
    pub fn read(path: &Path) -> Result<Self, SourceError> {
        refuse_as_checkpoint(path)?;
        let file = if path.is_dir() { folder::choose(path)? } else { path.to_path_buf() };
        if file != path {
            refuse_as_checkpoint(&file)?;
        }
        let bytes = read_file(&file, LIMIT, "a checkpoint")?;
        let name = file.to_string_lossy().into_owned();
        let (contents, hash, files) = if index::is_one(&bytes) {
            index::read(&file, &bytes)?
        } else if onnx::is_one(&bytes) {
            let bytes = Bytes::from(bytes);
            let read = onnx::read(&bytes, file.parent());
            let (contents, beside) = read.map_err(|why| SourceError::at(&file, why))?;
            let files: Vec<Bytes> = [bytes].into_iter().chain(beside).collect();
            let mut hash = Xxh3Default::new();
            files.iter().for_each(|file| hash.update(file));
            (contents, hash.digest(), files)
        } else {
            let contents = contents(&bytes, 0).map_err(|why| SourceError::at(&file, why))?;
            (contents, xxh3_64(&bytes), vec![bytes.into()])
        };
        Ok(Self::of(contents, hash, files, name, Some(file)))
    }

    /// Reads the bytes of one file, safetensors or PyTorch's; `name` is for messages.
    ///
    /// # Errors
    /// When the bytes are not a checkpoint.
    pub fn parse(bytes: impl Into<Cow<'static, [u8]>>, name: &str) -> Result<Self, SourceError> {
        let bytes = match bytes.into() {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::from(bytes),
        };
        let contents = match onnx::is_one(&bytes) {
            true => onnx::read(&bytes, None).map(|(contents, _)| contents),
            false => contents(&bytes, 0),
        };
        let contents = contents.map_err(|why| SourceError::named(name, why))?;
        let hash = xxh3_64(&bytes);
        Ok(Self::of(contents, hash, vec![bytes], name.to_string(), None))
    }

    fn of(
        contents: Contents,
        hash: u64,
        files: Vec<Bytes>,
        name: String,
        file: Option<PathBuf>,
    ) -> Self {
        let Contents { entries, metadata, tables, program, onnx } = contents;
        Self { metadata, tables, program, onnx, hash, file, name, entries, files }
    }

    /// Every tensor of the file.
    pub fn listing(&self) -> Listing {
        let info = |entry: &Entry| TensorInfo {
            dims: entry.dims.clone(),
            float: entry.place.is_ok(),
            key: entry.key,
        };
        self.entries.iter().map(|(name, entry)| (name.clone(), info(entry))).collect()
    }

    /// Reads the tensors of these names; those that do not exist are left out.
    ///
    /// # Errors
    /// When one is not made of floating-point numbers, or is broken.
    pub fn load<'n>(&self, names: impl Iterator<Item = &'n str>) -> Result<Loaded, SourceError> {
        let wanted = names.filter_map(|name| {
            self.entries.get_key_value(name).map(|(name, entry)| (name.as_str(), entry))
        });
        entry::load(wanted, &self.files).map_err(|why| SourceError::named(&self.name, why))
    }

    /// Reads every tensor of floating-point numbers.
    ///
    /// # Errors
    /// When one is broken.
    pub fn load_all(&self) -> Result<Loaded, SourceError> {
        let float = self.entries.iter().filter(|(_, entry)| entry.place.is_ok());
        self.load(float.map(|(name, _)| name.as_str()))
    }
}

/// What one file holds, by its content; `file` is its number.
pub(super) fn contents(bytes: &[u8], file: usize) -> Why<Contents> {
    if index::is_one(bytes) {
        return Err(
            "is an index of shards: open it by its path, in the folder of the shards".into()
        );
    }
    if bytes.starts_with(torch::ZIP)
        && let Some(contents) = exported::read(bytes, file)?
    {
        return Ok(contents);
    }
    if torch::is_one(bytes) { torch::read(bytes, file) } else { safetensors::read(bytes, file) }
}
