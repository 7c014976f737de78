//! Answers that say no: each its own sentence, which says what to do, and an empty cache after it.

use std::time::{Duration, Instant};

use convscope::source::SourceError;
use convscope::source::hub::HubError;

use super::server::{Fault, Host, Request, Server};
use super::support::{Stage, files};

/// The error when `which` requests are answered with a status; what it must say; how often was asked.
fn refused(
    which: fn(&Request) -> bool,
    status: u16,
    headers: &[(&'static str, &str)],
    said: &[&str],
) -> (HubError, usize) {
    let stage = Stage::new();
    let headers: Vec<_> = headers.iter().map(|(name, v)| (*name, (*v).to_string())).collect();
    stage.server.misbehave(move |request, _| {
        which(request).then(|| Fault::Status(status, headers.clone()))
    });
    let error = stage.fail();
    for word in said {
        assert!(error.to_string().contains(word), "{status}: {error}");
    }
    assert!(!error.to_string().contains('\n'), "{error}");
    assert!(stage.parts().is_empty(), "{:?}", stage.parts());
    let count = stage.server.asked().iter().filter(|request| which(request)).count();
    (error, count)
}

fn questions(request: &Request) -> bool {
    request.path.starts_with("/api/")
}

fn downloads(request: &Request) -> bool {
    request.host == Host::Hub && request.method == "GET" && request.path.contains("/resolve/")
}

fn all(_: &Request) -> bool {
    true
}

fn bytes(request: &Request) -> bool {
    request.is_bytes()
}

#[test]
fn gated_repositories_name_the_page_and_the_token() {
    for status in [401, 403] {
        for which in [questions, downloads] {
            let code = [("X-Error-Code", "GatedRepo")];
            let said = ["gated", "license", "/owner/name", "HF_TOKEN"];
            let (error, count) = refused(which, status, &code, &said);
            assert!(matches!(error, HubError::Gated { .. }));
            assert_eq!(count, 1, "asking again does not help");
        }
    }
}

#[test]
fn refusals_without_a_reason_name_all_that_may_be() {
    for status in [401, 403] {
        let (error, _) = refused(all, status, &[], &["check the name", "license", "HF_TOKEN"]);
        assert!(matches!(error, HubError::Denied { .. }));
    }
    let message = [("X-Error-Message", "Invalid credentials in Authorization header")];
    let (error, _) = refused(questions, 401, &message, &["token", "HF_TOKEN"]);
    assert!(matches!(error, HubError::Token { .. }));
}

#[test]
fn what_is_missing_is_named() {
    let stage = Stage::new();
    for (repo, said) in [
        ("owner/other", "no repository owner/other"),
        ("owner/name@v9", "no revision \"v9\""),
        ("owner/name@1111111111111111111111111111111111111111", "no revision \"1111"),
        ("owner/name:x.bin", "no file x.bin"),
    ] {
        let error = stage.fetch_as(repo).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    assert!(files(&stage.options.cache).is_empty());
    let empty = Stage::with(Server::start(&[("README.md", b"x")]), vec![]);
    let error = empty.fail();
    assert!(matches!(error, HubError::NoWeights { .. }), "{error}");
    assert!(error.to_string().contains("owner/name:FILE"), "{error}");
    let (error, _) = refused(downloads, 404, &[], &["no file"]);
    assert!(matches!(error, HubError::NoFile { .. }));
}

#[test]
fn faults_of_the_server_are_tried_three_times() {
    for status in [500, 503] {
        // Of a hub that does not answer questions, the files themselves are asked for, each time.
        for (which, times) in [(all as fn(&Request) -> bool, 6), (downloads, 3), (bytes, 3)] {
            let (error, count) = refused(which, status, &[], &["internal error", "later"]);
            assert!(matches!(error, HubError::Server { .. }));
            assert_eq!(count, times);
        }
    }
}

#[test]
fn a_fault_that_passes_is_none() {
    let stage = Stage::new();
    stage.server.misbehave(|_, n| (n < 2).then(|| Fault::Status(500, vec![])));
    stage.fetch_whole();
}

#[test]
fn slowing_down_waits_as_long_as_asked_and_no_longer() {
    let stage = Stage::new();
    let wait = |seconds: &str| vec![("Retry-After", seconds.to_string())];
    stage.server.misbehave(move |request, n| {
        (request.is_bytes() && n == 0).then(|| Fault::Status(429, wait("1")))
    });
    let start = Instant::now();
    stage.fetch_whole();
    assert!(start.elapsed() >= Duration::from_secs(1));

    // More than is allowed: no wait at all.
    let start = Instant::now();
    for which in [questions, bytes] {
        let said = ["limits your requests", "3600 s", "HF_TOKEN"];
        let (error, count) = refused(which, 429, &[("Retry-After", "3600")], &said);
        assert!(matches!(error, HubError::SlowDown { seconds: Some(3600), .. }));
        assert_eq!(count, 1);
    }
    assert!(start.elapsed() < Duration::from_secs(60));
    let (_, count) = refused(questions, 429, &[], &["in a minute"]);
    assert_eq!(count, 3);
}

#[test]
fn answers_to_something_else_are_refused() {
    // Nothing was asked that could be unchanged.
    let (error, _) = refused(downloads, 304, &[], &["status 304", "HF_ENDPOINT"]);
    assert!(matches!(error, HubError::Answer { .. }));
    // The second host refuses an address that was good a minute ago: the hub gives a new one.
    let (error, count) = refused(bytes, 403, &[], &["status 403"]);
    assert!(matches!(error, HubError::Answer { .. }));
    assert_eq!(count, 3);
}

#[test]
fn pages_for_people_are_no_files_and_no_answers() {
    for which in [all as fn(&Request) -> bool, downloads, bytes] {
        let stage = Stage::new();
        stage.server.misbehave(move |request, _| {
            let page = b"<!DOCTYPE html><html>Log in to the network</html>".to_vec();
            which(request).then_some(Fault::Instead(page, "text/html; charset=utf-8"))
        });
        let error = stage.fail();
        assert!(matches!(error, HubError::Page { .. }), "{error}");
        assert!(error.to_string().contains("proxy"), "{error}");
        assert!(stage.parts().is_empty());
    }
}

#[test]
fn a_redirect_without_end_ends() {
    let stage = Stage::new();
    let to = format!("{}/owner/name/resolve/x/y", stage.server.endpoint);
    stage.server.misbehave(move |request, _| {
        downloads(request).then(|| Fault::Status(302, vec![("Location", to.clone())]))
    });
    assert!(matches!(stage.fail(), HubError::Answer { .. }));
}

#[test]
fn hostile_answers_cannot_speak_to_the_terminal_or_leave_the_cache() {
    // What is not the hub's is passed over, and the files themselves are asked for.
    let bad = br#"[{"type": "file", "path": "model.safetensors", "size": 3, "oid": "../x"},
        {"type": "file", "path": "../x\u001b[2J", "size": 3, "oid": "x"}]"#;
    for (what, answer) in
        [("name", br#"{"sha": "../../../x"}"#.to_vec()), ("paths-info", bad.to_vec())]
    {
        let stage = Stage::new();
        stage.server.misbehave(move |request, _| {
            let asked = questions(request) && request.path.contains(what);
            asked.then(|| Fault::Instead(answer.clone(), "application/json"))
        });
        stage.fetch_whole();
    }
    // Their headers may be no better.
    for (header, value) in [
        ("X-Linked-Etag", "../../x"),
        ("X-Linked-Etag", "x\u{1b}[2J"),
        ("X-Repo-Commit", "../../x"),
    ] {
        let stage = Stage::new();
        stage.server.misbehave(move |request, _| match questions(request) {
            true => Some(Fault::Status(404, vec![])),
            false => Some(Fault::Headers(vec![(header, value.into()), ("ETag", String::new())])),
        });
        let error = stage.fail();
        assert!(!error.to_string().contains('\u{1b}'), "{error}");
        assert!(files(stage.folder.path()).is_empty());
    }
    let name = "o/n\u{1b}[2J".parse::<convscope::source::hub::RepoRef>().unwrap_err().to_string();
    assert!(!name.contains('\u{1b}'), "{name}");
}

#[test]
fn a_server_is_quoted_briefly_and_a_page_is_not() {
    let said = |body: &[u8], kind: &'static str| {
        let stage = Stage::new();
        let body = body.to_vec();
        stage.server.misbehave(move |request, _| {
            let kind = vec![("Content-Type", kind.to_string())];
            (request.method == "GET").then(|| Fault::Answer(418, kind, body.clone()))
        });
        stage.fail().to_string()
    };
    let json = said(br#"{"error": "I am a \u001b[2J teapot\nand more"}"#, "application/json");
    assert!(json.contains("status 418, \"I am a \u{fffd}[2J teapot\""), "{json}");
    let page = said(b"<html><body>Nothing here</body></html>", "text/html");
    assert!(page.contains("(status 418)") && !page.contains("Nothing"), "{page}");
    assert!(said(&b"x".repeat(1 << 20), "text/plain").len() < 500);
}

#[test]
fn too_large_is_said_before_anything_comes() {
    let stage = Stage::new();
    stage.server.misbehave(|request, _| {
        let size = 20_u64 << 30;
        let etag = "ab".repeat(32);
        let answer = format!(
            r#"[{{"type": "file", "path": "model.safetensors", "size": {size}, "oid": "x", "lfs": {{"sha256": "{etag}", "size": {size}}}}}]"#
        );
        request.path.contains("paths-info").then(|| Fault::Instead(answer.into(), "application/json"))
    });
    let error = stage.fail();
    assert!(matches!(error, HubError::TooLarge { gib: 20, .. }), "{error}");
}

#[test]
fn an_unreachable_hub_names_the_ways_out() {
    let mut stage = Stage::new();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    stage.options.endpoint = format!("http://{closed}");
    let error = stage.fail();
    let said = error.to_string();
    let cache = stage.options.cache.to_str().unwrap();
    for word in ["Connection refused", "HF_ENDPOINT", "HTTPS_PROXY", "convscope fetch", cache] {
        assert!(said.contains(word), "{said}");
    }
    let as_source = SourceError::from(error).to_string();
    assert_eq!(as_source, format!("hub: {said}"));
}
