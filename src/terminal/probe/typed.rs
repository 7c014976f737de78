//! Keys and pastes out of raw bytes, for the fraction of a second before crossterm reads.

use crate::base::Key;
use crate::terminal::input::Input;

/// Nobody types or pastes more in that time: it is noise.
const MOST: usize = 4096;

/// What a person typed and pasted, in its order.
#[derive(Debug, Default)]
pub(super) struct Typed {
    pieces: Vec<Piece>,
    /// Between the marks of a paste: what is pasted are no key presses.
    pasting: bool,
    /// How much came in all.
    bytes: usize,
}

#[derive(Debug)]
enum Piece {
    /// Bytes of characters.
    Text(Vec<u8>),
    /// A whole escape sequence.
    Sequence(Vec<u8>),
    /// What came between the marks of a paste.
    Paste(Vec<u8>),
}

impl Typed {
    /// A byte, or a whole escape sequence.
    pub(super) fn push(&mut self, piece: &[u8]) {
        self.bytes += piece.len();
        if self.is_noise() {
            return;
        }
        match (piece, self.pieces.last_mut()) {
            (b"\x1b[200~", _) => {
                self.pasting = true;
                self.pieces.push(Piece::Paste(Vec::new()));
            }
            (b"\x1b[201~", _) => self.pasting = false,
            ([0x1b, ..], _) if self.pasting => {}
            (bytes, Some(Piece::Paste(text))) if self.pasting => text.extend_from_slice(bytes),
            ([0x1b, ..], _) => self.pieces.push(Piece::Sequence(piece.to_vec())),
            (bytes, Some(Piece::Text(text))) => text.extend_from_slice(bytes),
            (bytes, _) => self.pieces.push(Piece::Text(bytes.to_vec())),
        }
    }

    /// Whether a paste has begun and not ended.
    pub(super) const fn is_inside(&self) -> bool {
        self.pasting
    }

    /// Whether it is more than a person sends.
    pub(super) const fn is_noise(&self) -> bool {
        self.bytes > MOST
    }

    /// The keys and pastes; nothing of noise. What is neither, such as the mouse or the focus, is left out.
    pub(super) fn inputs(&self) -> Vec<Input> {
        if self.is_noise() {
            return Vec::new();
        }
        let inputs = |piece: &Piece| match piece {
            Piece::Paste(text) => vec![Input::Paste(String::from_utf8_lossy(text).into_owned())],
            Piece::Text(text) => plain(text).into_iter().map(Input::Key).collect(),
            Piece::Sequence(sequence) => keys(sequence).into_iter().map(Input::Key).collect(),
        };
        self.pieces.iter().flat_map(inputs).collect()
    }
}

/// The keys of an escape sequence.
fn keys(sequence: &[u8]) -> Vec<Key> {
    match sequence {
        [0x1b] => Key::named("Esc").into_iter().collect(),
        [0x1b, b'[' | b'O', rest @ ..] => named(rest).into_iter().collect(),
        [0x1b, rest @ ..] => plain(rest).into_iter().map(|key| Key { alt: true, ..key }).collect(),
        _ => Vec::new(),
    }
}

/// The key of a sequence without modifiers, after its `ESC [` or `ESC O`.
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

    fn inputs(pieces: &[&[u8]]) -> Vec<String> {
        let mut typed = Typed::default();
        pieces.iter().for_each(|piece| typed.push(piece));
        let shown = |input: &Input| match input {
            Input::Key(key) => key.to_string(),
            other => format!("{other:?}"),
        };
        typed.inputs().iter().map(shown).collect()
    }

    #[test]
    fn bytes_become_keys() {
        assert_eq!(
            inputs(&[b"j", b"\x04", b" ", b"\r", b"\x7f"]),
            ["j", "C-d", "Space", "Enter", "Backspace"]
        );
        assert_eq!(
            inputs(&[b"\x1b[A", b"\x1bOB", b"\x1b[6~", b"\x1b[Z"]),
            ["Up", "Down", "PgDn", "S-Tab"]
        );
        assert_eq!(inputs(&[b"\xc3", b"\xa4", b"\x1bx", b"\x1b"]), ["ä", "A-x", "Esc"]);
    }

    #[test]
    fn the_mouse_is_no_key_and_a_paste_stays_one() {
        assert_eq!(inputs(&[b"\x1b[<0;3;4M", b"\x1b[I", b"k"]), ["k"]);
        let pasted = [b"j".as_slice(), b"\x1b[200~", b"q", b"\x1b[A", b"q", b"\x1b[201~", b"k"];
        assert_eq!(inputs(&pasted), ["j", "Paste(\"qq\")", "k"]);
    }

    #[test]
    fn more_than_a_person_sends_is_noise() {
        assert_eq!(inputs(&vec![b"x".as_slice(); MOST]).len(), MOST);
        assert!(inputs(&vec![b"x".as_slice(); MOST + 1]).is_empty());
    }
}
