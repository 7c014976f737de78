//! The terminal that keys come from and that is asked: standard input, or the controlling terminal where standard
//! input is a file or a pipe (`ls | xargs convscope`).

use std::fs::{File, OpenOptions};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::isatty;

/// Whether there is a terminal to work in: one that gives keys, and one that stdout writes to. Output that goes into a
/// file or a pipe was meant for that, not for the screen.
pub fn is_there() -> bool {
    isatty(rustix::stdio::stdout()) && keyboard().is_some()
}

/// Where keys and answers come from, and whose settings are changed: the same choice as crossterm's. `None` without
/// any terminal.
pub(super) fn keyboard() -> Option<BorrowedFd<'static>> {
    static CONTROLLING: OnceLock<Option<File>> = OnceLock::new();
    let stdin = rustix::stdio::stdin();
    if isatty(stdin) {
        return Some(stdin);
    }
    let open = || OpenOptions::new().read(true).write(true).open("/dev/tty").ok();
    CONTROLLING.get_or_init(open).as_ref().map(AsFd::as_fd)
}

/// Drops what comes in until nothing has come for `silence`, or for `most` in all.
pub(super) fn drop_input(silence: Duration, most: Duration) {
    let Some(keyboard) = keyboard() else { return };
    let end = Instant::now() + most;
    let mut buffer = [0; 4096];
    while Instant::now() < end && wait_readable(&keyboard, Instant::now() + silence) {
        match rustix::io::read(keyboard, &mut buffer) {
            Ok(1..) | Err(Errno::INTR | Errno::AGAIN) => {}
            Ok(_) | Err(_) => return,
        }
    }
}

/// Whether there is something to read before `end`.
pub(super) fn wait_readable(from: &impl AsFd, end: Instant) -> bool {
    wait(from, PollFlags::IN, end)
}

/// Whether something can be written before `end`.
pub(super) fn wait_writable(to: &impl AsFd, end: Instant) -> bool {
    wait(to, PollFlags::OUT, end)
}

fn wait(on: &impl AsFd, wish: PollFlags, end: Instant) -> bool {
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let Ok(time) = Timespec::try_from(left) else { return false };
        let mut fds = [PollFd::new(on, wish)];
        match poll(&mut fds, Some(&time)) {
            Ok(0) => return false,
            // A closed end is readable, too: reading tells that it is closed.
            Ok(_) => return fds[0].revents().intersects(wish | PollFlags::HUP),
            Err(Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}
