//! How far it is: a bar on stderr, if that is a terminal.

use std::io::{IsTerminal, stderr};
use std::sync::Once;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::base::Progress;

/// A bar that shows nothing when nobody watches, or before it is known how much there is to do; it goes when it is
/// dropped.
pub(super) struct Bar {
    bar: ProgressBar,
    appeared: Once,
}

impl Bar {
    /// A bar over so many steps, with a word for them; 0 while their number is not known.
    pub fn new(steps: usize, word: &'static str) -> Self {
        Self::styled(steps, word, "{bar:24} {pos} of {len} {msg}, {eta} left")
    }

    /// A bar over bytes, which appears with the first of them.
    pub fn bytes() -> Self {
        Self::styled(0, "", "{bar:24} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left")
    }

    fn styled(steps: usize, word: &'static str, words: &str) -> Self {
        let bar = ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template(words) {
            bar.set_style(style.progress_chars("██░"));
        }
        bar.set_message(word);
        let bar = Self { bar, appeared: Once::new() };
        bar.appear(steps);
        bar
    }

    /// Shows the bar once it is known how much there is to do.
    fn appear(&self, steps: usize) {
        if steps > 0 && stderr().is_terminal() {
            self.appeared.call_once(|| self.bar.set_draw_target(ProgressDrawTarget::stderr()));
        }
    }

    /// One step more.
    pub fn step(&self) {
        self.bar.inc(1);
    }

    /// For work that counts its own steps.
    pub fn progress(&self) -> Progress<'_> {
        Progress::new(|done, total| {
            // Work that does not know its end yet says 0.
            if total > 0 {
                self.bar.set_length(total as u64);
                self.bar.set_position(done as u64);
                self.appear(total);
            }
        })
    }

    /// Does something that writes to the terminal, with the bar out of the way.
    pub fn aside<T>(&self, work: impl FnOnce() -> T) -> T {
        self.bar.suspend(work)
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
