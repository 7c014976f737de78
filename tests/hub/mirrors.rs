//! Mirrors that know few routes: what `hf_hub_download` fetches from them is fetched, and what is not there is refused.

use std::fs;

use convscope::source::hub::{HubError, Status, status};
use sha1::{Digest, Sha1};

use super::server::{COMMIT, Fault, NEXT, Request, Server, hex};
use super::support::{Stage, WEIGHTS, files, noise, repo_ref};

fn is_listing(request: &Request) -> bool {
    request.path.contains("/paths-info/")
}

fn is_api(request: &Request) -> bool {
    request.path.starts_with("/api/")
}

/// What servers answer to what they do not know.
fn unknown() -> Vec<Fault> {
    let page = b"<!DOCTYPE html><html><body>Artifacts</body></html>".to_vec();
    let html = vec![("Content-Type", "text/html".to_string())];
    let mut faults: Vec<_> =
        [400, 401, 403, 404, 405, 410, 422, 501].map(|status| Fault::Status(status, vec![])).into();
    faults.push(Fault::Answer(500, html, page.clone()));
    faults.push(Fault::Instead(page, "text/html"));
    faults.push(Fault::Instead(b"{}".to_vec(), "application/json"));
    faults.push(Fault::Instead(vec![], "application/json"));
    faults
}

#[test]
fn without_a_list_of_files_each_is_asked_for() {
    for fault in unknown() {
        let stage = Stage::new();
        let answer = fault.clone();
        stage.server.misbehave(move |request, _| is_listing(request).then(|| answer.clone()));
        let snapshot = stage.fetch_whole();
        assert_eq!(snapshot.notes, [""; 0], "{fault:?}");
        assert!(snapshot.folder.join("config.json").is_file());
        let lacking = stage.repo_folder().join(".no_exist").join(COMMIT);
        assert!(lacking.join("preprocessor_config.json").is_file(), "{fault:?}");
    }
}

#[test]
fn without_any_interface_the_files_say_which_commit_they_are_of() {
    for fault in unknown() {
        let stage = Stage::new();
        let answer = fault.clone();
        stage.server.misbehave(move |request, _| is_api(request).then(|| answer.clone()));
        let snapshot = stage.fetch_whole();
        assert_eq!((snapshot.commit.as_str(), snapshot.notes.len()), (COMMIT, 0), "{fault:?}");
        // Such a server need not know commits.
        let asked = stage.server.asked();
        let files = asked.iter().filter(|request| request.path.contains("/resolve/"));
        assert!(files.clone().count() > 3);
        for request in files {
            assert!(request.path.contains("/resolve/main/"), "{request:?}");
        }
    }
}

#[test]
fn a_branch_that_moved_is_followed_there_too() {
    let mut stage = Stage::new();
    stage.server.misbehave(|request, _| is_api(request).then_some(Fault::Status(404, vec![])));
    stage.fetch_whole();
    assert_eq!(stage.fetch_whole().notes.len(), 0);
    stage.weights = noise(1234);
    stage.server.put(WEIGHTS, &stage.weights);
    stage.server.move_to(NEXT);
    assert_eq!(stage.fetch_whole().commit, NEXT);
}

#[test]
fn what_is_not_there_is_refused_there_too() {
    for coded in [true, false] {
        for without in [is_api as fn(&Request) -> bool, is_listing] {
            let stage = Stage::new();
            stage.server.misbehave(move |request, _| {
                let lacks = !request.path.contains("/owner/name") || request.path.contains("none");
                let file = request.path.contains("/resolve/");
                (without(request) || (!coded && lacks && (file || is_api(request))))
                    .then_some(Fault::Status(404, vec![]))
            });
            let fails = |name: &str| stage.fetch_as(name).unwrap_err();
            let error = fails("owner/other");
            assert!(matches!(error, HubError::NoRepository { .. }), "{error}");
            let error = fails("owner/name:none.bin");
            assert!(matches!(error, HubError::NoFile { .. }), "{error}");
            assert!(files(&stage.options.cache).is_empty());
        }
    }
    let empty = Stage::with(Server::start(&[("config.json", b"{}")]), vec![]);
    empty.server.misbehave(|request, _| is_api(request).then_some(Fault::Status(405, vec![])));
    assert!(matches!(empty.fail(), HubError::NoWeights { .. }));
}

#[test]
fn a_refusal_of_a_file_says_why() {
    for (code, header) in [(401, "GatedRepo"), (403, "GatedRepo")] {
        let stage = Stage::new();
        stage.server.misbehave(move |request, _| match is_api(request) {
            true => Some(Fault::Status(404, vec![])),
            false => Some(Fault::Status(code, vec![("X-Error-Code", header.into())])),
        });
        assert!(matches!(stage.fail(), HubError::Gated { .. }));
    }
    let stage = Stage::new();
    stage.server.misbehave(move |request, _| match is_api(request) {
        true => Some(Fault::Status(404, vec![])),
        false => Some(Fault::Status(503, vec![])),
    });
    assert!(matches!(stage.fail(), HubError::Server { .. }));
}

#[test]
fn a_server_that_does_not_know_head_is_asked_for_a_byte() {
    for status in [400, 405, 501] {
        let stage = Stage::new();
        stage.server.put("config.json", b"");
        stage.server.misbehave(move |request, _| {
            (is_api(request) || request.method == "HEAD").then_some(Fault::Status(status, vec![]))
        });
        stage.fetch_whole();
    }
    // Nor does each one say a length there.
    let stage = Stage::new();
    stage.server.misbehave(|request, _| {
        (is_api(request)).then_some(Fault::Status(404, vec![])).or_else(|| {
            let silent = vec![("X-Linked-Size", String::new())];
            (request.method == "HEAD").then_some(Fault::Headers(silent))
        })
    });
    stage.fetch_whole();
}

/// A server of one host that names its files by this etag, and says nothing else.
fn named(etag: impl Fn(&[u8]) -> String + Send + 'static) -> Stage {
    let stage = Stage::new();
    let weights = stage.weights.clone();
    stage.server.misbehave(move |request, _| {
        if is_api(request) {
            return Some(Fault::Status(404, vec![]));
        }
        request.path.ends_with(WEIGHTS).then(|| {
            let headers = vec![("ETag", etag(&weights)), ("X-Repo-Commit", COMMIT.into())];
            Fault::Answer(200, headers, weights.clone())
        })
    });
    stage
}

#[test]
fn a_hash_is_checked_in_the_forms_in_which_servers_write_it() {
    fn sha1(bytes: &[u8]) -> String {
        hex(&Sha1::digest(bytes))
    }
    let stage = named(|bytes| format!("\"{{SHA1{{{}}}}}\"", sha1(bytes)));
    assert_eq!(stage.fetch_whole().notes.len(), 0);
    // Artifactory: the file's own sha1, which looks like git's.
    let stage = named(|bytes| format!("W/\"{}\"", sha1(bytes)));
    let repo = repo_ref("owner/name");
    let fetched = convscope::source::hub::fetch(
        &stage.options,
        &repo,
        &convscope::base::Cancel::new(),
        &mut convscope::base::Progress::none(),
    );
    let snapshot = fetched.unwrap();
    assert_eq!(
        (fs::read(&snapshot.weights).unwrap(), snapshot.notes.len()),
        (stage.weights.clone(), 0)
    );
    let stage = named(|_| format!("\"{{SHA1{{{}}}}}\"", sha1(b"other")));
    assert!(matches!(stage.fail(), HubError::WrongHash { .. }));
}

#[test]
fn a_file_without_a_known_hash_is_checked_by_its_length_and_this_is_said() {
    let stage = named(|_| "\"d41d8cd98f00b204e9800998ecf8427e-3\"".into());
    let snapshot = stage.fetch_whole();
    let [note] = snapshot.notes.as_slice() else { panic!("{:?}", snapshot.notes) };
    assert!(
        note.contains("no verifiable hash of model.safetensors") && note.contains("size"),
        "{note}"
    );
    assert_eq!(status(&stage.options, &repo_ref("owner/name")).unwrap(), Status::Whole);
    // Fewer bytes than the headers say are no file.
    let stage = named(|_| "\"abc\"".into());
    let weights = stage.weights.clone();
    stage.server.misbehave(move |request, _| {
        if is_api(request) {
            return Some(Fault::Status(404, vec![]));
        }
        let headers = vec![("ETag", "\"abc\"".to_string()), ("X-Repo-Commit", COMMIT.into())];
        let length = if request.method == "GET" { 200_000 } else { weights.len() };
        let ours = request.path.ends_with(WEIGHTS);
        ours.then(|| Fault::Answer(200, headers, weights[..length].to_vec()))
    });
    let error = stage.fail();
    assert!(matches!(error, HubError::WrongLength { have: 200_000, .. }), "{error}");
    // Without any version there is nothing to name the file by.
    for etag in ["", "../../x"] {
        let stage = named(move |_| etag.into());
        let error = stage.fail();
        assert!(error.to_string().contains("ETag"), "{error}");
        assert!(files(&stage.options.cache).is_empty());
    }
}

#[test]
fn a_server_that_is_not_a_hub_is_refused() {
    let stage = Stage::new();
    stage.server.misbehave(|request, _| match is_api(request) {
        true => Some(Fault::Status(404, vec![])),
        false => Some(Fault::Headers(vec![("X-Repo-Commit", String::new())])),
    });
    let error = stage.fail();
    assert!(error.to_string().contains("which commit"), "{error}");
    // A commit that is asked for needs not be said.
    let snapshot = stage.fetch_as(&format!("owner/name@{COMMIT}")).unwrap();
    assert_eq!(snapshot.commit, COMMIT);
}

#[test]
fn a_file_that_is_sent_compressed_is_refused() {
    let stage = Stage::new();
    stage.server.misbehave(|request, _| {
        request.is_bytes().then(|| Fault::Headers(vec![("Content-Encoding", "gzip".into())]))
    });
    assert!(stage.fail().to_string().contains("compressed"));
}
