//! The Hugging Face cache on the disk: reading it and adding to it, as `huggingface_hub` does.
//!
//! ```text
//! models--owner--name/
//!   blobs/<etag>                  the bytes; etag: sha256 of a large file, git's id of a small one
//!   refs/<revision>               the commit of a branch or tag
//!   snapshots/<commit>/<file>     a link to ../../blobs/<etag>, or (no links there) the file itself
//!   .no_exist/<commit>/<file>     an empty file: this commit has no such file
//! ```
//!
//! What is there is only read: a shared cache may be one that cannot be written.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use super::index::shards;
use super::repo::{is_commit, is_inside};
use super::{HubError, RepoRef};

/// Weights in the order of preference; an index stands for its shards.
pub(super) const WEIGHTS: [&str; 4] = [
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
];
/// What says how a network wants its input; either may be missing.
pub(super) const SIDES: [&str; 2] = ["config.json", "preprocessor_config.json"];
/// The end of the name of an index.
const INDEX: &str = ".index.json";
/// Largest index that is read.
const INDEX_LIMIT: u64 = 16 << 20;

/// A network in the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// `snapshots/<commit>`: `config.json` and `preprocessor_config.json` lie here, where there are any.
    pub folder: PathBuf,
    /// The file of weights, or the index of its shards, which lie beside it.
    pub weights: PathBuf,
    /// The commit.
    pub commit: String,
    /// What a person should know about how it came, for instance that the hub did not answer.
    pub note: Option<String>,
}

/// The folder of one repository.
pub(super) struct Cache {
    folder: PathBuf,
}

impl Cache {
    pub(super) fn new(cache: &Path, repo: &RepoRef) -> Self {
        Self { folder: cache.join(repo.folder()) }
    }

    pub(super) fn blobs(&self) -> PathBuf {
        self.folder.join("blobs")
    }

    pub(super) fn blob(&self, etag: &str) -> PathBuf {
        self.blobs().join(etag)
    }

    fn snapshot(&self, commit: &str) -> PathBuf {
        self.folder.join("snapshots").join(commit)
    }

    /// A file of a commit, whether it exists or not.
    pub(super) fn file(&self, commit: &str, file: &str) -> PathBuf {
        self.snapshot(commit).join(file)
    }

    /// The commit that a revision stood for when it was last asked for.
    pub(super) fn commit(&self, revision: &str) -> Result<Option<String>, HubError> {
        if is_commit(revision) {
            return Ok(Some(revision.to_string()));
        }
        let path = self.folder.join("refs").join(revision);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text.trim().to_string()).filter(|commit| is_commit(commit))),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(HubError::at(&path, &error)),
        }
    }

    /// The whole weights of a commit; `file` where one is named.
    pub(super) fn whole(
        &self,
        commit: &str,
        file: Option<&str>,
    ) -> Result<Option<Snapshot>, HubError> {
        let named = file.map(|file| vec![file]);
        for name in named.unwrap_or_else(|| WEIGHTS.to_vec()) {
            let weights = self.file(commit, name);
            if !is_file(&weights)? {
                continue;
            }
            let mut missing = false;
            if name.ends_with(INDEX) {
                for shard in self.shards(commit, name)? {
                    missing |= !is_file(&self.file(commit, &shard))?;
                }
            }
            if !missing {
                let folder = self.snapshot(commit);
                return Ok(Some(Snapshot { folder, weights, commit: commit.into(), note: None }));
            }
        }
        Ok(None)
    }

    /// The shards of an index that is in the cache, as files of the repository.
    pub(super) fn shards(&self, commit: &str, index: &str) -> Result<Vec<String>, HubError> {
        let path = self.file(commit, index);
        let mut text = String::new();
        let file = fs::File::open(&path).map_err(|e| HubError::at(&path, &e))?;
        file.take(INDEX_LIMIT).read_to_string(&mut text).map_err(|e| HubError::at(&path, &e))?;
        let folder = index.rsplit_once('/').map_or("", |(folder, _)| folder);
        let shards = shards(&text).map_err(|why| HubError::Index { file: index.into(), why })?;
        Ok(shards
            .into_iter()
            .map(|shard| if folder.is_empty() { shard } else { format!("{folder}/{shard}") })
            .collect())
    }

    /// Whether a commit is known to have no such file.
    pub(super) fn lacks(&self, commit: &str, file: &str) -> Result<bool, HubError> {
        is_file(&self.no_exist(commit, file))
    }

    fn no_exist(&self, commit: &str, file: &str) -> PathBuf {
        self.folder.join(".no_exist").join(commit).join(file)
    }

    /// Remembers that a commit has no such file. It saves a question: where it cannot be written, the
    /// question is asked again.
    pub(super) fn mark_lacking(&self, commit: &str, file: &str) {
        let path = self.no_exist(commit, file);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        if let Err(error) = made.and_then(|()| fs::write(&path, "")) {
            tracing::debug!(path = %path.display(), %error, "no marker");
        }
    }

    /// Makes a blob the file of a commit: a link, or, where the disk has no links, a copy.
    pub(super) fn link(&self, commit: &str, file: &str, etag: &str) -> Result<(), HubError> {
        let path = self.file(commit, file);
        let up = "../".repeat(file.matches('/').count() + 2);
        let target = PathBuf::from(format!("{up}blobs/{etag}"));
        if fs::read_link(&path).is_ok_and(|old| old == target) {
            return Ok(());
        }
        let fail = |error: std::io::Error| HubError::at(&path, &error);
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder).map_err(fail)?;
        // A fresh name each time: two may link the same file at once.
        let made = tempfile::Builder::new().prefix(".link-").make_in(folder, |new| {
            match std::os::unix::fs::symlink(&target, new) {
                Err(e) if has_no_links(&e) => fs::copy(self.blob(etag), new).map(|_| ()),
                done => done,
            }
        });
        made.map_err(fail)?.into_temp_path().persist(&path).map_err(|e| fail(e.error))
    }

    /// Remembers the commit of a branch or tag.
    pub(super) fn write_ref(&self, revision: &str, commit: &str) -> Result<(), HubError> {
        if is_commit(revision) || self.commit(revision)?.as_deref() == Some(commit) {
            return Ok(());
        }
        let path = self.folder.join("refs").join(revision);
        let fail = |error: std::io::Error| HubError::at(&path, &error);
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder).map_err(fail)?;
        let mut file = temporary(folder).map_err(fail)?;
        file.write_all(commit.as_bytes()).map_err(fail)?;
        file.persist(&path).map_err(|e| fail(e.error))?;
        Ok(())
    }

    /// Bytes of the parts of downloads that lie here.
    pub(super) fn part_bytes(&self) -> Result<u64, HubError> {
        let blobs = self.blobs();
        let fail = |error: std::io::Error| HubError::at(&blobs, &error);
        let entries = match fs::read_dir(&blobs) {
            Ok(entries) => entries,
            Err(error) if is_absent(&error) => return Ok(0),
            Err(error) => return Err(fail(error)),
        };
        let mut bytes = 0;
        for entry in entries {
            let entry = entry.map_err(fail)?;
            if super::part::is_part(&entry.file_name().to_string_lossy()) {
                // It may become a blob while we look.
                bytes += entry.metadata().map_or(0, |data| data.len());
            }
        }
        Ok(bytes)
    }

    /// Bytes of the shards of an index of a commit that are there, though not all are.
    pub(super) fn shard_bytes(&self, commit: &str, file: Option<&str>) -> Result<u64, HubError> {
        let mut bytes = 0;
        let named = file.map(|file| vec![file]);
        for index in named.unwrap_or_else(|| WEIGHTS.to_vec()) {
            if index.ends_with(INDEX) && is_file(&self.file(commit, index))? {
                for shard in self.shards(commit, index)? {
                    bytes += fs::metadata(self.file(commit, &shard)).map_or(0, |data| data.len());
                }
            }
        }
        Ok(bytes)
    }
}

/// A file that its own group and others may read as the umask says, unlike the usual temporary one:
/// caches are shared.
fn temporary(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;
    tempfile::Builder::new()
        .prefix(".new-")
        .permissions(fs::Permissions::from_mode(0o666))
        .tempfile_in(folder)
}

/// Whether a path leads to a file, through links.
fn is_file(path: &Path) -> Result<bool, HubError> {
    match fs::metadata(path) {
        Ok(data) => Ok(data.is_file()),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(HubError::at(path, &error)),
    }
}

pub(super) fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// What file systems without symbolic links say: FAT and some network ones.
fn has_no_links(error: &std::io::Error) -> bool {
    let eperm = error.raw_os_error() == Some(rustix::io::Errno::PERM.raw_os_error());
    eperm || error.kind() == ErrorKind::Unsupported
}

/// Whether an index is meant.
pub(super) fn is_index(file: &str) -> bool {
    file.ends_with(INDEX)
}

/// The etag as the name of a blob: a sha256 or a git id.
pub(super) fn is_etag(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && super::repo::is_hex(text) && is_inside(text)
}
