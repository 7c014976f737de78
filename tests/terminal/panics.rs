//! A panic in every thread. `$CONVSCOPE_PANIC` asks for it, in debug builds only.

use crate::session::{Launch, Session};
use crate::walk::open;

#[test]
fn a_panic_while_drawing_gives_the_terminal_back() {
    let mut s = launch("main").start();
    s.left(101);
    s.shows("CONVSCOPE_PANIC asks main for this");
}

#[test]
fn a_panic_while_reading_keys_gives_the_terminal_back() {
    let mut s = open(launch("input"));
    s.send("l");
    s.left(101);
    s.shows("CONVSCOPE_PANIC asks input for this");
}

#[test]
fn a_panic_in_the_view_lane_is_an_error_on_the_screen() {
    let mut s = open(launch("view"));
    s.shows("internal error");
    s.press("]", "maxpool · 32 maps");
    goes_on(s);
}

#[test]
fn a_panic_in_the_run_lane_is_an_error_on_the_screen() {
    let mut s = launch("run").start();
    s.shows("internal error");
    s.press("n", "2/3");
    s.shows("maps of");
    goes_on(s);
}

#[test]
fn a_panic_in_the_transfer_lane_is_an_error_on_the_screen() {
    let mut s = launch("transfer").start();
    s.shows("internal error");
    goes_on(s);
}

fn launch(thread: &str) -> Launch {
    Launch::new().at_the_stem().env("CONVSCOPE_PANIC", thread)
}

#[track_caller]
fn goes_on(mut s: Session) {
    s.press("?", "Keys");
    s.send("\x1b");
    s.hides("Keys");
    assert!(s.screen().alternate_screen() && s.is_raw());
    s.send("q");
    s.left(0);
}
