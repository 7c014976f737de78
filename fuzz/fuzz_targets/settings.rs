//! `config.toml`, `models.toml` and names of classes.
#![no_main]

use std::path::Path;

use convscope::config::{Catalogue, Settings, read_labels};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let file = Some((Path::new("fuzz"), text));
    let _ = Settings::load(file);
    let _ = Catalogue::load(file);
    let _ = read_labels(text);
});
