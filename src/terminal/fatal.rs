//! Whatever ends the process gives the terminal back first: a fault, an abort after a failed allocation, a signal that
//! nobody handles.
//!
//! The handler runs in the middle of anything, so it calls only what is async-signal-safe (`tcsetattr`, `poll`,
//! `write`, `sigaction`, `raise`) on what was prepared before. It runs on the alternate stack that Rust gives each of
//! its threads, so that an overflow of the stack does not stop it.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::ffi::c_int;
use std::io;
use std::mem::{MaybeUninit, zeroed};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU8, Ordering};

use libc::{sigaction, siginfo_t, termios};

/// What ends a process by default and is not handled by [`super::signals`]: faults first.
const SIGNALS: [c_int; 15] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGILL,
    libc::SIGFPE,
    libc::SIGABRT,
    libc::SIGQUIT,
    libc::SIGTRAP,
    libc::SIGSYS,
    libc::SIGXCPU,
    libc::SIGXFSZ,
    libc::SIGALRM,
    libc::SIGVTALRM,
    libc::SIGPROF,
    libc::SIGUSR1,
    libc::SIGUSR2,
];
/// How many of them are faults of an instruction, which happens again when the handler returns.
const FAULTS: usize = 4;
/// How long a terminal that takes nothing more is waited for, in milliseconds.
const PATIENCE: c_int = 200;

/// Ends a sequence that was cut off; then everything that [`super::guard`] switched on, and a frame that was begun.
macro_rules! farewell {
    ($pictures:literal) => {
        concat!(
            "\x1b\\",
            $pictures,
            "\x1b[?2026l\x1b[?2004l\x1b[?1004l\x1b[?1006l\x1b[?1003l\x1b[?1002l\x1b[?1000l",
            "\x1b[0m\x1b[?1049l\x1b[?25h"
        )
    };
}

/// Which pictures the terminal has to forget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// None: they are text, or go with the screen.
    Nothing,
    /// kitty's.
    Kitty,
    /// kitty's, through tmux.
    KittyInTmux,
}

impl Kept {
    /// What gives the screen back.
    const fn farewell(self) -> &'static str {
        match self {
            Self::Nothing => farewell!(""),
            Self::Kitty => farewell!("\x1b_Ga=d,d=A,q=2\x1b\\"),
            Self::KittyInTmux => farewell!("\x1bPtmux;\x1b\x1b_Ga=d,d=A,q=2\x1b\x1b\\\x1b\\"),
        }
    }
}

/// A place that is written while [`ARMED`] is not set, or before the handlers are installed, and read by the handler
/// while it is.
struct Prepared<T>(UnsafeCell<MaybeUninit<T>>);

// SAFETY: see above; the flag is stored and swapped with sequential consistency, so writes come before reads.
unsafe impl<T> Sync for Prepared<T> {}

impl<T> Prepared<T> {
    const fn new() -> Self {
        Self(UnsafeCell::new(MaybeUninit::uninit()))
    }

    const fn get(&self) -> *mut T {
        self.0.get().cast()
    }
}

/// The terminal is taken: the handler has to give it back.
static ARMED: AtomicBool = AtomicBool::new(false);
static INSTALLED: AtomicBool = AtomicBool::new(false);
static KEYBOARD: AtomicI32 = AtomicI32::new(-1);
static KEPT: AtomicU8 = AtomicU8::new(Kept::Nothing as u8);
/// The terminal's settings before it was taken.
static SETTINGS: Prepared<termios> = Prepared::new();
/// What the faults did before: Rust's own handler tells an overflow of the stack.
static BEFORE: [Prepared<sigaction>; FAULTS] = [const { Prepared::new() }; FAULTS];

/// What gives the screen back now.
pub(super) fn farewell() -> &'static str {
    const KINDS: [Kept; 3] = [Kept::Nothing, Kept::Kitty, Kept::KittyInTmux];
    let kept = usize::from(KEPT.load(Ordering::SeqCst));
    KINDS.get(kept).unwrap_or(&Kept::Nothing).farewell()
}

/// From now on the terminal has such pictures.
pub(super) fn remember(kept: Kept) {
    KEPT.store(kept as u8, Ordering::SeqCst);
}

/// From now on a fatal signal gives the terminal back as it is at this moment.
///
/// # Errors
/// When the terminal tells no settings, or a handler cannot be installed.
pub(super) fn arm(keyboard: BorrowedFd<'_>) -> io::Result<()> {
    disarm();
    let keyboard = keyboard.as_raw_fd();
    // SAFETY: the descriptor is open, the place is large enough, and the handler does not read it: it is not armed.
    if unsafe { libc::tcgetattr(keyboard, SETTINGS.get()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    if !INSTALLED.swap(true, Ordering::SeqCst) {
        install()?;
    }
    KEYBOARD.store(keyboard, Ordering::SeqCst);
    ARMED.store(true, Ordering::SeqCst);
    Ok(())
}

/// The terminal was given back.
pub(super) fn disarm() {
    ARMED.store(false, Ordering::SeqCst);
}

fn install() -> io::Result<()> {
    // SAFETY: all zeros is a valid `sigaction`, whose fields are then filled; `sigfillset` takes any place for a set.
    let action = unsafe {
        let mut action: sigaction = zeroed();
        action.sa_sigaction = handler();
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        libc::sigfillset(&raw mut action.sa_mask);
        action
    };
    for (i, signal) in SIGNALS.into_iter().enumerate() {
        let before = BEFORE.get(i).map_or(null_mut(), Prepared::get);
        // SAFETY: the handler has the type that SA_SIGINFO asks for; `before` is null or a place that nobody reads yet.
        if unsafe { sigaction(signal, &raw const action, before) } != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

fn handler() -> libc::sighandler_t {
    let handler: extern "C" fn(c_int, *mut siginfo_t, *mut libc::c_void) = end;
    handler as *const () as libc::sighandler_t
}

/// The handler. The signal ends the process when it returns.
extern "C" fn end(signal: c_int, info: *mut siginfo_t, _: *mut libc::c_void) {
    if ARMED.swap(false, Ordering::SeqCst) {
        give_back();
    }
    // Codes of the kernel for faults are positive and small; what was sent by a process has others.
    // SAFETY: the system gives a valid `siginfo_t` where SA_SIGINFO asked for it.
    let fault = unsafe { info.as_ref() }.is_some_and(|info| (1..0x10000).contains(&info.si_code));
    let place = SIGNALS.iter().position(|known| *known == signal);
    match place.and_then(|place| BEFORE.get(place)).filter(|_| fault) {
        // SAFETY: it was filled when the handlers were installed. The fault happens again when this handler returns.
        Some(before) => unsafe {
            sigaction(signal, before.get(), null_mut());
        },
        // SAFETY: all zeros is the default action. The signal is held back until this handler returns.
        None => unsafe {
            let default: sigaction = zeroed();
            sigaction(signal, &raw const default, null_mut());
            libc::raise(signal);
        },
    }
}

/// The settings first: a terminal that takes nothing more lets nobody write.
fn give_back() {
    let farewell = farewell();
    let mut stdout = libc::pollfd { fd: libc::STDOUT_FILENO, events: libc::POLLOUT, revents: 0 };
    // SAFETY: the settings were saved before the flag was set; the pointers are to a whole `pollfd` and a static text.
    unsafe {
        libc::tcsetattr(KEYBOARD.load(Ordering::SeqCst), libc::TCSANOW, SETTINGS.get());
        if libc::poll(&raw mut stdout, 1, PATIENCE) == 1 {
            libc::write(libc::STDOUT_FILENO, farewell.as_ptr().cast(), farewell.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::graphics::{Encoder, Protocol};

    #[test]
    fn the_farewell_forgets_the_pictures_that_the_encoder_makes() {
        let leave = |tmux| Encoder { protocol: Protocol::Kitty, tmux, cell: (9, 18) }.leave();
        for (kept, tmux) in [(Kept::Kitty, false), (Kept::KittyInTmux, true)] {
            let pictures = String::from_utf8(leave(tmux)).unwrap_or_default();
            assert!(kept.farewell().contains(&pictures) && !pictures.is_empty());
        }
        assert!(!Kept::Nothing.farewell().contains("_G"));
    }
}
