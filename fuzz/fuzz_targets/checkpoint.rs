//! Checkpoints: the container, the pickle, the listing, the network in it, its tensors.
#![no_main]

use convscope::import::find::Found;
use convscope::source::Checkpoint;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(checkpoint) = Checkpoint::parse(bytes.to_vec(), "fuzz") else { return };
    let _ = checkpoint.load_all();
    if let Ok(found) = Found::in_listing(&checkpoint.listing(), None)
        && let Ok(loaded) = checkpoint.load(found.files())
    {
        let _ = found.tensors(&loaded.tensors);
    }
});
