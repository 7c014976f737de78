//! How much memory a process may still take: what the machine has, and what its limits leave.
//!
//! Memory that is not there ends a program without a word. A caller that knows how much its work will take asks
//! [`check`] before it starts.

use thiserror::Error;

use super::short_bytes;

/// A need that exceeds what is left.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{what} needs about {} of memory, and {} are free", short_bytes(*.need), short_bytes(*.free))]
pub struct NoRoom {
    /// What needs it: `a run at 4000x4000`.
    pub what: String,
    /// Bytes.
    pub need: u64,
    /// Bytes.
    pub free: u64,
}

/// Refuses work that takes more memory than there is.
///
/// # Errors
/// When `need` bytes are more than [`available`]. Where the system does not say, everything fits.
pub fn check(need: u64, what: impl Into<String>) -> Result<(), NoRoom> {
    match available() {
        Some(free) if need > free => Err(NoRoom { what: what.into(), need, free }),
        _ => Ok(()),
    }
}

/// Bytes that this process may still take: the least of what the machine has, what its control groups leave and what
/// its own limits (`ulimit -v`, `ulimit -d`) leave. `None` where the system does not say.
pub fn available() -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        let sources = [linux::machine(), linux::groups(), linux::limits()];
        sources.into_iter().flatten().min()
    }
    #[cfg(not(target_os = "linux"))]
    None
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::read_to_string;
    use std::path::{Path, PathBuf};

    use rustix::process::{Resource, getrlimit};

    /// What the machine can hand out without swapping others out.
    pub(super) fn machine() -> Option<u64> {
        kilobytes(&read_to_string("/proc/meminfo").ok()?, "MemAvailable:")
    }

    /// What the limits on this process leave.
    pub(super) fn limits() -> Option<u64> {
        let status = read_to_string("/proc/self/status").ok()?;
        let left = |limit: Resource, field: &str| {
            let most = getrlimit(limit).current?;
            Some(most.saturating_sub(kilobytes(&status, field)?))
        };
        let space = left(Resource::As, "VmSize:");
        space.into_iter().chain(left(Resource::Data, "VmData:")).min()
    }

    /// What the control groups of this process leave, of both versions.
    pub(super) fn groups() -> Option<u64> {
        let own = read_to_string("/proc/self/cgroup").ok()?;
        groups_below(Path::new("/sys/fs/cgroup"), &own)
    }

    /// `own` is the text of `/proc/self/cgroup`.
    pub(super) fn groups_below(root: &Path, own: &str) -> Option<u64> {
        let left = own.lines().filter_map(|line| {
            let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
            let (folder, version) = match controllers {
                "" => (root.to_path_buf(), &TWO),
                _ if controllers.split(',').any(|name| name == "memory") => {
                    (root.join("memory"), &ONE)
                }
                _ => return None,
            };
            // A limit of a group holds for all below it. Inside a container the path may be that of the host, whose
            // folders are not there: the container's own are at the root.
            let inside = path.trim_start_matches('/');
            let groups = Path::new(inside).ancestors().map(|group| folder.join(group));
            groups.filter_map(|group| version.left(&group)).min()
        });
        left.min()
    }

    /// The files of a version of control groups.
    struct Version {
        limit: &'static str,
        usage: &'static str,
        /// The field of `memory.stat` for cached files, which are given back when memory is short.
        cached: &'static str,
    }

    const ONE: Version = Version {
        limit: "memory.limit_in_bytes",
        usage: "memory.usage_in_bytes",
        cached: "total_inactive_file",
    };
    const TWO: Version =
        Version { limit: "memory.max", usage: "memory.current", cached: "inactive_file" };

    impl Version {
        /// Bytes that a group leaves; `None` without a limit.
        fn left(&self, group: &Path) -> Option<u64> {
            let number = |name: &str| -> Option<u64> {
                let path: PathBuf = group.join(name);
                read_to_string(path).ok()?.trim().parse().ok()
            };
            let (limit, usage) = (number(self.limit)?, number(self.usage)?);
            let cached = read_to_string(group.join("memory.stat")).ok().and_then(|text| {
                let field = |line: &str| line.strip_prefix(self.cached)?.trim().parse::<u64>().ok();
                text.lines().find_map(field)
            });
            Some(limit.saturating_sub(usage.saturating_sub(cached.unwrap_or(0))))
        }
    }

    /// The bytes of a line `NAME:  123 kB`.
    fn kilobytes(text: &str, name: &str) -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? * 1024)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_said_with_both_sizes() {
        assert_eq!(check(0, "nothing"), Ok(()));
        let error = NoRoom { what: "a run at 9x9".into(), need: 5_000_000_000, free: 20_000_000 };
        let said = "a run at 9x9 needs about 5.0 GB of memory, and 20.0 MB are free";
        assert_eq!(error.to_string(), said);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn no_machine_has_so_much() {
        assert!(check(u64::MAX, "all of it").is_err());
        assert!(available().is_some_and(|free| free > 1 << 20));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_tightest_group_counts() {
        use std::fs::{create_dir_all, write};
        let root = tempfile::tempdir().map(tempfile::TempDir::keep).unwrap_or_default();
        let put = |path: &str, text: &str| {
            let path = root.join(path);
            let made = path.parent().map(create_dir_all).map(|made| made.is_ok());
            assert!(made == Some(true) && write(path, text).is_ok());
        };
        let left = |own: &str| linux::groups_below(&root, own);
        assert_eq!(left("0::/a/b\n"), None);
        put("memory.max", "max\n");
        put("a/memory.max", "1000\n");
        put("a/memory.current", "700\n");
        put("a/memory.stat", "anon 500\ninactive_file 200\n");
        put("a/b/memory.max", "max\n");
        assert_eq!(left("0::/a/b\n"), Some(500));
        put("memory/memory.limit_in_bytes", "9000\n");
        put("memory/memory.usage_in_bytes", "8900\n");
        // The host's path, of which a container sees nothing.
        assert_eq!(left("5:cpu,memory:/docker/123\n0::/\n"), Some(100));
        assert!(std::fs::remove_dir_all(&root).is_ok());
    }
}
