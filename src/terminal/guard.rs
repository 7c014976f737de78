//! Taking the screen and giving it back, whatever happens in between.

use std::io::{self, Stdout, Write, stdout};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};

use super::fatal::{self, Kept};
use super::graphics::{Encoder, Protocol};
use super::tty;

/// Besides the main thread, the program cannot go on without threads of this name prefix. The lanes
/// ("convscope view") and the workers of a pool hand their panics on, and the session survives them.
const NEEDED: &str = "convscope-";

/// Alternate screen; of the mouse presses, drags and the wheel (moves: [`report_moves`]); focus, pastes in marks, no cursor. [`fatal::farewell`] takes all of it back.
const TAKE: &str = "\x1b[?1049h\x1b[?1000h\x1b[?1002h\x1b[?1006h\x1b[?1004h\x1b[?2004h\x1b[?25l";

/// Reports of every move of the mouse, and of drags only: a terminal has one of the two.
const MOVES: &str = "\x1b[?1003h";
const DRAGS: &str = "\x1b[?1003l\x1b[?1000h\x1b[?1002h";

/// What is taken of the terminal: nothing, single keys without echo, or those and the screen.
static TAKEN: AtomicU8 = AtomicU8::new(NOTHING);
const NOTHING: u8 = 0;
const KEYS: u8 = 1;
const SCREEN: u8 = 2;

/// Holds the screen; dropping it gives the screen back.
pub struct Guard(());

impl Guard {
    /// Takes the screen: raw mode, alternate screen, mouse, focus, no cursor.
    ///
    /// # Errors
    /// When the terminal refuses; it is as it was then.
    pub fn take() -> io::Result<Self> {
        install_panic_hook();
        take_screen()?;
        Ok(Self(()))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

/// Takes the screen (again, after [`restore`]).
///
/// # Errors
/// When the terminal refuses; it is as it was then.
pub fn take_screen() -> io::Result<()> {
    take_keys(SCREEN)?;
    let mut out = stdout();
    let taken = out.write_all(TAKE.as_bytes()).and_then(|()| out.flush());
    if taken.is_err() {
        restore();
    }
    taken
}

/// Has the terminal report every move of the mouse, or no longer. Every one sends bytes over the line, so only for what
/// follows the mouse; [`take_screen`] begins without.
///
/// # Errors
/// When the terminal cannot be written to.
pub fn report_moves(out: &mut impl Write, on: bool) -> io::Result<()> {
    out.write_all(if on { MOVES } else { DRAGS }.as_bytes())
}

/// Takes single keys without echo. Whatever ends the program from here on gives them back.
fn take_keys(taken: u8) -> io::Result<()> {
    let keyboard = tty::keyboard().ok_or_else(|| io::Error::other("there is no terminal"))?;
    fatal::arm(keyboard)?;
    TAKEN.store(taken, Ordering::SeqCst);
    enable_raw_mode().inspect_err(|_| restore())
}

/// Does something on the normal screen with single keys, which come without echo.
///
/// # Errors
/// When the terminal refuses.
pub fn raw<T>(work: impl FnOnce() -> T) -> io::Result<T> {
    take_keys(KEYS)?;
    let done = work();
    restore();
    Ok(done)
}

/// From now on the terminal keeps pictures of this encoder's: giving the screen back takes them off.
pub fn expect_pictures(encoder: &Encoder) {
    fatal::remember(match (encoder.protocol, encoder.tmux) {
        (Protocol::Kitty, false) => Kept::Kitty,
        (Protocol::Kitty, true) => Kept::KittyInTmux,
        (Protocol::Iterm2 | Protocol::Sixel, _) => Kept::Nothing,
    });
}

/// Gives back what was taken. Doing it twice, or without having it, does no harm.
pub fn restore() {
    let taken = TAKEN.swap(NOTHING, Ordering::SeqCst);
    if taken == NOTHING {
        return;
    }
    // First, because a terminal that takes nothing more lets nobody write.
    let _ = disable_raw_mode();
    if taken == SCREEN {
        let mut out = stdout();
        // The terminal may be gone: then there is nobody to tell.
        let _ = out.write_all(fatal::farewell().as_bytes()).and_then(|()| out.flush());
    }
    fatal::disarm();
}

/// [`restore`] that does not wait longer than this: writing to a terminal that takes nothing more
/// never ends.
pub fn restore_within(time: Duration) {
    let (done, end) = mpsc::channel::<()>();
    let work = move || {
        restore();
        drop(done);
    };
    if thread::Builder::new().name("convscope-restore".into()).spawn(work).is_ok() {
        let _ = end.recv_timeout(time);
    }
}

/// Stdout while the screen is taken. What a thread still draws after [`restore`] is dropped: it would
/// be scattered over the shell's screen.
pub struct Screen(Stdout);

impl Screen {
    /// The one screen.
    pub fn new() -> Self {
        Self(stdout())
    }
}

impl Default for Screen {
    fn default() -> Self {
        Self::new()
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if TAKEN.load(Ordering::SeqCst) == SCREEN { self.0.write(bytes) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        if TAKEN.load(Ordering::SeqCst) == SCREEN { self.0.flush() } else { Ok(()) }
    }
}

/// A panic gives the screen back before it is printed, and ends the program. In a lane it is only
/// logged: the lane turns it into an error on the screen.
fn install_panic_hook() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let thread = thread::current();
        let name = thread.name().unwrap_or("unnamed");
        tracing::error!("panic in thread {name}: {info}");
        if name != "main" && !name.starts_with(NEEDED) {
            return;
        }
        restore();
        before(info);
        if name != "main" {
            std::process::exit(101);
        }
    }));
}
