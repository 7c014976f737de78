//! Faults on demand, so that tests can see that the terminal and the session survive them. A release build has none.

/// Panics once if `$CONVSCOPE_PANIC` names this place: `main`, `input`, `view`, `run`, `transfer`.
/// Each thread asks at the first work that it does.
pub fn panic_if_asked(place: &str) {
    #[cfg(debug_assertions)]
    {
        use std::sync::atomic::{AtomicBool, Ordering};
        static DONE: AtomicBool = AtomicBool::new(false);
        let asked = std::env::var("CONVSCOPE_PANIC").is_ok_and(|asked| asked == place);
        if asked && !DONE.swap(true, Ordering::SeqCst) {
            #[allow(clippy::panic, reason = "a panic is what was asked for")]
            std::panic::panic_any(format!("CONVSCOPE_PANIC asks {place} for this"));
        }
    }
    #[cfg(not(debug_assertions))]
    let _ = place;
}

/// Ends the process in the way that `$CONVSCOPE_FAULT` names: `abort`, `memory` (a failed allocation), `stack` (its
/// overflow).
#[cfg(feature = "tui")]
pub fn end_if_asked() {
    #[cfg(debug_assertions)]
    match std::env::var("CONVSCOPE_FAULT").as_deref() {
        Ok("abort") => std::process::abort(),
        Ok("memory") => drop(std::hint::black_box(Vec::<u8>::with_capacity(isize::MAX as usize))),
        Ok("stack") => drop(std::hint::black_box(deeper(&[0; 4096]))),
        _ => {}
    }
}

#[cfg(all(feature = "tui", debug_assertions))]
#[allow(unconditional_recursion, reason = "an overflow of the stack is what was asked for")]
fn deeper(above: &[u8; 4096]) -> u8 {
    let here = std::hint::black_box([above[0]; 4096]);
    deeper(&here).wrapping_add(here[1])
}
