//! Measures the rebuilding methods on the built-in network and its photos, and prints tables for the documents.
//!
//!     cargo run --release --example rebuild -- table            similarity and error over depth with the usual descents
//!     cargo run --release --example rebuild -- sweep rate layer2   other descents for some layers: rate, last, decay,
//!                                  variation, jitter, iterations; rate=0.03,0.1 tries these values
//!     cargo run --release --example rebuild -- beat layer3      channels whose picture beats every photo
//!     cargo run --release --example rebuild -- steady layer3 FOLDER usual decay=1.3,last=0   how much of a channel's
//!                                  value stays when its picture moves; the pictures go into the folder
//!     cargo run --release --example rebuild -- diversity layer3|classes FOLDER 0 1   what four pictures made together
//!                                  reach and how alike they are, by how much the difference counts
//!     cargo run --release --example rebuild -- look FOLDER      pictures of every method, as PNG
//!
//! `PHOTOS=FOLDER` measures the photos of a folder instead of those that ship with the program, `MODEL=FILE` another
//! network.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod beat;
mod builtin;
mod diversity;
mod look;
mod steady;
mod sweep;

use builtin::Builtin;
use convscope::source::{Given, Photo, is_photo};

/// The photos of a folder, by name.
fn photos(folder: &str) -> Vec<(String, Photo)> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| is_photo(path));
    paths.sort();
    let name = |path: &std::path::Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let read = |path: &std::path::Path| match Given::read(path).unwrap() {
        Given::Photo(photo) => photo,
        Given::Input { .. } => panic!("{}: not a photo", path.display()),
    };
    paths.iter().map(|path| (name(path), read(path))).collect()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // Photos of one's own, or those that ship with the program.
    let builtin = match std::env::var("PHOTOS") {
        Ok(folder) => Builtin::with(photos(&folder)),
        Err(_) => Builtin::open(),
    };
    match arguments.as_slice() {
        ["table"] => sweep::table(&builtin),
        ["sweep", axis, layers @ ..] => sweep::sweep(&builtin, axis, layers),
        ["beat", layer] => beat::every(&builtin, layer, None),
        ["beat", layer, most] => beat::every(&builtin, layer, most.parse().ok()),
        ["steady", layer, folder, variants @ ..] => {
            steady::table(&builtin, layer, variants, Some(folder.as_ref()));
        }
        ["diversity", what, folder, shares @ ..] => {
            diversity::table(&builtin, what, shares, folder.as_ref());
        }
        ["look", folder] => look::pictures(&builtin, folder.as_ref()),
        _ => eprintln!(
            "one of: table, sweep AXIS LAYER.., beat LAYER [ITERATIONS], steady LAYER FOLDER ASCENT.., diversity LAYER FOLDER SHARE.., look FOLDER"
        ),
    }
}
