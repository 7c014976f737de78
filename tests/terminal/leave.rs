//! Leaving, wanted or not: the terminal is as it was.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::session::Launch;
use crate::walk::open;

#[test]
fn quitting_gives_the_terminal_back() {
    for keys in ["q", "\x03"] {
        let mut s = open(Launch::new());
        s.send(keys);
        s.left(0);
        assert!(!s.text().contains("maps of"), "{}", s.text());
    }
}

#[test]
fn quitting_before_the_first_map_gives_the_terminal_back() {
    let mut s = Launch::new().start();
    s.until("the screen is taken", |s| s.screen().alternate_screen());
    s.send("q");
    s.left(0);
}

#[test]
fn signals_that_end_it_give_the_terminal_back() {
    for signal in [Signal::HUP, Signal::TERM, Signal::INT] {
        let mut s = open(Launch::new());
        s.signal(signal);
        s.left(128 + signal.as_raw());
    }
}

#[test]
fn a_lost_line_ends_it() {
    let mut s = open(Launch::new().alone());
    s.close("?");
    assert!(!s.ends().success());
}

#[test]
fn a_lost_line_ends_it_even_if_no_signal_says_so() {
    let mut s = open(Launch::new().below_a_deaf_shell());
    s.close("?");
    // The shell ends after the program.
    s.ends();
}

#[test]
fn a_signal_ends_it_even_if_the_terminal_takes_nothing_more() {
    let mut s = open(Launch::new().size(200, 60).alone());
    s.hold();
    for key in "][".repeat(100).chars() {
        s.send(key.to_string());
        std::thread::sleep(Duration::from_millis(5));
    }
    let sent = Instant::now();
    s.signal(Signal::TERM);
    let status = s.ends();
    assert!(!status.success() && sent.elapsed() < Duration::from_secs(15), "{status:?}");
}
