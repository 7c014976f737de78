//! Taking the screen and giving it back, whatever happens in between.

use std::io::{self, Write, stdout};
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::{Hide, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste,
    EnableFocusChange, EnableMouseCapture,
};
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{execute, queue};

/// Threads of this name prefix catch their own panics, so the session goes on.
const LANES: &str = "convscope ";

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
            EnableMouseCapture,
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

/// Gives the screen back. Doing it twice, or without having it, does no harm.
pub fn restore() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
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
    let _ = disable_raw_mode();
}

/// A panic gives the screen back before it is printed. In a lane it is only logged: the lane turns
/// it into an error on the screen. In another thread it ends the program, which could not go on.
fn install_panic_hook() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("unnamed");
        tracing::error!("panic in thread {name}: {info}");
        if name.starts_with(LANES) {
            return;
        }
        restore();
        before(info);
        if name != "main" {
            std::process::exit(101);
        }
    }));
}
