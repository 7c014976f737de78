//! The part of a download that has come: a file beside its blob, with one owner.
//!
//! `blobs/<etag>.convscope-<host>-<pid>.incomplete`. The name says who writes it, because locks cannot be
//! relied on: `flock` succeeds silently on Lustre, GPFS and some NFS, where the home directories of GPU
//! servers lie. A part whose owner is dead is adopted by renaming it, which only one can do. Links are never followed, and
//! only plain files of this user are adopted.

use std::collections::BTreeSet;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::fs::OFlags;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::HubError;
use super::answer::{Proof, Remote};
use super::net::Hub;
use crate::base::{Cancel, clean};

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
                return Err(HubError::Canceled);
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
    /// The part of a blob: this process's, else one whose owner is dead, else a new one. What stands under the name of a part
    /// and cannot be one is left alone and put into `notes`.
    pub fn claim(
        blobs: &Path,
        remote: &Remote,
        cancel: &Cancel,
        notes: &mut Vec<String>,
    ) -> Result<Self, HubError> {
        let path = blobs.join(name(&remote.etag, &host(), std::process::id()));
        let claim = Claim::wait(&path, cancel)?;
        if fs::symlink_metadata(&path).is_err() {
            adopt(blobs, &remote.etag, &path, notes)?;
        }
        let file = open(&path).map_err(|e| HubError::at(&path, &e))?;
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

    /// Whether the bytes on the disk are what the etag proves; of an etag that proves nothing, the length has to do.
    pub fn is_true(&mut self, etag: &str, cancel: &Cancel) -> Result<bool, HubError> {
        match Proof::of(etag) {
            Proof::Length => Ok(true),
            Proof::Sha256(hash) => {
                let mut sha256 = Sha256::new();
                self.read(cancel, |piece| sha256.update(piece))?;
                Ok(hex(sha256) == hash)
            }
            Proof::Sha1(hash) => {
                let mut git = Sha1::new().chain_update(format!("blob {}\0", self.len));
                let mut plain = Sha1::new();
                self.read(cancel, |piece| {
                    git.update(piece);
                    plain.update(piece);
                })?;
                Ok([hex(git), hex(plain)].iter().any(|found| found == hash))
            }
        }
    }

    /// Reads the part, a piece at a time.
    fn read(&mut self, cancel: &Cancel, mut take: impl FnMut(&[u8])) -> Result<(), HubError> {
        self.file.seek(SeekFrom::Start(0)).map_err(|e| self.fail(&e))?;
        let mut piece = vec![0; PIECE];
        loop {
            if cancel.is_cancelled() {
                return Err(HubError::Canceled);
            }
            match self.file.read(&mut piece).map_err(|e| self.fail(&e))? {
                0 => return Ok(()),
                read => take(&piece[..read]),
            }
        }
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
    for (left, data) in orphans(blobs, etag).unwrap_or_default() {
        if what_else(&data).is_none()
            && let Err(error) = fs::remove_file(&left)
        {
            tracing::debug!(path = %left.display(), %error, "an old part stays");
        }
    }
}

/// Whether a file of `blobs/` is a part of ours.
pub(super) fn is_part(name: &str) -> bool {
    name.contains(MARK) && name.ends_with(END)
}

/// Whether a name means something else than a blob to us or to `huggingface_hub`.
pub(super) fn is_ours(name: &str) -> bool {
    name.contains(MARK) || [END, ".lock"].iter().any(|end| name.ends_with(end))
}

/// A file to write at a path: the plain one that is there, or a new one.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o666);
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = match options.clone().custom_flags(flags.bits().cast_signed()).open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => options.create_new(true).open(path)?,
        // Of a link, the system says only that there are too many.
        Err(error) => {
            let data = fs::symlink_metadata(path).ok();
            let odd = data.and_then(|data| what_else(&data));
            return Err(odd.map_or(error, |what| io::Error::new(ErrorKind::InvalidInput, what)));
        }
        Ok(file) => match what_else(&file.metadata()?) {
            Some(what) => return Err(io::Error::new(ErrorKind::InvalidInput, what)),
            None => file,
        },
    };
    Ok(file)
}

/// Why a file cannot be a part that this user left.
fn what_else(data: &Metadata) -> Option<&'static str> {
    if data.is_symlink() {
        Some("it is a symbolic link")
    } else if !data.is_file() {
        Some("it is not a regular file")
    } else if data.uid() != rustix::process::geteuid().as_raw() {
        Some("it is another user's")
    } else if data.nlink() != 1 {
        Some("it has other names too (hard links)")
    } else {
        None
    }
}

/// Renames the largest part without a living owner to `own`, if there is one.
fn adopt(blobs: &Path, etag: &str, own: &Path, notes: &mut Vec<String>) -> Result<(), HubError> {
    let mut orphans = orphans(blobs, etag).map_err(|e| HubError::at(blobs, &e))?;
    orphans.retain(|(path, data)| {
        let odd = what_else(data);
        notes.extend(odd.map(|what| {
            let path = clean(&path.to_string_lossy());
            format!("{path} is not used as the beginning of a download: {what}")
        }));
        odd.is_none()
    });
    orphans.sort_by_key(|(_, data)| std::cmp::Reverse(data.len()));
    // Another may have been faster: then the next.
    if let Some((path, _)) = orphans.iter().find(|(path, _)| fs::rename(path, own).is_ok()) {
        tracing::info!(path = %path.display(), "adopted");
    }
    Ok(())
}

/// What stands under the name of a part of a blob whose owner is dead.
fn orphans(blobs: &Path, etag: &str) -> io::Result<Vec<(PathBuf, Metadata)>> {
    let mut orphans = Vec::new();
    for entry in fs::read_dir(blobs)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let owner = name.strip_prefix(etag).and_then(|rest| rest.strip_prefix(MARK));
        let owner = owner.and_then(|rest| rest.strip_suffix(END)?.rsplit_once('-'));
        let Some((from, pid)) = owner else { continue };
        // It may have become a blob by now.
        let Ok(data) = entry.metadata() else { continue };
        let quiet = || {
            let modified = data.modified();
            modified.is_ok_and(|at| at.elapsed().is_ok_and(|quiet| quiet > DEAD_AFTER))
        };
        if if from == host() { !lives(pid) } else { quiet() } {
            orphans.push((entry.path(), data));
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

fn hex(hasher: impl Digest) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
