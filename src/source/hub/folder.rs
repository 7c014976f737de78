//! The folders of the cache that are written to: none of them leads out of it.
//!
//! A link in a cache may lead anywhere, and may be another user's. A repository as a whole may be a link of this user's, to
//! another disk; `blobs`, `snapshots`, `refs` and what is below them may only lead to somewhere else in the cache.

use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::HubError;

/// Where a repository is written.
pub(super) struct Folder<'a> {
    /// `models--owner--name`.
    pub repository: &'a Path,
    /// The cache.
    pub root: &'a Path,
}

impl Folder<'_> {
    /// The folder of that path below the repository, made when it is not there.
    pub fn make(&self, inside: &str) -> Result<PathBuf, HubError> {
        fs::create_dir_all(self.root).map_err(|e| HubError::at(self.root, &e))?;
        let mut path = self.repository.to_path_buf();
        if step(&path)? && !is_own(&look(&path)?) {
            return Err(refused(&path, "it is a link of another user"));
        }
        let homes = [resolved(self.root)?, resolved(&path)?];
        for name in inside.split('/') {
            path.push(name);
            if step(&path)? {
                let to = resolved(&path)?;
                if !homes.iter().any(|home| to.starts_with(home)) {
                    return Err(refused(&path, "it is a link that leads out of the cache"));
                }
            }
        }
        Ok(path)
    }
}

/// Makes a folder when it is not there; whether it is a link.
fn step(path: &Path) -> Result<bool, HubError> {
    if let Err(error) = fs::create_dir(path)
        && fs::symlink_metadata(path).is_err()
    {
        return Err(HubError::at(path, &error));
    }
    let is_link = look(path)?.is_symlink();
    // Through the link.
    let data = fs::metadata(path).map_err(|e| HubError::at(path, &e))?;
    if data.is_dir() { Ok(is_link) } else { Err(refused(path, "it is not a folder")) }
}

/// Whether a file, a folder or a link is this user's, or the administrator's.
fn is_own(data: &Metadata) -> bool {
    [0, rustix::process::geteuid().as_raw()].contains(&data.uid())
}

fn look(path: &Path) -> Result<Metadata, HubError> {
    fs::symlink_metadata(path).map_err(|e| HubError::at(path, &e))
}

fn resolved(path: &Path) -> Result<PathBuf, HubError> {
    fs::canonicalize(path).map_err(|e| HubError::at(path, &e))
}

fn refused(path: &Path, why: &str) -> HubError {
    HubError::at(path, &std::io::Error::new(ErrorKind::InvalidInput, why))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn links_that_lead_out_are_not_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let (root, outside) = (folder.path().join("hub"), folder.path().join("outside"));
        fs::create_dir_all(&root).unwrap();
        fs::create_dir_all(outside.join("deep")).unwrap();
        let repository = root.join("models--a--b");
        let make = |inside: &str| Folder { repository: &repository, root: &root }.make(inside);
        assert_eq!(make("snapshots/c/sub").unwrap(), repository.join("snapshots/c/sub"));
        std::os::unix::fs::symlink(&outside, repository.join("refs")).unwrap();
        std::os::unix::fs::symlink("../../../outside/deep", repository.join("snapshots/d"))
            .unwrap();
        for inside in ["refs", "refs/pr", "snapshots/d"] {
            assert!(make(inside).unwrap_err().to_string().contains("leads out"), "{inside}");
        }
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 1, "nothing was made there");
        // Elsewhere in the cache is not out of it, and a repository of this user's may be on another disk.
        fs::create_dir(root.join("shared")).unwrap();
        std::os::unix::fs::symlink("../shared", repository.join("blobs")).unwrap();
        make("blobs").unwrap();
        let moved = root.join("models--c--d");
        std::os::unix::fs::symlink(&outside, &moved).unwrap();
        Folder { repository: &moved, root: &root }.make("blobs").unwrap();
        assert!(outside.join("blobs").is_dir());
        fs::write(moved.join("file"), "x").unwrap();
        let error = Folder { repository: &moved, root: &root }.make("file").unwrap_err();
        assert!(error.to_string().contains("not a folder"), "{error}");
        std::os::unix::fs::symlink("nowhere", moved.join("gone")).unwrap();
        Folder { repository: &moved, root: &root }.make("gone").unwrap_err();
    }
}
