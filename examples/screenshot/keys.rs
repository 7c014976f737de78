//! The little language of `--keys` and `--quit`.

use std::time::Duration;

use anyhow::{Context, Result, bail};

/// One word of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Bytes as a terminal would send them.
    Send(Vec<u8>),
    /// A cursor key by its final byte: its prefix depends on the mode that the program has set.
    Cursor(u8),
    /// Let the program run for this long.
    Wait(Duration),
    /// Let the program run until the screen shows this.
    Until(String),
}

/// Reads a script: words separated by blanks.
pub fn parse(script: &str) -> Result<Vec<Step>> {
    script.split_whitespace().map(step).collect()
}

/// A number of milliseconds.
pub fn parse_milliseconds(text: &str) -> Result<Duration> {
    let number = text.parse().with_context(|| format!("{text:?} is not a number of ms"))?;
    Ok(Duration::from_millis(number))
}

fn step(word: &str) -> Result<Step> {
    if let Some((name, value)) = word.split_once(':').filter(|(_, value)| !value.is_empty()) {
        return match name {
            "wait" => Ok(Step::Wait(parse_milliseconds(value)?)),
            "until" => Ok(Step::Until(value.to_owned())),
            "text" => Ok(Step::Send(value.into())),
            "click" => click(value),
            _ => bail!("unknown step {word:?}"),
        };
    }
    let bytes: &[u8] = match word {
        "Up" => return Ok(Step::Cursor(b'A')),
        "Down" => return Ok(Step::Cursor(b'B')),
        "Right" => return Ok(Step::Cursor(b'C')),
        "Left" => return Ok(Step::Cursor(b'D')),
        "Home" => return Ok(Step::Cursor(b'H')),
        "End" => return Ok(Step::Cursor(b'F')),
        "Enter" => b"\r",
        "Esc" => b"\x1b",
        "Tab" => b"\t",
        "S-Tab" => b"\x1b[Z",
        "Space" => b" ",
        "Backspace" => b"\x7f",
        "Insert" => b"\x1b[2~",
        "Delete" => b"\x1b[3~",
        "PageUp" => b"\x1b[5~",
        "PageDown" => b"\x1b[6~",
        "F1" => b"\x1bOP",
        "F2" => b"\x1bOQ",
        "F3" => b"\x1bOR",
        "F4" => b"\x1bOS",
        "F5" => b"\x1b[15~",
        "F6" => b"\x1b[17~",
        "F7" => b"\x1b[18~",
        "F8" => b"\x1b[19~",
        "F9" => b"\x1b[20~",
        "F10" => b"\x1b[21~",
        "F11" => b"\x1b[23~",
        "F12" => b"\x1b[24~",
        _ => return character(word),
    };
    Ok(Step::Send(bytes.to_vec()))
}

/// A single character, alone or after `C-` or `A-`.
fn character(word: &str) -> Result<Step> {
    let (modifier, rest) = match (word.strip_prefix("C-"), word.strip_prefix("A-")) {
        (Some(rest), _) if !rest.is_empty() => (Some('C'), rest),
        (_, Some(rest)) if !rest.is_empty() => (Some('A'), rest),
        _ => (None, word),
    };
    let mut characters = rest.chars();
    let (Some(only), None) = (characters.next(), characters.next()) else {
        bail!("{word:?} is no key: see --help, and write text:{word} to type it");
    };
    match modifier {
        Some('C') if only.is_ascii_alphabetic() || "@[\\]^_".contains(only) => {
            Ok(Step::Send(vec![only.to_ascii_uppercase() as u8 & 0x1f]))
        }
        Some('C') => bail!("a terminal cannot send {word:?}"),
        Some(_) => Ok(Step::Send(format!("\x1b{only}").into())),
        None => Ok(Step::Send(only.to_string().into())),
    }
}

/// A press and release of the left button, in SGR coding.
fn click(place: &str) -> Result<Step> {
    let parts = place.split_once(',');
    let parts = parts.and_then(|(c, r)| Some((c.parse::<u16>().ok()?, r.parse::<u16>().ok()?)));
    let Some((column, row)) = parts else {
        bail!("click:{place} is not click:COLUMN,ROW");
    };
    Ok(Step::Send(format!("\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m").into()))
}
