//! Measures the rebuilding methods on the built-in network and its photos, and prints tables for the documents.
//!
//!     cargo run --release --example rebuild -- table            the error over depth with the usual descents
//!     cargo run --release --example rebuild -- sweep rate layer2   other descents for some layers: rate,
//!                                  last, noise, variation, alpha, jitter, iterations
//!     cargo run --release --example rebuild -- beat layer3      channels whose picture beats every photo
//!     cargo run --release --example rebuild -- look FOLDER      pictures of every method, as PNG
#![allow(clippy::unwrap_used, missing_docs)]

mod beat;
mod builtin;
mod look;
mod sweep;

use builtin::Builtin;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let builtin = Builtin::open();
    match arguments.as_slice() {
        ["table"] => sweep::table(&builtin),
        ["sweep", axis, layers @ ..] => sweep::sweep(&builtin, axis, layers),
        ["beat", layer] => beat::every(&builtin, layer, None),
        ["beat", layer, most] => beat::every(&builtin, layer, most.parse().ok()),
        ["look", folder] => look::pictures(&builtin, folder.as_ref()),
        _ => eprintln!("one of: table, sweep AXIS LAYER.., beat LAYER [ITERATIONS], look FOLDER"),
    }
}
