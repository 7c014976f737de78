//! Faults on demand, so that tests can see that the terminal and the session survive them.

/// Panics once if `$CONVSCOPE_PANIC` names this place: `main`, `input`, `view`, `run`, `transfer`.
/// Each thread asks at the first work that it does. In a release build this does nothing.
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
