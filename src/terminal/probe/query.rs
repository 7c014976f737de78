//! Writing the questions and waiting for the answers.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::getpgrp;
use rustix::termios::{
    LocalModes, OptionalActions, Termios, isatty, tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr,
};

use super::answers::{Answer, Answers};
use super::capabilities::Capabilities;
use super::tmux::Tmux;
use crate::terminal::graphics::envelope;

/// Can it show a picture of one pixel by kitty's protocol?
const KITTY: &str = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\";
/// The sizes of a cell and of the text area, the background colour, the name, synchronised updates.
const PLAIN: &str = "\x1b[16t\x1b[14t\x1b]11;?\x1b\\\x1b[>q\x1b[?2026$p";
/// The primary device attributes, which every terminal answers.
const LAST: &str = "\x1b[c";
/// The status: inside tmux, the last question to the terminal around it.
const STATUS: &str = "\x1b[5n";

/// An answer that has begun may take this much longer, or its rest would come as keys.
const GRACE: Duration = Duration::from_millis(50);

/// Asks the terminal, which must be in raw mode; nobody else may read it meanwhile. The keys that were
/// pressed are in the answer.
pub fn probe(limit: Duration) -> Capabilities {
    let end = Instant::now() + limit;
    match Tty::open() {
        Some(tty) if is_talkative() => ask(&tty, inside(limit), end),
        _ => Capabilities::new(in_tmux().then(Tmux::default)),
    }
}

/// The same on the normal screen: the terminal gives single bytes without echo meanwhile, and is as it
/// was afterwards. Keys that were pressed cannot be given back to the shell.
///
/// Answers that come after the limit stand in the shell's next line, so it should be generous, such as a
/// second: only a terminal that answers nothing at all makes anybody wait for it.
pub fn probe_on_normal_screen(limit: Duration) -> Capabilities {
    let end = Instant::now() + limit;
    let tty = Tty::open().filter(|_| is_talkative());
    let quiet = tty.as_ref().and_then(|tty| Quiet::take(tty.input()));
    match (&tty, &quiet) {
        (Some(tty), Some(_)) => {
            let found = ask(tty, inside(limit), end);
            // What a terminal printed of the questions that it does not know.
            tty.write(b"\r\x1b[K", end);
            found
        }
        _ => Capabilities::new(in_tmux().then(Tmux::default)),
    }
}

/// What is known without a question: whether tmux is around, and the size of a cell as the system knows
/// it. For pictures in a way that the user has chosen.
pub fn unasked() -> Capabilities {
    let mut known = Capabilities::new(in_tmux().then(Tmux::default));
    known.cell = cell(rustix::stdio::stdout(), None);
    known
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn in_tmux() -> bool {
    variable("TMUX").is_some()
}

/// GNU screen swallows answers or mixes them up, a dumb terminal and the console print the questions.
fn is_talkative() -> bool {
    let term = variable("TERM").unwrap_or_default();
    (variable("STY").is_none() || in_tmux()) && !["", "dumb", "linux"].contains(&&*term)
}

/// What tmux says, when this program runs inside it. It may take half of the time.
fn inside(limit: Duration) -> Option<Tmux> {
    in_tmux().then(|| Tmux::ask(limit / 2))
}

/// All questions.
fn questions(terminal: &Capabilities) -> String {
    let kitty = match (terminal.tmux, terminal.passthrough) {
        (true, true) => envelope(&format!("{KITTY}{STATUS}")),
        (true, false) => String::new(),
        // Of the known ones, macOS's terminal prints this question.
        _ if variable("TERM_PROGRAM").as_deref() == Some("Apple_Terminal") => String::new(),
        _ => KITTY.into(),
    };
    format!("{kitty}{PLAIN}{LAST}")
}

fn ask(tty: &Tty, tmux: Option<Tmux>, end: Instant) -> Capabilities {
    let mut found = Capabilities::new(tmux);
    if !tty.write(questions(&found).as_bytes(), end) {
        return found;
    }
    let mut answers = Answers::default();
    let (mut buffer, mut area) = ([0; 1024], None);
    // tmux answers for itself at once, and the terminal around it later.
    let mut status = !(found.tmux && found.passthrough);
    loop {
        let end = if answers.is_inside() { end + GRACE } else { end };
        if found.answered && status && !answers.is_inside() || !wait_readable(&tty.input(), end) {
            break;
        }
        let read = match rustix::io::read(tty.input(), &mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(Errno::INTR | Errno::AGAIN) => continue,
            Err(_) => break,
        };
        for answer in answers.push(buffer.get(..read).unwrap_or_default()) {
            match answer {
                Answer::Attributes { .. } => found.answered = true,
                Answer::Status => status = true,
                Answer::Area(width, height) => area = Some((width, height)),
                _ => {}
            }
            found.learn(answer);
        }
    }
    found.typed = answers.end().keys();
    found.cell = found.cell.or_else(|| cell(tty.input(), area));
    found.conclude(variable);
    found
}

/// The size of a cell as the system knows it, else out of the text area's.
fn cell(tty: BorrowedFd<'_>, area: Option<(u16, u16)>) -> Option<(u16, u16)> {
    let size = tcgetwinsize(tty).ok()?;
    let known = Some((size.ws_xpixel, size.ws_ypixel)).filter(|(w, h)| *w > 0 && *h > 0);
    let (width, height) = known.or(area)?;
    let cell = (width / size.ws_col.max(1), height / size.ws_row.max(1));
    Some(cell).filter(|(w, h)| *w > 0 && *h > 0)
}

/// Whether there is something to read before `end`.
pub(super) fn wait_readable(from: &impl AsFd, end: Instant) -> bool {
    wait(from, PollFlags::IN, end)
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

/// Where the questions go and the answers come from.
struct Tty(Option<File>);

impl Tty {
    /// Standard input and output where both are a terminal, else the controlling terminal. `None` where
    /// there is none, or where this program is in its background and would be stopped.
    fn open() -> Option<Self> {
        let standard = isatty(rustix::stdio::stdin()) && isatty(rustix::stdio::stdout());
        let file = || OpenOptions::new().read(true).write(true).open("/dev/tty").ok();
        let tty = if standard { Self(None) } else { Self(Some(file()?)) };
        let foreground = tcgetpgrp(tty.input()).ok()? == getpgrp();
        foreground.then_some(tty)
    }

    fn input(&self) -> BorrowedFd<'_> {
        match &self.0 {
            Some(file) => file.as_fd(),
            None => rustix::stdio::stdin(),
        }
    }

    fn output(&self) -> BorrowedFd<'_> {
        match &self.0 {
            Some(file) => file.as_fd(),
            None => rustix::stdio::stdout(),
        }
    }

    /// Whether all could be written before `end`: a terminal that was stopped takes nothing.
    fn write(&self, mut bytes: &[u8], end: Instant) -> bool {
        while !bytes.is_empty() {
            if !wait(&self.output(), PollFlags::OUT, end) {
                return false;
            }
            match rustix::io::write(self.output(), bytes) {
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(_) => return false,
            }
        }
        true
    }
}

/// A terminal without echo that does not wait for the end of a line; as before when dropped. Ctrl-C
/// stays a signal.
struct Quiet<'a> {
    tty: BorrowedFd<'a>,
    before: Termios,
}

impl<'a> Quiet<'a> {
    fn take(tty: BorrowedFd<'a>) -> Option<Self> {
        let before: Termios = tcgetattr(tty).ok()?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        let set: io::Result<()> = tcsetattr(tty, OptionalActions::Now, &quiet).map_err(Into::into);
        set.ok().map(|()| Self { tty, before })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // The terminal may be gone: then there is nothing to restore.
        let _ = tcsetattr(self.tty, OptionalActions::Now, &self.before);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::{Read, Write};
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::thread;

    use super::*;
    use crate::base::Key;

    /// Asks a terminal that reads the questions up to their last one and then says this, piece by piece.
    fn probed(
        tmux: Option<Tmux>,
        pieces: &'static [&'static str],
        limit: Duration,
    ) -> Capabilities {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let terminal = thread::spawn(move || {
            let mut asked = Vec::new();
            while !asked.ends_with(LAST.as_bytes()) {
                let mut byte = [0];
                theirs.read_exact(&mut byte).unwrap();
                asked.push(byte[0]);
            }
            for piece in pieces {
                theirs.write_all(piece.as_bytes()).unwrap();
                thread::sleep(Duration::from_millis(10));
            }
            // The line stays open until the asking is over.
            let _ = theirs.read(&mut [0]);
        });
        let tty = Tty(Some(File::from(OwnedFd::from(ours))));
        let found = ask(&tty, tmux, Instant::now() + limit);
        drop(tty);
        terminal.join().unwrap();
        found
    }

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn the_last_answer_ends_the_waiting() {
        let started = Instant::now();
        let pieces =
            &["\x1b_Gi=31;OK\x1b", "\\\x1b[6;18;9tj", "\x1bP>|kitty(0.32.2)\x1b\\\x1b[?62;4c"];
        let found = probed(None, pieces, LONG);
        assert!(started.elapsed() < LONG / 2);
        assert!(found.answered && found.kitty && found.sixel && !found.iterm2 && !found.tmux);
        assert_eq!((found.cell, found.synchronized), (Some((9, 18)), None));
        assert_eq!(found.name.as_deref(), Some("kitty(0.32.2)"));
        assert_eq!(found.typed, [Key::char('j')]);
    }

    #[test]
    fn silence_costs_the_limit() {
        let started = Instant::now();
        let found = probed(None, &["q"], Duration::from_millis(60));
        assert!(started.elapsed() < LONG / 2);
        assert!(!found.answered && !found.kitty);
        assert_eq!(found.typed, [Key::char('q')]);
    }

    #[test]
    fn a_line_that_closes_ends_the_waiting() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        drop(theirs);
        let started = Instant::now();
        assert!(!ask(&Tty(Some(File::from(OwnedFd::from(ours)))), None, started + LONG).answered);
        assert!(started.elapsed() < LONG / 2);
    }

    #[test]
    fn inside_tmux_the_terminal_around_it_is_waited_for() {
        let tmux = Tmux { passthrough: true, terminal: Some("kitty(0.32.2)".into()) };
        let pieces = &["\x1bP>|tmux 3.4\x1b\\\x1b[?1;2c", "\x1b_Gi=31;OK\x1b\\", "\x1b[0n"];
        let found = probed(Some(tmux), pieces, LONG);
        assert!(found.answered && found.kitty && found.tmux && found.passthrough);
        assert_eq!(found.name.as_deref(), Some("kitty(0.32.2)"));
        // Without permission it is not even asked.
        assert!(!questions(&Capabilities::new(Some(Tmux::default()))).contains("_G"));
    }
}
