//! Bytes from the terminal, told apart: answers to questions, and what a person typed.

use super::typed::Typed;

/// The longest answer that is kept; a longer one is none of ours, and nothing of it is a key.
const LONGEST: usize = 4096;

/// What a terminal can say about itself.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    /// To the kitty graphics question: whether it can.
    Kitty(bool),
    /// Width and height of a cell, in pixels.
    Cell(u16, u16),
    /// Width and height of the text area, in pixels.
    Area(u16, u16),
    /// Columns and rows of the terminal.
    Cells(u16, u16),
    /// The background color.
    Background([u8; 3]),
    /// Name and version, as they came.
    Name(String),
    /// Whether updates can be synchronised.
    Synchronized(bool),
    /// The primary device attributes: whether sixels are among them.
    Attributes {
        /// It shows sixels.
        sixel: bool,
    },
    /// The status report.
    Status,
}

/// Takes bytes in pieces of any size.
#[derive(Default)]
pub(super) struct Answers {
    /// An unfinished escape sequence, from its ESC.
    sequence: Vec<u8>,
    /// It became too long: it is dropped up to its end.
    overlong: bool,
    /// What was typed.
    typed: Typed,
}

impl Answers {
    /// The answers that these bytes complete.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<Answer> {
        let mut answers = Vec::new();
        for byte in bytes {
            if self.sequence.is_empty() && *byte != 0x1b {
                self.typed.push(&[*byte]);
                continue;
            }
            if self.sequence == [0x1b] && *byte == 0x1b {
                // The key, and after it the beginning of something.
                self.typed.push(&[0x1b]);
                continue;
            }
            self.sequence.push(*byte);
            if is_complete(&self.sequence) {
                match parse(&self.sequence) {
                    _ if self.overlong => {}
                    Some(answer) => answers.push(answer),
                    None => self.typed.push(&self.sequence),
                }
                self.sequence.clear();
                self.overlong = false;
            } else if self.sequence.len() > LONGEST {
                // Its kind and its last byte say where it ends.
                self.sequence.drain(2..LONGEST);
                self.overlong = true;
            }
        }
        answers
    }

    /// Whether an answer or a paste has begun and not ended. A lone ESC is no beginning: it is the key.
    pub(super) fn is_inside(&self) -> bool {
        self.sequence.len() > 1 || self.typed.is_inside()
    }

    /// Nothing more comes: an ESC that stands alone was the key, and so was one with Alt held.
    pub(super) fn end(mut self) -> Typed {
        if !self.sequence.is_empty() && self.sequence.len() <= 2 {
            self.typed.push(&self.sequence);
        }
        self.typed
    }
}

/// Whether a sequence that begins with ESC is at its end.
fn is_complete(sequence: &[u8]) -> bool {
    match sequence {
        [0x1b] => false,
        // A key with Alt held, or a key of the application keypad.
        [0x1b, b'[', .., last] => sequence.len() > 2 && (0x40..=0x7e).contains(last),
        [0x1b, b'['] | [0x1b, b'O'] => false,
        [0x1b, b']', .., 0x07] => true,
        [0x1b, b']' | b'P' | b'_', .., last @ (b'\\' | 0x18 | 0x1a)] => {
            *last != b'\\' || sequence.len() > 3 && sequence[sequence.len() - 2] == 0x1b
        }
        [0x1b, b']' | b'P' | b'_', ..] => false,
        // Alt with a character beyond ASCII.
        [0x1b, first, rest @ ..] if *first >= 0xc0 => {
            rest.len() + 1 >= (first.leading_ones() as usize)
        }
        _ => true,
    }
}

fn parse(sequence: &[u8]) -> Option<Answer> {
    let text = std::str::from_utf8(sequence.get(1..)?).ok()?;
    if let Some(body) = text.strip_prefix('[') {
        return csi(body);
    }
    let body = text.strip_suffix('\u{7}').or_else(|| text.strip_suffix("\u{1b}\\"))?;
    if let Some(body) = body.strip_prefix("_Gi=31") {
        // "_Gi=31;OK", or ";EINVAL:..." from one that knows the question and not the picture.
        return Some(Answer::Kitty(body.ends_with(";OK")));
    }
    if let Some(name) = body.strip_prefix("P>|") {
        return Some(Answer::Name(name.to_string()));
    }
    body.strip_prefix("]11;").and_then(color).map(Answer::Background)
}

fn csi(body: &str) -> Option<Answer> {
    let numbers = |text: &str| -> Option<Vec<u16>> {
        text.split(';').map(|part| part.parse().ok()).collect()
    };
    if body == "0n" || body == "3n" {
        return Some(Answer::Status);
    }
    if let Some(attributes) = body.strip_prefix('?').and_then(|b| b.strip_suffix('c')) {
        let sixel = attributes.split(';').any(|attribute| attribute == "4");
        return Some(Answer::Attributes { sixel });
    }
    if let Some(state) = body.strip_prefix("?2026;").and_then(|b| b.strip_suffix("$y")) {
        // 1 set, 2 reset, 3 always set; 0 unknown, 4 never.
        return Some(Answer::Synchronized(matches!(state, "1" | "2" | "3")));
    }
    // The cursor in the last column of the last row. In row 1 it is a function key with a modifier.
    if let Some([rows, columns]) = body.strip_suffix('R').and_then(numbers).as_deref()
        && *rows > 1
    {
        return Some(Answer::Cells(*columns, *rows));
    }
    match numbers(body.strip_suffix('t')?)?.as_slice() {
        [8, rows, columns] => Some(Answer::Cells(*columns, *rows)),
        [6, height, width] if *height > 0 && *width > 0 => Some(Answer::Cell(*width, *height)),
        [4, height, width] if *height > 0 && *width > 0 => Some(Answer::Area(*width, *height)),
        // An answer all the same: nobody types it.
        [6 | 4, ..] => Some(Answer::Cell(0, 0)),
        _ => None,
    }
}

/// X11's `rgb:RR/GG/BB` with 1 to 4 digits a channel.
fn color(text: &str) -> Option<[u8; 3]> {
    let channels: Vec<u8> = text
        .trim_start_matches("rgba:")
        .trim_start_matches("rgb:")
        .split('/')
        .map(|digits| {
            let value = u32::from_str_radix(digits, 16).ok()?;
            let largest = 16u32.checked_pow(u32::try_from(digits.len()).ok()?)? - 1;
            Some((value * 255 / largest.max(1)) as u8)
        })
        .collect::<Option<_>>()?;
    channels.get(..3)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Key;
    use crate::terminal::input::Input;
    use proptest::prelude::*;

    /// What kitty, foot, xterm and tmux really answer.
    const KITTY: &[u8] = b"\x1b_Gi=31;OK\x1b\\\x1b[6;18;9t\x1b[4;432;720t\x1b]11;rgb:1e1e/2020/ffff\x1b\\\x1bP>|kitty(0.32.2)\x1b\\\x1b[?2026;2$y\x1b[?62;c";
    const XTERM: &[u8] =
        b"\x1b[6;20;10t\x1b]11;rgb:ffff/ffff/ffff\x07\x1bP>|XTerm(379)\x1b\\\x1b[?2026;0$y\x1b[?63;1;2;4;6;9;15;22c";

    fn kitty() -> Vec<Answer> {
        vec![
            Answer::Kitty(true),
            Answer::Cell(9, 18),
            Answer::Area(720, 432),
            Answer::Background([0x1e, 0x20, 0xff]),
            Answer::Name("kitty(0.32.2)".into()),
            Answer::Synchronized(true),
            Answer::Attributes { sixel: false },
        ]
    }

    #[test]
    fn answers_are_understood() {
        assert_eq!(Answers::default().push(KITTY), kitty());
        assert_eq!(
            Answers::default().push(XTERM),
            [
                Answer::Cell(10, 20),
                Answer::Background([255; 3]),
                Answer::Name("XTerm(379)".into()),
                Answer::Synchronized(false),
                Answer::Attributes { sixel: true },
            ]
        );
        let sizes = Answers::default().push(b"\x1b[8;50;132t\x1b[50;132R\x1b[1;2R");
        assert_eq!(sizes, [Answer::Cells(132, 50), Answer::Cells(132, 50)]);
        let refused = Answers::default().push(b"\x1b_Gi=31;EINVAL:no\x1b\\\x1b[0n");
        assert_eq!(refused, [Answer::Kitty(false), Answer::Status]);
    }

    #[test]
    fn keys_between_answers_are_kept() {
        let mut answers = Answers::default();
        let mut bytes = b"j\x1b[A".to_vec();
        bytes.push(0x1b);
        bytes.extend_from_slice(KITTY);
        bytes.extend_from_slice(b"\x1bx\xc3\xa4\x1b");
        assert_eq!(answers.push(&bytes), kitty());
        assert!(!answers.is_inside());
        let named = |name: &str| Key::named(name).into_iter();
        let expected: Vec<Input> = [Key::char('j')]
            .into_iter()
            .chain(named("Up"))
            .chain(named("Esc"))
            .chain([Key { alt: true, ..Key::char('x') }, Key::char('ä')])
            .chain(named("Esc"))
            .map(Input::Key)
            .collect();
        assert_eq!(answers.end().inputs(), expected);
    }

    #[test]
    fn an_answer_that_is_too_long_is_dropped_up_to_its_end() {
        let mut answers = Answers::default();
        let mut bytes = b"\x1b]11;".to_vec();
        bytes.extend(vec![b'j'; 3 * LONGEST]);
        assert!(answers.push(&bytes).is_empty() && answers.is_inside());
        assert_eq!(answers.push(b"\x1b\\\x1b[?62;4c"), [Answer::Attributes { sixel: true }]);
        assert!(!answers.is_inside());
        assert_eq!(answers.push(KITTY), kitty());
        assert!(answers.end().inputs().is_empty());
    }

    #[test]
    fn a_paste_is_waited_for() {
        let mut answers = Answers::default();
        answers.push(b"\x1b[200~photo.png");
        assert!(answers.is_inside());
        answers.push(b"\x1b[201~");
        assert!(!answers.is_inside());
        assert_eq!(answers.end().inputs(), [Input::Paste("photo.png".into())]);
    }

    #[test]
    fn an_unfinished_answer_is_no_key() {
        let mut answers = Answers::default();
        assert!(answers.push(b"q\x1b]11;rgb:00").is_empty());
        assert!(answers.is_inside());
        assert_eq!(answers.end().inputs(), [Input::Key(Key::char('q'))]);
    }

    #[test]
    fn colors_have_one_to_four_digits() {
        assert_eq!(color("rgb:f/0/8"), Some([255, 0, 136]));
        assert_eq!(color("rgb:ff/00/80"), Some([255, 0, 128]));
        assert_eq!(color("rgba:ffff/0000/8080/ffff"), Some([255, 0, 128]));
        for wrong in ["rgb:ff/00", "", "rgb:gg/00/00", "rgb:fffffffff/0/0"] {
            assert_eq!(color(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(cuts in prop::collection::vec(1usize..9, 0..60)) {
            let (mut answers, mut found, mut rest) = (Answers::default(), Vec::new(), KITTY);
            for cut in cuts {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                found.extend(answers.push(piece));
                rest = after;
            }
            found.extend(answers.push(rest));
            prop_assert_eq!(found, kitty());
            prop_assert!(answers.end().inputs().is_empty());
        }

        #[test]
        fn nothing_panics(bytes in prop::collection::vec(prop::num::u8::ANY, 0..300)) {
            let mut answers = Answers::default();
            answers.push(&bytes);
            answers.end().inputs();
        }
    }
}
