//! The one thread that reads keys, mouse and sizes.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use crossterm::event::{
    Event, KeyCode as Code, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind,
    poll as has_event, read,
};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::late::Late;
use super::tty;
use crate::base::{Key, KeyCode, Mouse, MouseKind};
use crate::fault;

/// Noise has ended when nothing more of it has come for so long.
const SILENCE: Duration = Duration::from_millis(100);
/// Noise that does not end is taken for keys after so long.
const NOISE: Duration = Duration::from_secs(3);

/// What comes in.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A key.
    Key(Key),
    /// Text that was pasted.
    Paste(String),
    /// The mouse.
    Mouse(Mouse),
    /// The terminal has another size, or shows up again: draw everything.
    Redraw,
    /// The terminal is gone.
    Closed,
}

/// Starts the thread, and one that waits for the terminal to go away: reading does not end then, it
/// spins. `noisy` says that the terminal was still sending what nobody typed: that is dropped first.
///
/// # Errors
/// When the system gives no more threads.
pub fn listen(tell: Sender<Input>, noisy: bool) -> io::Result<()> {
    let closed = tell.clone();
    thread::Builder::new().name("convscope-line".into()).spawn(move || {
        if is_lost() {
            let _ = closed.send(Input::Closed);
        }
    })?;
    let started = Instant::now();
    let work = move || {
        if noisy {
            tty::drop_input(SILENCE, NOISE);
        }
        let mut late = Late::default();
        loop {
            let events = next(&mut late);
            fault::panic_if_asked("input");
            let inputs: Vec<_> = match events {
                Ok(events) => events.into_iter().filter_map(|e| translate(e, started)).collect(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    tracing::error!("cannot read the terminal: {error}");
                    vec![Input::Closed]
                }
            };
            for input in inputs {
                let closed = input == Input::Closed;
                if tell.send(input).is_err() || closed {
                    return;
                }
            }
        }
    };
    thread::Builder::new().name("convscope-input".into()).spawn(work)?;
    Ok(())
}

/// Waits for the next events that are no late answers of the terminal.
fn next(late: &mut Late) -> io::Result<Vec<Event>> {
    if let Some(time) = late.patience(Instant::now())
        && !has_event(time)?
    {
        return Ok(late.expire(Instant::now()));
    }
    let event = read()?;
    Ok(late.filter(event, Instant::now()))
}

/// Waits until the terminal is gone. False where the system cannot tell.
fn is_lost() -> bool {
    let Some(keyboard) = tty::keyboard() else { return false };
    loop {
        // Without a wish, only what cannot be wished away wakes it.
        let mut tty = [PollFd::new(&keyboard, PollFlags::empty())];
        match poll(&mut tty, None) {
            Ok(_) => return tty[0].revents().intersects(PollFlags::HUP | PollFlags::ERR),
            Err(Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}

fn translate(event: Event, started: Instant) -> Option<Input> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => key_of(key).map(Input::Key),
        Event::Paste(text) => Some(Input::Paste(text)),
        Event::Resize(..) | Event::FocusGained => Some(Input::Redraw),
        Event::Mouse(mouse) => {
            let kind = match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => MouseKind::Press,
                MouseEventKind::Drag(MouseButton::Left) => MouseKind::Drag,
                MouseEventKind::Moved => MouseKind::Move,
                MouseEventKind::ScrollUp => MouseKind::WheelUp,
                MouseEventKind::ScrollDown => MouseKind::WheelDown,
                _ => return None,
            };
            let (column, row, time) = (mouse.column, mouse.row, started.elapsed());
            Some(Input::Mouse(Mouse { kind, column, row, time }))
        }
        _ => None,
    }
}

fn key_of(event: KeyEvent) -> Option<Key> {
    let held = |modifier| event.modifiers.contains(modifier);
    let name = match event.code {
        Code::Char(' ') => "Space",
        Code::Char(_) => "",
        Code::Enter => "Enter",
        Code::Esc => "Esc",
        Code::Tab | Code::BackTab => "Tab",
        Code::Backspace => "Backspace",
        Code::Up => "Up",
        Code::Down => "Down",
        Code::Left => "Left",
        Code::Right => "Right",
        Code::Home => "Home",
        Code::End => "End",
        Code::PageUp => "PgUp",
        Code::PageDown => "PgDn",
        Code::Delete => "Delete",
        _ => return None,
    };
    let shift = held(KeyModifiers::SHIFT) || event.code == Code::BackTab;
    let (code, shift) = match event.code {
        Code::Char(c) if name.is_empty() => (KeyCode::Char(c), false),
        _ => (Key::named(name)?.code, shift),
    };
    Some(Key { ctrl: held(KeyModifiers::CONTROL), alt: held(KeyModifiers::ALT), shift, code })
}
