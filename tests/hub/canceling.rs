//! A cancel is heard wherever a download waits.

use std::time::{Duration, Instant};

use convscope::base::{Cancel, Progress};
use convscope::source::hub::{HubError, fetch};

use super::server::{Fault, Request};
use super::support::{Stage, repo_ref};

type Wrong = Box<dyn Fn(&Request) -> Option<Fault> + Send>;

/// How long it takes from the cancel to the end; the fastest of several, for machines that are busy.
fn delay(stage: &Stage) -> Duration {
    let once = || {
        let cancel = Cancel::new();
        let later = cancel.clone();
        let waiter = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(400));
            later.cancel();
            Instant::now()
        });
        let result = fetch(&stage.options, &repo_ref("owner/name"), &cancel, &mut Progress::none());
        let end = Instant::now();
        assert_eq!(result.unwrap_err(), HubError::Canceled);
        stage.walk();
        end - waiter.join().unwrap()
    };
    let mut best = Duration::MAX;
    for _ in 0..5 {
        best = best.min(once());
        if best < Duration::from_millis(100) {
            break;
        }
    }
    best
}

#[test]
fn a_cancel_is_heard_within_100_ms() {
    let api = |request: &Request| request.path.starts_with("/api/");
    let faults: [(&str, Wrong); 5] = [
        ("before the answer", Box::new(move |r| api(r).then_some(Fault::Silence))),
        ("before the headers", Box::new(|r| r.is_bytes().then_some(Fault::Silence))),
        ("between bytes", Box::new(|r| r.is_bytes().then_some(Fault::Stall(1000)))),
        (
            "while bytes come slowly",
            Box::new(|r| r.is_bytes().then_some(Fault::Slow(Duration::from_millis(20)))),
        ),
        (
            "in a pause",
            Box::new(|r| {
                let wait = vec![("Retry-After", "30".to_string())];
                r.is_bytes().then_some(Fault::Status(429, wait))
            }),
        ),
    ];
    for (place, fault) in faults {
        let mut stage = Stage::new();
        stage.options.limits.retry_after = Duration::from_secs(60);
        stage.server.misbehave(move |request, _| fault(request));
        let delay = delay(&stage);
        assert!(delay < Duration::from_millis(100), "{place}: {delay:?}");
    }
}

#[test]
fn what_came_before_a_cancel_is_kept() {
    let stage = Stage::new();
    stage.server.misbehave(|request, _| request.is_bytes().then_some(Fault::Stall(50_000)));
    delay(&stage);
    assert_eq!(stage.parts()[0].1 % 50_000, 0);
    assert!(stage.parts()[0].1 > 0);
    stage.server.misbehave(|_, _| None);
    stage.fetch_whole();
}

#[test]
fn a_cancel_is_no_reason_to_take_the_old_network() {
    let stage = Stage::new();
    stage.fetch_whole();
    let cancel = Cancel::new();
    cancel.cancel();
    let error = fetch(&stage.options, &repo_ref("owner/name"), &cancel, &mut Progress::none());
    assert!(error.unwrap_err().is_cancelled());
}
