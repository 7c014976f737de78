//! The segments of a JPEG. libjpeg skips bytes between them with a warning; other decoders refuse them.

use std::borrow::Cow;

use super::{Whole, Why};

/// Markers of the JPEG standard, the byte after `0xff`.
mod marker {
    pub const START: u8 = 0xd8;
    pub const END: u8 = 0xd9;
    pub const SCAN: u8 = 0xda;
    /// Within a scan: `0xff` itself, and the restarts.
    pub const IN_SCAN: [u8; 9] = [0x00, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7];
    /// Markers without a length.
    pub const BARE: [u8; 10] = [0x01, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, START];
}

/// What kind of JPEG a frame header begins, where it is one that is not decoded.
fn unread(marker: u8) -> Option<&'static str> {
    match marker {
        0xc3 => Some("a lossless JPEG"),
        0xc5..=0xc7 => Some("a hierarchical JPEG"),
        0xc9..=0xcb | 0xcd..=0xcf => Some("a JPEG with arithmetic coding"),
        0xf7 => Some("a JPEG-LS picture"),
        _ => None,
    }
}

/// The JPEG without what libjpeg would skip.
///
/// # Errors
/// When it ends before its end marker (a decoder would paint the rest gray and say nothing), or is of a kind that is
/// not decoded.
pub(super) fn without_stray_bytes(bytes: &[u8]) -> Why<Whole<'_>> {
    let cut = || "is a picture cut off before its end: copy or download it again".to_string();
    // Where bytes are kept, and how many are not.
    let (mut kept, mut stray) = (Vec::new(), 0);
    let (mut from, mut at) = (0, 2);
    loop {
        let start = at;
        while *bytes.get(at).ok_or_else(cut)? != 0xff {
            at += 1;
        }
        if at > start {
            kept.push(from..start);
            (from, stray) = (at, stray + at - start);
        }
        // A marker may be preceded by any number of 0xff.
        while *bytes.get(at).ok_or_else(cut)? == 0xff {
            at += 1;
        }
        let kind = *bytes.get(at).ok_or_else(cut)?;
        at += 1;
        if let Some(what) = unread(kind) {
            return Err(format!("is {what}, which is not read: save it as PNG or baseline JPEG"));
        }
        match kind {
            marker::END => break,
            kind if marker::BARE.contains(&kind) => {}
            0 => {
                // Not a marker: two bytes that libjpeg skips.
                kept.push(from..at - 2);
                (from, stray) = (at, stray + 2);
            }
            kind => {
                let length = bytes.get(at..at + 2).ok_or_else(cut)?;
                at += usize::from(u16::from_be_bytes([length[0], length[1]])).max(2);
                if kind == marker::SCAN {
                    at = end_of_scan(bytes, at).ok_or_else(cut)?;
                }
            }
        }
    }
    if stray == 0 {
        return Ok(Whole { bytes: Cow::Borrowed(bytes), note: None });
    }
    let mut whole: Vec<u8> = kept.into_iter().flat_map(|range| &bytes[range]).copied().collect();
    whole.extend(&bytes[from..at]);
    let plural = if stray == 1 { "byte" } else { "bytes" };
    let note =
        format!("{stray} stray {plural} between the segments of the JPEG, skipped as libjpeg does");
    Ok(Whole { bytes: Cow::Owned(whole), note: Some(note) })
}

/// Where the marker begins that follows the data of a scan.
fn end_of_scan(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == 0xff)?;
        match bytes.get(at + 1)? {
            0xff => at += 1,
            next if marker::IN_SCAN.contains(next) => at += 2,
            _ => return Some(at),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x04JF\xff\xda\0\x03x12\xff\x0034\xff\xd05\xff\xd9";

    #[test]
    fn stray_bytes_between_segments_go() {
        let whole = without_stray_bytes(JPEG).unwrap();
        assert!(matches!(whole.bytes, Cow::Borrowed(JPEG)) && whole.note.is_none());
        let stray = [&JPEG[..8], b"\0\x01", &JPEG[8..]].concat();
        let whole = without_stray_bytes(&stray).unwrap();
        assert_eq!(whole.bytes, JPEG);
        assert!(whole.note.unwrap().starts_with("2 stray bytes"));
    }

    #[test]
    fn what_ends_early_is_refused() {
        for end in 0..JPEG.len() {
            assert!(without_stray_bytes(&JPEG[..end]).is_err(), "{end}");
        }
        let arithmetic = b"\xff\xd8\xff\xc9\0\x04xx\xff\xd9";
        assert!(without_stray_bytes(arithmetic).err().unwrap().contains("arithmetic"));
    }
}
