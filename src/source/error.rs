//! What can be wrong with files.

use std::path::Path;

use thiserror::Error;

use crate::base::{clean, first_line};

/// A file that could not become what was asked for: one sentence, with the file's name.
#[derive(Debug, Error)]
#[error("{file}: {why}")]
pub struct SourceError {
    /// The file, without control characters.
    pub file: String,
    /// What is wrong and what to do.
    pub why: String,
}

impl SourceError {
    /// An error about the file at `path`.
    pub fn at(path: &Path, why: impl Into<String>) -> Self {
        Self::named(&path.to_string_lossy(), why)
    }

    /// An error about something with a name.
    pub fn named(name: &str, why: impl Into<String>) -> Self {
        Self { file: clean(name), why: clean(&first_line(&why.into())) }
    }
}

/// The bytes of a regular file of at most `limit` bytes.
pub fn read_file(path: &Path, limit: u64, what: &str) -> Result<Vec<u8>, SourceError> {
    let fail = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::NotFound => SourceError::at(path, "no such file"),
        _ => SourceError::at(path, format!("cannot be read: {e}")),
    };
    let data = std::fs::metadata(path).map_err(fail)?;
    if !data.is_file() {
        return Err(SourceError::at(path, format!("is no file, so it cannot be {what}")));
    }
    if data.len() > limit {
        let (size, limit) = (data.len() >> 20, limit >> 20);
        return Err(SourceError::at(
            path,
            format!("{size} MiB is more than {limit} MiB for {what}"),
        ));
    }
    if data.len() == 0 {
        return Err(SourceError::at(path, format!("is empty, so it cannot be {what}")));
    }
    read_whole(path, data.len()).map_err(fail)
}

/// Bytes from which two halves are read at once: most of the time goes into memory that is touched for the
/// first time.
#[cfg(unix)]
const LARGE: u64 = 8 << 20;

#[cfg(unix)]
fn read_whole(path: &Path, length: u64) -> std::io::Result<Vec<u8>> {
    use std::os::unix::fs::FileExt;
    let Ok(size) = usize::try_from(length) else { return std::fs::read(path) };
    if length < LARGE {
        return std::fs::read(path);
    }
    let file = std::fs::File::open(path)?;
    let mut bytes = vec![0; size];
    let (first, second) = bytes.split_at_mut(size / 2);
    std::thread::scope(|scope| {
        let (file, middle) = (&file, first.len() as u64);
        let other = scope.spawn(move || file.read_exact_at(second, middle));
        file.read_exact_at(first, 0)?;
        other.join().unwrap_or_else(|_| Err(std::io::Error::other("a thread failed")))
    })?;
    Ok(bytes)
}

#[cfg(not(unix))]
fn read_whole(path: &Path, _length: u64) -> std::io::Result<Vec<u8>> {
    std::fs::read(path)
}
