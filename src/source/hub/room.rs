//! What the folder of the cache is like: whether there is room in it, and what lies there.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{Access, access, statvfs};

use super::HubOptions;

/// The folder of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// It is there; it is made with the first network otherwise.
    pub exists: bool,
    /// Networks can be put there.
    pub writable: bool,
    /// Bytes that the disk has free for this user, where it tells.
    pub free: Option<u64>,
    /// How many networks lie there.
    pub networks: usize,
    /// Bytes of them, parts of downloads with them.
    pub used: u64,
    /// All was counted within the time.
    pub complete: bool,
}

/// Looks at the folder of the cache, and counts for so long. Asks nobody and writes nothing.
pub fn room(options: &HubOptions, limit: Duration) -> Room {
    let end = Instant::now() + limit;
    let exists = options.cache.is_dir();
    // Where it is not there yet, it will be made in the nearest folder that is.
    let nearest = options.cache.ancestors().find(|path| path.is_dir());
    let nearest = nearest.unwrap_or(Path::new("/"));
    let disk = statvfs(nearest).ok();
    let mut room = Room {
        exists,
        writable: access(nearest, Access::WRITE_OK | Access::EXEC_OK).is_ok(),
        free: disk.map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize)),
        networks: 0,
        used: 0,
        complete: true,
    };
    for network in fs::read_dir(&options.cache).into_iter().flatten().flatten() {
        if !network.file_name().to_string_lossy().starts_with("models--") {
            continue;
        }
        room.networks += 1;
        for blob in fs::read_dir(network.path().join("blobs")).into_iter().flatten().flatten() {
            if Instant::now() > end {
                return Room { complete: false, ..room };
            }
            // It may be gone by now.
            room.used += blob.metadata().map_or(0, |data| data.len());
        }
    }
    room
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::source::hub::{Limits, Token};

    fn options(cache: &Path) -> HubOptions {
        let endpoint = "http://127.0.0.1:1".into();
        let (cache, limits) = (cache.to_path_buf(), Limits::default());
        HubOptions { endpoint, token: Token::Absent, cache, offline: true, limits }
    }

    #[test]
    fn blobs_are_counted_and_nothing_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("a/hub");
        let long = Duration::from_secs(60);
        let empty = room(&options(&cache), long);
        assert!(!empty.exists && empty.writable && empty.free.is_some());
        assert!(!cache.exists());
        for (network, bytes) in [("models--a--b", 10), ("models--c", 20), ("datasets--d", 40)] {
            let blobs = cache.join(network).join("blobs");
            fs::create_dir_all(&blobs).unwrap();
            fs::write(blobs.join("0"), vec![0; bytes]).unwrap();
        }
        let found = room(&options(&cache), long);
        assert_eq!((found.exists, found.networks, found.used), (true, 2, 30));
        assert!(found.complete && !room(&options(&cache), Duration::ZERO).complete);
    }
}
