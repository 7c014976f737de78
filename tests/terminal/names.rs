//! Names of files are shown, not obeyed.

use std::fs;
use std::path::Path;

use crate::sequences::sequences;
use crate::session::{Launch, Session};
use crate::walk::open;

/// Renames the window, writes in red, clears the screen with one C1 character, rings, breaks the line.
const NAME: &str = "a\x1b]0;owned\x07b\x1b[31mc\u{9b}2Jd\x07e\nf";
/// A part of it on the screen; the emulator drops what stands for the control characters.
const SHOWN: &str = "]0;owned";

#[test]
fn the_name_of_a_photo_never_reaches_the_terminal_raw() {
    let mut s = open(with_file("photos/rgb_61x83.png", "png", &[]));
    s.shows(SHOWN);
    s.send("q");
    s.left(0);
    is_harmless(&s);
}

#[test]
fn the_name_of_a_network_never_reaches_the_terminal_raw() {
    let mut s = open(with_file("net_basic18.safetensors", "safetensors", &["--model"]));
    s.shows(SHOWN);
    s.send("q");
    s.left(0);
    is_harmless(&s);
}

#[test]
fn an_error_about_a_file_never_reaches_the_terminal_raw() {
    let mut s = with_file("versions.json", "png", &[]).start();
    s.shows(SHOWN);
    s.press("?", "Keys");
    s.send("q");
    s.hides("Keys");
    s.send("q");
    s.left(0);
    is_harmless(&s);
}

#[test]
fn a_name_that_does_not_exist_never_reaches_the_terminal_raw() {
    let mut s = Launch::new().arg(format!("{NAME}.png")).start();
    s.shows("[left with ");
    s.shows(SHOWN);
    is_harmless(&s);
}

/// With a copy of a fixture under the hostile name, as an argument behind `flags`.
fn with_file(fixture: &str, ending: &str, flags: &[&str]) -> Launch {
    let launch = Launch::new();
    let file = launch.folder().join(format!("{NAME}.{ending}"));
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    fs::copy(fixtures.join(fixture), &file).unwrap();
    flags.iter().fold(launch, |launch, flag| launch.arg(flag)).arg(file)
}

#[track_caller]
fn is_harmless(s: &Session) {
    let output = String::from_utf8_lossy(s.raw());
    assert!(output.contains("a\u{fffd}]0;owned"));
    assert!(!output.contains(|c: char| c == '\x07' || ('\u{80}'..='\u{9f}').contains(&c)));
    // The program itself asks for the color of the background.
    let others = sequences(s.raw()).into_iter().filter(|s| !s.body.starts_with("11;?"));
    let obeyed: Vec<_> = others.filter(|s| s.kind == ']' || s.body == "31").collect();
    assert!(obeyed.is_empty(), "{obeyed:?}");
}
