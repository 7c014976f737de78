//! A program in a pseudo-terminal, and the screen that its output makes.

use std::io::{ErrorKind, Read, Write};
use std::num::NonZeroU16;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::keys::Step;

/// Output is quiet when nothing has come for this long.
const QUIET: Duration = Duration::from_millis(400);
/// Time for the program to react between two keys, so that `Esc x` is not read as Alt-x.
const BETWEEN_KEYS: Duration = Duration::from_millis(60);
/// How long the program may take to leave after the quit keys.
const FAREWELL: Duration = Duration::from_secs(2);

/// A running program.
pub struct Session {
    child: Box<dyn Child + Send + Sync>,
    /// Held so that the terminal stays open.
    _terminal: Box<dyn MasterPty + Send>,
    input: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    parser: vt100::Parser,
    limit: Duration,
    ended: bool,
}

impl Session {
    /// Starts the program on a terminal of `(columns, rows)`.
    pub fn start(program: &[String], size: (u16, u16), limit: Duration) -> Result<Self> {
        let (cols, rows) = size;
        let (Some(columns), Some(lines)) = (NonZeroU16::new(cols), NonZeroU16::new(rows)) else {
            bail!("a terminal has at least one cell");
        };
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).context("cannot open a pseudo-terminal")?;
        let mut command = CommandBuilder::from_argv(program.iter().map(Into::into).collect());
        command.cwd(std::env::current_dir().context("no current directory")?);
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        // What would make the program believe that it runs in another terminal.
        for name in ["TERM_PROGRAM", "TMUX", "KITTY_WINDOW_ID", "LINES", "COLUMNS", "NO_COLOR"] {
            command.env_remove(name);
        }
        let child = pair
            .slave
            .spawn_command(command)
            .with_context(|| format!("cannot start {:?}", program[0]))?;
        drop(pair.slave);

        let mut reader = pair.master.try_clone_reader().context("cannot read the terminal")?;
        let input = pair.master.take_writer().context("cannot write to the terminal")?;
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 1 << 16];
            loop {
                match reader.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(count) if sender.send(buffer[..count].to_vec()).is_err() => break,
                    Err(error) if error.kind() != ErrorKind::Interrupted => break,
                    _ => {}
                }
            }
        });
        Ok(Self {
            child,
            _terminal: pair.master,
            input,
            output,
            parser: vt100::Parser::new(lines, columns, 0),
            limit,
            ended: false,
        })
    }

    /// The screen as it is now.
    pub fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    /// Takes in output for a fixed time.
    pub fn pump(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while !self.ended && Instant::now() < end {
            self.receive(end.saturating_duration_since(Instant::now()));
        }
    }

    /// Takes in output until it has begun and then been quiet for a while, or the limit is over.
    pub fn settle(&mut self) {
        let end = Instant::now() + self.limit;
        let mut begun = !self.screen().contents().trim().is_empty();
        while !self.ended && Instant::now() < end {
            let left = end.saturating_duration_since(Instant::now());
            let received = self.receive(QUIET.min(left));
            if begun && !received {
                break;
            }
            begun |= received;
        }
    }

    /// Plays a script.
    pub fn play(&mut self, steps: &[Step]) -> Result<()> {
        for step in steps {
            match step {
                Step::Send(bytes) => self.send(bytes)?,
                Step::Cursor(key) => {
                    let application = self.screen().application_cursor();
                    self.send(&[b'\x1b', if application { b'O' } else { b'[' }, *key])?;
                }
                Step::Wait(time) => self.pump(*time),
                Step::Until(text) => self.wait_for(text)?,
            }
        }
        Ok(())
    }

    /// Plays the quit keys, and ends the program if that did not.
    pub fn finish(mut self, quit: &[Step]) -> Result<()> {
        let alive = |session: &mut Self| session.child.try_wait().map(|status| status.is_none());
        if alive(&mut self)? && !self.ended {
            // It may leave halfway through the keys: that is what they are for.
            let _ = self.play(quit);
        }
        let end = Instant::now() + FAREWELL;
        while alive(&mut self)? && Instant::now() < end {
            self.receive(Duration::from_millis(20));
            if self.ended {
                thread::sleep(Duration::from_millis(20));
            }
        }
        if alive(&mut self)? {
            eprintln!("screenshot: the quit keys did not end the program: killed");
            self.child.kill().context("cannot end the program")?;
        }
        let status = self.child.wait().context("cannot wait for the program")?;
        if !status.success() {
            eprintln!("screenshot: the program ended with {status}");
        }
        Ok(())
    }

    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        if self.ended {
            bail!("the program ended before all keys were played");
        }
        self.input
            .write_all(bytes)
            .and_then(|()| self.input.flush())
            .context("cannot send keys")?;
        self.pump(BETWEEN_KEYS);
        Ok(())
    }

    fn wait_for(&mut self, text: &str) -> Result<()> {
        let end = Instant::now() + self.limit;
        while !self.screen().contents().contains(text) {
            if self.ended || Instant::now() >= end {
                bail!("the screen never showed {text:?}:\n{}", self.screen().contents());
            }
            self.receive(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Takes in one piece of output. False if none came in this time.
    fn receive(&mut self, time: Duration) -> bool {
        match self.output.recv_timeout(time) {
            Ok(bytes) => {
                self.parser.process(&bytes);
                true
            }
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => {
                self.ended = true;
                false
            }
        }
    }
}
