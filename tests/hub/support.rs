//! Options without long waits, bytes that are the same each time, and the walk through the cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use convscope::base::{Cancel, Progress};
use convscope::source::hub::{HubError, HubOptions, Limits, RepoRef, Snapshot, fetch};
use tempfile::TempDir;

use super::server::{Blob, Server};

pub const WEIGHTS: &str = "model.safetensors";

/// Bytes that look random.
pub fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..count).map(|_| next()).collect()
}

/// A hub with a network, and an empty cache.
pub struct Stage {
    pub server: Server,
    pub folder: TempDir,
    pub options: HubOptions,
    pub weights: Vec<u8>,
}

impl Stage {
    pub fn new() -> Self {
        let weights = noise(300_000);
        let server = Server::start(&[
            (WEIGHTS, &weights),
            ("config.json", b"{\"architecture\": \"resnet18\"}"),
        ]);
        Self::with(server, weights)
    }

    pub fn with(server: Server, weights: Vec<u8>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = options(&server.endpoint, &folder.path().join("hub"));
        Self { server, folder, options, weights }
    }

    pub fn fetch(&self) -> Result<Snapshot, HubError> {
        self.fetch_as("owner/name")
    }

    pub fn fetch_as(&self, repo: &str) -> Result<Snapshot, HubError> {
        let result = fetch(&self.options, &repo_ref(repo), &Cancel::new(), &mut Progress::none());
        self.walk();
        result
    }

    /// The network arrives as the hub has it.
    pub fn fetch_whole(&self) -> Snapshot {
        let snapshot = self.fetch().unwrap();
        assert_eq!(fs::read(&snapshot.weights).unwrap(), self.weights);
        snapshot
    }

    pub fn fail(&self) -> HubError {
        self.fetch().unwrap_err()
    }

    pub fn repo_folder(&self) -> PathBuf {
        self.options.cache.join("models--owner--name")
    }

    pub fn blobs(&self) -> PathBuf {
        self.repo_folder().join("blobs")
    }

    /// The parts that lie in the cache, and their lengths.
    pub fn parts(&self) -> Vec<(PathBuf, u64)> {
        let parts = files(&self.blobs()).into_iter();
        let parts = parts.filter(|path| name(path).ends_with(".incomplete"));
        parts.map(|path| (path.clone(), fs::metadata(&path).unwrap().len())).collect()
    }

    /// The name of the blob of the weights.
    pub fn etag(&self) -> String {
        Blob { bytes: self.weights.clone(), large: true }.etag()
    }

    /// Everything under a final name is what it says: blobs by their hash, files of a snapshot by the
    /// blob that they lead to, references by the snapshot.
    pub fn walk(&self) {
        for path in files(&self.options.cache) {
            let inside = path.strip_prefix(self.repo_folder()).unwrap().to_path_buf();
            let top = inside.components().next().unwrap().as_os_str().to_str().unwrap().to_string();
            match top.as_str() {
                "blobs" if name(&path).ends_with(".incomplete") => {}
                "blobs" => {
                    let bytes = fs::read(&path).unwrap();
                    self.check(&path, bytes);
                }
                "snapshots" => {
                    let blob = fs::canonicalize(&path).expect("a link that leads nowhere");
                    let blobs = fs::canonicalize(self.blobs()).unwrap();
                    assert!(
                        blob.starts_with(blobs) && !name(&blob).contains("incomplete"),
                        "{path:?}"
                    );
                    assert!(!name(&path).starts_with('.'), "left behind: {path:?}");
                }
                "refs" => {
                    let commit = fs::read_to_string(&path).unwrap();
                    assert!(self.repo_folder().join("snapshots").join(commit).is_dir(), "{path:?}");
                }
                ".no_exist" => assert_eq!(fs::metadata(&path).unwrap().len(), 0),
                _ => panic!("what is {path:?}?"),
            }
        }
    }
}

impl Stage {
    /// A blob is what its name says, or, when its name is not a hash, one of the files.
    fn check(&self, path: &Path, bytes: Vec<u8>) {
        let (name, large) = (name(path), name(path).len() == 64);
        if large || name.len() == 40 {
            assert_eq!(Blob { bytes, large }.etag(), name, "{path:?}");
        } else {
            assert!(self.server.has(&bytes), "{path:?}");
        }
    }
}

pub fn repo_ref(text: &str) -> RepoRef {
    text.parse().unwrap()
}

/// Long enough for a busy machine, short enough for a test.
pub fn options(endpoint: &str, cache: &Path) -> HubOptions {
    HubOptions {
        endpoint: endpoint.into(),
        token: convscope::source::hub::Token::Absent,
        cache: cache.to_path_buf(),
        offline: false,
        limits: Limits {
            connect: Duration::from_secs(5),
            stall: Duration::from_secs(5),
            check: Duration::from_secs(5),
            attempts: 3,
            pause: Duration::from_millis(5),
            retry_after: Duration::from_secs(1),
        },
    }
}

/// All files and links below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

pub fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().into()
}
