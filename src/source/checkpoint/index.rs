//! Checkpoints in several files: an index in JSON names the shard that holds each tensor, as
//! transformers' `save_pretrained` writes it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bytes::Bytes;
use serde::Deserialize;
use xxhash_rust::xxh3::Xxh3Default;

use super::entry::Entry;
use super::load::contents;
use super::{Contents, LIMIT, shown};
use crate::base::first_line;
use crate::source::SourceError;
use crate::source::error::read_file;
use crate::source::recognize::refuse_as_checkpoint;

/// Largest index: a name and a shard for each of some hundred thousand tensors.
const INDEX_LIMIT: usize = 16 << 20;

/// `*.safetensors.index.json` or `*.bin.index.json`; the rest of it is of no use here.
#[derive(Deserialize)]
struct Index {
    /// Tensor to file name.
    weight_map: BTreeMap<String, String>,
}

/// Whether these bytes are JSON. A safetensors file may start with `{` too, as the lowest byte of
/// its header's length; as text, the first eight bytes are a length that no file has.
pub fn is_one(bytes: &[u8]) -> bool {
    let Some(first) = bytes.first_chunk::<8>() else { return false };
    first[0] == b'{' && u64::from_le_bytes(*first) > bytes.len() as u64
}

/// What all shards hold, a hash of all bytes, and the bytes of each.
pub type Shards = (Contents, u64, Vec<Bytes>);

/// Reads all shards of the index at `path`.
///
/// # Errors
/// When the index is none, names a file that does not lie beside it, or a shard is broken or does
/// not hold what the index says.
pub fn read(path: &Path, bytes: &[u8]) -> Result<Shards, SourceError> {
    let fail = |why: String| SourceError::at(path, why);
    if bytes.len() > INDEX_LIMIT {
        return Err(fail(format!("is JSON of {} MiB, too large for an index", bytes.len() >> 20)));
    }
    let index: Index = serde_json::from_slice(bytes).map_err(|e| {
        let why = shown(&first_line(&e));
        fail(format!("is not an index of a checkpoint ({why}): open the weights themselves"))
    })?;
    let files: BTreeSet<&str> = index.weight_map.values().map(String::as_str).collect();
    if files.is_empty() {
        return Err(fail("names no shards: copy or download it again".into()));
    }
    if let Some(file) = files.iter().find(|file| !lies_beside(file)) {
        let file = shown(file);
        return Err(fail(format!(
            "names the shard {file}, but shards must be in the folder of their index"
        )));
    }
    let mut hash = Xxh3Default::new();
    hash.update(bytes);
    let mut all = Contents::default();
    let mut shards = Vec::new();
    let mut left = LIMIT;
    for file in files {
        let shard = path.with_file_name(file);
        refuse_as_checkpoint(&shard)?;
        let bytes = read_file(&shard, left, "the rest of a checkpoint")?;
        left -= bytes.len() as u64;
        hash.update(&bytes);
        let part = contents(&bytes, shards.len()).map_err(|why| SourceError::at(&shard, why))?;
        if let Some(name) = missing(&index, file, &part.entries) {
            let why = format!("lacks tensor {}, which its index promises", shown(name));
            return Err(SourceError::at(&shard, why));
        }
        if let Some(name) = part.entries.keys().find(|name| all.entries.contains_key(*name)) {
            let why = format!("holds tensor {}, and so does another shard", shown(name));
            return Err(SourceError::at(&shard, why));
        }
        all.entries.extend(part.entries);
        all.metadata.extend(part.metadata);
        all.tables.extend(part.tables);
        shards.push(bytes.into());
    }
    Ok((all, hash.digest(), shards))
}

/// Whether a shard's name is a bare file name, on every system.
fn lies_beside(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\', ':', '\0'])
}

/// The first tensor that the index sees in `file` and that is not there.
fn missing<'a>(index: &'a Index, file: &str, there: &BTreeMap<String, Entry>) -> Option<&'a str> {
    let promised = index.weight_map.iter().filter(|(_, place)| *place == file);
    promised.map(|(name, _)| name.as_str()).find(|name| !there.contains_key(*name))
}
