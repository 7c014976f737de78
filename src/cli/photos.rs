//! The photos that a command line names: files, what is in folders, samples, and one that comes through stdin.

use std::io::{IsTerminal, Read, stdin};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::{Context as _, Result, bail};

use super::failure::Usage;
use crate::session::ask::PhotoRef;
use crate::source::{collect, is_input_array, is_input_bytes};

/// How stdin is written on a command line.
const STDIN: &str = "-";
/// Most bytes of stdin that are read, as of a photo's file.
const LIMIT: u64 = 256 << 20;

/// Photos in the order of the command line, those of a folder by name.
pub(super) struct Photos {
    /// All of them.
    pub all: Vec<PhotoPath>,
    /// Whether the command line names one photo, and not a folder.
    pub is_one: bool,
}

/// A photo of a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PhotoPath {
    /// As it was given, or below the folder that was given.
    pub path: PathBuf,
    /// What a file about it is called: its name, for a photo in a folder its path from there.
    pub name: PathBuf,
}

impl Photos {
    /// The photos that paths name.
    ///
    /// # Errors
    /// When a path does not exist, or a folder holds no photo.
    pub fn find(paths: &[PathBuf]) -> Result<Self> {
        let is_one = matches!(paths, [one] if !one.is_dir());
        let mut all = Vec::new();
        for path in paths {
            if is_stdin(path) {
                all.push(PhotoPath { path: path.clone(), name: "stdin".into() });
                continue;
            }
            let own_name =
                |path: &Path| PathBuf::from(path.file_name().unwrap_or(path.as_os_str()));
            if let PhotoRef::Sample(_) = PhotoRef::named(path) {
                let text = path.to_string_lossy();
                let name = text.split_once(':').map_or(&*text, |(_, name)| name).into();
                all.push(PhotoPath { path: path.clone(), name });
                continue;
            }
            for found in collect(std::slice::from_ref(path))? {
                let below = found.strip_prefix(path).ok().filter(|name| name.file_name().is_some());
                let name = below.map_or_else(|| own_name(&found), Path::to_path_buf);
                all.push(PhotoPath { path: found, name });
            }
        }
        Ok(Self { all, is_one })
    }

    /// The paths.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.all.iter().map(|photo| photo.path.as_path())
    }
}

/// Refuses a folder, for a command that takes one photo.
///
/// # Errors
/// When the path is a folder.
pub(super) fn refuse_folder(path: &Path) -> Result<()> {
    if path.is_dir() && !is_stdin(path) {
        bail!("{}: is a folder; this command takes one photo", super::output::shown(path));
    }
    Ok(())
}

/// The photo that a path of the command line names; `-` is the one that comes through stdin.
///
/// # Errors
/// When the path is a folder; when stdin is a terminal, cannot be read, or holds nothing or too much.
pub(super) fn photo_at(path: &Path) -> Result<PhotoRef> {
    if is_stdin(path) {
        return Ok(PhotoRef::Stdin(from_stdin()?));
    }
    refuse_folder(path)?;
    Ok(PhotoRef::named(path))
}

/// Whether the photo at a path of the command line is an input tensor, which has no pixels to show.
///
/// # Errors
/// As [`photo_at`].
pub(super) fn is_tensor(path: &Path) -> Result<bool> {
    Ok(match photo_at(path)? {
        PhotoRef::Stdin(bytes) => is_input_bytes(&bytes),
        PhotoRef::File(path) => is_input_array(&path),
        PhotoRef::Sample(_) | PhotoRef::Blank => false,
    })
}

/// Whether a path of the command line stands for stdin.
pub(super) fn is_stdin(path: &Path) -> bool {
    path == Path::new(STDIN)
}

/// The bytes of stdin, which can be read once.
fn from_stdin() -> Result<Arc<[u8]>> {
    static BYTES: OnceLock<Arc<[u8]>> = OnceLock::new();
    if let Some(bytes) = BYTES.get() {
        return Ok(bytes.clone());
    }
    if stdin().is_terminal() {
        bail!(Usage(
            "- reads a photo from stdin, which is a terminal here: pipe a photo in".into()
        ));
    }
    let mut bytes = Vec::new();
    stdin().lock().take(LIMIT + 1).read_to_end(&mut bytes).context("stdin cannot be read")?;
    if bytes.is_empty() {
        bail!("stdin is empty: pipe a photo in");
    }
    if bytes.len() as u64 > LIMIT {
        bail!("stdin has more than {} MiB, too much for a photo", LIMIT >> 20);
    }
    Ok(BYTES.get_or_init(|| bytes.into()).clone())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_are_paths_below_the_folder_that_was_named() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir(root.join("cats")).unwrap();
        for name in ["cats/a.png", "b.png", "notes.txt"] {
            std::fs::write(root.join(name), "x").unwrap();
        }
        let names = |paths: &[PathBuf]| -> Vec<PathBuf> {
            Photos::find(paths).unwrap().all.into_iter().map(|photo| photo.name).collect()
        };
        assert_eq!(names(&[root.into()]), [PathBuf::from("b.png"), "cats/a.png".into()]);
        let given = ["-".into(), "builtin:china.jpg".into(), root.join("cats/a.png")];
        assert_eq!(names(&given), [PathBuf::from("stdin"), "china.jpg".into(), "a.png".into()]);
        assert!(Photos::find(&[root.join("b.png")]).unwrap().is_one);
        assert!(!Photos::find(&[root.join("cats")]).unwrap().is_one);
    }
}
