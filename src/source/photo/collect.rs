//! Which files of a folder are photos.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::source::SourceError;

/// File name endings that are taken out of a folder.
const ENDINGS: [&str; 13] =
    ["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff", "pbm", "ppm", "pgm", "jxl", "npy"];

/// Whether a file's name ends as those of photos and input tensors do.
pub fn is_photo(path: &Path) -> bool {
    path.extension().is_some_and(|e| ENDINGS.iter().any(|known| e.eq_ignore_ascii_case(known)))
}

/// The photos behind some paths: files as they are, folders searched to the bottom, sorted by name.
///
/// # Errors
/// When a path does not exist, a folder cannot be read, or a folder holds no photo.
pub fn collect(paths: &[PathBuf]) -> Result<Vec<PathBuf>, SourceError> {
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            if !path.exists() {
                return Err(SourceError::at(path, "no such file or folder"));
            }
            found.push(path.clone());
            continue;
        }
        let before = found.len();
        search(path, &mut found, &mut HashSet::new())?;
        if found.len() == before {
            return Err(SourceError::at(path, format!("holds no photo ({})", ENDINGS.join(", "))));
        }
    }
    Ok(found)
}

fn search(
    folder: &Path,
    found: &mut Vec<PathBuf>,
    seen: &mut HashSet<PathBuf>,
) -> Result<(), SourceError> {
    // Links can make a circle, or lead to the same folder twice.
    if !seen.insert(folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf())) {
        return Ok(());
    }
    let fail = |e: std::io::Error| SourceError::at(folder, format!("cannot be listed: {e}"));
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        entries.push(entry.map_err(fail)?.path());
    }
    entries.sort();
    for path in entries {
        let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        if path.is_dir() && !hidden {
            search(&path, found, seen)?;
        } else if !hidden && is_photo(&path) {
            found.push(path);
        }
    }
    Ok(())
}
