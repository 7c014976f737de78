//! Text: pointers to files, pages of servers, settings, and anything else that can be read by eye.

use std::borrow::Cow;

use super::signatures::{CONVERT, FRAMEWORK, ORIGIN};
use super::{Kind, Known};

const LFS: &str = "the file itself was not fetched; run `git lfs pull` in its repository";
const DVC: &str = "the file itself was not fetched; run `dvc pull` in its repository";
const ANNEX: &str = "the file itself was not fetched; run `git annex get FILE` in its repository";
const PAGE: &str = "its link leads to a page (a login, a warning, an error) and not to the file; download it again";
const ANSWER: &str =
    "a server wrote it instead of the file; open it in an editor, then download the file again";

/// Fewer bytes are the beginning of anything: a file whose download stopped.
const SHORTEST: usize = 8;

/// Letters of a text that are quoted.
const QUOTED: usize = 60;

pub(super) fn recognize(head: &[u8], length: u64) -> Option<Known> {
    let body = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    // A page may be in any encoding, and may hold anything.
    if is_page(body) {
        return Some(Known::new("a web page (HTML)", Kind::Wrapper(PAGE)));
    }
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Some(Known::new("a text file (UTF-16)", Kind::Other));
    }
    let text = readable(body, length > head.len() as u64)?;
    let has = |word: &str| text.contains(word);
    let starts = |word: &str| text.starts_with(word);
    let network = |name, way| Some(Known::new(name, Kind::OtherNetwork(way)));
    let wrapper = |name, way| Some(Known::new(name, Kind::Wrapper(way)));
    if starts("version https://git-lfs.github.com/spec/")
        || starts("version https://hawser.github.com/spec/")
    {
        return wrapper("a pointer of Git LFS", LFS);
    }
    if starts("outs:") && has("md5:") {
        return wrapper("a pointer of DVC", DVC);
    }
    if starts("/annex/objects/")
        || starts(".git/annex/objects/")
        || starts("../.git/annex/objects/")
    {
        return wrapper("a pointer of git-annex", ANNEX);
    }
    if starts("<") {
        return Some(marked_up(text));
    }
    if starts("{") || starts("[") {
        return Some(json(text));
    }
    if starts("model_checkpoint_path:") {
        return network("the list of a TensorFlow checkpoint", FRAMEWORK);
    }
    if (has("layer {") || has("layers {") || has("layer{")) && (has("type:") || has("bottom:")) {
        return network("the layers of a Caffe model (.prototxt)", FRAMEWORK);
    }
    if has("[net]") && has("[convolutional]") {
        return network("the layers of a Darknet model (.cfg)", FRAMEWORK);
    }
    let line = text.lines().next().unwrap_or_default();
    let quoted: String = line.chars().take(QUOTED).collect();
    let more = if quoted.len() < line.len() { "…" } else { "" };
    let name = Cow::Owned(format!("a text file that begins \"{quoted}{more}\""));
    Some(Known { name, kind: Kind::Other })
}

/// Whether a page begins here, perhaps after comments.
fn is_page(mut body: &[u8]) -> bool {
    const STARTS: [&[u8]; 6] =
        [b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<title"];
    while let Some(comment) = body.strip_prefix(b"<!--") {
        let Some(end) = comment.windows(3).position(|bytes| bytes == b"-->") else { return false };
        body = comment[end + 3..].trim_ascii_start();
    }
    let begins = |start: &&[u8]| {
        body.get(..start.len()).is_some_and(|bytes| bytes.eq_ignore_ascii_case(start))
    };
    STARTS.iter().any(begins)
}

/// The text of a head, if it is text; the last letter may be cut off where the head does not have all.
fn readable(body: &[u8], cut: bool) -> Option<&str> {
    let text = match std::str::from_utf8(body) {
        Ok(text) => text,
        Err(error) if cut && error.error_len().is_none() => {
            std::str::from_utf8(body.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}' | '\u{1b}');
    (text.len() >= SHORTEST && !text.contains(control)).then_some(text)
}

fn marked_up(text: &str) -> Known {
    let begins = |word: &str| text.split_once(word).is_some_and(|(before, _)| before.len() < 2048);
    if begins("<html") || begins("<!DOCTYPE html") {
        Known::new("a web page (HTML)", Kind::Wrapper(PAGE))
    } else if begins("<svg") {
        Known::new("an SVG drawing", Kind::OtherPicture(CONVERT))
    } else if begins("<net ") {
        Known::new("the layers of an OpenVINO model (.xml)", Kind::OtherNetwork(ORIGIN))
    } else if begins("<Error>") {
        Known::new("an error message of a server (XML)", Kind::Wrapper(ANSWER))
    } else {
        Known::new("an XML document", Kind::Wrapper(ANSWER))
    }
}

/// JSON. An object may be the index of a checkpoint in shards, and may name them far from its beginning.
fn json(text: &str) -> Known {
    if text.contains("\"modelTopology\"") || text.contains("\"weightsManifest\"") {
        Known::new("a TensorFlow.js model", Kind::OtherNetwork(FRAMEWORK))
    } else if text.starts_with("{\"error\"") {
        Known::new("an error message of a server (JSON)", Kind::Wrapper(ANSWER))
    } else if text.starts_with('{') {
        Known::new("a JSON file", Kind::Index)
    } else {
        Known::new("a JSON file", Kind::Other)
    }
}
