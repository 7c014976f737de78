//! What is wrong in a file, and where.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::base::clean;

/// Something wrong at a line of a file.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{}:{line}: {message}", clean(&path.display().to_string()))]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// Its line, counted from 1.
    pub line: usize,
    /// What is wrong, and what to do; safe to show on a terminal.
    pub message: String,
}

impl ConfigError {
    /// Names and values from the file may stand in `message`: they lose their control characters.
    pub(super) fn new(path: &Path, line: usize, message: impl AsRef<str>) -> Self {
        // The TOML parser explains itself over several lines.
        let message: Vec<String> = message.as_ref().lines().map(clean).collect();
        Self { path: path.to_path_buf(), line, message: message.join(", ") }
    }
}
