//! `config.json` and `preprocessor_config.json`, with a zero byte between them.
#![no_main]

use convscope::source::RepoConfig;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (config, preprocessor) = text.split_once('\0').unwrap_or((text, "{}"));
    let _ = RepoConfig::parse(Some(config), Some(preprocessor));
});
