//! Files that are there whole or not at all.
//!
//! Where the file system can (Linux, most disks), the bytes go into a file without a name, which the system removes
//! when the program ends in whatever way; it gets its name when it is whole. Elsewhere the bytes go into a hidden file
//! in the same folder, which is there only while it is written.

#[cfg(target_os = "linux")]
mod unnamed;

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// The folder of a path: `.` for a bare name.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What becomes of a file that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// The new one takes its place, with its mode and owner.
    Replace,
    /// It stays, and the new one is refused ([`ErrorKind::AlreadyExists`]).
    Keep,
}

/// A file that can be written, and is not yet.
#[derive(Debug)]
pub struct Pending {
    /// Where the file is to be: links are followed.
    path: PathBuf,
    existing: Existing,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// A device or a pipe, which is written to.
    InPlace,
    /// A file, and what is known about the one that it replaces.
    File { body: Body, old: Option<Metadata> },
}

#[derive(Debug)]
enum Body {
    /// A file without a name.
    #[cfg(target_os = "linux")]
    Unnamed(File),
    /// A hidden file, which is made when there are bytes for it.
    Named,
}

/// All bytes of a file, on the disk, not yet under its name.
struct Filled<'a> {
    pending: &'a Pending,
    named: Option<NamedTempFile>,
}

impl Pending {
    /// Finds out whether a file can be written; nothing is there afterwards.
    ///
    /// # Errors
    /// When its folder refuses, or what exists may not be replaced: in words that continue a sentence about the path.
    pub fn open(path: &Path, existing: Existing) -> io::Result<Self> {
        if existing == Existing::Keep && path.symlink_metadata().is_ok() {
            return Err(io::Error::new(ErrorKind::AlreadyExists, "already exists"));
        }
        let path = followed(path)?;
        let old = match path.metadata() {
            Ok(old) if old.is_dir() => return Err(io::Error::other("is a folder")),
            Ok(old) if !old.is_file() => {
                return Ok(Self { path, existing, place: Place::InPlace });
            }
            Ok(old) => Some(old),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if let Some(old) = &old {
            replaceable(&path, old)?;
        }
        let place = Place::File { body: Body::new(folder_of(&path))?, old };
        Ok(Self { path, existing, place })
    }

    /// Writes the file. One that is replaced stays whole until the new one is.
    ///
    /// # Errors
    /// When the disk fails or refuses; nothing has changed then.
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        self.fill(bytes)?.put()
    }

    fn fill(&self, bytes: &[u8]) -> io::Result<Filled<'_>> {
        let named = match &self.place {
            Place::InPlace => {
                std::fs::write(&self.path, bytes)?;
                None
            }
            #[cfg(target_os = "linux")]
            Place::File { body: Body::Unnamed(file), .. } => {
                (&*file).write_all(bytes)?;
                None
            }
            Place::File { body: Body::Named, .. } => {
                let mut file = hidden(folder_of(&self.path))?;
                file.write_all(bytes)?;
                Some(file)
            }
        };
        Ok(Filled { pending: self, named })
    }
}

/// Writes several files: all bytes are on the disk before the first file gets its name.
///
/// # Errors
/// When the disk fails or refuses. Nothing has changed then, unless the system refuses a name at the very end: of new
/// files those that have one are removed again.
pub fn write_together(files: &[(Pending, Vec<u8>)]) -> io::Result<()> {
    let filled: io::Result<Vec<Filled<'_>>> =
        files.iter().map(|(pending, bytes)| pending.fill(bytes)).collect();
    let mut new: Vec<&Path> = Vec::new();
    for filled in filled? {
        let pending = filled.pending;
        if let Err(error) = filled.put() {
            for path in new {
                // The error that is said is the first one.
                let _ = std::fs::remove_file(path);
            }
            return Err(error);
        }
        if matches!(pending.place, Place::File { old: None, .. }) {
            new.push(&pending.path);
        }
    }
    Ok(())
}

/// Writes a file whole if its name is free. `false`: something was there, and is as it was.
///
/// # Errors
/// When the disk fails or refuses.
pub fn write_new(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    match Pending::open(path, Existing::Keep).and_then(|pending| pending.write(bytes)) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

impl Filled<'_> {
    /// Gives the file its name.
    fn put(self) -> io::Result<()> {
        let Pending { path, existing, place } = self.pending;
        let Place::File { body, old } = place else { return Ok(()) };
        match (self.named, body) {
            (Some(named), _) => {
                like(named.as_file(), old.as_ref())?;
                let put = match existing {
                    Existing::Replace => named.persist(path),
                    Existing::Keep => named.persist_noclobber(path),
                };
                put.map(drop).map_err(|error| error.error)
            }
            #[cfg(target_os = "linux")]
            (None, Body::Unnamed(file)) => {
                like(file, old.as_ref())?;
                match (unnamed::link(file, path), existing) {
                    (Err(error), Existing::Replace) if error.kind() == ErrorKind::AlreadyExists => {
                        unnamed::replace(file, path, folder_of(path))
                    }
                    (linked, _) => linked,
                }
            }
            (None, Body::Named) => Ok(()),
        }
    }
}

impl Body {
    /// # Errors
    /// When no file can be made in the folder.
    fn new(folder: &Path) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        if let Some(file) = unnamed::open(folder)? {
            return Ok(Self::Unnamed(file));
        }
        // It goes at once: nothing must stay when the program is stopped before there are bytes.
        hidden(folder)?.close()?;
        Ok(Self::Named)
    }
}

/// A hidden file of that folder, which goes when it is dropped.
fn hidden(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".convscope-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any new file: the umask takes away what it takes away.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    // Without the hidden file's name, which nobody has asked for.
    builder.tempfile_in(folder).map_err(|error| io::Error::from(error.kind()))
}

/// The path that a path leads to, also where a link leads to nothing yet.
fn followed(path: &Path) -> io::Result<PathBuf> {
    /// As many links as Linux follows.
    const MOST: usize = 40;
    let mut path = path.to_path_buf();
    for _ in 0..MOST {
        if !path.symlink_metadata().is_ok_and(|data| data.is_symlink()) {
            return Ok(path);
        }
        path = folder_of(&path).join(std::fs::read_link(&path)?);
    }
    Err(io::Error::other("is a link that leads to itself"))
}

/// Refuses a file whose replacement would not be the same file with other bytes.
#[cfg(unix)]
fn replaceable(path: &Path, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let refused = |why: &str| Err(io::Error::new(ErrorKind::PermissionDenied, why));
    if rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_err() {
        return refused("is read-only");
    }
    if old.nlink() > 1 {
        return refused(
            "has other names (hard links), which would keep the old bytes: remove it first",
        );
    }
    let own = rustix::process::geteuid();
    if !own.is_root() && old.uid() != own.as_raw() {
        return refused("belongs to another user, who would lose it: remove it first");
    }
    Ok(())
}

#[cfg(not(unix))]
fn replaceable(_path: &Path, old: &Metadata) -> io::Result<()> {
    match old.permissions().readonly() {
        true => Err(io::Error::new(ErrorKind::PermissionDenied, "is read-only")),
        false => Ok(()),
    }
}

/// Gives a file the owner and the mode of the one that it replaces.
#[cfg(unix)]
fn like(file: &File, old: Option<&Metadata>) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let Some(old) = old else { return Ok(()) };
    let new = file.metadata()?;
    let changed = |new: u32, old: u32| (new != old).then_some(old);
    // The owner first: a change of it takes the set-user bits away.
    std::os::unix::fs::fchown(file, changed(new.uid(), old.uid()), changed(new.gid(), old.gid()))?;
    file.set_permissions(old.permissions())
}

#[cfg(not(unix))]
fn like(_file: &File, _old: Option<&Metadata>) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let name = |e: io::Result<std::fs::DirEntry>| e.unwrap().file_name().into_string().unwrap();
        let mut names: Vec<String> = std::fs::read_dir(folder).unwrap().map(name).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let pending = Pending::open(&path, Existing::Replace).unwrap();
        assert!(names(folder.path()).is_empty());
        pending.write(b"first").unwrap();
        Pending::open(&path, Existing::Replace).unwrap().write(b"2").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"2");
        let error = Pending::open(&path, Existing::Keep).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert!(!write_new(&path, b"3").unwrap());
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn files_with_hidden_bodies_are_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let pending = |existing| Pending {
            path: path.clone(),
            existing,
            place: Place::File { body: Body::Named, old: path.metadata().ok() },
        };
        pending(Existing::Replace).write(b"1").unwrap();
        pending(Existing::Replace).write(b"2").unwrap();
        let error = pending(Existing::Keep).write(b"3").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(
            (std::fs::read(&path).unwrap(), names(folder.path())),
            (b"2".to_vec(), vec!["a".to_string()])
        );
    }

    #[test]
    fn several_files_come_together() {
        let folder = tempfile::tempdir().unwrap();
        let pending =
            |name: &str| Pending::open(&folder.path().join(name), Existing::Keep).unwrap();
        let files = |names: [&str; 3]| names.map(|name| (pending(name), name.as_bytes().to_vec()));
        let three = files(["a", "b", "c"]);
        // Another process takes a name meanwhile.
        std::fs::write(folder.path().join("c"), "other").unwrap();
        assert!(write_together(&three).is_err());
        assert_eq!(names(folder.path()), ["c"]);
        write_together(&files(["a", "b", "d"])).unwrap();
        assert_eq!(names(folder.path()), ["a", "b", "c", "d"]);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_replaced_keeps_its_mode_and_links_their_place() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("a"), "old").unwrap();
        std::fs::set_permissions(at("a"), std::fs::Permissions::from_mode(0o600)).unwrap();
        symlink("a", at("link")).unwrap();
        symlink("new", at("dangling")).unwrap();
        symlink("loop", at("loop")).unwrap();
        let write = |name: &str| Pending::open(&at(name), Existing::Replace)?.write(b"bytes");
        write("link").unwrap();
        write("dangling").unwrap();
        assert!(write("loop").is_err());
        assert_eq!(at("a").metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(
            [std::fs::read(at("a")).unwrap(), std::fs::read(at("new")).unwrap()],
            [b"bytes"; 2]
        );
        assert!(at("link").symlink_metadata().unwrap().is_symlink());
        assert!(at("dangling").symlink_metadata().unwrap().is_symlink());
        assert!(Pending::open(&at("dangling"), Existing::Keep).is_err());

        std::fs::hard_link(at("a"), at("twin")).unwrap();
        let error = Pending::open(&at("a"), Existing::Replace).unwrap_err().to_string();
        assert!(error.starts_with("has other names"), "{error}");
        Pending::open(Path::new("/dev/null"), Existing::Replace).unwrap().write(b"x").unwrap();
    }
}
