//! Whatever ends the process gives the terminal back.

use rustix::process::Signal;

use crate::session::Launch;
use crate::walk::open;

#[test]
fn signals_that_nobody_handles_give_the_terminal_back() {
    let signals = [
        Signal::QUIT,
        Signal::ABORT,
        Signal::SEGV,
        Signal::BUS,
        Signal::ILL,
        Signal::FPE,
        Signal::XCPU,
        Signal::USR1,
    ];
    for signal in signals {
        let mut s = open(Launch::new());
        s.signal(signal);
        s.left(128 + signal.as_raw());
    }
}

#[test]
fn a_signal_while_a_picture_is_printed_gives_the_keys_back() {
    for signal in [Signal::QUIT, Signal::TERM] {
        let mut s = open(Launch::new());
        s.shows("Classes");
        s.press("v", "press any key to return");
        let from = s.raw().len();
        s.signal(signal);
        s.left(128 + signal.as_raw());
        let after = String::from_utf8_lossy(&s.raw()[from..]).into_owned();
        assert!(!after.contains("\x1b[?1049h"), "the screen is taken again: {after:?}");
    }
}

#[cfg(debug_assertions)]
#[test]
fn a_failed_allocation_and_an_overflow_of_the_stack_give_the_terminal_back() {
    for (fault, said) in [("abort", ""), ("memory", ""), ("stack", "overflowed its stack")] {
        let mut s = Launch::new().env("CONVSCOPE_FAULT", fault).start();
        s.left(128 + Signal::ABORT.as_raw());
        s.shows(said);
    }
}
