//! The program in a pseudo-terminal: start it, send keys, wait for the screen, see it leave.

use std::ffi::{OsStr, OsString};
use std::io::{ErrorKind, Read, Write};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::sequences::{is_question, modes, sequences};

/// A slow machine must pass too; nothing waits this long when all is well.
const PATIENCE: Duration = Duration::from_secs(30);
/// Output has ended when nothing has come for this long.
const QUIET: Duration = Duration::from_millis(300);

/// The beginning and the end of a frame.
const FRAME_BEGIN: &[u8] = b"\x1b[?2026h";
const FRAME_END: &[u8] = b"\x1b[?2026l";

/// A shell that waits for the program and says how it ended. The shell stays, because the terminal
/// is reset when the leader of its session goes.
const SHELL: &str = r#""$@"; echo "[left with $?]"; read end"#;
/// The same with nothing to read, and below a pipe, as in `ls | xargs convscope` and `cat list | convscope`.
const NO_INPUT: &str = r#""$@" </dev/null; echo "[left with $?]"; read end"#;
const PIPED: &str = r#"echo list | "$@"; echo "[left with $?]"; read end"#;
/// The same with job control: when the program stops, Enter brings it back.
const JOBS: &str =
    r#"set -m; "$@"; echo "[stopped with $?]"; read go; fg; echo "[left with $?]"; read end"#;
/// A shell that survives a lost line, so that the system tells nobody. portable-pty types the
/// character that ends a file when it closes a terminal that has one.
const DEAF: &str = r#"trap "" HUP; stty eof undef; "$@"; exit 0"#;
/// Writes down its process and becomes the program.
const BECOME: &str = r#"echo $$ >"$0"; exec "$@""#;
/// Writes down its process and waits for the program, as scripts do.
const SCRIPT: &str = r#"echo $$ >"$0"; "$@"; exit $?"#;

/// How the reading thread behaves.
const READING: u8 = 0;
const HOLDING: u8 = 1;
const CLOSED: u8 = 2;

/// What to start, and where.
pub struct Launch {
    size: (u16, u16),
    env: Vec<(String, String)>,
    args: Vec<OsString>,
    around: &'static [&'static str],
    says: &'static str,
    folder: TempDir,
}

/// What keys are written to.
type Keys = Box<dyn Write + Send>;

impl Launch {
    /// On a terminal of 120x40 with all colors, below a shell.
    pub fn new() -> Self {
        let env = [("TERM", "xterm-256color"), ("COLORTERM", "truecolor")];
        let env = env.map(|(name, value)| (name.to_string(), value.to_string())).to_vec();
        let folder = TempDir::new().unwrap();
        let around = &[SHELL, BECOME];
        Self { size: (120, 40), env, args: Vec::new(), around, says: "", folder }
    }

    /// Columns and rows.
    pub fn size(mut self, columns: u16, rows: u16) -> Self {
        self.size = (columns, rows);
        self
    }

    /// An environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_string(), value.to_string()));
        self
    }

    /// An argument of the program.
    /// The explorer at the stem's ReLU, its channels in the network's order.
    pub fn at_the_stem(self) -> Self {
        ["--layer", "relu", "--channel", "0", "--sort", "index"].iter().fold(self, Launch::arg)
    }

    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_os_string());
        self
    }

    /// On a terminal that says this when it is asked what it is.
    pub fn says(mut self, answers: &'static str) -> Self {
        self.says = answers;
        self
    }

    /// The folder that it runs in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Without a shell: the program leads the terminal's session, as with `ssh -t host convscope`.
    pub fn alone(mut self) -> Self {
        self.around = &[BECOME];
        self
    }

    /// Below a shell with job control.
    pub fn with_jobs(mut self) -> Self {
        self.around = &[JOBS, BECOME];
        self
    }

    /// With `/dev/null` as its standard input.
    pub fn without_input(mut self) -> Self {
        self.around = &[NO_INPUT, BECOME];
        self
    }

    /// With a pipe as its standard input.
    pub fn below_a_pipe(mut self) -> Self {
        self.around = &[PIPED, BECOME];
        self
    }

    /// The same, inside a script.
    pub fn in_a_script(mut self) -> Self {
        self.around = &[JOBS, SCRIPT];
        self
    }

    /// Below a shell that ignores a lost line.
    pub fn below_a_deaf_shell(mut self) -> Self {
        self.around = &[DEAF, BECOME];
        self
    }

    /// Starts it.
    pub fn start(self) -> Session {
        let folder = self.folder;
        let pid = folder.path().join("pid");
        let mut argv: Vec<OsString> = Vec::new();
        for script in self.around {
            // The first word behind a script is its `$0`.
            let name =
                if [BECOME, SCRIPT].contains(script) { pid.as_os_str() } else { "sh".as_ref() };
            argv.extend(["sh".into(), "-c".into(), script.into(), name.to_os_string()]);
        }
        argv.push(env!("CARGO_BIN_EXE_convscope").into());
        argv.extend(self.args);

        let mut command = CommandBuilder::from_argv(argv);
        command.cwd(folder.path());
        for name in [
            "TMUX",
            "STY",
            "ZELLIJ",
            "TERM_PROGRAM",
            "LC_TERMINAL",
            "KONSOLE_VERSION",
            "LINES",
            "COLUMNS",
            "NO_COLOR",
            "ENV",
            "RUST_BACKTRACE",
        ] {
            command.env_remove(name);
        }
        for name in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "CONVSCOPE_CONFIG_DIR"] {
            command.env(name, folder.path());
        }
        for (name, value) in &self.env {
            command.env(name, value);
        }
        Session::spawn(command, self.size, self.says, folder, pid)
    }
}

/// A running program and the screen that its output makes.
pub struct Session {
    child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    keys: Option<Arc<Mutex<Keys>>>,
    output: Receiver<Vec<u8>>,
    reader: Option<JoinHandle<()>>,
    reading: Arc<AtomicU8>,
    parser: vt100::Parser,
    /// Everything that came out.
    raw: Vec<u8>,
    settings: String,
    pid: PathBuf,
    /// Removed with the session.
    folder: TempDir,
}

impl Session {
    fn spawn(
        command: CommandBuilder,
        size: (u16, u16),
        says: &'static str,
        folder: TempDir,
        pid: PathBuf,
    ) -> Self {
        let pair = native_pty_system().openpty(pty_size(size)).unwrap();
        let settings = format!("{:?}", pair.master.get_termios().unwrap());
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let input = pair.master.try_clone_reader().unwrap();
        let keys = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let reading = Arc::new(AtomicU8::new(READING));
        let (sender, output) = channel();
        let theirs = reading.clone();
        let mut answering = Answering { says, to: keys.clone(), heard: Vec::new() };
        let reader = thread::spawn(move || {
            read_all(input, &theirs, |bytes| {
                answering.hear(&bytes);
                sender.send(bytes).is_ok()
            });
        });
        let (columns, rows) = cells(size);
        Self {
            child,
            master: Some(pair.master),
            keys: Some(keys),
            output,
            reader: Some(reader),
            reading,
            parser: vt100::Parser::new(rows, columns, 0),
            raw: Vec::new(),
            settings,
            pid,
            folder,
        }
    }

    /// The screen as text.
    pub fn text(&self) -> String {
        self.screen().contents()
    }

    /// Every cell with its colors. One that was never written is a blank.
    pub fn cells(&self) -> Vec<(char, vt100::Color, vt100::Color)> {
        let (rows, columns) = self.screen().size();
        let places = (0..rows.get()).flat_map(|row| (0..columns.get()).map(move |c| (row, c)));
        let cells = places.filter_map(|(row, column)| self.screen().cell(row, column));
        let text = |cell: &vt100::Cell| cell.contents().chars().next().unwrap_or(' ');
        cells.map(|cell| (text(cell), cell.fgcolor(), cell.bgcolor())).collect()
    }

    /// The screen.
    pub fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    /// The folder that it runs in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Everything that came out.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Sends keys, or what else a terminal sends.
    #[track_caller]
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let mut keys = self.keys.as_ref().unwrap().lock().unwrap();
        keys.write_all(bytes.as_ref()).and_then(|()| keys.flush()).unwrap();
    }

    /// Waits until the screen shows this.
    #[track_caller]
    pub fn shows(&mut self, text: &str) {
        self.until(&format!("the screen shows {text:?}"), |s| s.text().contains(text));
    }

    /// Waits until the screen shows this no more.
    #[track_caller]
    pub fn hides(&mut self, text: &str) {
        self.until(&format!("the screen hides {text:?}"), |s| !s.text().contains(text));
    }

    /// Sends keys, and waits until the screen shows this.
    #[track_caller]
    pub fn press(&mut self, keys: &str, text: &str) {
        self.send(keys);
        let what = format!("after {keys:?}, the screen shows {text:?}");
        self.until(&what, |s| s.text().contains(text));
    }

    /// Waits for something.
    #[track_caller]
    pub fn until(&mut self, what: &str, done: impl FnMut(&Self) -> bool) {
        let happened = self.within(PATIENCE, done);
        assert!(happened, "never: {what}; the screen is\n{}", self.text());
    }

    /// Whether something happens in this time.
    pub fn within(&mut self, time: Duration, mut done: impl FnMut(&Self) -> bool) -> bool {
        let end = Instant::now() + time;
        loop {
            if done(self) {
                return true;
            }
            if Instant::now() >= end {
                return false;
            }
            self.receive(Duration::from_millis(50));
        }
    }

    /// Waits for a whole frame that comes after this call.
    #[track_caller]
    pub fn next_frame(&mut self) {
        let from = self.raw.len();
        self.until("another frame comes", |s| find(&s.raw[from..], FRAME_END).is_some());
    }

    /// Waits until nothing more comes for a while.
    pub fn settle(&mut self) {
        let end = Instant::now() + PATIENCE;
        while self.receive(QUIET) && Instant::now() < end {}
    }

    /// The terminal's window has another size now.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        let size = cells((columns, rows));
        self.parser.screen_mut().set_size(size.1, size.0);
        self.master.as_ref().unwrap().resize(pty_size((columns, rows))).unwrap();
    }

    /// Sends a signal to the program alone.
    #[track_caller]
    pub fn signal(&mut self, signal: Signal) {
        kill_process(self.process(), signal).unwrap();
    }

    /// The program's process.
    #[track_caller]
    pub fn process(&self) -> Pid {
        let pid = std::fs::read_to_string(&self.pid).unwrap();
        Pid::from_raw(pid.trim().parse().unwrap()).unwrap()
    }

    /// The terminal takes nothing more: a line that hangs.
    pub fn hold(&mut self) {
        self.reading.store(HOLDING, Ordering::SeqCst);
    }

    /// Closes the terminal between two frames: a line that is lost. `keys` make the program draw once
    /// more, which is what the reading thread waits for.
    pub fn close(&mut self, keys: &str) {
        self.reading.store(CLOSED, Ordering::SeqCst);
        self.send(keys);
        self.reader.take().unwrap().join().unwrap();
        self.keys = None;
        self.master = None;
    }

    /// Whether the terminal hands on each key as it is pressed.
    pub fn is_raw(&self) -> bool {
        !self.settings_now().contains("ICANON")
    }

    fn settings_now(&self) -> String {
        format!("{:?}", self.master.as_ref().unwrap().get_termios().unwrap())
    }

    /// Waits until the shell says that the program left with this code, or 128 and a signal; then
    /// the terminal must be as before.
    #[track_caller]
    pub fn left(&mut self, code: i32) {
        self.until("the program leaves", |s| {
            s.text().split_once("[left with ").is_some_and(|(_, code)| code.contains(']'))
        });
        assert!(self.text().contains(&format!("[left with {code}]")), "{}", self.text());
        self.is_as_before();
    }

    /// The terminal must be as before the program.
    #[track_caller]
    pub fn is_as_before(&self) {
        assert_eq!(self.settings_now(), self.settings, "settings of the terminal");
        for (mode, on) in modes(&self.raw) {
            // All are off at first but the cursor.
            assert_eq!(on, mode == "25", "mode {mode}; the screen is\n{}", self.text());
        }
        assert!(!self.screen().alternate_screen() && !self.screen().hide_cursor());
        self.asked_nothing();
    }

    /// The program must not have asked the terminal anything since its first frame.
    #[track_caller]
    pub fn asked_nothing(&self) {
        let begin = find(&self.raw, FRAME_BEGIN).unwrap_or(self.raw.len());
        let asked: Vec<_> = sequences(&self.raw[begin..]).into_iter().filter(is_question).collect();
        assert!(asked.is_empty(), "{asked:?}");
    }

    /// The program must not have asked the terminal anything, not even at the start.
    #[track_caller]
    pub fn asked_nothing_at_all(&self) {
        let asked: Vec<_> = sequences(&self.raw).into_iter().filter(is_question).collect();
        assert!(asked.is_empty(), "{asked:?}");
    }

    /// What was written before the first frame.
    pub fn before_frames(&self) -> &[u8] {
        &self.raw[..find(&self.raw, FRAME_BEGIN).unwrap_or(self.raw.len())]
    }

    /// The frames of what was written from there on, without their marks.
    pub fn frames(&self, from: usize) -> Vec<&[u8]> {
        let (mut frames, mut rest) = (Vec::new(), &self.raw[from..]);
        while let Some(begin) = find(rest, FRAME_BEGIN) {
            rest = &rest[begin + FRAME_BEGIN.len()..];
            let Some(end) = find(rest, FRAME_END) else { break };
            frames.push(&rest[..end]);
            rest = &rest[end..];
        }
        frames
    }

    /// Waits until the process that leads the session has ended.
    #[track_caller]
    pub fn ends(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < end, "the program goes on; the screen is\n{}", self.text());
            self.receive(Duration::from_millis(20));
        }
    }

    /// Takes in what comes. False if nothing came in this time.
    fn receive(&mut self, time: Duration) -> bool {
        let mut more = match self.output.recv_timeout(time) {
            Ok(bytes) => bytes,
            Err(RecvTimeoutError::Timeout) => return false,
            Err(RecvTimeoutError::Disconnected) => {
                thread::sleep(time);
                return false;
            }
        };
        loop {
            self.parser.process(&more);
            self.raw.append(&mut more);
            match self.output.try_recv() {
                Ok(bytes) => more = bytes,
                Err(_) => return true,
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            if std::fs::exists(&self.pid).is_ok_and(|there| there) && !thread::panicking() {
                let _ = kill_process(self.process(), Signal::KILL);
            }
            let _ = self.child.kill();
        }
    }
}

fn read_all(mut input: impl Read, reading: &AtomicU8, mut tell: impl FnMut(Vec<u8>) -> bool) {
    let mut buffer = [0; 1 << 16];
    loop {
        let last = match input.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => &buffer[..count],
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        if !tell(last.to_vec()) {
            return;
        }
        while reading.load(Ordering::SeqCst) == HOLDING {
            thread::sleep(Duration::from_millis(5));
        }
        if reading.load(Ordering::SeqCst) == CLOSED && last.ends_with(FRAME_END) {
            return;
        }
    }
}

/// Where something begins.
pub fn find(output: &[u8], wanted: &[u8]) -> Option<usize> {
    output.windows(wanted.len()).position(|window| window == wanted)
}

/// A terminal that answers the questions at the start, the last of which is what it is.
struct Answering {
    says: &'static str,
    to: Arc<Mutex<Keys>>,
    heard: Vec<u8>,
}

impl Answering {
    fn hear(&mut self, bytes: &[u8]) {
        if self.says.is_empty() {
            return;
        }
        self.heard.extend(bytes);
        if find(&self.heard, b"\x1b[c").is_some() {
            let mut to = self.to.lock().unwrap();
            to.write_all(self.says.as_bytes()).and_then(|()| to.flush()).unwrap();
            self.says = "";
        }
    }
}

fn pty_size((cols, rows): (u16, u16)) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

/// A screen has at least one cell.
fn cells(size: (u16, u16)) -> (NonZeroU16, NonZeroU16) {
    let cells = |n| NonZeroU16::new(n).unwrap_or(NonZeroU16::MIN);
    (cells(size.0), cells(size.1))
}
