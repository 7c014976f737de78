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
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::answer::{Proof, Remote};
use super::folder::Folder;
use super::index::shards;
use super::{HubError, RepoRef};
use crate::base::read_small_text;
use crate::config::is_commit;

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
/// The largest index and the largest of the [`SIDES`] that are read.
const SMALL: u64 = 16 << 20;
/// The largest file of a reference; a commit has 40 bytes.
const REFERENCE: u64 = 4 << 10;

/// A network in the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// `snapshots/<commit>`: `config.json` and `preprocessor_config.json` lie here, where there are any.
    pub folder: PathBuf,
    /// The file of weights, or the index of its shards, which lie beside it.
    pub weights: PathBuf,
    /// The commit.
    pub commit: String,
    /// What a person should know about how it came, for instance that the hub did not answer: sentences.
    pub notes: Vec<String>,
}

/// The folder of one repository.
pub(super) struct Cache {
    folder: PathBuf,
    /// What is written stays below this.
    root: PathBuf,
}

impl Cache {
    pub(super) fn new(cache: &Path, repo: &RepoRef) -> Self {
        let name = format!("models--{}", repo.owner_name.replace('/', "--"));
        Self { folder: cache.join(name), root: cache.into() }
    }

    /// The repository that a folder holds.
    pub(super) fn at(folder: &Path) -> Self {
        Self { folder: folder.into(), root: folder.into() }
    }

    /// A folder of the repository, made when it is not there, to write into.
    pub(super) fn folder(&self, inside: &str) -> Result<PathBuf, HubError> {
        Folder { repository: &self.folder, root: &self.root }.make(inside)
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
        match read_small_text(&path, REFERENCE) {
            Ok(text) => Ok(text.map(|t| t.trim().to_string()).filter(|commit| is_commit(commit))),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(HubError::at(&path, &error)),
        }
    }

    /// The commit of `main`, or the only one that is there.
    pub(super) fn only_commit(&self) -> Result<Option<String>, HubError> {
        if let Some(commit) = self.commit("main")? {
            return Ok(Some(commit));
        }
        let entries = fs::read_dir(self.folder.join("snapshots")).into_iter().flatten().flatten();
        let mut commits = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let first = commits.find(|name| is_commit(name));
        Ok(first.filter(|_| !commits.any(|name| is_commit(&name))))
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
            let (mut missing, mut unproven) = (false, self.unproven(commit, name));
            if name.ends_with(INDEX) {
                for shard in self.shards(commit, name)? {
                    missing |= !is_file(&self.file(commit, &shard))?;
                    unproven = unproven.or(self.unproven(commit, &shard));
                }
            }
            if !missing {
                let folder = self.snapshot(commit);
                return Ok(Some(Snapshot {
                    folder,
                    weights,
                    commit: commit.into(),
                    notes: unproven.into_iter().collect(),
                }));
            }
        }
        Ok(None)
    }

    /// What should be said of a file whose blob has a name that proves nothing. A copy no longer has that name.
    fn unproven(&self, commit: &str, file: &str) -> Option<String> {
        let blob = fs::read_link(self.file(commit, file)).ok()?;
        let etag = blob.file_name()?.to_string_lossy().into_owned();
        (Proof::of(&etag) == Proof::Length).then(|| {
            let file = crate::base::clean(file);
            format!("the hub gives no verifiable hash of {file}: only the size was checked")
        })
    }

    /// The shards of an index that is in the cache, as files of the repository.
    pub(super) fn shards(&self, commit: &str, index: &str) -> Result<Vec<String>, HubError> {
        let path = self.file(commit, index);
        let text = read_small_text(&path, SMALL).map_err(|e| HubError::at(&path, &e))?;
        let text = text.ok_or_else(|| HubError::at(&path, &ErrorKind::NotFound.into()))?;
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
        let made = self.folder(&format!(".no_exist/{commit}{}", parent(file)));
        let made = made.and_then(|_| match fs::File::create_new(&path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                Err(HubError::at(&path, &error))
            }
            _ => Ok(()),
        });
        if let Err(error) = made {
            tracing::debug!(%error, "no marker");
        }
    }

    /// Makes a blob the file of a commit: a link, or, where the disk has no links, a copy; whether it is a copy.
    pub(super) fn link(&self, commit: &str, file: &str, etag: &str) -> Result<bool, HubError> {
        let path = self.file(commit, file);
        let up = "../".repeat(file.matches('/').count() + 2);
        let target = PathBuf::from(format!("{up}blobs/{etag}"));
        if fs::read_link(&path).is_ok_and(|old| old == target) {
            return Ok(false);
        }
        let folder = self.folder(&format!("snapshots/{commit}{}", parent(file)))?;
        let fail = |error: std::io::Error| HubError::at(&path, &error);
        let mut is_copy = false;
        // A fresh name each time: two may link the same file at once.
        let made = tempfile::Builder::new().prefix(".link-").make_in(folder, |new| {
            match std::os::unix::fs::symlink(&target, new) {
                // Disks without links say so in many ways. Only the name that is taken is another matter.
                Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                    tracing::info!(%error, "no link: copying");
                    is_copy = true;
                    copy(&self.blob(etag), new)
                }
                done => done,
            }
        });
        made.map_err(fail)?.into_temp_path().persist(&path).map_err(|e| fail(e.error))?;
        Ok(is_copy)
    }

    /// Remembers the commit of a branch or tag.
    pub(super) fn write_ref(&self, revision: &str, commit: &str) -> Result<(), HubError> {
        if is_commit(revision) || self.commit(revision)?.as_deref() == Some(commit) {
            return Ok(());
        }
        let path = self.folder.join("refs").join(revision);
        let folder = self.folder(&format!("refs{}", parent(revision)))?;
        let fail = |error: std::io::Error| HubError::at(&path, &error);
        let mut file = temporary(&folder).map_err(fail)?;
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
                let data = entry.metadata().ok().filter(fs::Metadata::is_file);
                bytes += data.map_or(0, |data| data.len());
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

/// Copies a file to a name that is not taken. Half a copy is removed.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut source = fs::File::open(from)?;
    let mut copy = fs::OpenOptions::new().write(true).create_new(true).mode(0o666).open(to)?;
    let copied = std::io::copy(&mut source, &mut copy).and_then(|_| copy.sync_all());
    copied.inspect_err(|_| {
        // The copy's own error says more than one of the cleaning.
        let _ = fs::remove_file(to);
    })
}

/// `/sub` of `sub/file`, nothing of `file`.
fn parent(file: &str) -> String {
    file.rsplit_once('/').map_or_else(String::new, |(folder, _)| format!("/{folder}"))
}

/// Whether a file of the network is small enough to be read whole, where it has to be.
pub(super) fn within_bounds(remote: &Remote, host: &str) -> Result<(), HubError> {
    let small = is_index(&remote.file) || SIDES.contains(&remote.file.as_str());
    if small && remote.size > SMALL {
        return Err(HubError::Oversized {
            host: host.into(),
            file: remote.file.clone(),
            bytes: remote.size,
            limit: SMALL,
        });
    }
    Ok(())
}

/// Whether an index is meant.
pub(super) fn is_index(file: &str) -> bool {
    file.ends_with(INDEX)
}
