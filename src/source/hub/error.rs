//! What can go wrong between here and a network on the hub.

use std::io::ErrorKind;
use std::path::Path;

use thiserror::Error;

use crate::base::{clean, short_bytes};
use crate::source::SourceError;

/// Why a network did not come: one sentence that says what to do, safe to show on a terminal.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum HubError {
    /// Somebody asked to stop. What came so far is kept.
    #[error("canceled")]
    Canceled,
    /// Nothing may be asked, and the cache has no whole copy.
    #[error(
        "{repo} is not (completely) in {cache}, and convscope is offline: remove --offline and HF_HUB_OFFLINE, or run `convscope fetch {repo}` elsewhere and copy that folder here"
    )]
    Offline {
        /// The repository, revision and file.
        repo: String,
        /// The cache.
        cache: String,
    },
    /// The owner lets only those in who accepted a license.
    #[error(
        "{repo} is gated: accept its license on {page} and set HF_TOKEN to a token of that account"
    )]
    Gated {
        /// The repository.
        repo: String,
        /// Its page.
        page: String,
    },
    /// 401 or 403 without more: the hub answers so for private, gated and missing repositories.
    #[error(
        "{host} denies access to {repo} ({status}): check the name; if it is private or gated, accept its license on {page} and set HF_TOKEN"
    )]
    Denied {
        /// Who refused.
        host: String,
        /// The repository.
        repo: String,
        /// Its page.
        page: String,
        /// The status of the answer.
        status: u16,
    },
    /// The token is none.
    #[error(
        "{host} rejects your token: set HF_TOKEN to a valid one (or log in with `hf auth login`), or remove it to connect without a token"
    )]
    Token {
        /// Who refused.
        host: String,
    },
    /// No such repository.
    #[error("{host} has no repository {repo}: check its owner and name")]
    NoRepository {
        /// Who was asked.
        host: String,
        /// The repository.
        repo: String,
    },
    /// No such branch, tag or commit.
    #[error("{repo} has no revision \"{revision}\": check the branch, tag or commit after the @")]
    NoRevision {
        /// The repository.
        repo: String,
        /// The revision.
        revision: String,
    },
    /// No such file.
    #[error("{repo} has no file {file}: {page} lists what it has")]
    NoFile {
        /// The repository.
        repo: String,
        /// The file.
        file: String,
        /// The page of its files.
        page: String,
    },
    /// No file that could be a network.
    #[error(
        "{repo} has neither model.safetensors nor pytorch_model.bin: name the file, as in {repo}:FILE; {page} lists what it has"
    )]
    NoWeights {
        /// The repository.
        repo: String,
        /// The page of its files.
        page: String,
    },
    /// More than any network that can be read here.
    #[error(
        "the weights of {repo} have {gib} GiB, and at most {limit} GiB are read: name a smaller file, as in {repo}:FILE"
    )]
    TooLarge {
        /// The repository.
        repo: String,
        /// Their size.
        gib: u64,
        /// The bound.
        limit: u64,
    },
    /// No connection, or it broke, again and again.
    #[error(
        "{host} cannot be reached ({why}): set HTTPS_PROXY to your proxy or HF_ENDPOINT to a mirror, or run `convscope fetch` on a machine that can and copy its cache to {cache}"
    )]
    Unreachable {
        /// Who did not answer.
        host: String,
        /// What happened.
        why: String,
        /// The cache of this machine.
        cache: String,
    },
    /// Connected, then nothing came, or hardly anything.
    #[error(
        "{host} sent nothing, or too little, for {seconds} s while fetching {what}: try again (the download resumes), or set HF_ENDPOINT to a mirror"
    )]
    Stalled {
        /// Who fell silent.
        host: String,
        /// What was fetched.
        what: String,
        /// For how long, rounded up.
        seconds: u64,
    },
    /// The connection ended early, again and again.
    #[error(
        "{host} closed the connection after {have} of {want} bytes of {file}: try again (the download resumes), or set HF_ENDPOINT to a mirror"
    )]
    Broken {
        /// Who broke off.
        host: String,
        /// The file.
        file: String,
        /// Bytes that came.
        have: u64,
        /// Bytes of the whole.
        want: u64,
    },
    /// 429.
    #[error("{host} limits your requests: try again {}, or set HF_TOKEN for a higher limit", later(*.seconds))]
    SlowDown {
        /// Who asks.
        host: String,
        /// For how long, where it says so.
        seconds: Option<u64>,
    },
    /// 5xx.
    #[error(
        "{host} has an internal error ({why}): try again later, or set HF_ENDPOINT to a mirror"
    )]
    Server {
        /// Whose error.
        host: String,
        /// The status of the answer, and the server's words.
        why: String,
    },
    /// An answer that the hub would not give.
    #[error(
        "{host} sent an unexpected response for {what} ({why}): check HF_ENDPOINT, HTTPS_PROXY and NO_PROXY"
    )]
    Answer {
        /// Who answered.
        host: String,
        /// What was asked for.
        what: String,
        /// What is odd.
        why: String,
    },
    /// A page for people where a file or an answer should be.
    #[error(
        "{host} sent a web page instead of {what}: a proxy or a login page stands in between; log in there, or set HTTPS_PROXY or HF_ENDPOINT"
    )]
    Page {
        /// Who sent it.
        host: String,
        /// What should have come.
        what: String,
    },
    /// A small file that is not one.
    #[error(
        "{host} says that {file} has {}, and at most {} are read of it: check the repository, or set HF_ENDPOINT to another mirror",
        short_bytes(*.bytes),
        short_bytes(*.limit)
    )]
    Oversized {
        /// Who says so.
        host: String,
        /// The file.
        file: String,
        /// Its size in bytes.
        bytes: u64,
        /// The bound in bytes.
        limit: u64,
    },
    /// More or fewer bytes than the hub has.
    #[error(
        "{file} came with {have} instead of {want} bytes from {host} and was removed: try again, or set HF_ENDPOINT to another mirror"
    )]
    WrongLength {
        /// Who sent it.
        host: String,
        /// The file.
        file: String,
        /// Bytes that came.
        have: u64,
        /// Bytes that the hub names.
        want: u64,
    },
    /// Other bytes than the hub has.
    #[error(
        "{file} from {host} does not match the hub's hash and was removed: try again, or set HF_ENDPOINT to another mirror"
    )]
    WrongHash {
        /// Who sent it.
        host: String,
        /// The file.
        file: String,
    },
    /// No room, or no more quota.
    #[error(
        "the disk of {folder} is full ({why}): make room, or set HF_HUB_CACHE to a folder on another disk"
    )]
    DiskFull {
        /// Where.
        folder: String,
        /// What the system says.
        why: String,
    },
    /// The cache may be read but not written.
    #[error("{folder} cannot be written ({why}): set HF_HUB_CACHE to a folder of your own")]
    ReadOnly {
        /// Where.
        folder: String,
        /// What the system says.
        why: String,
    },
    /// The cache is broken in another way.
    #[error(
        "the cache fails at {path} ({why}): remove that, or set HF_HUB_CACHE to another folder"
    )]
    Cache {
        /// Where.
        path: String,
        /// What the system says.
        why: String,
    },
    /// A list of shards that is none.
    #[error(
        "{file} is not a list of shards ({why}): name one file of weights, as in owner/name:file"
    )]
    Index {
        /// The file.
        file: String,
        /// What is wrong.
        why: String,
    },
    /// There is not even a way to ask.
    #[error("no connection can be made ({why}): {advice}")]
    Setup {
        /// What is wrong.
        why: String,
        /// What to do.
        advice: &'static str,
    },
}

impl HubError {
    /// Whether somebody asked to stop, so that nothing failed.
    pub fn is_cancelled(&self) -> bool {
        *self == Self::Canceled
    }

    /// What the system says about a file or folder of the cache.
    pub(super) fn at(path: &Path, error: &std::io::Error) -> Self {
        let why = clean(&error.to_string());
        let path = clean(&path.to_string_lossy());
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                Self::DiskFull { folder: path, why }
            }
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly { folder: path, why }
            }
            _ => Self::Cache { path, why },
        }
    }
}

impl From<HubError> for SourceError {
    fn from(error: HubError) -> Self {
        Self::named("hub", error.to_string())
    }
}

fn later(seconds: Option<u64>) -> String {
    seconds.map_or_else(|| "in a minute".into(), |seconds| format!("in {seconds} s"))
}
