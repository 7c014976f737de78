//! Windows of every size.

use crate::session::Launch;
use crate::walk::open;

const SIZES: [(u16, u16); 16] = [
    (1, 1),
    (19, 4),
    (20, 5),
    (59, 20),
    (60, 20),
    (80, 24),
    (99, 30),
    (100, 30),
    (200, 60),
    (200, 1),
    (1, 60),
    (300, 5),
    (20, 100),
    (2, 2),
    (0, 0),
    (120, 40),
];

#[test]
fn no_size_ends_the_program_in_any_view() {
    let mut s = open(Launch::new());
    for keys in ["", "2", "?", "\x1b", "/", "\x1b", "i", "1"] {
        s.send(keys);
        for (columns, rows) in SIZES {
            s.resize(columns, rows);
            s.next_frame();
            if keys.is_empty() && (columns, rows) == (19, 4) {
                s.shows("convscope needs");
            }
        }
    }
    s.shows("maps of");
    s.send("q");
    s.left(0);
}

#[test]
fn many_sizes_in_a_row_end_with_the_last_one() {
    let mut s = open(Launch::new());
    for _ in 0..10 {
        for (columns, rows) in SIZES {
            s.resize(columns, rows);
        }
    }
    s.shows("maps of");
    s.until("the title reaches the right edge", |s| {
        s.text().lines().next().is_some_and(|line| line.trim_end().chars().count() > 110)
    });
    s.send("q");
    s.left(0);
}

#[test]
fn a_key_that_comes_together_with_a_resize_is_not_lost() {
    let mut s = open(Launch::new().at_the_stem());
    for channel in 1..=30 {
        let columns = 120 + channel % 2;
        if channel % 3 == 0 {
            s.send("l");
            s.resize(columns, 40);
        } else {
            s.resize(columns, 40);
            s.send("l");
        }
        s.shows(&format!("Channel {channel} of 32"));
    }
}

#[test]
fn it_starts_in_a_terminal_too_small_for_it() {
    let mut s = Launch::new().size(10, 2).start();
    s.shows("convscope");
    s.resize(120, 40);
    s.shows("maps of");
}
