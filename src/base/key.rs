//! A key press, and how it is written in `keys.toml`: `j`, `G`, `C-d`, `S-Tab`, `PgDn`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Which key, without modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyCode {
    /// A key that writes a character, as written: `a`, `A`, `[`.
    Char(char),
    /// A key with a name.
    Named(&'static str),
}

/// The names of keys that write no character.
const NAMES: [&str; 14] = [
    "Enter",
    "Esc",
    "Tab",
    "Backspace",
    "Up",
    "Down",
    "Left",
    "Right",
    "Home",
    "End",
    "PgUp",
    "PgDn",
    "Delete",
    "Space",
];

/// A key press with its modifiers. A capital letter is its own character and carries no `S-`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Control was held.
    pub ctrl: bool,
    /// Alt was held.
    pub alt: bool,
    /// Shift was held, where the key itself does not say so.
    pub shift: bool,
    /// The key.
    pub code: KeyCode,
}

/// Text that names no key.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("unknown key \"{0}\": write a character, C-x, A-x, S-Tab or one of {names}", names = NAMES.join(" "))]
pub struct KeyError(pub String);

impl Key {
    /// A character without modifiers.
    pub const fn char(c: char) -> Self {
        Self { ctrl: false, alt: false, shift: false, code: KeyCode::Char(c) }
    }

    /// A named key without modifiers; `None` for an unknown name.
    pub fn named(name: &str) -> Option<Self> {
        let name = NAMES.iter().find(|known| known.eq_ignore_ascii_case(name))?;
        Some(Self { ctrl: false, alt: false, shift: false, code: KeyCode::Named(name) })
    }

    /// The character that this key writes into an input line, if it writes one.
    pub fn text(&self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if !self.ctrl && !self.alt => Some(c),
            KeyCode::Named("Space") if !self.ctrl && !self.alt => Some(' '),
            _ => None,
        }
    }
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let error = || KeyError(text.to_string());
        let (mut ctrl, mut alt, mut shift) = (false, false, false);
        let mut rest = text;
        while rest.chars().count() > 2 {
            let flag = match rest.get(..2) {
                Some("C-") => &mut ctrl,
                Some("A-") => &mut alt,
                Some("S-") => &mut shift,
                _ => break,
            };
            if std::mem::replace(flag, true) {
                return Err(error());
            }
            rest = &rest[2..];
        }
        let mut chars = rest.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(' '), None) => KeyCode::Named("Space"),
            (Some(c), None) if !c.is_control() => KeyCode::Char(c),
            _ => Key::named(rest).ok_or_else(error)?.code,
        };
        if shift && matches!(code, KeyCode::Char(_)) {
            return Err(error());
        }
        Ok(Self { ctrl, alt, shift, code })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (held, prefix) in [(self.ctrl, "C-"), (self.alt, "A-"), (self.shift, "S-")] {
            if held {
                f.write_str(prefix)?;
            }
        }
        match self.code {
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::Named(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn keys_are_written_as_they_are_read() {
        for text in ["j", "G", "C-d", "S-Tab", "PgDn", "[", "-", "C--", "A-x", "Space", "C-A-x"] {
            assert_eq!(text.parse::<Key>().unwrap().to_string(), text);
        }
        assert_eq!("enter".parse::<Key>().unwrap().to_string(), "Enter");
    }

    #[test]
    fn unknown_keys_are_refused() {
        for text in ["", "Entre", "C-C-d", "S-a", "jj", "\u{7}"] {
            assert_eq!(text.parse::<Key>(), Err(KeyError(text.to_string())));
        }
    }
}
