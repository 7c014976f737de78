//! From a path or from bytes to a [`Checkpoint`].

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use candle_core::{CpuStorage, DType, Storage, Tensor};
use xxhash_rust::xxh3::xxh3_64;

use super::{Why, folder, index, parallel, safetensors, torch};
use crate::source::SourceError;
use crate::source::error::read_file;
use crate::source::recognize::refuse_as_checkpoint;

/// Most bytes of a checkpoint, all shards together: well above every ResNet, well below what would
/// fill a server.
pub(super) const LIMIT: u64 = 8 << 30;

/// Tensors by their names.
pub(super) type Tensors = HashMap<String, Tensor>;

/// The contents of a checkpoint.
pub struct Checkpoint {
    /// Every floating-point tensor, on the CPU, in float32 or (where the file has it) float64.
    pub tensors: HashMap<String, Tensor>,
    /// The file's own metadata. For a PyTorch file whose state dict lies below a key, that key
    /// (`ema.state_dict`: two of them) stands under `state_dict_key`.
    pub metadata: HashMap<String, String>,
    /// A hash of the bytes of all files.
    pub hash: u64,
    /// Tensors that hold NaN or infinity, sorted.
    pub not_finite: Vec<String>,
    /// The file that was read, which for a folder is one inside it, for shards their index; `None`
    /// for bytes.
    pub file: Option<PathBuf>,
}

/// What one file holds.
pub(super) struct Contents {
    /// See [`Checkpoint::tensors`].
    pub tensors: Tensors,
    /// See [`Checkpoint::metadata`].
    pub metadata: HashMap<String, String>,
}

impl Checkpoint {
    /// Reads a file, an index with its shards, or a folder that holds one of them.
    ///
    /// # Errors
    /// When it cannot be read or holds no checkpoint.
    pub fn read(path: &Path) -> Result<Self, SourceError> {
        refuse_as_checkpoint(path)?;
        let file = if path.is_dir() { folder::choose(path)? } else { path.to_path_buf() };
        if file != path {
            refuse_as_checkpoint(&file)?;
        }
        let bytes = read_file(&file, LIMIT, "a checkpoint")?;
        let (contents, hash) = if index::is_one(&bytes) {
            index::read(&file, &bytes)?
        } else {
            (contents(&bytes).map_err(|why| SourceError::at(&file, why))?, xxh3_64(&bytes))
        };
        Ok(Self::of(contents, hash, Some(file)))
    }

    /// Reads the bytes of one file, safetensors or PyTorch's; `name` is for messages.
    ///
    /// # Errors
    /// When the bytes are no checkpoint or hold a type that is not understood.
    pub fn parse(bytes: &[u8], name: &str) -> Result<Self, SourceError> {
        let contents = contents(bytes).map_err(|why| SourceError::named(name, why))?;
        Ok(Self::of(contents, xxh3_64(bytes), None))
    }

    fn of(contents: Contents, hash: u64, file: Option<PathBuf>) -> Self {
        let Contents { tensors, metadata } = contents;
        let all: Vec<(&String, &Tensor)> = tensors.iter().collect();
        let finite = parallel::each(&all, |(_, tensor)| is_finite(tensor));
        let odd = all.iter().zip(finite).filter(|(_, finite)| !finite);
        let mut not_finite: Vec<String> = odd.map(|((name, _), _)| (*name).clone()).collect();
        not_finite.sort();
        Self { tensors, metadata, hash, not_finite, file }
    }
}

/// What one file holds, by its content.
pub(super) fn contents(bytes: &[u8]) -> Why<Contents> {
    if index::is_one(bytes) {
        return Err("is an index of shards, which must be opened by its path beside them".into());
    }
    if torch::is_one(bytes) { torch::read(bytes) } else { safetensors::read(bytes) }
}

/// Whether every value is a number.
fn is_finite(tensor: &Tensor) -> bool {
    let (storage, layout) = tensor.storage_and_layout();
    if let (Storage::Cpu(CpuStorage::F32(values)), Some((first, end))) =
        (&*storage, layout.contiguous_offsets())
    {
        // Without a way out of the loop, so that it takes many values at once.
        return values[first..end].iter().fold(true, |finite, v| finite & v.is_finite());
    }
    drop(storage);
    let wide = tensor.to_dtype(DType::F64).and_then(|t| t.flatten_all()?.to_vec1::<f64>());
    wide.is_ok_and(|values| values.iter().all(|v| v.is_finite()))
}
