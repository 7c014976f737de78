//! What can be wrong with files.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use thiserror::Error;

use crate::base::{clean, first_line, open_regular, room};

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

    /// The file at `path` could not be opened or read.
    pub fn unreadable(path: &Path, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::at(path, "no such file"),
            // What `open_regular` says continues a sentence about the path.
            io::ErrorKind::InvalidInput => Self::at(path, error.to_string()),
            _ => Self::at(path, format!("cannot be read: {error}")),
        }
    }
}

/// The bytes of a regular file of at most `limit` bytes. Nothing else is opened: a pipe would be waited for.
pub fn read_file(path: &Path, limit: u64, what: &str) -> Result<Vec<u8>, SourceError> {
    let fail = |error| SourceError::unreadable(path, &error);
    let file = open_regular(path).map_err(fail)?;
    let data = file.metadata().map_err(fail)?;
    if data.len() > limit {
        let (size, limit) = (data.len() >> 20, limit >> 20);
        return Err(SourceError::at(
            path,
            format!("is {size} MiB, above the limit of {limit} MiB for {what}"),
        ));
    }
    if data.len() == 0 {
        return Err(SourceError::at(path, format!("is empty, so it cannot be {what}")));
    }
    if data.len() > LARGE {
        room::check(data.len(), what).map_err(|full| SourceError::at(path, full.to_string()))?;
    }
    read_whole(file, data.len()).map_err(fail)
}

/// Bytes from which memory is asked for first, and two halves are read at once: most of the time goes into memory that
/// is touched for the first time.
const LARGE: u64 = 8 << 20;

#[cfg(unix)]
fn read_whole(file: File, length: u64) -> io::Result<Vec<u8>> {
    use std::os::unix::fs::FileExt;
    let size = usize::try_from(length).unwrap_or(usize::MAX);
    if length < LARGE {
        let mut bytes = Vec::with_capacity(size);
        // Not more than was stated: the file may be growing.
        file.take(length).read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    let mut bytes = vec![0; size];
    let (first, second) = bytes.split_at_mut(size / 2);
    std::thread::scope(|scope| {
        let (file, middle) = (&file, first.len() as u64);
        let other = scope.spawn(move || file.read_exact_at(second, middle));
        file.read_exact_at(first, 0)?;
        other.join().unwrap_or_else(|_| Err(io::Error::other("a thread failed")))
    })?;
    Ok(bytes)
}

#[cfg(not(unix))]
fn read_whole(file: File, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}
