//! Files of certificates that the environment names: TLS reads them whole, so they are looked over first.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::HubError;
use crate::base::{clean, read_small};

/// The largest file of certificates; the usual bundles have a quarter of a MB.
const FILE: u64 = 16 << 20;
/// The most files of a folder; the usual ones have 400, with their links.
const FILES: usize = 10_000;
/// The most bytes of a folder.
const FOLDER: u64 = 64 << 20;

/// Whether what SSL_CERT_FILE and SSL_CERT_DIR name can be read whole.
///
/// # Errors
/// With the variable and the path.
pub(super) fn check() -> Result<(), HubError> {
    check_in(&|name| std::env::var_os(name))
}

fn check_in(variable: &dyn Fn(&str) -> Option<OsString>) -> Result<(), HubError> {
    if let Some(file) = variable("SSL_CERT_FILE") {
        read("SSL_CERT_FILE", Path::new(&file))?;
    }
    let folders = variable("SSL_CERT_DIR").unwrap_or_default();
    for folder in std::env::split_paths(&folders).filter(|path| !path.as_os_str().is_empty()) {
        let fail = |why: &str| failure("SSL_CERT_DIR", &folder, why);
        // What is not there is passed over, as OpenSSL does.
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        let files: Vec<PathBuf> = entries.flatten().take(FILES + 1).map(|e| e.path()).collect();
        if files.len() > FILES {
            return Err(fail(&format!("has more than {FILES} files")));
        }
        let mut bytes = 0;
        // As TLS does, which reads regular files only, through links.
        for file in files.iter().filter(|path| path.is_file()) {
            bytes += read("SSL_CERT_DIR", file)?;
            if bytes > FOLDER {
                return Err(fail("has more than 64 MB of certificates"));
            }
        }
    }
    Ok(())
}

/// The bytes of a file; 0 when it is not there or may not be read, which TLS says itself where it matters.
fn read(variable: &str, path: &Path) -> Result<u64, HubError> {
    use std::io::ErrorKind::{FileTooLarge, InvalidInput};
    match read_small(path, FILE) {
        Ok(bytes) => Ok(bytes.len() as u64),
        Err(error) if matches!(error.kind(), FileTooLarge | InvalidInput) => {
            Err(failure(variable, path, &error.to_string()))
        }
        Err(_) => Ok(0),
    }
}

fn failure(variable: &str, path: &Path, why: &str) -> HubError {
    HubError::Setup {
        why: clean(&format!("{variable}: {} {why}", path.display())),
        advice: "name a file (SSL_CERT_FILE) or a folder (SSL_CERT_DIR) of certificates, or unset the variable",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_would_never_end_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let check = |name: &str, path: &Path| {
            check_in(&|asked| (asked == name).then(|| path.into())).map_err(|e| e.to_string())
        };
        assert_eq!(check("SSL_CERT_DIR", folder.path()), Ok(()));
        std::fs::write(folder.path().join("a.pem"), "x").unwrap();
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        assert_eq!(check("SSL_CERT_DIR", folder.path()), Ok(()));
        assert_eq!(check("SSL_CERT_FILE", &folder.path().join("none")), Ok(()));
        let large = std::fs::File::create(folder.path().join("large.pem")).unwrap();
        large.set_len(300 << 20).unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for path in [Path::new("/dev/zero"), &pipe, &folder.path().join("large.pem")] {
            let error = check("SSL_CERT_FILE", path).unwrap_err();
            assert!(
                error.contains("SSL_CERT_FILE") && error.contains(path.to_str().unwrap()),
                "{error}"
            );
        }
        assert!(check("SSL_CERT_DIR", folder.path()).unwrap_err().contains("SSL_CERT_DIR"));
    }
}
