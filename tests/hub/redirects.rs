//! Answers that send on to another address: of every kind, in chains, and no further than is safe.

use convscope::source::hub::HubError;

use super::server::{Fault, Host, Request, Server};
use super::support::Stage;

fn location(status: u16, to: impl Into<String>) -> Fault {
    Fault::Status(status, vec![("Location", to.into())])
}

/// The first way to a file, on the hub.
fn is_file(request: &Request) -> bool {
    request.host == Host::Hub && request.path.contains("/resolve/") && !request.path.contains("?")
}

#[test]
fn every_kind_is_followed_for_questions_and_files() {
    for status in [301, 302, 303, 307, 308] {
        let stage = Stage::new();
        // A renamed repository: everything is sent on once, to a relative address.
        stage.server.misbehave(move |request, _| {
            let first = !request.path.contains('?') && request.host == Host::Hub;
            first.then(|| location(status, format!("{}?moved", request.path)))
        });
        stage.server.ignore_queries();
        stage.fetch_whole();
        let asked = stage.server.asked();
        // Only 307 and 308 keep a question that has a body; of the others the files are asked for.
        let posts = asked.iter().filter(|request| request.method == "POST").count();
        assert_eq!(posts, if status >= 307 { 2 } else { 1 }, "{status}");
    }
}

#[test]
fn a_chain_is_followed_and_one_without_end_is_not() {
    let stage = Stage::new();
    stage.server.ignore_queries();
    let hops = |most: usize| {
        move |request: &Request, _| {
            let so_far = request.path.split_once("?hop").map_or(0, |(_, n)| n.parse().unwrap());
            let path = request.path.split('?').next().unwrap();
            let name = path.rsplit('/').next().unwrap();
            let more = request.host == Host::Hub && path.contains("/resolve/") && so_far < most;
            more.then(|| location(302, format!("{name}?hop{}", so_far + 1)))
        }
    };
    stage.server.misbehave(hops(8));
    stage.fetch_whole();
    let stage = Stage::new();
    stage.server.misbehave(hops(usize::MAX));
    stage.server.ignore_queries();
    let error = stage.fail();
    assert!(error.to_string().contains("more than 10 times"), "{error}");
    assert!(stage.server.asked().len() < 20);
}

#[test]
fn a_mirror_may_send_on_to_the_hub() {
    // The first has no words of its own about the files; the token is for it alone.
    let hub = Stage::new();
    let mut mirror = Stage::with(Server::start(&[]), hub.weights.clone());
    let to = hub.server.endpoint.clone();
    mirror.server.misbehave(move |request, _| Some(location(308, format!("{to}{}", request.path))));
    mirror.options.token = convscope::source::hub::Token::Known("hf_secret".into());
    mirror.fetch_whole();
    assert!(mirror.server.asked().iter().all(|r| r.header("authorization").is_some()));
    let asked = hub.server.asked();
    assert!(asked.iter().any(|request| request.host == Host::Hub));
    assert!(asked.iter().all(|request| request.header("authorization").is_none()), "{asked:?}");
}

#[test]
fn a_user_of_the_endpoint_goes_to_the_endpoint_only() {
    let mut stage = Stage::new();
    stage.options.endpoint = stage.options.endpoint.replace("://", "://me:secret@");
    stage.options.token = convscope::source::hub::Token::Known("hf_token".into());
    stage.server.ignore_queries();
    stage.server.misbehave(|request, _| {
        is_file(request).then(|| location(307, format!("{}?moved", request.path)))
    });
    stage.fetch_whole();
    for request in stage.server.asked() {
        // "me:secret" in base64; the token would be a second answer to the same question.
        let expected = (request.host == Host::Hub).then_some("Basic bWU6c2VjcmV0");
        assert_eq!(request.header("authorization"), expected, "{request:?}");
    }
}

#[test]
fn addresses_that_are_none_are_refused() {
    for (to, why) in [
        ("file:///etc/passwd", "file"),
        ("http://", "invalid URL"),
        ("gopher://x", "gopher"),
        ("http://[::1", "invalid URL"),
    ] {
        let stage = Stage::new();
        stage.server.misbehave(move |request, _| is_file(request).then(|| location(302, to)));
        let error = stage.fail();
        assert!(matches!(error, HubError::Answer { .. }), "{error}");
        assert!(error.to_string().contains(why), "{error}");
    }
    let stage = Stage::new();
    stage.server.misbehave(|request, _| is_file(request).then(|| Fault::Status(302, vec![])));
    let error = stage.fail();
    assert!(error.to_string().contains("status 302"), "{error}");
}
