//! Which file of a folder is its checkpoint.

use std::path::{Path, PathBuf};

use super::shown;
use crate::source::SourceError;

/// What Hugging Face's libraries call a model's weights, the better format first.
const USUAL: [&str; 4] = [
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
];

/// Endings that checkpoints have; the last is what PyTorch's ImageNet example writes.
const ENDINGS: [&str; 9] =
    [".safetensors", ".pth", ".pt", ".pt2", ".onnx", ".bin", ".th", ".ckpt", ".pth.tar"];

/// The checkpoint of a folder: one with a usual name, else the only one with a known ending.
///
/// # Errors
/// When the folder cannot be listed, or holds no such file, or several.
pub fn choose(folder: &Path) -> Result<PathBuf, SourceError> {
    if let Some(name) = USUAL.iter().find(|name| folder.join(name).is_file()) {
        return Ok(folder.join(name));
    }
    let fail = |e: std::io::Error| SourceError::at(folder, format!("cannot be listed: {e}"));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        if is_checkpoint(&path) && path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    match found.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(SourceError::at(
            folder,
            format!(
                "holds no checkpoint: expected {}, or a single file with one of the extensions {}",
                USUAL[0],
                ENDINGS.join(" ")
            ),
        )),
        several => Err(SourceError::at(folder, choice(several))),
    }
}

/// Whether a file's name ends as those of checkpoints do; hidden ones are none.
pub fn is_checkpoint(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    !name.starts_with('.') && ENDINGS.iter().any(|ending| name.ends_with(ending))
}

fn choice(found: &[PathBuf]) -> String {
    const MOST: usize = 3;
    let name = |path: &PathBuf| shown(&path.file_name().unwrap_or_default().to_string_lossy());
    let names: Vec<_> = found.iter().take(MOST).map(name).collect();
    let more = match found.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("holds {} checkpoints ({}{more}): name one of them", found.len(), names.join(", "))
}
