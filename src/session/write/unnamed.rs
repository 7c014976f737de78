//! Files without a name, which the system removes when nobody has them open.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, open as open_at};
use rustix::io::Errno;

/// `None` where the file system has none, or where they could get no name.
pub(super) fn open(folder: &Path) -> io::Result<Option<File>> {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    match open_at(folder, flags, Mode::from_raw_mode(0o666)) {
        Ok(file) => {
            let file = File::from(file);
            Ok(in_proc(&file).metadata().is_ok().then_some(file))
        }
        // Old kernels take it for a folder that is to be written.
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL | Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Gives a file a name that is free.
pub(super) fn link(file: &File, path: &Path) -> io::Result<()> {
    Ok(linkat(CWD, in_proc(file), CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

/// Gives a file the name of another one, in that folder.
pub(super) fn replace(file: &File, path: &Path, folder: &Path) -> io::Result<()> {
    // A link cannot replace a file: it gets a name beside it for the moment between two calls.
    let id = std::process::id();
    for n in 0..100 {
        let beside = folder.join(format!(".convscope-{id}-{n}"));
        match link(file, &beside) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
            linked => linked?,
        }
        return std::fs::rename(&beside, path).inspect_err(|_| {
            // The error that is said is that of the name.
            let _ = std::fs::remove_file(&beside);
        });
    }
    Err(io::Error::other("its folder is full of unfinished files (.convscope-*): remove them"))
}

/// The link by which the system knows an open file.
fn in_proc(file: &File) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}
