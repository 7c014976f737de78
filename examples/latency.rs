//! Measures, in a real pseudo-terminal, how long the explorer takes from its start to the first map,
//! and from a key to the frame that answers it: at rest, while a network runs, and while a job runs.
//!
//!     cargo run --release --example latency -- target/release/convscope [ARGS]
//!
//! Every figure is in milliseconds, from the last byte of the key until the end of the synchronised update. The job is
//! Score-CAM, which runs the network once for each channel of a layer; a thousand keys come while it does, three out
//! of four of them cursors, the others layers.
#![allow(clippy::unwrap_used, missing_docs)]

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// The end of a synchronised update: a frame is whole.
const FRAME_END: &[u8] = b"\x1b[?2026l";
/// What only a screen with maps has: the upper half block.
const HALF_BLOCK: &[u8] = "▀".as_bytes();

struct Session {
    frames: Receiver<(Instant, bool)>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    started: Instant,
    _master: Box<dyn MasterPty + Send>,
}

impl Session {
    fn start(command: &[String]) -> Self {
        let size = PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut builder = CommandBuilder::new(&command[0]);
        builder.args(&command[1..]);
        builder.env("TERM", "xterm-256color");
        builder.env("COLORTERM", "truecolor");
        builder.cwd(std::env::current_dir().unwrap());
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let started = Instant::now();
        let child = pair.slave.spawn_command(builder).unwrap();
        let (tell, frames) = channel();
        std::thread::spawn(move || {
            let (mut bytes, mut frame) = ([0; 1 << 16], Vec::new());
            while let Ok(n @ 1..) = reader.read(&mut bytes) {
                frame.extend_from_slice(&bytes[..n]);
                while let Some(end) = find(&frame, FRAME_END) {
                    let rest = frame.split_off(end + FRAME_END.len());
                    let picture = find(&frame, HALF_BLOCK).is_some();
                    if tell.send((Instant::now(), picture)).is_err() {
                        return;
                    }
                    frame = rest;
                }
            }
        });
        Self { frames, keys, child, started, _master: pair.master }
    }

    /// Until the first frame that shows a map.
    fn first_map(&self) -> Option<Duration> {
        while let Ok((at, picture)) = self.frames.recv_timeout(Duration::from_secs(60)) {
            if picture {
                return Some(at - self.started);
            }
        }
        None
    }

    /// From a key to the next whole frame.
    fn key(&mut self, key: &str) -> Option<Duration> {
        while self.frames.try_recv().is_ok() {}
        let pressed = Instant::now();
        self.keys.write_all(key.as_bytes()).unwrap();
        self.keys.flush().unwrap();
        self.frames.recv_timeout(Duration::from_secs(5)).ok().map(|(at, _)| at - pressed)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|w| w == wanted)
}

fn say(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let ms = |t: Option<&Duration>| t.map_or(f64::NAN, |t| t.as_secs_f64() * 1000.0);
    let (median, max) = (ms(times.get(times.len() / 2)), ms(times.last()));
    let late = ms(times.get(times.len() * 99 / 100));
    println!(
        "{what:<34} median {median:7.1} ms   99 % {late:7.1} ms   max {max:7.1} ms   of {}",
        times.len()
    );
}

fn main() {
    let mut command: Vec<String> = std::env::args().skip(1).collect();
    if command.is_empty() {
        eprintln!("usage: latency PROGRAM [ARGS]");
        std::process::exit(2);
    }
    // A pseudo-terminal looks for relative names in PATH alone.
    if let Ok(path) = std::fs::canonicalize(&command[0]) {
        command[0] = path.to_string_lossy().into_owned();
    }
    say(
        "start to the first map",
        (0..7).filter_map(|_| Session::start(&command).first_map()).collect(),
    );
    let mut session = Session::start(&command);
    session.first_map();
    std::thread::sleep(Duration::from_millis(500));
    let pause = Duration::from_millis(40);
    let mut walk = |key: &str, other: &str| {
        let keys = (0..20).map(|i| if i % 2 == 0 { key } else { other });
        keys.filter_map(|key| {
            std::thread::sleep(pause);
            session.key(key)
        })
        .collect::<Vec<_>>()
    };
    say("key to frame, cursor", walk("l", "h"));
    say("key to frame, layer", walk("]", "["));
    // Each photo runs the network; the keys come while it does.
    let mut busy = Vec::new();
    for _ in 0..10 {
        std::thread::sleep(Duration::from_millis(600));
        session.key("n");
        busy.extend(session.key("l"));
        busy.extend(session.key("h"));
    }
    say("key to frame, while a network runs", busy);
    for keys in ["5", ":method score-cam\r", "\r", "1"] {
        session.key(keys);
        std::thread::sleep(Duration::from_millis(1500));
    }
    let mut working = Vec::new();
    let mut downward = true;
    for i in 0..1000 {
        std::thread::sleep(Duration::from_millis(25));
        downward ^= i % 40 == 0;
        let key = match (i % 4, downward) {
            (3, true) => "]",
            (3, false) => "[",
            (2, _) => "h",
            _ => "l",
        };
        working.extend(session.key(key));
    }
    say("key to frame, while a job runs", working);
}
