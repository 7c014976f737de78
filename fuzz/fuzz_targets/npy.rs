//! Input tensors.
#![no_main]

use convscope::source::npy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = npy::parse(bytes);
});
