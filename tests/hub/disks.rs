//! Disks that are full, that cannot be written, that have no links, and caches with links that lead elsewhere.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use convscope::source::hub::{HubError, Status, cached, in_folder, status};

use super::processes::start;
use super::server::{COMMIT, NEXT};
use super::support::{Stage, files, repo_ref};

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
    assert_eq!(stage.fetch_whole().notes.len(), 0);
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

/// A library in front of libc, with which symlink(2) fails with the error that SYMLINK_ERROR numbers.
#[cfg(target_os = "linux")]
fn no_links(folder: &Path) -> PathBuf {
    let (source, library) = (folder.join("no_links.c"), folder.join("no_links.so"));
    let body = "{ errno = atoi(getenv(\"SYMLINK_ERROR\")); return -1; }";
    fs::write(
        &source,
        format!(
            "#include <errno.h>\n#include <stdlib.h>\n\
             int symlink(const char *to, const char *at) {body}\n\
             int symlinkat(const char *to, int folder, const char *at) {body}\n"
        ),
    )
    .unwrap();
    let mut cc = std::process::Command::new("cc");
    cc.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source);
    assert!(cc.status().unwrap().success());
    library
}

#[cfg(target_os = "linux")]
#[test]
fn where_links_cannot_be_made_files_are_copied() {
    use rustix::io::Errno;
    let folder = tempfile::tempdir().unwrap();
    let library = no_links(folder.path());
    for error in [
        Errno::PERM,
        Errno::ACCESS,
        Errno::NOTSUP,
        Errno::NOSYS,
        Errno::INVAL,
        Errno::IO,
        Errno::ROFS,
    ] {
        let stage = Stage::new();
        let number = error.raw_os_error();
        let shell =
            format!("export LD_PRELOAD={} SYMLINK_ERROR={number};", library.to_str().unwrap());
        let output = start(&stage, &shell).wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{error}: {said}");
        assert!(said.contains("does not support links"), "{error}: {said}");
        let whole = cached(&stage.options, &repo_ref("owner/name")).unwrap().unwrap();
        assert!(fs::symlink_metadata(&whole.weights).unwrap().is_file(), "{error}");
        assert_eq!(fs::read(&whole.weights).unwrap(), stage.weights);
    }
}

/// The name of a part of this process's, or of a process of this host's that is dead.
fn part(stage: &Stage, pid: u32) -> PathBuf {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let host = host.replace(|c: char| !c.is_ascii_alphanumeric() && c != '.', "_");
    let host: String = host.chars().take(64).collect();
    stage.blobs().join(format!("{}.convscope-{host}-{pid}.incomplete", stage.etag()))
}

/// Above every pid that Linux and macOS give.
const DEAD: u32 = 0x7fff_fff0;

#[test]
fn parts_that_are_not_plain_files_of_ours_are_left_alone() {
    /// Plants something at a path, and a file outside.
    type Plant = fn(&Path, &Path);
    let plant: [(&str, Plant); 3] = [
        ("symbolic link", |part, target| std::os::unix::fs::symlink(target, part).unwrap()),
        ("other names", |part, target| fs::hard_link(target, part).unwrap()),
        ("not a regular file", |part, _| {
            let made = std::process::Command::new("mkfifo").arg(part).status().unwrap();
            assert!(made.success());
        }),
    ];
    for (what, plant) in plant {
        let stage = Stage::new();
        fs::create_dir_all(stage.blobs()).unwrap();
        let target = stage.folder.path().join("precious");
        fs::write(&target, "precious").unwrap();
        // An orphan: the download begins without it, and says so.
        let orphan = part(&stage, DEAD);
        plant(&orphan, &target);
        let snapshot = stage.fetch_whole();
        let [note] = snapshot.notes.as_slice() else { panic!("{what}: {:?}", snapshot.notes) };
        assert!(note.contains(orphan.to_str().unwrap()) && note.contains(what), "{what}: {note}");
        fs::remove_file(&orphan).unwrap();
        fs::remove_dir_all(&stage.options.cache).unwrap();
        // Under the name that this process would give its own: nothing can be done.
        fs::create_dir_all(stage.blobs()).unwrap();
        let own = part(&stage, std::process::id());
        plant(&own, &target);
        let error = stage.fail();
        assert!(matches!(error, HubError::Cache { .. }), "{what}: {error}");
        assert!(error.to_string().contains(what), "{what}: {error}");
        assert_eq!(fs::read(&target).unwrap(), b"precious", "{what}");
        assert!(fs::symlink_metadata(&own).is_ok(), "{what}");
    }
}

#[test]
fn folders_that_lead_out_of_the_cache_are_not_written_through() {
    for name in ["blobs", "snapshots", "refs"] {
        let stage = Stage::new();
        let outside = stage.folder.path().join("outside");
        fs::create_dir_all(&outside).unwrap();
        fs::create_dir_all(stage.repo_folder()).unwrap();
        let link = stage.repo_folder().join(name);
        std::os::unix::fs::symlink(&outside, &link).unwrap();
        let error = convscope::source::hub::fetch(
            &stage.options,
            &repo_ref("owner/name"),
            &convscope::base::Cancel::new(),
            &mut convscope::base::Progress::none(),
        )
        .unwrap_err();
        let said = error.to_string();
        assert!(
            said.contains(link.to_str().unwrap()) && said.contains("out of the cache"),
            "{said}"
        );
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0, "{name}");
    }
}

#[test]
fn a_marker_is_not_written_through_a_link() {
    let stage = Stage::new();
    let target = stage.folder.path().join("precious");
    fs::write(&target, "precious").unwrap();
    let folder = stage.repo_folder().join(".no_exist").join(COMMIT);
    fs::create_dir_all(&folder).unwrap();
    std::os::unix::fs::symlink(&target, folder.join("preprocessor_config.json")).unwrap();
    let fetched = convscope::source::hub::fetch(
        &stage.options,
        &repo_ref("owner/name"),
        &convscope::base::Cancel::new(),
        &mut convscope::base::Progress::none(),
    );
    fetched.unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"precious");
}

#[test]
fn a_reference_that_is_not_a_small_file_is_named() {
    let stage = Stage::new();
    stage.fetch_whole();
    let reference = stage.repo_folder().join("refs/main");
    /// Plants something at a path.
    type Plant = fn(&Path);
    let plant: [(&str, Plant); 3] = [
        ("named pipe", |path| {
            let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
            assert!(made.success());
        }),
        ("device", |path| std::os::unix::fs::symlink("/dev/zero", path).unwrap()),
        ("larger", |path| fs::File::create(path).unwrap().set_len(300 << 20).unwrap()),
    ];
    for (what, plant) in plant {
        fs::remove_file(&reference).unwrap();
        plant(&reference);
        let error = cached(&stage.options, &repo_ref("owner/name")).unwrap_err().to_string();
        assert!(error.contains(what) && error.contains("refs/main"), "{error}");
    }
}

#[test]
fn a_folder_of_the_cache_is_opened_as_its_network() {
    let stage = Stage::new();
    let whole = stage.fetch_whole();
    assert_eq!(in_folder(&stage.repo_folder()).unwrap(), Some(whole.clone()));
    fs::remove_file(stage.repo_folder().join("refs/main")).unwrap();
    assert_eq!(in_folder(&stage.repo_folder()).unwrap(), Some(whole));
    fs::create_dir(stage.repo_folder().join("snapshots").join(NEXT)).unwrap();
    assert_eq!(in_folder(&stage.repo_folder()).unwrap(), None, "which of the two?");
    assert_eq!(in_folder(stage.folder.path()).unwrap(), None);
}
