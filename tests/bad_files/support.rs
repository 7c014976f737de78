//! A folder for the bad files, and what every message must be.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use convscope::base::clean;
use tempfile::TempDir;

pub fn fixture(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "fixtures", name].iter().collect()
}

pub fn bytes_of(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).unwrap()
}

/// A file in a folder that lasts as long as this.
pub struct Bad {
    folder: TempDir,
    pub path: PathBuf,
}

impl Bad {
    pub fn new(name: &str, bytes: &[u8]) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        Self { folder, path }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Checks the message of an error: one line for people, with these words in it.
pub fn says<T, E: Display>(result: Result<T, E>, words: &[&str]) -> String {
    let message = result.err().expect("an error").to_string();
    let hostile = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202e}');
    assert!(!message.contains(hostile), "{message:?}");
    for word in words {
        assert!(message.contains(word), "{message:?} does not say {word:?}");
    }
    assert!(message.len() < 500, "{} bytes: {message:?}", message.len());
    message
}

/// Checks the message of an error about a file, which must be named.
pub fn says_of<T, E: Display>(path: &Path, result: Result<T, E>, words: &[&str]) -> String {
    let name = clean(&path.file_name().unwrap().to_string_lossy());
    let message = says(result, words);
    assert!(message.contains(&name), "{message:?} does not name {name:?}");
    message
}
