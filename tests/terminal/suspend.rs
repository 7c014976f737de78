//! To the background and back.

use rustix::process::Signal;

use crate::session::{Launch, Session};
use crate::walk::open;

#[test]
fn control_z_goes_to_the_background_and_fg_comes_back() {
    let mut s = open(Launch::new().at_the_stem().with_jobs());
    s.press("]", "maxpool · 32 maps");
    s.send("\x1a");
    comes_back_after_fg(&mut s);
}

#[test]
fn the_signal_of_control_z_does_the_same() {
    let mut s = open(Launch::new().at_the_stem().with_jobs());
    s.press("]", "maxpool · 32 maps");
    s.signal(Signal::TSTP);
    comes_back_after_fg(&mut s);
}

#[test]
fn control_z_stops_a_script_around_it_too() {
    let mut s = open(Launch::new().at_the_stem().in_a_script());
    s.press("]", "maxpool · 32 maps");
    s.send("\x1a");
    comes_back_after_fg(&mut s);
}

#[test]
fn without_a_shell_to_come_back_from_control_z_does_not_stop_it() {
    let mut s = open(Launch::new().at_the_stem().alone());
    s.press("\x1a", "there is no shell");
    s.press("]", "maxpool · 32 maps");
    assert!(s.is_raw() && s.screen().alternate_screen());
}

#[test]
fn after_being_stopped_and_continued_from_outside_it_draws_everything() {
    let mut s = open(Launch::new().at_the_stem().alone());
    s.signal(Signal::STOP);
    stopped(&mut s);
    let from = s.raw().len();
    s.signal(Signal::CONT);
    s.until("the screen is drawn", |s| {
        let new = String::from_utf8_lossy(&s.raw()[from..]);
        // From the first cell to the end.
        let cleared = new.contains("\x1b[1;1H\x1b[J");
        cleared && new.contains("Layers") && new.ends_with("\x1b[?2026l")
    });
}

#[track_caller]
fn comes_back_after_fg(s: &mut Session) {
    s.shows("[stopped with ");
    stopped(s);
    s.is_as_before();
    let from = s.raw().len();
    s.send("\r");
    s.shows("maxpool · 32 maps");
    let new = String::from_utf8_lossy(&s.raw()[from..]).into_owned();
    assert!(new.contains("\x1b[?1049h") && new.contains("\x1b[?1006h"));
    assert!(s.is_raw() && s.screen().hide_cursor());
    s.press("]", "layer1.0.conv1 · 32 maps");
    s.send("q");
    s.left(0);
}

/// Waits until the system says that the process is stopped.
#[track_caller]
fn stopped(s: &mut Session) {
    if cfg!(target_os = "linux") {
        s.until("the process is stopped", |s| {
            let stat = format!("/proc/{}/stat", s.process().as_raw_nonzero());
            let stat = std::fs::read_to_string(stat).unwrap();
            stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
        });
    }
}
