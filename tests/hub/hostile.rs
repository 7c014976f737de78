//! Answers without an end, and secrets that somebody would like to see printed.

use std::time::{Duration, Instant};

use convscope::source::hub::{HubError, check};

use super::processes::start;
use super::server::{Fault, Request, Server};
use super::support::Stage;

fn is_api(request: &Request) -> bool {
    request.path.starts_with("/api/")
}

#[test]
fn answers_without_an_end_are_cut() {
    for status in [200, 400, 404, 500] {
        let stage = Stage::new();
        stage.server.misbehave(move |request, _| is_api(request).then_some(Fault::Endless(status)));
        stage.fetch_whole();
        let mut stage = Stage::new();
        stage.options.limits.attempts = 1;
        stage.server.misbehave(move |request, _| match request.method.as_str() {
            "HEAD" => Some(Fault::Status(500, vec![])),
            _ => Some(Fault::Endless(status)),
        });
        let error = stage.fail().to_string();
        assert!(error.len() < 600, "{error}");
    }
}

#[test]
fn answers_that_come_too_slowly_are_not_waited_for() {
    for status in [200, 404] {
        let mut stage = Stage::new();
        stage.options.limits.stall = Duration::from_secs(1);
        stage.server.misbehave(move |request, _| is_api(request).then_some(Fault::Dribble(status)));
        let begun = Instant::now();
        stage.fetch_whole();
        assert!(begun.elapsed() < Duration::from_secs(60));
    }
}

#[test]
fn a_file_that_comes_by_single_bytes_is_given_up() {
    let mut stage = Stage::new();
    stage.options.limits.stall = Duration::from_secs(1);
    stage.options.limits.attempts = 2;
    stage.server.misbehave(|request, _| request.is_bytes().then_some(Fault::Dribble(200)));
    let error = stage.fail();
    assert!(matches!(error, HubError::Stalled { .. }), "{error}");
    assert_eq!(stage.parts().len(), 1, "what came is kept");
}

#[test]
fn small_files_are_small() {
    let stage = Stage::new();
    stage.server.misbehave(|request, _| {
        let answer = format!(
            r#"[{{"type": "file", "path": "model.safetensors", "size": 9, "oid": "{0}"}},
            {{"type": "file", "path": "config.json", "size": 5000000000, "oid": "{0}"}}]"#,
            "ab".repeat(20)
        );
        let asked = request.path.contains("paths-info");
        asked.then(|| Fault::Instead(answer.into(), "application/json"))
    });
    let error = stage.fail();
    assert!(matches!(error, HubError::Oversized { .. }), "{error}");
    assert!(error.to_string().contains("config.json has 5.0 GB"), "{error}");
}

/// A token, a password, and both the user and the password as they are sent (base64 of `me:passw0rd`).
const SECRETS: [&str; 3] = ["hf_t0ken", "passw0rd", "bWU6cGFzc3cwcmQ"];

/// A server that repeats what it was sent in confidence.
fn echo(request: &Request) -> Fault {
    let sent = request.header("authorization").unwrap_or_default().to_string();
    let said = format!("{sent} {} is wrong", SECRETS.join(" "));
    let body = serde_json::json!({ "error": said }).to_string().into_bytes();
    Fault::Answer(400, vec![("X-Error-Message", said)], body)
}

#[test]
fn secrets_are_not_repeated_whoever_sends_them() {
    let secret = |stage: &mut Stage| {
        stage.options.token = convscope::source::hub::Token::Known(SECRETS[0].into());
        stage.options.endpoint =
            stage.options.endpoint.replace("://", &format!("://me:{}@", SECRETS[1]));
    };
    type Answer = fn(&Request) -> Option<Fault>;
    let faults: [(&str, Answer); 4] = [
        ("echo", |request| Some(echo(request))),
        ("echo of a file", |request| request.path.contains("/resolve/").then(|| echo(request))),
        ("redirect", |_| {
            let to = format!("http://{}.invalid/{}", SECRETS[0], SECRETS[1]);
            Some(Fault::Status(302, vec![("Location", to)]))
        }),
        ("odd redirect", |_| {
            Some(Fault::Status(302, vec![("Location", format!("{}://x", SECRETS[1]))]))
        }),
    ];
    for (what, fault) in faults {
        let mut stage = Stage::new();
        secret(&mut stage);
        stage.server.misbehave(move |request, _| fault(request));
        let error = stage.fail();
        let said = format!("{error} {error:?} {:?}", stage.options);
        assert!(SECRETS.iter().all(|secret| !said.contains(secret)), "{what}: {said}");
    }
    for endpoint in [
        "ftp://me:passw0rd@hub",
        "me:passw0rd@hub",
        "http://me:passw0rd@hub:port",
        "http://me:pass/passw0rd@hub",
    ] {
        let mut stage = Stage::new();
        stage.options.endpoint = endpoint.into();
        for said in [stage.fail().to_string(), check(&stage.options).unwrap_err().to_string()] {
            assert!(!said.contains("passw0rd") && said.contains("HF_ENDPOINT"), "{said}");
        }
    }
}

#[test]
fn passwords_of_proxies_are_not_shown() {
    let stage = Stage::new();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for proxy in [
        format!("http://me:passw0rd@{closed}"),
        "http://me:passw0rd@:port".into(),
        "socks5h://me:passw0rd@127.0.0.1:9".into(),
    ] {
        let shell = format!(
            "export HTTP_PROXY={proxy} http_proxy={proxy} HUB_TEST_ENDPOINT=http://hub.invalid;"
        );
        let output = start(&stage, &shell).wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(7), "{said}");
        assert!(!said.contains("passw0rd"), "{said}");
    }
}

#[test]
fn nothing_secret_gets_into_the_log() {
    let stage = Stage::new();
    stage.server.misbehave(|request, _| is_api(request).then(|| echo(request)));
    let folder = tempfile::tempdir().unwrap();
    let endpoint = stage.options.endpoint.replace("://", "://me:passw0rd@");
    let ran = std::process::Command::new(env!("CARGO_BIN_EXE_convscope"))
        .args(["fetch", "owner/name"])
        .current_dir(folder.path())
        .env("HOME", folder.path())
        .env("XDG_STATE_HOME", folder.path().join("state"))
        .env("HF_HOME", folder.path().join("hf"))
        .env("HF_ENDPOINT", endpoint)
        .env("HF_TOKEN", SECRETS[0])
        .env("HF_HUB_OFFLINE", "0")
        .env("CONVSCOPE_LOG", "trace")
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let mut logs = Vec::new();
    for file in super::support::files(&folder.path().join("state")) {
        logs.extend(std::fs::read(file).unwrap());
    }
    let said = [logs, ran.stdout, ran.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("asking for the files themselves"), "{said}");
    assert!(SECRETS.iter().all(|secret| !said.contains(secret)), "{said}");
}

#[test]
fn an_index_without_an_end_of_shards_is_refused() {
    let map: Vec<_> = (0..2000).map(|n| format!("\"t{n}\": \"m-{n}.safetensors\"")).collect();
    let index = format!("{{\"weight_map\": {{{}}}}}", map.join(","));
    let server = Server::start(&[("model.safetensors.index.json", index.as_bytes())]);
    let stage = Stage::with(server, vec![]);
    assert!(stage.fail().to_string().contains("2000 files"));
}
