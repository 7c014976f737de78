//! The part of a download that has come: a file beside its blob, with one owner.
//!
//! `blobs/<etag>.convscope-<host>-<pid>.incomplete`. The name says who writes it, because locks cannot be
//! relied on: `flock` succeeds silently on Lustre, GPFS and some NFS, where the home directories of GPU
//! servers lie. A part whose owner is dead is adopted by renaming it, which only one can do.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::HubError;
use super::net::{Hub, Remote};
use crate::base::Cancel;

const MARK: &str = ".convscope-";
const END: &str = ".incomplete";
/// Whether a process of another host lives cannot be asked: one that writes nothing for so long does not.
const DEAD_AFTER: Duration = Duration::from_secs(3600);
/// Bytes between two looks at the cancel token.
const PIECE: usize = 1 << 20;
/// How often one thread looks whether another is done with the same file.
const TICK: Duration = Duration::from_millis(20);

/// Parts that threads of this process write: they share the process's name.
static CLAIMS: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// The right to write a part within this process.
struct Claim(PathBuf);

impl Claim {
    /// Waits until no other thread has it.
    fn wait(path: &Path, cancel: &Cancel) -> Result<Self, HubError> {
        loop {
            if CLAIMS.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_path_buf()) {
                return Ok(Self(path.to_path_buf()));
            }
            if cancel.is_cancelled() {
                return Err(HubError::Cancelled);
            }
            std::thread::sleep(TICK);
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        CLAIMS.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

/// A part that this thread writes.
pub(super) struct Part {
    path: PathBuf,
    file: File,
    /// Bytes that it has.
    pub len: u64,
    _claim: Claim,
}

impl Part {
    /// The part of a blob: this process's, else one whose owner is dead, else a new one.
    pub fn claim(blobs: &Path, remote: &Remote, cancel: &Cancel) -> Result<Self, HubError> {
        fs::create_dir_all(blobs).map_err(|e| HubError::at(blobs, &e))?;
        let path = blobs.join(name(&remote.etag, &host(), std::process::id()));
        let claim = Claim::wait(&path, cancel)?;
        if !path.exists() {
            adopt(blobs, &remote.etag, &path)?;
        }
        let open =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let file = open.map_err(|e| HubError::at(&path, &e))?;
        let len = file.metadata().map_err(|e| HubError::at(&path, &e))?.len();
        let mut part = Self { path, file, len, _claim: claim };
        if len > remote.size {
            part.cut(0)?;
        }
        Ok(part)
    }

    /// Forgets everything from byte `len` on.
    pub fn cut(&mut self, len: u64) -> Result<(), HubError> {
        if len < self.len {
            self.file.set_len(len).map_err(|e| self.fail(&e))?;
            self.len = len;
        }
        Ok(())
    }

    /// Adds bytes at the end.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), HubError> {
        self.file.seek(SeekFrom::Start(self.len)).map_err(|e| self.fail(&e))?;
        self.file.write_all(bytes).map_err(|e| self.fail(&e))?;
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Whether the bytes on the disk have the hash that the etag is.
    pub fn is_true(&mut self, etag: &str, cancel: &Cancel) -> Result<bool, HubError> {
        let found = if etag.len() == 64 {
            self.hash(Sha256::new(), cancel)?
        } else {
            // Git's id of a file.
            let head = format!("blob {}\0", self.len);
            self.hash(Sha1::new().chain_update(head), cancel)?
        };
        Ok(found == etag)
    }

    fn hash(&mut self, mut hasher: impl Digest, cancel: &Cancel) -> Result<String, HubError> {
        self.file.seek(SeekFrom::Start(0)).map_err(|e| self.fail(&e))?;
        let mut piece = vec![0; PIECE];
        loop {
            if cancel.is_cancelled() {
                return Err(HubError::Cancelled);
            }
            match self.file.read(&mut piece).map_err(|e| self.fail(&e))? {
                0 => break,
                read => hasher.update(&piece[..read]),
            }
        }
        Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Gives the part its final name. Its bytes reach the disk first, so that a power cut leaves no empty
    /// blob behind.
    pub fn finish(self, blob: &Path, hub: &Hub<'_>) -> Result<(), HubError> {
        let file = self.file.try_clone().map_err(|e| self.fail(&e))?;
        hub.aside(move || file.sync_all())?.map_err(|e| self.fail(&e))?;
        fs::rename(&self.path, blob).map_err(|e| HubError::at(blob, &e))
    }

    /// Removes the part.
    pub fn discard(self) -> Result<(), HubError> {
        fs::remove_file(&self.path).map_err(|e| self.fail(&e))
    }

    fn fail(&self, error: &std::io::Error) -> HubError {
        HubError::at(self.path.parent().unwrap_or(&self.path), error)
    }
}

/// Removes the parts of a blob that dead owners left. They only take room: failing is no harm.
pub(super) fn sweep(blobs: &Path, etag: &str) {
    for left in orphans(blobs, etag).unwrap_or_default() {
        if let Err(error) = fs::remove_file(&left) {
            tracing::debug!(path = %left.display(), %error, "an old part stays");
        }
    }
}

/// Whether a file of `blobs/` is a part of ours.
pub(super) fn is_part(name: &str) -> bool {
    name.contains(MARK) && name.ends_with(END)
}

/// Renames the largest part without a living owner to `own`, if there is one.
fn adopt(blobs: &Path, etag: &str, own: &Path) -> Result<(), HubError> {
    let mut orphans = orphans(blobs, etag).map_err(|e| HubError::at(blobs, &e))?;
    orphans.sort_by_key(|path| std::cmp::Reverse(fs::metadata(path).map_or(0, |data| data.len())));
    // Another may have been faster: then the next.
    if let Some(path) = orphans.iter().find(|path| fs::rename(path, own).is_ok()) {
        tracing::info!(path = %path.display(), "adopted");
    }
    Ok(())
}

fn orphans(blobs: &Path, etag: &str) -> std::io::Result<Vec<PathBuf>> {
    let mut orphans = Vec::new();
    for entry in fs::read_dir(blobs)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let owner = name.strip_prefix(etag).and_then(|rest| rest.strip_prefix(MARK));
        let owner = owner.and_then(|rest| rest.strip_suffix(END)?.rsplit_once('-'));
        let Some((from, pid)) = owner else { continue };
        let quiet = || {
            let modified = entry.metadata().and_then(|data| data.modified());
            modified.is_ok_and(|at| at.elapsed().is_ok_and(|quiet| quiet > DEAD_AFTER))
        };
        if if from == host() { !lives(pid) } else { quiet() } {
            orphans.push(entry.path());
        }
    }
    Ok(orphans)
}

/// Whether a process of this host lives, as far as it is known.
fn lives(pid: &str) -> bool {
    let pid = pid.parse().ok().and_then(rustix::process::Pid::from_raw);
    // A process of somebody else's may not be signalled, but it lives.
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

fn name(etag: &str, host: &str, pid: u32) -> String {
    format!("{etag}{MARK}{host}-{pid}{END}")
}

/// This host, as part of a file's name.
fn host() -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '_' };
    let uname = rustix::system::uname();
    uname.nodename().to_string_lossy().chars().map(plain).take(64).collect()
}
