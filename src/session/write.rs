//! Files that are there whole or not at all.

use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// The folder that a file lies in, or is to lie in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes a file under its name when all of it is on the disk; what was there stays until then.
///
/// # Errors
/// When the disk fails or refuses; a file that was there is as it was.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A link stays a link; a device or a pipe is written to, not replaced.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    if path.exists() && !path.is_file() {
        return std::fs::write(&path, bytes);
    }
    temporary(&path, bytes)?.persist(&path).map_err(|e| e.error)?;
    Ok(())
}

/// Writes a file whole if its name is free. `false`: something was there, and is as it was.
///
/// # Errors
/// When the disk fails or refuses.
pub fn write_new(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    // A link that leads nowhere is something, too.
    if path.symlink_metadata().is_ok() {
        return Ok(false);
    }
    match temporary(path, bytes)?.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error.error),
    }
}

/// All of it under another name in the same folder.
fn temporary(path: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".convscope-");
    #[cfg(unix)]
    let mode = {
        use std::os::unix::fs::PermissionsExt;
        // As any new file: the umask takes away what it takes away.
        std::fs::Permissions::from_mode(0o666)
    };
    #[cfg(unix)]
    builder.permissions(mode);
    let mut file = builder.tempfile_in(folder_of(path))?;
    file.write_all(bytes)?;
    Ok(file)
}
