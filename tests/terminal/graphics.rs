//! Real pictures on a terminal that says it has them, and the questions before.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use termwiz::escape::apc::KittyImageDelete;
use termwiz::escape::parser::Parser;
use termwiz::escape::{Action, KittyImage};

use crate::sequences::{is_question, sequences};
use crate::session::{Launch, Session, find};
use crate::walk::open;

/// What kitty and xterm really answer.
const KITTY: &str = "\x1b_Gi=31;OK\x1b\\\x1b[6;20;10t\x1b[4;800;1200t\x1b]11;rgb:1e1e/2020/2020\x1b\\\x1bP>|kitty(0.32.2)\x1b\\\x1b[?2026;2$y\x1b[?62;c";
const XTERM: &str = "\x1b[6;20;10t\x1b]11;rgb:ffff/ffff/ffff\x07\x1bP>|XTerm(379)\x1b\\\x1b[?2026;0$y\x1b[?63;1;2;4;6;9;15;22c";

/// At most so many bytes of pictures in a frame.
const FRAME: usize = 200_000;

/// Pictures that are sent, not those that are shown again.
fn sent(output: &[u8]) -> usize {
    let picture = |action: &Action| match action {
        Action::Sixel(_) => true,
        Action::KittyImage(image) => {
            matches!(**image, KittyImage::TransmitDataAndDisplay { .. })
        }
        _ => false,
    };
    Parser::new().parse_as_vec(output).iter().filter(|action| picture(action)).count()
}

/// Where all of kitty's pictures are deleted last.
fn deleted(output: &[u8]) -> Option<usize> {
    let all = b"\x1b_Ga=d,d=A,q=2\x1b\\";
    let action = Parser::new().parse_as_vec(all).remove(0);
    let Action::KittyImage(image) = action else { panic!("{action:?}") };
    let what = KittyImageDelete::All { delete: true };
    assert!(matches!(*image, KittyImage::Delete { what: found, .. } if found == what));
    output.windows(all.len()).rposition(|window| window == all)
}

/// A session with pictures. The program waits 150 ms for answers: on a machine that was too slow for
/// that it shows blocks, and is started again.
#[track_caller]
fn with_pictures(launch: impl Fn() -> Launch) -> Session {
    for _ in 0..5 {
        let mut s = open(launch());
        s.shows("Classes");
        if s.within(Duration::from_secs(12), |s| sent(s.raw()) > 5) {
            s.settle();
            return s;
        }
    }
    panic!("no pictures");
}

#[test]
fn kitty_gets_pictures_in_frames_that_are_not_too_large() {
    let mut s = with_pictures(|| Launch::new().says(KITTY));
    let frames = s.frames(0);
    let bytes = |frame: &[u8]| -> usize {
        let pictures = sequences(frame).into_iter().filter(|sequence| sequence.kind == '_');
        pictures.map(|sequence| sequence.body.len() + 3).sum()
    };
    let most = frames.iter().map(|frame| bytes(frame)).max().unwrap();
    assert!((1..=FRAME).contains(&most), "{most} bytes in a frame");
    // All of them are in frames: nothing flickers.
    let inside: usize = frames.iter().map(|frame| sent(frame)).sum();
    assert_eq!(inside, sent(s.raw()));
    // The first frame does not wait for them.
    assert_eq!(sent(frames[0]), 0);
    // Shown once more, they are not sent once more.
    let before = sent(s.raw());
    s.press("?", "Keys");
    s.send("\x1b");
    s.hides("Keys");
    s.settle();
    assert_eq!(sent(s.raw()), before);
    s.send("q");
    s.left(0);
}

#[test]
fn other_pictures_follow_when_the_keys_rest() {
    for _ in 0..5 {
        let mut s = with_pictures(|| Launch::new().says(KITTY));
        let from = s.raw().len();
        let (mut slowest, mut last) = (Duration::ZERO, Instant::now());
        for _ in 0..25 {
            s.send("]");
            slowest = slowest.max(last.elapsed());
            last = Instant::now();
            s.within(Duration::from_millis(25), |_| false);
        }
        let until = s.raw().len();
        // Where the machine is busy with other things, the keys did rest: then it is tried again.
        if sent(&s.raw()[from..until]) == 0 && slowest < Duration::from_millis(70) {
            s.until("the pictures of the last layer come", |s| sent(&s.raw()[until..]) > 5);
            return;
        }
    }
    panic!("pictures come while keys are pressed");
}

#[test]
fn pictures_are_deleted_on_leaving() {
    let mut s = with_pictures(|| Launch::new().says(KITTY));
    s.send("q");
    s.left(0);
    let at = deleted(s.raw()).expect("all are deleted");
    assert_eq!(sent(&s.raw()[at..]), 0);
    let screen = find(&s.raw()[at..], b"\x1b[?1049l");
    assert!(screen.is_some(), "before the screen is given back");
}

#[test]
fn pictures_are_deleted_in_the_background_and_come_back() {
    let mut s = with_pictures(|| Launch::new().says(KITTY).with_jobs());
    s.send("\x1a");
    s.shows("[stopped with ");
    let at = deleted(s.raw()).expect("all are deleted");
    assert!(find(&s.raw()[at..], b"\x1b[?1049l").is_some());
    assert_eq!(sent(&s.raw()[at..]), 0);
    let from = s.raw().len();
    s.send("\r");
    s.until("the pictures are sent again", |s| sent(&s.raw()[from..]) > 5);
    s.send("q");
    s.left(0);
}

#[test]
fn xterm_gets_sixels_and_texts_for_its_light_background() {
    let mut s = with_pictures(|| Launch::new().says(XTERM));
    for frame in s.frames(0) {
        let sixels = sequences(frame).into_iter().filter(|sequence| sequence.kind == 'P');
        let bytes: usize = sixels.map(|sequence| sequence.body.len() + 4).sum();
        assert!(bytes <= FRAME, "{bytes} bytes in a frame");
    }
    let text = String::from_utf8_lossy(s.raw()).into_owned();
    assert!(text.contains("38;2;175;85;0") && !text.contains("38;2;255;175;60"));
    s.send("q");
    s.left(0);
    let text = String::from_utf8_lossy(s.raw()).into_owned();
    assert_eq!(text.matches("\x1b_G").count(), 1, "the question, and nothing of kitty's");
}

#[test]
fn a_dark_background_has_its_own_colors() {
    let s = with_pictures(|| Launch::new().says(KITTY));
    let text = String::from_utf8_lossy(s.raw()).into_owned();
    assert!(!text.contains("38;2;175;85;0") && text.contains("38;2;255;175;60"));
}

#[test]
fn half_blocks_ask_for_no_pictures_and_send_none() {
    for theme in ["auto", "dark"] {
        let launch = Launch::new().says(KITTY).arg("--graphics").arg("halfblocks");
        let mut s = open(launch.arg("--theme").arg(theme));
        s.shows("Classes");
        s.settle();
        let text = String::from_utf8_lossy(s.raw()).into_owned();
        assert!(!text.contains("\x1b_G") && sent(s.raw()) == 0);
        let asked: Vec<_> = sequences(s.before_frames()).into_iter().filter(is_question).collect();
        assert!(asked.is_empty(), "{asked:?}");
        assert!(s.text().contains('▀'));
        s.send("q");
        s.left(0);
    }
}

#[test]
fn settings_choose_the_pictures_too() {
    let launch = Launch::new();
    let config = "[display]\ngraphics = \"quadrants\"\ntheme = \"light\"\n";
    std::fs::write(launch.folder().join("config.toml"), config).unwrap();
    let mut s = open(launch.says(KITTY));
    s.shows("Classes");
    s.settle();
    let asked: Vec<_> = sequences(s.raw()).into_iter().filter(is_question).collect();
    assert!(asked.is_empty() && sent(s.raw()) == 0, "{asked:?}");
    let blocks: HashSet<char> = s.cells().iter().map(|cell| cell.0).collect();
    assert!("▌▐▖▗▘▝▚▞".chars().any(|block| blocks.contains(&block)), "{}", s.text());
}

#[test]
fn pictures_that_are_asked_for_are_sent_without_a_question() {
    let launch = Launch::new().arg("--graphics").arg("kitty").arg("--theme").arg("dark");
    let mut s = open(launch);
    s.until("pictures come", |s| sent(s.raw()) > 5);
    s.asked_nothing();
    assert!(!sequences(s.before_frames()).iter().any(is_question));
}

#[test]
fn a_terminal_that_answers_nothing_is_not_waited_for_long() {
    let first_frame = |launch: Launch| {
        let started = Instant::now();
        let mut s = launch.start();
        s.until("there is a frame", |s| !s.frames(0).is_empty());
        started.elapsed()
    };
    let quiet = || Launch::new().arg("--graphics").arg("halfblocks").arg("--theme").arg("dark");
    // The program waits 150 ms. The rest is the machine's, which may be busy.
    let mut waits = Vec::new();
    for _ in 0..8 {
        let unasked = first_frame(quiet());
        let asked = first_frame(Launch::new());
        waits.push(asked.saturating_sub(unasked));
        if asked < Duration::from_millis(400) || waits[waits.len() - 1] < Duration::from_millis(250)
        {
            return;
        }
    }
    panic!("{waits:?} more than without a question");
}

#[test]
fn answers_that_come_late_are_no_keys() {
    let mut s = open(Launch::new());
    s.shows("Classes");
    s.settle();
    let before = s.cells();
    for answers in [KITTY, XTERM] {
        s.send(answers);
        s.settle();
        assert!(s.cells() == before, "{}", s.text());
    }
    s.press(":", "Command");
    s.send(KITTY);
    s.press("sort", "› sort▏");
    s.press("\r", "by max");
    assert_eq!(sent(s.raw()), 0, "it was too late");
}

#[test]
fn a_signal_while_the_terminal_is_asked_gives_it_back() {
    let mut s = Launch::new().start();
    s.until("the screen is taken", |s| s.screen().alternate_screen());
    s.signal(rustix::process::Signal::TERM);
    s.left(128 + rustix::process::Signal::TERM.as_raw());
}
