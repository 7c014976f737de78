//! `--print` on a terminal: what it says it can show is what it gets, and silence is half blocks.

use crate::session::{Launch, Session};

/// The kernels of the built-in network's first layer.
fn kernels(launch: Launch) -> Session {
    let line = ["kernels", "--layer", "conv1", "--channels", "0-3", "--width", "40"];
    line.iter().fold(launch, |launch, word| launch.arg(word)).start()
}

fn contains(s: &Session, text: &str) -> bool {
    s.raw().windows(text.len()).any(|window| window == text.as_bytes())
}

/// The end of what it says, behind the pictures.
const CAPTION: &str = "conv1 · 4 of 32 kernels";

#[test]
fn a_terminal_that_shows_kittys_pictures_gets_them() {
    let mut s = kernels(Launch::new());
    s.until("the last question", |s| contains(s, "\x1b[c"));
    s.send("\x1b_Gi=31;OK\x1b\\\x1b[6;18;9t\x1bP>|kitty(0.40.0)\x1b\\\x1b[?62;c");
    s.shows(CAPTION);
    // Two rows of two tiles, 19 cells wide: one picture a row.
    assert_eq!(String::from_utf8_lossy(s.raw()).matches("\x1b_Ga=T,f=100").count(), 2);
    assert!(contains(&s, ",c=40,r=10,C=1") && !s.text().contains('▄'));
    s.left(0);
}

#[test]
fn a_silent_terminal_gets_half_blocks() {
    let mut s = kernels(Launch::new());
    s.shows(CAPTION);
    assert!(s.text().contains('▄') && !contains(&s, "\x1b_Ga=T"));
    assert!(contains(&s, "\x1b[38;2;"));
    s.left(0);
}

#[test]
fn what_is_asked_for_is_drawn_without_a_question() {
    let mut s = kernels(Launch::new().arg("--graphics").arg("sixel"));
    s.shows(CAPTION);
    assert!(contains(&s, "\x1bP0;1q\"1;1;400;200") && !s.text().contains('▄'));
    s.asked_nothing_at_all();
    s.left(0);
    let mut s = kernels(
        Launch::new().arg("--graphics").arg("quadrants").env("TERM", "xterm").env("COLORTERM", ""),
    );
    s.shows(CAPTION);
    assert!(!contains(&s, "\x1b[38;") && !contains(&s, "\x1b[48;"));
    assert!(s.text().contains(['▘', '▝', '▖', '▗', '▚', '▞']), "{}", s.text());
    s.asked_nothing_at_all();
    s.left(0);
}

#[test]
fn the_doctor_hears_what_the_terminal_says() {
    let mut s = Launch::new().size(120, 70).arg("doctor").arg("--offline").start();
    s.until("the last question", |s| contains(s, "\x1b[c"));
    s.send("\x1b]11;rgb:fdfd/f6f6/e3e3\x1b\\\x1bP>|foot(1.16.2)\x1b\\\x1b[?2026;2$y\x1b[6;20;10t\x1b[?62;4c");
    s.shows("ok  foot(1.16.2)");
    for words in [
        "ok  true color",
        "ok  image protocols: sixel",
        "ok  a cell has 10x20 pixels",
        "ok  a light background, #fdf6e3",
        "ok  synchronized updates",
        "ok  not inside tmux",
        "ok  --graphics auto draws in sixel",
        "ok  --theme auto takes light",
    ] {
        s.shows(words);
    }
    s.left(0);
}
