//! Starting, and walking with the keys.

use std::collections::HashSet;
use std::time::Duration;

use crate::session::{Launch, Session};

/// The explorer with the first map on the screen.
pub fn open(launch: Launch) -> Session {
    let mut session = launch.start();
    session.shows("maps of");
    session
}

#[test]
fn it_starts_with_a_map_of_the_built_in_network() {
    let mut s = open(Launch::new());
    s.shows("layer1.1.relu_1 · 32 maps of 40x40");
    s.until("the photo's classes are there", |s| s.text().contains("Classes"));
    s.until("there are pictures", |s| {
        let cell = |row, column| s.screen().cell(row, column).map(|c| c.fgcolor());
        let cells = (0..40).flat_map(|row| (0..120).map(move |column| (row, column)));
        let shown: HashSet<_> =
            cells.filter_map(|(r, c)| cell(r, c)).map(|c| format!("{c:?}")).collect();
        shown.len() > 50
    });
    assert!(s.is_raw() && s.screen().alternate_screen() && s.screen().hide_cursor());
    s.send("q");
    s.left(0);
}

#[test]
fn every_key_of_a_walk_shows_what_it_should() {
    let mut s = open(Launch::new().at_the_stem().size(160, 50));
    for (keys, shown) in [
        ("]", "maxpool · 32 maps of 40x40"),
        ("[", "relu · 32 maps of 80x80"),
        ("}", "layer1.1.relu_1 · 32 maps"),
        ("{", "maxpool · 32 maps"),
        ("l", "Channel 1 of 32"),
        ("h", "Channel 0 of 32"),
        ("\x1b[C", "Channel 1 of 32"),
        ("G", "Channel 31 of 32"),
        ("g", "Channel 0 of 32"),
        ("\r", "channel 0 of 32"),
        ("1", "32 maps of"),
        ("2", "channel 0 of 32"),
        ("\x7f", "32 maps of"),
        ("s", "by mean"),
        ("S", "by index"),
        ("a", "sum of 32 channels"),
        ("A", "32 maps of"),
        ("c", "magma"),
        ("C", "viridis"),
        ("r", "each map its minimum to maximum"),
        ("R", "1st to 99th percentile"),
        ("o", "over the photo"),
        ("n", "2/3"),
        ("N", "1/3"),
        ("\t", "Tab to the view"),
        ("\x1b[Z", "a combine"),
        ("\u{e9}", "é is bound to nothing"),
    ] {
        s.press(keys, shown);
    }
    s.send("o");
    s.hides("over the photo");
    for (key, pane) in [("i", "Classes"), ("L", "Layers")] {
        s.send(key);
        s.hides(pane);
        s.press(key, pane);
    }
    s.send("q");
    s.left(0);
}

#[test]
fn larger_and_smaller_tiles_change_how_many_fit() {
    let pages = |s: &Session| {
        let text = s.text();
        text.split_once("page 1/").map(|(_, rest)| rest.split(' ').next().unwrap().to_string())
    };
    let mut s = open(Launch::new());
    let before = pages(&s);
    s.send("+");
    s.until("there are more pages", |s| pages(s).is_some() && pages(s) != before);
    s.send("-");
    s.until("there are as many pages as before", |s| pages(s) == before);
}

#[test]
fn lists_find_layers_channels_and_commands() {
    let mut s = open(Launch::new());
    s.press("/", "Find a layer");
    s.press("layer3.1.add\r", "layer3.1.add · 128 maps of 10x10");
    s.press("#", "Go to channel");
    s.press("57\r", "Channel 57 of 128");
    s.press(":", "Command");
    s.press("combine rms\r", "rms of 128 channels");
    s.press(":", "Command");
    s.press("nosuchthing", "› nosuchthing");
    s.press("\r", "nothing matches");
}

#[test]
fn what_was_over_the_screen_leaves_nothing_behind() {
    let lists = [("/", "Find a layer"), (":", "Command"), ("?", "Keys"), ("#", "Go to channel")];
    for size in [(120, 40), (60, 20)] {
        let mut s = open(Launch::new().at_the_stem().size(size.0, size.1));
        for (key, title) in lists {
            comes_and_goes(&mut s, key, title, "\x1b");
        }
        if size.0 < 100 {
            comes_and_goes(&mut s, "i", "Photo", "i");
        }
    }
}

/// The screen afterwards is the screen before, colors and all. What still comes in by itself at
/// the same time is no fault: then it is tried again.
#[track_caller]
fn comes_and_goes(s: &mut Session, open: &str, title: &str, close: &str) {
    for _ in 0..4 {
        s.settle();
        let before = s.cells();
        s.press(open, title);
        s.send(close);
        if s.within(Duration::from_secs(4), |s| s.cells() == before) {
            return;
        }
    }
    panic!("{open:?} and {close:?} leave another screen:\n{}", s.text());
}
