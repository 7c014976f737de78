//! Disks that are full, that cannot be written, that have no links.

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::time::SystemTime;

use convscope::source::hub::{HubError, Status, cached, status};

use super::processes::start;
use super::support::{Stage, files, repo_ref};

#[test]
fn a_full_disk_is_said_and_leaves_nothing_false() {
    let stage = Stage::new();
    // The part of this process leads to a device that is always full.
    fs::create_dir_all(stage.blobs()).unwrap();
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let host = host.replace(|c: char| !c.is_ascii_alphanumeric() && c != '.', "_");
    let host: String = host.chars().take(64).collect();
    let pid = std::process::id();
    let part = stage.blobs().join(format!("{}.convscope-{host}-{pid}.incomplete", stage.etag()));
    std::os::unix::fs::symlink("/dev/full", &part).unwrap();
    let error = stage.fail();
    assert!(matches!(error, HubError::DiskFull { .. }), "{error}");
    assert!(error.to_string().contains("HF_HUB_CACHE"), "{error}");
    assert!(stage.parts().is_empty());
    stage.fetch_whole();
}

#[test]
fn a_limit_on_the_size_of_files_is_like_a_full_disk() {
    let stage = Stage::new();
    // 64 or 128 KiB, by the shell; the signal that comes with it is ignored, so that the write fails.
    let mut child = start(&stage, "trap '' XFSZ; ulimit -f 128;");
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(7), "{said}");
    assert!(said.contains("is full") && said.contains("make room"), "{said}");
    stage.walk();
    assert!(matches!(
        status(&stage.options, &repo_ref("owner/name")).unwrap(),
        Status::Partial { bytes } if bytes > 0
    ));
    stage.fetch_whole();
}

/// Every file with its time, so that a write is seen.
fn state(stage: &Stage) -> Vec<(PathBuf, SystemTime)> {
    let changed = |path: &PathBuf| fs::symlink_metadata(path).unwrap().modified().unwrap();
    let mut all: Vec<_> = files(stage.folder.path());
    all.extend(all.clone().iter().flat_map(|path| path.ancestors().map(PathBuf::from)));
    all.retain(|path| path.starts_with(stage.folder.path()));
    all.sort();
    all.dedup();
    all.into_iter().map(|path| (path.clone(), changed(&path))).collect()
}

#[test]
fn a_file_that_is_there_causes_no_write() {
    let stage = Stage::new();
    stage.fetch_whole();
    let before = state(&stage);
    std::thread::sleep(std::time::Duration::from_millis(20));
    let repo = repo_ref("owner/name");
    assert!(cached(&stage.options, &repo).unwrap().is_some());
    assert_eq!(status(&stage.options, &repo).unwrap(), Status::Whole);
    assert_eq!(stage.fetch_whole().note, None);
    assert_eq!(state(&stage), before);
}

/// `/sys` refuses new folders even to root.
#[cfg(target_os = "linux")]
#[test]
fn a_cache_that_cannot_be_written_is_said() {
    let mut stage = Stage::new();
    stage.options.cache = "/sys/hub".into();
    let error = stage.fail();
    assert!(matches!(error, HubError::ReadOnly { .. }), "{error}");
    assert!(error.to_string().contains("HF_HUB_CACHE"), "{error}");
    // In the way of a folder lies a file.
    stage.options.cache = stage.folder.path().join("file");
    fs::write(&stage.options.cache, "x").unwrap();
    let error = convscope::source::hub::fetch(
        &stage.options,
        &repo_ref("owner/name"),
        &convscope::base::Cancel::new(),
        &mut convscope::base::Progress::none(),
    );
    assert!(matches!(error, Err(HubError::Cache { .. })), "{error:?}");
}

#[test]
fn caches_of_other_tools_are_read() {
    let stage = Stage::new();
    let whole = stage.fetch_whole();
    // Where disks have no links, the file itself stands in the snapshot.
    let bytes = fs::read(&whole.weights).unwrap();
    fs::remove_file(&whole.weights).unwrap();
    fs::write(&whole.weights, &bytes).unwrap();
    let repo = repo_ref("owner/name");
    assert_eq!(cached(&stage.options, &repo).unwrap(), Some(whole.clone()));
    // A blob may itself be a link, to where many caches share one.
    fs::remove_file(&whole.weights).unwrap();
    let blob = stage.blobs().join(stage.etag());
    let shared = stage.folder.path().join("shared");
    fs::rename(&blob, &shared).unwrap();
    std::os::unix::fs::symlink(&shared, &blob).unwrap();
    stage.server.asked();
    let again = convscope::source::hub::fetch(
        &stage.options,
        &repo,
        &convscope::base::Cancel::new(),
        &mut convscope::base::Progress::none(),
    );
    assert_eq!(again.unwrap(), whole);
    assert_eq!(fs::read(&whole.weights).unwrap(), bytes);
    assert!(stage.server.asked().iter().all(|request| !request.is_bytes()));
    // A link that leads nowhere is not there.
    fs::remove_file(&shared).unwrap();
    assert_eq!(cached(&stage.options, &repo).unwrap(), None);
}
