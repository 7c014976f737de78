//! Networks from the Hugging Face hub, into the cache that Python's `huggingface_hub` reads and writes.
//!
//! [`cached`] looks without asking anybody; [`fetch`] asks the hub for what is missing: which commit, which files, their
//! bytes by ranged requests. A part is kept beside its blob and gets the blob's name only when its length and hash are the
//! hub's, so that nothing half or false ever stands under a final name. Nothing that a server, a file or the environment
//! states is believed without a bound, and the cache is never written through a link.
//!
//! tokio stays in here: callers see plain functions that block, poll a [`Cancel`] and report bytes.

mod address;
pub mod answer;
mod ask;
mod cache;
mod certificates;
mod error;
mod failure;
mod fetch;
mod folder;
mod index;
mod meter;
mod net;
mod options;
mod part;
mod room;

pub use address::shown;
pub use cache::Snapshot;
pub use error::HubError;
pub use index::shards;
pub use options::{HubOptions, Limits, Token};
pub use room::{Room, room};

pub use crate::config::RepoRef;

use std::path::Path;
use std::time::Duration;

use crate::base::{Cancel, Progress};
use cache::Cache;

/// How much of a network is in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All of its weights.
    Whole,
    /// Some bytes of them; [`fetch`] goes on from there.
    Partial {
        /// How many.
        bytes: u64,
    },
    /// Nothing.
    Absent,
}

/// The network as it is in the cache. Asks nobody and writes nothing. `None` when its weights are not
/// whole.
///
/// # Errors
/// When the cache cannot be read or holds an index of shards that is not one.
pub fn cached(options: &HubOptions, repo: &RepoRef) -> Result<Option<Snapshot>, HubError> {
    let cache = Cache::new(&options.cache, repo);
    match cache.commit(repo.revision())? {
        Some(commit) => cache.whole(&commit, repo.file.as_deref()),
        None => Ok(None),
    }
}

/// The network in a folder of the cache, `models--owner--name`, as [`cached`] finds it: its `main`, or the only version that is
/// there. `None` when the folder is not one of the cache, or the weights are not whole.
///
/// # Errors
/// As [`cached`].
pub fn in_folder(folder: &Path) -> Result<Option<Snapshot>, HubError> {
    let cache = Cache::at(folder);
    match cache.only_commit()? {
        Some(commit) => cache.whole(&commit, None),
        None => Ok(None),
    }
}

/// How much of the network is in the cache. Asks nobody and writes nothing.
///
/// # Errors
/// As [`cached`].
pub fn status(options: &HubOptions, repo: &RepoRef) -> Result<Status, HubError> {
    if cached(options, repo)?.is_some() {
        return Ok(Status::Whole);
    }
    let cache = Cache::new(&options.cache, repo);
    let mut bytes = cache.part_bytes()?;
    if let Some(commit) = cache.commit(repo.revision())? {
        bytes += cache.shard_bytes(&commit, repo.file.as_deref())?;
    }
    Ok(if bytes == 0 { Status::Absent } else { Status::Partial { bytes } })
}

/// Brings the network into the cache and reports `(bytes there, bytes in all)` over all of its files.
///
/// What is whole in the cache is not fetched again, and nothing is asked about it when the revision is
/// a whole commit or the hub is switched off. A branch is asked once, for [`Limits::check`], whether it
/// has moved; when that or the newer version cannot be had, the copy in the cache is the answer and
/// [`Snapshot::notes`] says why.
///
/// # Errors
/// [`HubError::Canceled`] within 100 ms of a cancel; else the reason, with what to do. What came is kept
/// and the next call goes on from there.
pub fn fetch(
    options: &HubOptions,
    repo: &RepoRef,
    cancel: &Cancel,
    progress: &mut Progress,
) -> Result<Snapshot, HubError> {
    fetch::fetch(options, repo, cancel, progress)
}

/// Whether the hub answers at all, within [`Limits::check`]: how long it took.
///
/// # Errors
/// Why it does not, with what to do.
pub fn check(options: &HubOptions) -> Result<Duration, HubError> {
    fetch::check(options)
}
