//! Pictures of every format.
#![no_main]

use convscope::source::Photo;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = Photo::decode(bytes, "fuzz");
});
