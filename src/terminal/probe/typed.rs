//! Keys out of raw bytes, for the fraction of a second before crossterm reads.

use crate::base::Key;

/// What a person typed, as bytes; whole escape sequences stay together.
#[derive(Debug, Default)]
pub(super) struct Typed {
    pieces: Vec<Vec<u8>>,
    /// Between the marks of a paste: what is pasted are no key presses.
    pasting: bool,
}

impl Typed {
    /// A byte, or a whole escape sequence.
    pub(super) fn push(&mut self, piece: &[u8]) {
        match piece {
            b"\x1b[200~" => self.pasting = true,
            b"\x1b[201~" => self.pasting = false,
            _ if self.pasting => {}
            [0x1b, ..] => self.pieces.push(piece.to_vec()),
            _ => match self.pieces.last_mut().filter(|last| last.first() != Some(&0x1b)) {
                Some(last) => last.extend_from_slice(piece),
                None => self.pieces.push(piece.to_vec()),
            },
        }
    }

    /// The keys. What is none, such as the mouse or the focus, is left out.
    pub(super) fn keys(&self) -> Vec<Key> {
        let mut keys = Vec::new();
        for piece in &self.pieces {
            match piece.as_slice() {
                [0x1b] => keys.extend(Key::named("Esc")),
                [0x1b, b'[' | b'O', rest @ ..] => keys.extend(named(rest)),
                [0x1b, rest @ ..] => {
                    keys.extend(plain(rest).into_iter().map(|key| Key { alt: true, ..key }));
                }
                text => keys.extend(plain(text)),
            }
        }
        keys
    }
}

/// The key of a sequence without modifiers, from behind its `ESC [` or `ESC O`.
fn named(sequence: &[u8]) -> Option<Key> {
    let shift = sequence == b"Z";
    let key = Key::named(match sequence {
        b"A" => "Up",
        b"B" => "Down",
        b"C" => "Right",
        b"D" => "Left",
        b"H" | b"1~" | b"7~" => "Home",
        b"F" | b"4~" | b"8~" => "End",
        b"3~" => "Delete",
        b"5~" => "PgUp",
        b"6~" => "PgDn",
        b"Z" => "Tab",
        _ => return None,
    })?;
    Some(Key { shift, ..key })
}

fn plain(bytes: &[u8]) -> Vec<Key> {
    let key = |c: char| match c {
        '\r' => Key::named("Enter"),
        '\t' => Key::named("Tab"),
        ' ' => Key::named("Space"),
        '\u{7f}' => Key::named("Backspace"),
        '\u{1}'..='\u{1a}' => {
            let letter = char::from_u32(u32::from(c) + 0x60)?;
            Some(Key { ctrl: true, ..Key::char(letter) })
        }
        c if c.is_control() || c == char::REPLACEMENT_CHARACTER => None,
        c => Some(Key::char(c)),
    };
    String::from_utf8_lossy(bytes).chars().filter_map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(pieces: &[&[u8]]) -> Vec<String> {
        let mut typed = Typed::default();
        pieces.iter().for_each(|piece| typed.push(piece));
        typed.keys().iter().map(Key::to_string).collect()
    }

    #[test]
    fn bytes_become_keys() {
        assert_eq!(
            keys(&[b"j", b"\x04", b" ", b"\r", b"\x7f"]),
            ["j", "C-d", "Space", "Enter", "Backspace"]
        );
        assert_eq!(
            keys(&[b"\x1b[A", b"\x1bOB", b"\x1b[6~", b"\x1b[Z"]),
            ["Up", "Down", "PgDn", "S-Tab"]
        );
        assert_eq!(keys(&[b"\xc3", b"\xa4", b"\x1bx", b"\x1b"]), ["ä", "A-x", "Esc"]);
    }

    #[test]
    fn the_mouse_and_pastes_are_no_keys() {
        assert_eq!(keys(&[b"\x1b[<0;3;4M", b"\x1b[I", b"k"]), ["k"]);
        assert_eq!(keys(&[b"\x1b[200~", b"q", b"\x1b[A", b"\x1b[201~", b"k"]), ["k"]);
    }
}
