//! Only the colors that the terminal has.

use crate::sequences::{Color, colors};
use crate::session::Launch;
use crate::walk::open;

#[test]
fn true_color_is_used_where_it_is() {
    let found = shown(&[]);
    assert!(found.iter().all(|c| *c == Color::True));
}

#[test]
fn a_terminal_of_256_colors_gets_no_others() {
    let found = shown(&[("COLORTERM", "")]);
    assert!(found.contains(&Color::Indexed) && !found.contains(&Color::True));
}

#[test]
fn the_linux_console_gets_sixteen_colors() {
    let found = shown(&[("COLORTERM", ""), ("TERM", "linux")]);
    assert!(found.iter().all(|c| *c == Color::Basic));
}

#[test]
fn no_color_takes_those_of_the_frame_only() {
    let session = |env: &[(&str, &str)]| {
        let mut s = open(env.iter().fold(Launch::new(), |launch, (n, v)| launch.env(n, v)));
        s.shows("Classes");
        s.send("q");
        s.left(0);
        String::from_utf8_lossy(s.raw()).into_owned()
    };
    let (accent, yellow) = ("38;2;255;175;60", "8;2;253;231;37");
    let with = session(&[]);
    assert!(with.contains(accent) && with.contains(yellow), "a frame and a map in viridis");
    let without = session(&[("NO_COLOR", "1")]);
    assert!(!without.contains(accent) && without.contains(yellow));
}

/// The colors of a session that looks at some things.
fn shown(env: &[(&str, &str)]) -> Vec<Color> {
    let mut s =
        open(env.iter().fold(Launch::new().at_the_stem(), |launch, (n, v)| launch.env(n, v)));
    s.shows("Classes");
    s.press("2", "channel 0 of 32");
    s.press("?", "Keys");
    s.send("\x1b");
    s.hides("Keys");
    s.send("q");
    s.left(0);
    let found = colors(s.raw());
    assert!(found.len() > 100, "{} colors", found.len());
    found
}
