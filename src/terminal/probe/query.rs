//! Writing the questions and waiting for the answers.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::getpgrp;
use rustix::termios::{
    LocalModes, OptionalActions, Termios, isatty, tcgetattr, tcgetpgrp, tcsetattr,
};

use super::answers::{Answer, Answers};
use super::around::{Around, variable};
use super::capabilities::Capabilities;
use crate::terminal::graphics::envelope;
use crate::terminal::tty::{self, wait_readable, wait_writable};
use crate::terminal::window;

/// Can it show a picture of one pixel by kitty's protocol?
const KITTY: &str = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\";
/// The sizes of a cell and of the text area, the background color, the name, synchronised updates.
const PLAIN: &str = "\x1b[16t\x1b[14t\x1b]11;?\x1b\\\x1b[>q\x1b[?2026$p";
/// Columns and rows: of the text area, and where the cursor is when it went as far as it could.
const SIZE: &str = "\x1b[18t\x1b7\x1b[9999;9999H\x1b[6n\x1b8";
/// The primary device attributes, which every terminal answers.
const LAST: &str = "\x1b[c";
/// The status: inside tmux, the last question to the terminal around it.
const STATUS: &str = "\x1b[5n";

/// An answer that has begun may take this much longer, or its rest would come as keys.
const GRACE: Duration = Duration::from_millis(50);

/// All answers together are far shorter: what comes beyond is noise.
const MOST: usize = 1 << 16;

/// Asks the terminal, which must be in raw mode; nobody else may read it meanwhile. The keys that were
/// pressed are in the answer.
pub fn probe(limit: Duration) -> Capabilities {
    let end = Instant::now() + limit;
    match Tty::open() {
        Some(tty) if is_talkative() => ask_inside(&tty, limit, end),
        _ => Capabilities::new(&Around::of_environment()),
    }
}

/// Asks the terminal, if what is around this program lets answers through.
fn ask_inside(tty: &Tty<'_>, limit: Duration, end: Instant) -> Capabilities {
    // tmux may take half of the time.
    match Around::of(tty.output, limit / 2) {
        Around::Screen => {
            let mut found = Capabilities::new(&Around::Screen);
            found.conclude(variable);
            found
        }
        around => ask(tty, &around, end),
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
    let quiet = tty.as_ref().and_then(|tty| Quiet::take(tty.input));
    match (&tty, &quiet) {
        (Some(tty), Some(_)) => {
            let found = ask_inside(tty, limit, end);
            // What a terminal printed of the questions that it does not know.
            tty.write(b"\r\x1b[K", end);
            found
        }
        _ => Capabilities::new(&Around::of_environment()),
    }
}

/// What is known without a question: whether tmux is around, and the size of a cell as the system knows
/// it. For pictures in a way that the user has chosen.
pub fn unasked() -> Capabilities {
    let mut known = Capabilities::new(&Around::of_environment());
    known.cell = window::cell(None);
    known
}

/// A dumb terminal and the console print the questions.
fn is_talkative() -> bool {
    let term = variable("TERM").unwrap_or_default();
    !["", "dumb", "linux"].contains(&&*term)
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
    let size = if window::is_unknown() { SIZE } else { "" };
    format!("{kitty}{PLAIN}{size}{LAST}")
}

fn ask(tty: &Tty<'_>, around: &Around, end: Instant) -> Capabilities {
    let mut found = Capabilities::new(around);
    if !tty.write(questions(&found).as_bytes(), end) {
        return found;
    }
    let mut answers = Answers::default();
    let (mut buffer, mut came) = ([0; 1024], 0);
    // tmux answers for itself at once, and the terminal around it later.
    let mut status = !(found.tmux && found.passthrough);
    loop {
        let end = if answers.is_inside() { end + GRACE } else { end };
        let heard = found.answered && status && !answers.is_inside();
        // What comes without an end must not be read without one.
        if heard || came > MOST || Instant::now() >= end || !wait_readable(&tty.input, end) {
            break;
        }
        let read = match rustix::io::read(tty.input, &mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(Errno::INTR | Errno::AGAIN) => continue,
            Err(_) => break,
        };
        came += read;
        for answer in answers.push(buffer.get(..read).unwrap_or_default()) {
            match answer {
                Answer::Attributes { .. } => found.answered = true,
                Answer::Status => status = true,
                _ => {}
            }
            found.learn(answer);
        }
    }
    let inside = answers.is_inside();
    let typed = answers.end();
    found.noisy = came > MOST || inside || typed.is_noise();
    found.typed = typed.inputs();
    found.cell = found.cell.or_else(|| window::cell(found.area));
    found.conclude(variable);
    found
}

/// Where the questions go and the answers come from.
struct Tty<'a> {
    input: BorrowedFd<'a>,
    output: BorrowedFd<'a>,
}

impl Tty<'static> {
    /// The terminal that keys come from, and the one that stdout writes to, where it does. `None` where there is none,
    /// or where this program is in its background and would be stopped.
    fn open() -> Option<Self> {
        let input = tty::keyboard()?;
        let output = Some(rustix::stdio::stdout()).filter(|out| isatty(out)).unwrap_or(input);
        let foreground = tcgetpgrp(input).ok()? == getpgrp();
        foreground.then_some(Self { input, output })
    }
}

impl Tty<'_> {
    /// Whether all could be written before `end`: a terminal that was stopped takes nothing.
    fn write(&self, mut bytes: &[u8], end: Instant) -> bool {
        while !bytes.is_empty() {
            if !wait_writable(&self.output, end) {
                return false;
            }
            match rustix::io::write(self.output, bytes) {
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
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;
    use std::thread;

    use super::super::tmux::Tmux;
    use super::*;
    use crate::base::Key;
    use crate::terminal::input::Input;

    fn both_ways(line: &UnixStream) -> Tty<'_> {
        Tty { input: line.as_fd(), output: line.as_fd() }
    }

    /// Asks a terminal that reads the questions up to their last one and then says this, piece by piece.
    fn probed(around: &Around, pieces: &'static [&'static str], limit: Duration) -> Capabilities {
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
        let found = ask(&both_ways(&ours), around, Instant::now() + limit);
        drop(ours);
        terminal.join().unwrap();
        found
    }

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn the_last_answer_ends_the_waiting() {
        let started = Instant::now();
        let pieces =
            &["\x1b_Gi=31;OK\x1b", "\\\x1b[6;18;9tj", "\x1bP>|kitty(0.32.2)\x1b\\\x1b[?62;4c"];
        let found = probed(&Around::Nothing, pieces, LONG);
        assert!(started.elapsed() < LONG / 2);
        assert!(found.answered && found.kitty && found.sixel && !found.iterm2 && !found.tmux);
        assert_eq!((found.cell, found.synchronized), (Some((9, 18)), None));
        assert_eq!(found.name.as_deref(), Some("kitty(0.32.2)"));
        assert_eq!(found.typed, [Input::Key(Key::char('j'))]);
    }

    #[test]
    fn silence_costs_the_limit() {
        let started = Instant::now();
        let found = probed(&Around::Nothing, &["q"], Duration::from_millis(60));
        assert!(started.elapsed() < LONG / 2);
        assert!(!found.answered && !found.kitty);
        assert_eq!(found.typed, [Input::Key(Key::char('q'))]);
    }

    #[test]
    fn noise_without_an_end_costs_the_limit_and_is_no_keys() {
        for beginning in ["", "\x1b]11;rgb:", "\x1b["] {
            let (ours, mut theirs) = UnixStream::pair().unwrap();
            let noise = thread::spawn(move || {
                let mut sent = theirs.write_all(beginning.as_bytes());
                while sent.is_ok() {
                    sent = theirs.write_all(&[b'1'; 999]);
                }
            });
            let started = Instant::now();
            let found =
                ask(&both_ways(&ours), &Around::Nothing, started + Duration::from_millis(60));
            drop(ours);
            noise.join().unwrap();
            assert!(started.elapsed() < LONG / 2);
            assert!(found.noisy && found.typed.is_empty(), "{beginning:?}");
        }
    }

    #[test]
    fn a_line_that_closes_ends_the_waiting() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        drop(theirs);
        let started = Instant::now();
        assert!(!ask(&both_ways(&ours), &Around::Nothing, started + LONG).answered);
        assert!(started.elapsed() < LONG / 2);
    }

    #[test]
    fn inside_tmux_the_terminal_around_it_is_waited_for() {
        let terminal = Some("kitty(0.32.2)".into());
        let tmux = Tmux { passthrough: true, terminal, ..Tmux::default() };
        let pieces = &["\x1bP>|tmux 3.4\x1b\\\x1b[?1;2c", "\x1b_Gi=31;OK\x1b\\", "\x1b[0n"];
        let found = probed(&Around::Tmux(tmux), pieces, LONG);
        assert!(found.answered && found.kitty && found.tmux && found.passthrough);
        assert_eq!(found.name.as_deref(), Some("kitty(0.32.2)"));
        // Without permission it is not even asked.
        assert!(!questions(&Capabilities::new(&Around::Tmux(Tmux::default()))).contains("_G"));
    }
}
