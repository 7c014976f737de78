//! Several processes at one file, and one that is killed.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use convscope::base::{Cancel, Progress};
use convscope::source::hub::fetch;

use super::server::{Fault, Server};
use super::support::{Stage, files, name, options, repo_ref};

/// Run as a process of its own by the tests below.
#[test]
#[ignore = "the other process of the tests of processes"]
fn another_process() {
    let variable = |name: &str| std::env::var(name).unwrap();
    let cache = variable("HUB_TEST_CACHE");
    let options = options(&variable("HUB_TEST_ENDPOINT"), cache.as_ref());
    match fetch(&options, &repo_ref("owner/name"), &Cancel::new(), &mut Progress::none()) {
        Ok(snapshot) => snapshot.notes.iter().for_each(|note| eprintln!("{note}")),
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(7);
        }
    }
}

/// Starts it. `shell` is what a shell does before.
pub fn start(stage: &Stage, shell: &str) -> Child {
    let this = std::env::current_exe().unwrap();
    let run = format!(
        "{shell} exec {this:?} --exact processes::another_process --ignored --nocapture --test-threads 1"
    );
    let mut command = Command::new("sh");
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        command.env_remove(name).env_remove(name.to_uppercase());
    }
    command
        .args(["-c", &run])
        .env("HUB_TEST_ENDPOINT", &stage.options.endpoint)
        .env("HUB_TEST_CACHE", &stage.options.cache)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn the_one_blob(stage: &Stage) {
    let blobs = files(&stage.blobs());
    let large = blobs.iter().filter(|path| name(path).len() == 64).count();
    assert_eq!(large, 1, "{blobs:?}");
    assert!(stage.parts().is_empty(), "{:?}", stage.parts());
    stage.walk();
}

fn slow(server: &Server) {
    server.misbehave(|request, _| {
        request.is_bytes().then_some(Fault::Slow(Duration::from_millis(2)))
    });
}

#[test]
fn two_processes_at_one_file_both_succeed() {
    let stage = Stage::new();
    slow(&stage.server);
    let mut children = [start(&stage, ""), start(&stage, "")];
    // Not by the stage, which looks at once at what lies in the cache: others still work in it.
    let repo = repo_ref("owner/name");
    fetch(&stage.options, &repo, &Cancel::new(), &mut Progress::none()).unwrap();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    the_one_blob(&stage);
}

#[test]
fn two_threads_at_one_file_both_succeed() {
    let stage = Stage::new();
    slow(&stage.server);
    std::thread::scope(|scope| {
        let threads = [(); 3].map(|()| {
            scope.spawn(|| {
                fetch(
                    &stage.options,
                    &repo_ref("owner/name"),
                    &Cancel::new(),
                    &mut Progress::none(),
                )
            })
        });
        for thread in threads {
            thread.join().unwrap().unwrap();
        }
    });
    the_one_blob(&stage);
    let asked = stage.server.asked();
    assert_eq!(asked.iter().filter(|request| request.is_bytes()).count(), 1, "the others waited");
}

#[test]
fn a_killed_download_is_gone_on_from() {
    let stage = Stage::new();
    stage.server.misbehave(|request, _| request.is_bytes().then_some(Fault::Stall(90_000)));
    let mut child = start(&stage, "");
    wait_until("the part", || stage.parts().iter().any(|(_, len)| *len == 90_000));
    child.kill().unwrap();
    child.wait().unwrap();
    stage.walk();
    let owner = child.id().to_string();
    assert!(name(&stage.parts()[0].0).contains(&owner), "{:?}", stage.parts());
    stage.server.asked();
    stage.server.misbehave(|_, _| None);
    stage.fetch_whole();
    let asked = stage.server.asked();
    let bytes = asked.iter().find(|request| request.is_bytes()).unwrap();
    assert_eq!(bytes.header("range"), Some("bytes=90000-299999"));
    the_one_blob(&stage);
}

#[test]
fn a_living_owners_part_is_left_alone() {
    let stage = Stage::new();
    stage.server.misbehave(|request, n| match request.is_bytes() {
        true if n == 0 => Some(Fault::Stall(90_000)),
        _ => None,
    });
    let mut child = start(&stage, "");
    wait_until("the part", || stage.parts().iter().any(|(_, len)| *len == 90_000));
    stage.fetch_whole();
    assert_eq!(stage.parts().len(), 1, "the other's");
    // Killed then, its part is of no use any more, and is cleared away by the next who fetches that file.
    child.kill().unwrap();
    child.wait().unwrap();
    fs::remove_file(stage.blobs().join(stage.etag())).unwrap();
    stage.fetch_whole();
    the_one_blob(&stage);
}

#[test]
fn a_part_of_another_host_is_adopted_when_it_is_old() {
    let stage = Stage::new();
    fs::create_dir_all(stage.blobs()).unwrap();
    let part = stage.blobs().join(format!("{}.convscope-node-7-4242.incomplete", stage.etag()));
    fs::write(&part, &stage.weights[..60_000]).unwrap();
    stage.fetch_whole();
    assert!(part.exists(), "it may be written still");
    let old = std::time::SystemTime::now() - Duration::from_secs(7200);
    fs::File::options().write(true).open(&part).unwrap().set_modified(old).unwrap();
    fs::remove_file(stage.blobs().join(stage.etag())).unwrap();
    stage.server.asked();
    stage.fetch_whole();
    let asked = stage.server.asked();
    let bytes = asked.iter().find(|request| request.is_bytes()).unwrap();
    assert_eq!(bytes.header("range"), Some("bytes=60000-299999"));
    the_one_blob(&stage);
}

#[test]
fn proxies_of_the_environment_are_used_and_exceptions_kept() {
    let stage = Stage::new();
    // Nobody else knows this name (RFC 2606); the bytes are on 127.0.0.1.
    let proxy = &stage.server.endpoint;
    let shell = format!(
        "export HTTP_PROXY={proxy} http_proxy={proxy} NO_PROXY=127.0.0.1 HUB_TEST_ENDPOINT=http://hub.invalid;"
    );
    assert!(start(&stage, &shell).wait().unwrap().success());
    stage.walk();
    for request in stage.server.asked() {
        let meant = request.through_proxy_to.as_deref();
        assert_eq!(meant, (!request.is_bytes()).then_some("hub.invalid"), "{request:?}");
    }
}

#[test]
fn a_name_that_is_not_known_is_said() {
    let stage = Stage::new();
    let child = start(&stage, "export HUB_TEST_ENDPOINT=http://hub.invalid;");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(7));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("hub.invalid cannot be reached") && said.contains("HTTPS_PROXY"),
        "{said}"
    );
}
