//! Bytes that do not come, come wrong, or come twice.

use std::fs;
use std::time::Duration;

use convscope::source::hub::HubError;

use super::server::Fault;
use super::support::{Stage, noise};

/// The ranges that were asked of the second host.
fn ranges(stage: &Stage) -> Vec<Option<String>> {
    let asked = stage.server.asked().into_iter().filter(|request| request.is_bytes());
    asked.map(|request| request.header("range").map(str::to_string)).collect()
}

#[test]
fn a_cut_connection_is_resumed_where_it_ended() {
    let stage = Stage::new();
    stage
        .server
        .misbehave(|request, n| (request.is_bytes() && n < 2).then_some(Fault::Cut(100_000)));
    stage.fetch_whole();
    let asked = [None, Some("bytes=100000-299999".into()), Some("bytes=200000-299999".into())];
    assert_eq!(ranges(&stage), asked, "only the rest");
}

#[test]
fn what_came_is_kept_for_the_next_time() {
    let mut stage = Stage::new();
    stage.options.limits.attempts = 1;
    stage.server.misbehave(|request, _| request.is_bytes().then_some(Fault::Cut(123_456)));
    let error = stage.fail();
    assert!(matches!(error, HubError::Broken { have: 123_456, want: 300_000, .. }), "{error}");
    assert_eq!(stage.parts().len(), 1);
    assert_eq!(stage.parts()[0].1, 123_456);
    stage.server.asked();
    stage.server.misbehave(|_, _| None);
    stage.fetch_whole();
    assert_eq!(ranges(&stage), [Some("bytes=123456-299999".into())]);
    assert!(stage.parts().is_empty());
}

#[test]
fn a_connection_that_brings_much_each_time_gets_there() {
    // Far more cuts than attempts.
    let mut stage = Stage::new();
    stage.weights = noise(9 << 20);
    stage.server.put("model.safetensors", &stage.weights);
    stage
        .server
        .misbehave(|request, n| (request.is_bytes() && n < 7).then_some(Fault::Cut(5 << 18)));
    stage.fetch_whole();
    assert_eq!(ranges(&stage).len(), 8);
}

#[test]
fn silence_ends_an_attempt_and_then_the_download() {
    let mut stage = Stage::new();
    stage.options.limits.stall = Duration::from_millis(700);
    stage.server.misbehave(|request, n| match request.is_bytes() {
        true if n == 0 => Some(Fault::Stall(50_000)),
        true if n == 1 => Some(Fault::Silence),
        _ => None,
    });
    stage.fetch_whole();

    let mut stage = Stage::new();
    stage.options.limits.stall = Duration::from_millis(700);
    stage.options.limits.attempts = 2;
    stage.server.misbehave(|request, _| request.is_bytes().then_some(Fault::Stall(20_000)));
    let error = stage.fail();
    assert!(matches!(error, HubError::Stalled { seconds: 1, .. }), "{error}");
    assert!(error.to_string().contains("resumes"), "{error}");
    assert_eq!(stage.parts()[0].1, 40_000);
}

#[test]
fn a_range_that_is_ignored_starts_again_from_nothing() {
    let stage = Stage::new();
    stage.server.misbehave(|request, n| match request.is_bytes() {
        true if n == 0 => Some(Fault::Cut(100_000)),
        true => Some(Fault::NoRange),
        false => None,
    });
    stage.fetch_whole();
    assert_eq!(ranges(&stage).len(), 2);
}

#[test]
fn a_wrong_length_is_thrown_away() {
    for length in [10, 299_999, 300_001, 500_000] {
        let stage = Stage::new();
        stage.server.misbehave(move |request, _| {
            request.is_bytes().then(|| Fault::Instead(noise(length), "application/octet-stream"))
        });
        let error = stage.fail();
        let have = length as u64;
        assert!(
            matches!(error, HubError::WrongLength { want: 300_000, have: h, .. } if h == have),
            "{error}"
        );
        assert!(stage.parts().is_empty());
    }
}

#[test]
fn a_length_that_nobody_named_is_checked_too() {
    let stage = Stage::new();
    // More than the file has, without a length in the headers.
    stage
        .server
        .misbehave(|request, _| request.is_bytes().then(|| Fault::Unmeasured(noise(400_000))));
    let error = stage.fail();
    assert!(matches!(error, HubError::WrongLength { .. }), "{error}");
    assert!(stage.parts().is_empty());
    // Fewer: it may be the connection. What is kept is the beginning of the file, and is gone on from.
    let half = stage.weights[..150_000].to_vec();
    stage.server.asked();
    stage.server.misbehave(move |request, n| {
        (request.is_bytes() && n == 0).then(|| Fault::Unmeasured(half.clone()))
    });
    stage.fetch_whole();
    assert_eq!(ranges(&stage), [None, Some("bytes=150000-299999".into())]);
}

#[test]
fn a_wrong_hash_is_thrown_away() {
    let stage = Stage::new();
    let mut false_bytes = stage.weights.clone();
    false_bytes[123_456] ^= 1;
    let sent = false_bytes.clone();
    stage.server.misbehave(move |request, _| {
        request.is_bytes().then(|| Fault::Instead(sent.clone(), "application/octet-stream"))
    });
    let error = stage.fail();
    assert!(matches!(error, HubError::WrongHash { .. }), "{error}");
    assert!(error.to_string().contains("removed"), "{error}");
    assert_eq!(ranges(&stage).len(), 1, "the same would come again");
    assert!(stage.parts().is_empty());

    // What was kept from before is false, not what comes now: once more, from nothing.
    let part = stage.blobs().join(format!("{}.convscope-nobody-1.incomplete", stage.etag()));
    fs::write(&part, &false_bytes[..200_000]).unwrap();
    let old = std::time::SystemTime::now() - Duration::from_secs(7200);
    fs::File::options().write(true).open(&part).unwrap().set_modified(old).unwrap();
    stage.server.misbehave(|_, _| None);
    stage.fetch_whole();
    assert_eq!(ranges(&stage), [Some("bytes=200000-299999".into()), None]);
}

#[test]
fn a_small_file_is_checked_as_git_does() {
    let stage = Stage::new();
    stage.server.misbehave(|request, _| {
        let wrong = b"{\"architecture\": \"resnet81\"}".to_vec();
        let config = request.method == "GET" && request.path.ends_with("config.json");
        config.then_some(Fault::Instead(wrong, "application/json"))
    });
    let error = stage.fail();
    assert!(matches!(error, HubError::WrongHash { .. }), "{error}");
}

#[test]
fn a_range_that_cannot_be_had_starts_again_from_nothing() {
    let stage = Stage::new();
    stage.server.misbehave(|request, n| match request.is_bytes() {
        true if n == 0 => Some(Fault::Cut(100_000)),
        true if n == 1 => Some(Fault::Status(416, vec![])),
        _ => None,
    });
    stage.fetch_whole();
    assert_eq!(ranges(&stage), [None, Some("bytes=100000-299999".into()), None]);
}

#[test]
fn a_blob_of_the_wrong_length_is_no_blob() {
    let stage = Stage::new();
    stage.fetch_whole();
    // As a full disk leaves it behind with other tools.
    fs::write(stage.blobs().join(stage.etag()), b"half").unwrap();
    fs::remove_file(stage.repo_folder().join("refs/main")).unwrap();
    stage.fetch_whole();
}

#[test]
fn an_empty_file_is_a_file() {
    let stage = Stage::new();
    stage.server.put("config.json", b"");
    let snapshot = stage.fetch_whole();
    assert_eq!(fs::read(snapshot.folder.join("config.json")).unwrap(), b"");
}
