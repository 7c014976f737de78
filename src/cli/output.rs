//! Results: to stdout, or to a file that is there whole or not at all.

use std::collections::HashSet;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use serde::Serialize;

use super::args::Flags;
use super::failure::{self, Usage};
use crate::base::clean;
use crate::session::{Existing, Pending, folder_of};
use crate::source::is_checkpoint;

/// What a result may not take the place of.
pub(super) struct Spared {
    /// Files that exist.
    existing: Existing,
    /// What the command reads.
    inputs: HashSet<FileId>,
}

impl Spared {
    /// The network and the labels that flags name, and the photo of the command.
    pub fn new(flags: &Flags, no_clobber: bool, photo: Option<&Path>) -> Self {
        let existing = if no_clobber { Existing::Keep } else { Existing::Replace };
        let mut spared = Self { existing, inputs: HashSet::new() };
        let named = [flags.network.model.as_deref(), flags.network.labels.as_deref(), photo];
        for path in named.into_iter().flatten() {
            spared.input(path);
            // Weights in a folder, and the shards beside their index.
            let is_index = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"));
            let folder = if is_index { folder_of(path) } else { path };
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            let weights = entries.map(|entry| entry.path()).filter(|path| is_checkpoint(path));
            weights.for_each(|path| spared.input(&path));
        }
        for path in super::context::cached_inputs(flags) {
            spared.input(&path);
        }
        spared
    }

    /// Adds a file that the command reads.
    pub fn input(&mut self, path: &Path) {
        self.inputs.extend(file_id(path));
    }

    /// Refuses a file that the command reads, by whatever name, or that exists where those are kept.
    ///
    /// # Errors
    /// With the reason.
    pub fn check(&self, path: &Path) -> Result<()> {
        if file_id(path).is_some_and(|id| self.inputs.contains(&id)) {
            bail!("{}: is an input of this command: write under another name", shown(path));
        }
        if self.existing == Existing::Keep && path.symlink_metadata().is_ok() {
            bail!("{}: already exists; leave out --no-clobber to replace it", shown(path));
        }
        Ok(())
    }
}

/// What is the same for all names of a file.
#[cfg(unix)]
type FileId = (u64, u64);
#[cfg(not(unix))]
type FileId = PathBuf;

#[cfg(unix)]
fn file_id(path: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;
    path.metadata().ok().map(|data| (data.dev(), data.ino()))
}

#[cfg(not(unix))]
fn file_id(path: &Path) -> Option<FileId> {
    path.canonicalize().ok()
}

/// Where a result goes.
#[derive(Debug)]
pub(super) enum Target {
    /// `-o -`.
    Stdout,
    /// A file, with the path as it was given.
    File(PathBuf, Box<Pending>),
}

impl Target {
    /// Finds out before any work is done whether the target can be written.
    ///
    /// # Errors
    /// When its folder does not exist or refuses, when it is a folder itself or an input of the command, when it may
    /// not be replaced, or when bytes would flood the terminal.
    pub fn check(path: &Path, spared: &Spared) -> Result<Self> {
        if path == Path::new("-") {
            if io::stdout().is_terminal() {
                bail!(Usage(
                    "-o - writes bytes to stdout: redirect it to a file or a program".into()
                ));
            }
            return Ok(Self::Stdout);
        }
        if path.is_dir() {
            bail!("{}: is a folder; name a file", shown(path));
        }
        let folder = folder_of(path);
        if !folder.is_dir() {
            bail!("{}: the folder {} does not exist: create it first", shown(path), shown(folder));
        }
        spared.check(path)?;
        let pending = Pending::open(path, spared.existing).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                anyhow!("{}: already exists; leave out --no-clobber to replace it", shown(path))
            }
            _ => anyhow!("{}: cannot be written: {error}", shown(path)),
        })?;
        Ok(Self::File(path.to_path_buf(), Box::new(pending)))
    }

    /// Whether the bytes go to stdout.
    pub const fn is_stdout(&self) -> bool {
        matches!(self, Self::Stdout)
    }

    /// Writes it all, and says where a file is.
    ///
    /// # Errors
    /// When the disk or the pipe fails; a file that was there is then as it was.
    pub fn write(&self, bytes: &[u8]) -> Result<()> {
        self.fill(bytes)?;
        if let Self::File(path, _) = self {
            failure::tell(&format!("wrote {}", shown(path)));
        }
        Ok(())
    }

    /// Writes it all without a word: of many files their number is said.
    ///
    /// # Errors
    /// As [`Target::write`].
    pub fn fill(&self, bytes: &[u8]) -> Result<()> {
        match self {
            Self::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(bytes)?;
                Ok(out.flush()?)
            }
            Self::File(path, pending) => {
                pending.write(bytes).with_context(|| format!("{}: cannot be written", shown(path)))
            }
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
    use crate::cli::args::NetworkFlags;

    #[test]
    fn json_means_the_same_without_control_characters() {
        let hostile = "a\u{1b}[2J\u{9b}\u{7f}\u{202e}\"é漢";
        let text = json(&hostile).unwrap();
        assert_eq!(clean(&text), text);
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), hostile);
    }

    #[test]
    fn inputs_are_spared_under_every_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["photo.png", "model.safetensors", "a.png"] {
            std::fs::write(at(name), "x").unwrap();
        }
        let network = NetworkFlags { model: Some(folder.path().into()), ..Default::default() };
        let flags = Flags { network, ..Flags::default() };
        let spared = Spared::new(&flags, false, Some(&at("photo.png")));
        let refused = |path: PathBuf| Target::check(&path, &spared).is_err();
        assert!(refused(at("photo.png")) && refused(at("model.safetensors")));
        assert!(refused(folder.path().join(".").join("photo.png")));
        assert!(!refused(at("a.png")) && !refused(at("new.png")));
        assert!(refused(folder.path().into()) && refused(at("none/a.png")));
        let spared = Spared::new(&flags, true, None);
        assert!(Target::check(&at("a.png"), &spared).is_err());
        Target::check(&at("b.png"), &spared).unwrap().write(b"bytes").unwrap();
        assert_eq!(std::fs::read(at("b.png")).unwrap(), b"bytes");
    }
}
