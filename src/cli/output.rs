//! Results: to stdout, or to a file that is there whole or not at all.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

use super::failure::Usage;
use crate::base::clean;
use crate::session::{folder_of, write_whole};

/// Where a result goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// `-o -`.
    Stdout,
    /// A file.
    File(PathBuf),
}

impl Target {
    /// Looks before any work is done whether the target can be written.
    ///
    /// # Errors
    /// When its folder does not exist, it is a folder itself, or bytes would flood the terminal.
    pub fn check(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            if io::stdout().is_terminal() {
                bail!(Usage("-o - writes bytes: send stdout to a file or a program".into()));
            }
            return Ok(Self::Stdout);
        }
        if path.is_dir() {
            bail!("{}: is a folder, a file name is needed", shown(path));
        }
        let folder = folder_of(path);
        if !folder.is_dir() {
            bail!("{}: there is no folder {}", shown(path), shown(folder));
        }
        Ok(Self::File(path.to_path_buf()))
    }

    /// Writes it all.
    ///
    /// # Errors
    /// When the disk or the pipe fails; a file that was there is then as it was.
    pub fn write(&self, bytes: &[u8]) -> Result<()> {
        match self {
            Self::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(bytes)?;
                Ok(out.flush()?)
            }
            Self::File(path) => write_whole(path, bytes)
                .with_context(|| format!("{}: cannot be written", shown(path))),
        }
    }
}

/// Prints text on stdout.
///
/// # Errors
/// When the reader is gone: nothing here panics on a closed pipe as `println!` does.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// JSON on lines of its own, safe on a terminal: what [`clean`] would replace is escaped instead.
///
/// # Errors
/// Only what serde reports.
pub(super) fn json(value: &impl Serialize) -> Result<String> {
    Ok(escape(&serde_json::to_string(value)?))
}

/// Such characters can stand only inside JSON's strings, where an escape means the same.
fn escape(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        let mut buffer = [0; 4];
        let alone = c.encode_utf8(&mut buffer);
        if c.is_ascii_graphic() || c == ' ' || clean(alone) == *alone {
            out.push(c);
        } else {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        }
    }
    out
}

/// A path for people.
pub(super) fn shown(path: &Path) -> String {
    clean(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn json_means_the_same_without_control_characters() {
        let hostile = "a\u{1b}[2J\u{9b}\u{7f}\u{202e}\"é漢";
        let text = json(&hostile).unwrap();
        assert_eq!(clean(&text), text);
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), hostile);
    }

    #[test]
    fn files_are_written_whole_and_nothing_else_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        for bytes in [&b"first"[..], b"2"] {
            Target::check(&path).unwrap().write(bytes).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), bytes);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(Target::check(folder.path()).is_err());
        assert!(Target::check(&folder.path().join("none/a.png")).is_err());
    }
}
