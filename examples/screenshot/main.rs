//! Takes a picture of a terminal program: runs it in a pseudo-terminal, plays keys, and draws the
//! screen to a PNG. README's pictures are made with it.
//!
//! ```text
//! cargo run --example screenshot -- --size 120x40 --keys 'wait:500 ] ] l Enter' -o out.png \
//!     -- PROGRAM ARGS...
//! ```
//!
//! The terminal it plays is plain: true color, no answers to queries, no sixel or kitty pictures.
//! Italic, strike-through and blinking are not drawn.

mod boxes;
mod canvas;
mod font;
mod keys;
mod palette;
mod picture;
mod session;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use keys::Step;
use session::Session;

const USAGE: &str = "\
Usage: screenshot [OPTIONS] -- PROGRAM ARGS...

  -o, --output FILE   write the screen as a PNG
      --text          print the screen as text
      --size COLSxROWS  terminal size (80x24)
      --keys SCRIPT   keys to play once the screen is quiet, separated by blanks:
                      Enter Esc Tab Space Up Down Left Right Home End PageUp PageDown Backspace
                      Delete Insert F1..F12, S-Tab, C-x (Ctrl), A-x (Alt), any single character,
                      text:WORD, click:COL,ROW (from 1), wait:MS, until:WORD (on the screen)
      --quit SCRIPT   keys that end the program afterwards (q)
      --wait MS       take the picture this long after the last key, not when output is quiet
      --limit MS      the longest time to wait for quiet or for until: (10000)
      --scale N       pixels: N times a cell of 9x18 (1)
      --font FILE     a monospace font; its bold sibling is used too (first usual one found)";

/// What the command line asked for.
struct Options {
    output: Option<PathBuf>,
    text: bool,
    size: (u16, u16),
    keys: Vec<Step>,
    quit: Vec<Step>,
    wait: Option<Duration>,
    limit: Duration,
    scale: u32,
    font: Option<PathBuf>,
    program: Vec<String>,
}

impl Options {
    /// Reads the arguments. `None`: help was asked for.
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Self>> {
        let mut options = Self {
            output: None,
            text: false,
            size: (80, 24),
            keys: Vec::new(),
            quit: keys::parse("q")?,
            wait: None,
            limit: Duration::from_secs(10),
            scale: 1,
            font: None,
            program: Vec::new(),
        };
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().with_context(|| format!("{name} needs a value"));
            match name.as_str() {
                "-h" | "--help" => return Ok(None),
                "-o" | "--output" => options.output = Some(value()?.into()),
                "--text" => options.text = true,
                "--size" => options.size = parse_size(&value()?)?,
                "--keys" => options.keys = keys::parse(&value()?)?,
                "--quit" => options.quit = keys::parse(&value()?)?,
                "--wait" => options.wait = Some(keys::parse_milliseconds(&value()?)?),
                "--limit" => options.limit = keys::parse_milliseconds(&value()?)?,
                "--scale" => options.scale = value()?.parse().context("--scale")?,
                "--font" => options.font = Some(value()?.into()),
                "--" => options.program.extend(arguments.by_ref()),
                _ => bail!("unknown option {name:?}\n\n{USAGE}"),
            }
        }
        ensure!(!options.program.is_empty(), "no program after `--`\n\n{USAGE}");
        ensure!(options.output.is_some() || options.text, "give -o FILE or --text\n\n{USAGE}");
        ensure!((1..=8).contains(&options.scale), "--scale is 1 to 8");
        Ok(Some(options))
    }
}

/// `120x40` as (columns, rows).
fn parse_size(text: &str) -> Result<(u16, u16)> {
    let parts = text.split_once('x').and_then(|(c, r)| Some((c.parse().ok()?, r.parse().ok()?)));
    match parts {
        Some((columns, rows)) if columns > 0 && rows > 0 => Ok((columns, rows)),
        _ => bail!("{text:?} is not a size like 120x40"),
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("screenshot: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let Some(options) = Options::parse(std::env::args().skip(1))? else {
        println!("{USAGE}");
        return Ok(());
    };
    // Before the program starts: a missing font should not cost a session.
    let fonts = match &options.output {
        Some(_) => Some(font::Fonts::load(options.font.as_deref())?),
        None => None,
    };

    let mut session = Session::start(&options.program, options.size, options.limit)?;
    session.settle();
    let played = session.play(&options.keys);
    match options.wait {
        _ if played.is_err() => {}
        Some(time) => session.pump(time),
        None => session.settle(),
    }
    let screen = session.screen().clone();
    session.finish(&options.quit)?;
    played?;

    if options.text {
        for row in screen.rows(0, options.size.0) {
            println!("{}", row.trim_end());
        }
    }
    if let (Some(path), Some(fonts)) = (&options.output, &fonts) {
        let picture = picture::draw(&screen, fonts, options.scale);
        picture.save(path).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
