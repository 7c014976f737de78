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
    std::fs::read(path).map_err(fail)
}
