//! Checkpoints: named tensors and metadata out of files, whatever their format. The content decides,
//! not the name.
//!
//! | content | read by |
//! |---|---|
//! | safetensors | `safetensors` |
//! | what `torch.save` writes: a zip, or the bare pickles from before PyTorch 1.6 | `torch/` |
//! | what `torch.export.save` writes: a program with its tensors | `exported` |
//! | ONNX, with its tensors in it or beside it | `onnx` |
//! | an index of shards that lie beside it (JSON) | `index` |
//! | a folder that holds one of these | `folder` |
//!
//! A checkpoint is a listing of every tensor in the file, wherever it is kept; which of them are a network, and what
//! their names mean, is the business of `model`. Only the tensors that are asked for are read.

mod entry;
mod exported;
mod folder;
mod index;
mod load;
mod onnx;
mod parallel;
mod safetensors;
mod torch;

use std::collections::{BTreeMap, HashMap};

pub use entry::Loaded;
pub use folder::is_checkpoint;
pub use load::Checkpoint;

use entry::Entry;

/// Most bytes of a checkpoint, all shards together: well above every ResNet, well below what would
/// fill a server.
const LIMIT: u64 = 8 << 30;

/// A result whose error is one sentence without the file's name, which the caller adds.
type Why<T> = Result<T, String>;

/// What one file holds.
#[derive(Default)]
struct Contents {
    /// Every tensor by its whole name.
    entries: BTreeMap<String, Entry>,
    /// Text by name.
    metadata: HashMap<String, String>,
    /// See [`Checkpoint::tables`].
    tables: Vec<(String, serde_json::Value)>,
    /// See [`Checkpoint::program`].
    program: Option<String>,
    /// See [`Checkpoint::onnx`].
    onnx: Option<std::sync::Arc<crate::onnx::Model>>,
}

/// A name out of a file, short enough for a sentence. Control characters go when the error is made.
fn shown(name: &str) -> String {
    const MOST: usize = 80;
    match name.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_string(),
    }
}
