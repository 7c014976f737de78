//! Signals: a lost line or a `kill` ends the program with the terminal restored.

use std::io;
use std::thread;
use std::time::Duration;

use crossbeam_channel::Sender;
use rustix::process::{self, getpgrp, getsid};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use super::guard;

/// The loop has this long to end by itself after a signal that ends the program.
const PATIENCE: Duration = Duration::from_secs(2);

/// Giving the screen back may take this long then.
const FAREWELL: Duration = Duration::from_millis(500);

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// End, as the signal of that number would.
    End(i32),
    /// Go to the background.
    Suspend,
    /// Back in the foreground: draw everything.
    Continue,
}

/// Starts the thread that waits for signals.
///
/// # Errors
/// When a handler cannot be installed.
pub fn listen(tell: Sender<Signal>) -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGTERM, SIGINT, SIGTSTP, SIGCONT])?;
    let work = move || {
        for number in signals.forever() {
            let signal = match number {
                SIGTSTP => Signal::Suspend,
                SIGCONT => Signal::Continue,
                number => Signal::End(number),
            };
            let sent = tell.send(signal).is_ok();
            if let Signal::End(number) = signal {
                // Writing to a dead line can block the loop for good.
                if sent {
                    thread::sleep(PATIENCE);
                }
                end(number);
            }
        }
    };
    thread::Builder::new().name("convscope-signals".into()).spawn(work)?;
    Ok(())
}

/// Ends the program as the signal itself would have, with the terminal restored.
pub fn end(number: i32) {
    guard::restore_within(FAREWELL);
    let _ = emulate_default_handler(number);
}

/// Whether a shell is there that could continue the program: it gives every job a group of its own.
/// Under `ssh -t host convscope` the program is all that runs, and would be stopped for good.
pub fn can_stop() -> bool {
    getsid(None).is_ok_and(|session| session != getpgrp())
}

/// Stops the program, and a script around it, until the shell continues them; the screen must have
/// been given back.
pub fn stop() {
    let _ = process::kill_current_process_group(process::Signal::STOP);
}
