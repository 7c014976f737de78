//! Terminals, standard inputs and answers that are not what one expects.

use crate::sequences::sequences;
use crate::session::{Launch, Session, find};
use crate::walk::open;

#[track_caller]
fn asked(launch: Launch) -> Session {
    let mut s = launch.start();
    s.until("the last question", |s| find(s.raw(), b"\x1b[c").is_some());
    s
}

#[test]
fn keys_come_from_the_terminal_where_stdin_is_none() {
    for launch in
        [Launch::new().without_input(), Launch::new().below_a_pipe()].map(Launch::at_the_stem)
    {
        let mut s = open(launch.says("\x1b[?62;c"));
        s.press("]", "maxpool · 32 maps");
        assert!(s.is_raw());
        s.send("q");
        s.left(0);
    }
}

#[test]
fn an_inherited_name_brings_no_pictures() {
    for (name, value) in [("ZELLIJ", "0"), ("COLORTERM", "truecolor")] {
        let launch = Launch::new().env("TERM_PROGRAM", "WezTerm").env(name, value);
        let mut s = open(launch.says("\x1b[?62;52c"));
        s.shows("Classes");
        s.settle();
        let pictures = |s: &crate::sequences::Sequence| s.kind == ']' && s.body.starts_with("1337");
        assert!(!sequences(s.raw()).iter().any(pictures));
    }
}

#[test]
fn the_doctor_says_what_an_inherited_name_counts_for() {
    // All that the doctor says fits on the screen.
    let launch = Launch::new().size(120, 70).env("TERM_PROGRAM", "WezTerm").env("LC_ALL", "C");
    let mut s = asked(launch.arg("doctor").arg("--offline"));
    s.send("\x1b[?62;52c");
    s.shows("–   TERM_PROGRAM=WezTerm is ignored");
    s.shows("–   LC_ALL=C is not a UTF-8 locale");
    s.left(0);
}

#[test]
fn a_terminal_of_no_size_is_drawn() {
    let drawn = |launch: Launch, last: &[u8]| {
        let mut s = launch.size(0, 0).start();
        s.until("the last row is drawn", |s| {
            find(s.raw(), "Layers".as_bytes()).is_some() && find(s.raw(), last).is_some()
        });
    };
    drawn(Launch::new().says("\x1b[?62;c"), b"\x1b[24;");
    drawn(Launch::new().says("\x1b[?62;c").env("LINES", "31").env("COLUMNS", "90"), b"\x1b[31;");
    drawn(Launch::new().says("\x1b[8;33;120t\x1b[?62;c"), b"\x1b[33;");
    drawn(Launch::new().says("\x1b[35;120R\x1b[?62;c"), b"\x1b[35;");
}

#[test]
fn keys_that_are_typed_while_the_terminal_is_asked_are_kept() {
    let mut s = asked(Launch::new().at_the_stem());
    s.send("]l");
    s.send("\x1b[?62;c");
    s.send("l");
    s.shows("maxpool · 32 maps");
    s.shows("Channel 2 of 32");
}

#[test]
fn noise_in_answer_to_the_questions_is_no_keys_and_ends() {
    for beginning in ["\x1b]11;rgb:", "", "\x1bP>|"] {
        let mut s = asked(Launch::new().at_the_stem());
        s.send(beginning);
        for _ in 0..200 {
            s.send("x".repeat(1000));
        }
        s.shows("maps of");
        s.settle();
        assert!(!s.text().contains("knocked out"), "{}", s.text());
        s.press("]", "maxpool · 32 maps");
        s.send("q");
        s.left(0);
    }
}

#[test]
fn control_c_leaves_whatever_the_keys_are() {
    let launch = Launch::new();
    let keys = "[keys]\nquit = []\nnext-layer = [\"C-c\", \"]\"]\n";
    std::fs::write(launch.folder().join("keys.toml"), keys).unwrap();
    let mut s = open(launch);
    s.press("/", "Find a layer");
    s.send("qqq\x03");
    s.left(0);
}

#[test]
fn keys_that_are_no_file_are_refused() {
    let launch = Launch::new();
    std::fs::create_dir(launch.folder().join("keys.toml")).unwrap();
    let mut s = launch.start();
    s.shows("keys.toml: is a folder");
    s.left(1);
}

#[test]
fn no_bar_is_drawn_before_its_end_is_known() {
    let mut s = Launch::new().arg("layers").start();
    s.shows("layer4");
    s.left(0);
    assert!(find(s.raw(), b"0 of 0").is_none());
}
