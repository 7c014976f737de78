//! Files that are read whole: what a path names may be a pipe, a device, or far too large.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

#[cfg(unix)]
use rustix::fs::OFlags;

use super::short_bytes;

/// Opens a regular file to read it, following links. Nothing else is waited for: opening a pipe would block until it
/// has a writer.
///
/// # Errors
/// The system's, or that the path names something else, in words that continue a sentence about the path.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        options.custom_flags(flags.bits().cast_signed());
    }
    regular(options.open(path)?)
}

/// Refuses what is not a regular file.
fn regular(file: File) -> io::Result<File> {
    match what_else(&file.metadata()?.file_type()) {
        None => Ok(file),
        Some(what) => Err(io::Error::new(
            ErrorKind::InvalidInput,
            format!("is {what}: a regular file is needed"),
        )),
    }
}

/// Opens a regular file to append to it, and makes it where there is none. A link is not followed: whoever can write the
/// folder must not choose what grows.
///
/// # Errors
/// As [`open_regular`], and for links.
pub fn open_to_append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW;
        options.custom_flags(flags.bits().cast_signed());
    }
    regular(options.open(path)?)
}

/// The bytes of a regular file of at most `limit` bytes.
///
/// # Errors
/// As [`open_regular`], and when the file is larger ([`ErrorKind::FileTooLarge`]).
pub fn read_small(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = open_regular(path)?;
    let mut bytes = Vec::new();
    // The size that the system states may be wrong: of what is in /proc, or of a file that grows.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(
            ErrorKind::FileTooLarge,
            format!("is larger than {}, the limit for such a file", short_bytes(limit)),
        ));
    }
    Ok(bytes)
}

/// The text of a small file; `None` when the file does not exist.
///
/// # Errors
/// As [`read_small`], and when the file is not UTF-8 ([`ErrorKind::InvalidData`]).
pub fn read_small_text(path: &Path, limit: u64) -> io::Result<Option<String>> {
    let bytes = match read_small(path, limit) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    String::from_utf8(bytes).map(Some).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        io::Error::new(ErrorKind::InvalidData, format!("is not UTF-8 text (byte {at})"))
    })
}

/// What a file is, if it is not a regular file.
fn what_else(kind: &std::fs::FileType) -> Option<&'static str> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return Some("a named pipe");
        }
        if kind.is_char_device() || kind.is_block_device() {
            return Some("a device");
        }
    }
    if kind.is_dir() {
        return Some("a folder");
    }
    (!kind.is_file()).then_some("not a regular file")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn small_files_are_read_up_to_their_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.txt");
        assert_eq!(read_small_text(&path, 4).unwrap(), None);
        std::fs::write(&path, "abcd").unwrap();
        assert_eq!(read_small_text(&path, 4).unwrap().as_deref(), Some("abcd"));
        let error = read_small(&path, 3).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
        std::fs::write(&path, b"ab\xff").unwrap();
        assert_eq!(read_small_text(&path, 4).unwrap_err().kind(), ErrorKind::InvalidData);
    }

    #[test]
    fn what_is_not_a_regular_file_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |path: &Path| read_small(path, 1 << 20).unwrap_err().to_string();
        assert_eq!(refused(folder.path()), "is a folder: a regular file is needed");
        #[cfg(unix)]
        {
            assert_eq!(refused(Path::new("/dev/zero")), "is a device: a regular file is needed");
            let pipe = folder.path().join("pipe");
            let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
            assert!(made.success());
            assert_eq!(refused(&pipe), "is a named pipe: a regular file is needed");
            assert!(open_to_append(&pipe).is_err());
            std::os::unix::fs::symlink("log", folder.path().join("link")).unwrap();
            assert!(open_to_append(&folder.path().join("link")).is_err());
            assert!(open_to_append(Path::new("/dev/null")).is_err());
            assert!(!folder.path().join("log").exists());
            assert!(open_to_append(&folder.path().join("log")).is_ok());
        }
    }
}
