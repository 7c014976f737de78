//! What arrives when all goes well, and what is not asked.

use std::cell::RefCell;
use std::fs;

use convscope::base::{Cancel, Progress};
use convscope::source::hub::{HubError, Status, cached, check, fetch, status};

use super::server::{COMMIT, Fault, Host, NEXT, Server};
use super::support::{Stage, WEIGHTS, name, noise, repo_ref};

#[test]
fn a_network_arrives_in_the_layout_of_huggingface_hub() {
    let stage = Stage::new();
    let snapshot = stage.fetch_whole();
    assert_eq!((snapshot.commit.as_str(), snapshot.notes.len()), (COMMIT, 0));
    assert_eq!(snapshot.folder, stage.repo_folder().join("snapshots").join(COMMIT));
    assert_eq!(snapshot.weights, snapshot.folder.join(WEIGHTS));
    let link = fs::read_link(&snapshot.weights).unwrap();
    assert_eq!(link.to_str().unwrap(), format!("../../blobs/{}", stage.etag()));
    let config = stage.server.file("config.json").unwrap();
    assert_eq!(fs::read(snapshot.folder.join("config.json")).unwrap(), config.bytes);
    assert!(stage.blobs().join(config.etag()).is_file());
    assert_eq!(fs::read_to_string(stage.repo_folder().join("refs/main")).unwrap(), COMMIT);
    let lacking =
        stage.repo_folder().join(".no_exist").join(COMMIT).join("preprocessor_config.json");
    assert!(lacking.is_file());
    assert!(stage.parts().is_empty());
}

#[test]
fn what_is_there_is_not_asked_for_again() {
    let stage = Stage::new();
    let first = stage.fetch_whole();
    stage.server.asked();
    assert_eq!(stage.fetch().unwrap(), first);
    let asked = stage.server.asked();
    assert_eq!(asked.len(), 1, "only whether the branch has moved: {asked:?}");
    assert_eq!(asked[0].path, "/api/models/owner/name");
    // A commit never moves.
    assert_eq!(stage.fetch_as(&format!("owner/name@{COMMIT}")).unwrap(), first);
    assert_eq!(cached(&stage.options, &repo_ref("owner/name")).unwrap(), Some(first));
    assert!(stage.server.asked().is_empty());
}

#[test]
fn a_branch_that_moved_is_followed() {
    let mut stage = Stage::new();
    stage.fetch_whole();
    stage.weights = noise(1234);
    stage.server.put(WEIGHTS, &stage.weights);
    stage.server.move_to(NEXT);
    let snapshot = stage.fetch_whole();
    assert_eq!(snapshot.commit, NEXT);
    assert_eq!(fs::read_to_string(stage.repo_folder().join("refs/main")).unwrap(), NEXT);
    // The old one is whole still.
    let old = cached(&stage.options, &repo_ref(&format!("owner/name@{COMMIT}"))).unwrap();
    assert_eq!(old.unwrap().commit, COMMIT);
}

#[test]
fn a_branch_that_moved_and_fails_leaves_the_old_network_with_a_note() {
    let stage = Stage::new();
    let old = stage.fetch_whole();
    stage.server.put(WEIGHTS, &noise(5000));
    stage.server.move_to(NEXT);
    stage.server.misbehave(|request, _| request.is_bytes().then_some(Fault::Cut(100)));
    let kept = stage.fetch().unwrap();
    assert_eq!((&kept.weights, &kept.commit), (&old.weights, &old.commit));
    assert!(kept.notes[0].contains("300 of 5000 bytes"));
    assert_eq!(fs::read_to_string(stage.repo_folder().join("refs/main")).unwrap(), COMMIT);
}

#[test]
fn without_a_hub_the_cache_is_the_answer_with_a_note() {
    let mut stage = Stage::new();
    let old = stage.fetch_whole();
    // A port where nobody listens.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    stage.options.endpoint = format!("http://{closed}");
    let kept = stage.fetch().unwrap();
    assert_eq!(kept.weights, old.weights);
    let note = &kept.notes[0];
    assert!(note.contains("refused") && note.contains("HF_ENDPOINT"), "{note}");
    stage.options.offline = true;
    assert_eq!(stage.fetch().unwrap(), old);
    stage.options.cache = stage.folder.path().join("empty");
    assert!(matches!(stage.fail(), HubError::Offline { .. }));
}

#[test]
fn a_tag_and_a_named_file() {
    let stage = Stage::new();
    let other = noise(777);
    stage.server.put("sub/other.bin", &other);
    let snapshot = stage.fetch_as("owner/name@v1:sub/other.bin").unwrap();
    assert_eq!(fs::read(&snapshot.weights).unwrap(), other);
    let link = fs::read_link(&snapshot.weights).unwrap();
    assert!(link.starts_with("../../../blobs"), "{link:?}");
    assert_eq!(fs::read_to_string(stage.repo_folder().join("refs/v1")).unwrap(), COMMIT);
    assert_eq!(cached(&stage.options, &repo_ref("owner/name@v1")).unwrap(), None);
    let found = cached(&stage.options, &repo_ref("owner/name@v1:sub/other.bin")).unwrap();
    assert_eq!(found, Some(snapshot));
}

#[test]
fn an_index_brings_all_of_its_shards() {
    let (one, two) = (noise(4000), noise(5000));
    let index = br#"{"weight_map": {"a": "m-1.safetensors", "b": "m-2.safetensors", "c": "m-1.safetensors"}}"#;
    let server = Server::start(&[
        ("model.safetensors.index.json", index),
        ("m-1.safetensors", &one),
        ("m-2.safetensors", &two),
    ]);
    let stage = Stage::with(server, index.to_vec());
    stage.server.misbehave(|request, n| (request.is_bytes() && n > 0).then_some(Fault::Cut(1000)));
    assert!(matches!(stage.fail(), HubError::Broken { .. }));
    let repo = repo_ref("owner/name");
    assert_eq!(cached(&stage.options, &repo).unwrap(), None, "a shard is missing");
    assert!(
        matches!(status(&stage.options, &repo).unwrap(), Status::Partial { bytes } if bytes >= 1000)
    );
    stage.server.misbehave(|_, _| None);
    let snapshot = stage.fetch_whole();
    assert_eq!(name(&snapshot.weights), "model.safetensors.index.json");
    assert_eq!(fs::read(snapshot.folder.join("m-1.safetensors")).unwrap(), one);
    assert_eq!(fs::read(snapshot.folder.join("m-2.safetensors")).unwrap(), two);
    assert_eq!(status(&stage.options, &repo).unwrap(), Status::Whole);
}

#[test]
fn an_index_that_leaves_its_folder_is_refused() {
    for bad in ["../../../../etc/passwd", "/etc/passwd", "a/../b"] {
        let index = format!(r#"{{"weight_map": {{"a": "{bad}"}}}}"#);
        let server = Server::start(&[("model.safetensors.index.json", index.as_bytes())]);
        let stage = Stage::with(server, vec![]);
        assert!(matches!(stage.fail(), HubError::Index { .. }), "{bad}");
    }
}

#[test]
fn a_pickle_is_taken_when_there_is_nothing_better() {
    let weights = noise(2000);
    let server = Server::start(&[("pytorch_model.bin", &weights)]);
    let stage = Stage::with(server, weights);
    assert_eq!(name(&stage.fetch_whole().weights), "pytorch_model.bin");
}

#[test]
fn bytes_are_reported_over_all_files() {
    let stage = Stage::new();
    let said = RefCell::new(Vec::new());
    let mut progress = Progress::new(|done, total| said.borrow_mut().push((done, total)));
    fetch(&stage.options, &repo_ref("owner/name"), &Cancel::new(), &mut progress).unwrap();
    drop(progress);
    let said = said.into_inner();
    let total = stage.weights.len() + stage.server.file("config.json").unwrap().bytes.len();
    assert!(said.iter().all(|(done, all)| *all == total && done <= all), "{said:?}");
    assert!(said.is_sorted(), "{said:?}");
    assert_eq!(said.last(), Some(&(total, total)));
}

#[test]
fn the_token_goes_to_the_hub_and_to_nobody_else() {
    let mut stage = Stage::new();
    stage.options.token = convscope::source::hub::Token::Known("hf_secret".into());
    stage.fetch_whole();
    let asked = stage.server.asked();
    assert!(asked.iter().any(|request| request.host == Host::Bytes));
    for request in &asked {
        let expected = (request.host == Host::Hub).then_some("Bearer hf_secret");
        assert_eq!(request.header("authorization"), expected, "{request:?}");
    }
}

#[test]
fn without_a_token_none_is_sent() {
    let stage = Stage::new();
    stage.fetch_whole();
    assert!(stage.server.asked().iter().all(|request| request.header("authorization").is_none()));
}

#[test]
fn a_status_says_how_much_is_there() {
    let stage = Stage::new();
    let repo = repo_ref("owner/name");
    assert_eq!(status(&stage.options, &repo).unwrap(), Status::Absent);
    stage.server.misbehave(|request, _| request.is_bytes().then_some(Fault::Cut(70_000)));
    stage.fail();
    // Each attempt brought its part.
    assert_eq!(status(&stage.options, &repo).unwrap(), Status::Partial { bytes: 210_000 });
    stage.server.misbehave(|_, _| None);
    stage.fetch_whole();
    assert_eq!(status(&stage.options, &repo).unwrap(), Status::Whole);
}

#[test]
fn a_hub_can_be_checked_quickly() {
    let mut stage = Stage::new();
    check(&stage.options).unwrap();
    stage.options.limits.check = std::time::Duration::from_millis(200);
    stage.server.misbehave(|_, _| Some(Fault::Silence));
    assert!(matches!(check(&stage.options), Err(HubError::Stalled { .. })));
    stage.options.endpoint = "ftp://x".into();
    assert!(check(&stage.options).unwrap_err().to_string().contains("HF_ENDPOINT"));
}
