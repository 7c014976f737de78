//! Only the colours that the terminal has.

use crate::sequences::{Colour, colours};
use crate::session::Launch;
use crate::walk::open;

#[test]
fn true_colour_is_used_where_it_is() {
    let found = shown(&[]);
    assert!(found.iter().all(|c| *c == Colour::True));
}

#[test]
fn a_terminal_of_256_colours_gets_no_others() {
    let found = shown(&[("COLORTERM", "")]);
    assert!(found.contains(&Colour::Indexed) && !found.contains(&Colour::True));
}

#[test]
fn the_linux_console_gets_sixteen_colours() {
    let found = shown(&[("COLORTERM", ""), ("TERM", "linux")]);
    assert!(found.iter().all(|c| *c == Colour::Basic));
}

#[test]
fn no_color_leaves_greys() {
    let found = shown(&[("NO_COLOR", "1")]);
    assert!(found.iter().all(|c| *c == Colour::Grey));
}

/// The colours of a session that looks at some things.
fn shown(env: &[(&str, &str)]) -> Vec<Colour> {
    let mut s =
        open(env.iter().fold(Launch::new(), |launch, (name, value)| launch.env(name, value)));
    s.shows("Classes");
    s.press("2", "channel 0 of 32");
    s.press("?", "Keys");
    s.send("\x1b");
    s.hides("Keys");
    s.send("q");
    s.left(0);
    let found = colours(s.raw());
    assert!(found.len() > 100, "{} colours", found.len());
    found
}
