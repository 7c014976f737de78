//! What a file is by its first bytes.
#![no_main]

use convscope::source::recognize::recognize;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = recognize(bytes, bytes.len() as u64);
});
