//! A strip of words and colors below a picture, so that the file says what it shows.

use font8x8::{BASIC_FONTS, LATIN_FONTS, UnicodeFonts};

use super::Picture;

/// Pixels of a letter's side.
const LETTER: usize = 8;
/// Pixels around everything.
const MARGIN: usize = 6;
/// Pixels between lines.
const LEADING: usize = 4;
/// The narrowest strip that holds a few words.
const NARROWEST: usize = 240;
const PAPER: [u8; 3] = [16; 3];
const INK: [u8; 3] = [220; 3];

/// The colors of a picture and what the first and the last stand for.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// From the first to the last.
    pub colors: Vec<[u8; 3]>,
    /// The values of the ends, in words.
    pub ends: [String; 2],
}

/// The picture with lines of text and, where there is one, a bar of its colors below it. Letters are
/// those of font8x8; what it lacks becomes a question mark. Lines that are too long are broken.
pub fn captioned(picture: &Picture, lines: &[String], bar: Option<&Bar>) -> Picture {
    let width = picture.width.max(NARROWEST);
    let zoom = 1 + usize::from(width >= 900);
    let room = (width - 2 * MARGIN) / (LETTER * zoom);
    let lines: Vec<String> = lines.iter().flat_map(|line| broken(line, room.max(8))).collect();
    let step = LETTER * zoom + LEADING;
    let rows = lines.len() + usize::from(bar.is_some());
    let height = picture.height + 2 * MARGIN + rows * step;
    let mut out = Picture::filled(width, height, PAPER);
    let left = (width - picture.width) / 2;
    for y in 0..picture.height {
        let at = y * width + left;
        if let Some(into) = out.rgb.get_mut(at..at + picture.width) {
            into.copy_from_slice(picture.row(y));
        }
    }
    let mut y = picture.height + MARGIN;
    for line in &lines {
        write(&mut out, MARGIN, y, zoom, line);
        y += step;
    }
    if let Some(bar) = bar {
        draw_bar(&mut out, y, zoom, bar);
    }
    out
}

/// `low ▇▇▇▇ high`.
fn draw_bar(out: &mut Picture, y: usize, zoom: usize, bar: &Bar) {
    let [low, high] = &bar.ends;
    let mut x = MARGIN + write(out, MARGIN, y, zoom, low) + LETTER;
    let right = MARGIN + LETTER + high.chars().count() * LETTER * zoom;
    let length = out.width.saturating_sub(x + right).min(256 * zoom);
    for i in 0..length {
        let color = bar.colors.get(i * bar.colors.len() / length.max(1)).copied().unwrap_or(INK);
        for row in y..y + LETTER * zoom {
            set(out, x + i, row, color);
        }
    }
    x += length + LETTER;
    write(out, x, y, zoom, high);
}

/// Writes a line; returns its width.
fn write(out: &mut Picture, x: usize, y: usize, zoom: usize, text: &str) -> usize {
    for (i, letter) in text.chars().enumerate() {
        let glyph = BASIC_FONTS.get(letter).or_else(|| LATIN_FONTS.get(letter));
        let glyph = glyph.or_else(|| BASIC_FONTS.get('?')).unwrap_or_default();
        for (row, bits) in glyph.iter().enumerate() {
            for column in (0..LETTER).filter(|column| bits >> column & 1 == 1) {
                for dot in 0..zoom * zoom {
                    let at = x + (i * LETTER + column) * zoom + dot % zoom;
                    set(out, at, y + row * zoom + dot / zoom, INK);
                }
            }
        }
    }
    text.chars().count() * LETTER * zoom
}

fn set(out: &mut Picture, x: usize, y: usize, color: [u8; 3]) {
    if x < out.width
        && let Some(pixel) = out.rgb.get_mut(y * out.width + x)
    {
        *pixel = color;
    }
}

/// A line in pieces of at most `room` letters, broken at spaces where there are some.
fn broken(line: &str, room: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for word in line.split(' ') {
        let mut word: Vec<char> = word.chars().collect();
        let last = pieces.last().map_or(0, |p| p.chars().count());
        if last > 0 && last + 1 + word.len() > room {
            pieces.push(String::new());
        } else if last > 0
            && let Some(piece) = pieces.last_mut()
        {
            piece.push(' ');
        }
        while word.len() > room {
            let rest = word.split_off(room);
            if let Some(piece) = pieces.last_mut() {
                piece.extend(word);
            }
            pieces.push(String::new());
            word = rest;
        }
        if let Some(piece) = pieces.last_mut() {
            piece.extend(word);
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_stays_and_words_follow() {
        let picture = Picture::filled(300, 20, [1, 2, 3]);
        let bar = Bar { colors: vec![[9; 3], [200; 3]], ends: ["0".into(), "4.87".into()] };
        let out = captioned(&picture, &["layer1.0.relu · 3".into()], Some(&bar));
        assert_eq!((out.width, out.height), (300, 20 + 2 * MARGIN + 2 * (LETTER + LEADING)));
        assert!((0..20).all(|y| out.row(y) == picture.row(y)));
        let below = &out.rgb[20 * 300..];
        assert!(below.contains(&INK) && below.contains(&[9; 3]) && below.contains(&[200; 3]));
    }

    #[test]
    fn long_lines_are_broken() {
        assert_eq!(broken("one two three", 7), ["one two", "three"]);
        assert_eq!(broken("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert!(broken("", 4).is_empty());
    }
}
