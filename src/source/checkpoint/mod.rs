//! Checkpoints: named tensors and metadata out of files, whatever their format. The content decides,
//! not the name.
//!
//! | content | read by |
//! |---|---|
//! | safetensors | `safetensors` |
//! | what `torch.save` writes: a zip, or the bare pickles from before PyTorch 1.6 | `torch/` |
//! | an index of shards that lie beside it (JSON) | `index` |
//! | a folder that holds one of these | `folder` |
//!
//! Tensors keep the names of the file; what the names mean is the business of `model`.

mod folder;
mod index;
mod load;
mod parallel;
mod safetensors;
mod torch;

pub use folder::is_checkpoint;
pub use load::Checkpoint;

use load::{Contents, Tensors};

/// A result whose error is one sentence without the file's name, which the caller adds.
type Why<T> = Result<T, String>;

/// Training steps: no part of the computation, whatever their type.
fn is_counter(name: &str) -> bool {
    name.ends_with("num_batches_tracked")
}

/// A name out of a file, short enough for a sentence. Control characters go when the error is made.
fn shown(name: &str) -> String {
    const MOST: usize = 80;
    match name.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_string(),
    }
}
