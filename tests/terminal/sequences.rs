//! The control sequences in a program's output.

/// One of them: `\e[?25h` has the kind `[`, the body `?25` and the end `h`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence {
    pub kind: char,
    pub body: String,
    pub end: char,
}

/// A color that the output switches on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// 24 bits.
    True,
    /// One of the first 16.
    Basic,
    /// Black, white or a gray out of the 256.
    Gray,
    /// Any other of the 256.
    Indexed,
}

/// All of them, in order. One that is cut off at the end is left out.
pub fn sequences(output: &[u8]) -> Vec<Sequence> {
    let text = String::from_utf8_lossy(output);
    let mut chars = text.chars();
    let mut found = Vec::new();
    while let Some(c) = chars.next() {
        let kind = match c {
            '\x1b' => chars.next(),
            // The same in one character: U+009B is `\e[`.
            '\u{80}'..='\u{9f}' => char::from_u32(c as u32 - 0x40),
            _ => continue,
        };
        let Some(kind) = kind else { break };
        let ends: fn(char) -> bool = match kind {
            '[' => |c| ('@'..='~').contains(&c),
            ']' | 'P' | '_' | '^' | 'X' => |c| matches!(c, '\x07' | '\\'),
            _ => {
                found.push(Sequence { kind, body: String::new(), end: kind });
                continue;
            }
        };
        let mut body = String::new();
        for c in chars.by_ref() {
            if ends(c) {
                found.push(Sequence { kind, body, end: c });
                break;
            }
            body.push(c);
        }
    }
    found
}

/// Whether a terminal would answer it: then it would come back as keys that nobody pressed.
pub fn is_question(sequence: &Sequence) -> bool {
    let Sequence { kind, body, end } = sequence;
    match (kind, end) {
        // Attributes, status and cursor, sizes.
        ('[', 'c' | 'n' | 't' | 'x') => true,
        // Modes, keyboard protocol, name and version.
        ('[', 'p') => body.ends_with('$'),
        ('[', 'u') => body.starts_with('?'),
        ('[', 'q') => body.starts_with('>'),
        // Colors, clipboard.
        (']', _) => body.contains('?'),
        // Capabilities, settings; kitty's pictures, unless it is told to be quiet.
        ('P', _) => body.starts_with(['+', '$']),
        ('_', _) => body.contains("a=q"),
        ('Z', _) => true,
        _ => false,
    }
}

/// The private modes that were ever switched, with their last state.
pub fn modes(output: &[u8]) -> Vec<(String, bool)> {
    let mut modes: Vec<(String, bool)> = Vec::new();
    for sequence in sequences(output) {
        let Some(numbers) = sequence.body.strip_prefix('?') else { continue };
        if sequence.kind != '[' || !matches!(sequence.end, 'h' | 'l') {
            continue;
        }
        for number in numbers.split(';') {
            modes.retain(|(known, _)| known != number);
            modes.push((number.to_string(), sequence.end == 'h'));
        }
    }
    modes
}

/// Every color that the output switches on.
pub fn colors(output: &[u8]) -> Vec<Color> {
    let mut found = Vec::new();
    for sequence in sequences(output) {
        if sequence.kind != '[' || sequence.end != 'm' {
            continue;
        }
        let numbers: Vec<u8> = sequence.body.split(';').map(|n| n.parse().unwrap_or(0)).collect();
        let mut rest = numbers.as_slice();
        while let Some((first, more)) = rest.split_first() {
            rest = match (first, more) {
                (38 | 48, [2, _, _, _, after @ ..]) => {
                    found.push(Color::True);
                    after
                }
                (38 | 48, [5, index, after @ ..]) => {
                    found.push(match index {
                        0..16 => Color::Basic,
                        16 | 231..=255 => Color::Gray,
                        _ => Color::Indexed,
                    });
                    after
                }
                (30..=37 | 40..=47 | 90..=97 | 100..=107, _) => {
                    found.push(Color::Basic);
                    more
                }
                _ => more,
            };
        }
    }
    found
}

#[test]
fn sequences_are_found_between_text() {
    let found = sequences(b"a\x1b[?25;7hb\x1b]0;name\x07\x1b[38;5;200;1mc\x1b7\x1b[6n\x1b[");
    let short: Vec<_> = found.iter().map(|s| format!("{}{}{}", s.kind, s.body, s.end)).collect();
    assert_eq!(short, ["[?25;7h", "]0;name\x07", "[38;5;200;1m", "77", "[6n"]);
    assert_eq!(found.iter().filter(|s| is_question(s)).count(), 1);
    let output = b"\x1b[?1;2h\x1b[38;2;1;2;3;48;5;17;97m\x1b[?1l\x1b[0;48;5;240m";
    assert_eq!(modes(output), [("2".to_string(), true), ("1".to_string(), false)]);
    let all = [Color::True, Color::Indexed, Color::Basic, Color::Gray];
    assert_eq!(colors(output), all);
    assert_eq!(sequences("x\u{9b}2Jy".as_bytes())[0].end, 'J');
}
