//! Taking the screen and giving it back, whatever happens in between.

use std::io::{self, Stdout, Write, stdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crossterm::cursor::{Hide, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste,
    EnableFocusChange,
};
use crossterm::style::Print;
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{execute, queue};

/// Besides the main thread, the program cannot go on without threads of this name prefix. The lanes
/// ("convscope view") and the workers of a pool hand their panics on, and the session survives them.
const NEEDED: &str = "convscope-";

/// Presses, drags and the wheel. crossterm's own command also asks for every move, which would send
/// bytes over the line for nothing.
const MOUSE: &str = "\x1b[?1000h\x1b[?1002h\x1b[?1006h";

static TAKEN: AtomicBool = AtomicBool::new(false);

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
    TAKEN.store(true, Ordering::SeqCst);
    let taken = enable_raw_mode().and_then(|()| {
        execute!(
            stdout(),
            EnterAlternateScreen,
            Print(MOUSE),
            EnableFocusChange,
            EnableBracketedPaste,
            Hide
        )
    });
    if taken.is_err() {
        restore();
    }
    taken
}

/// Does something on the normal screen with single keys, which come without echo.
///
/// # Errors
/// When the terminal refuses.
pub fn raw<T>(work: impl FnOnce() -> T) -> io::Result<T> {
    enable_raw_mode()?;
    let done = work();
    disable_raw_mode()?;
    Ok(done)
}

/// Gives the screen back. Doing it twice, or without having it, does no harm.
pub fn restore() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    // First, because a terminal that takes nothing more lets nobody write.
    let _ = disable_raw_mode();
    let mut out = stdout();
    // The terminal may be gone: then there is nobody to tell.
    let _ = queue!(
        out,
        EndSynchronizedUpdate,
        DisableBracketedPaste,
        DisableFocusChange,
        DisableMouseCapture,
        LeaveAlternateScreen,
        Show
    );
    let _ = out.flush();
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
        if TAKEN.load(Ordering::SeqCst) { self.0.write(bytes) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        if TAKEN.load(Ordering::SeqCst) { self.0.flush() } else { Ok(()) }
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
