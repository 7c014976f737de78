//! Answers of the hub, names of repositories, indices of shards.
#![no_main]

use convscope::source::hub::{RepoRef, answer, shards};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = answer::commit(bytes);
    let _ = answer::files(bytes, &["config.json".to_string(), "model.safetensors".to_string()]);
    let _ = answer::words(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = shards(text);
        let _ = answer::blob_name(text);
        let _ = text.parse::<RepoRef>();
    }
});
