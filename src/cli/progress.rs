//! How far it is: a bar on stderr, if that is a terminal.

use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::base::Progress;

/// A bar that shows nothing when nobody watches; it goes when it is dropped.
pub(super) struct Bar(ProgressBar);

impl Bar {
    /// A bar over so many steps, with a word for them.
    pub fn new(steps: usize, word: &'static str) -> Self {
        let target = if stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(steps as u64), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos} of {len} {msg}, {eta} left")
        {
            bar.set_style(style.progress_chars("██░"));
        }
        bar.set_message(word);
        Self(bar)
    }

    /// A bar over bytes, which appears with the first of them.
    pub fn bytes() -> Self {
        let bar = Self::new(0, "");
        let words = "{bar:24} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(words) {
            bar.0.set_style(style.progress_chars("██░"));
        }
        bar
    }

    /// One step more.
    pub fn step(&self) {
        self.0.inc(1);
    }

    /// For work that counts its own steps.
    pub fn progress(&self) -> Progress<'_> {
        Progress::new(|done, total| {
            self.0.set_length(total as u64);
            self.0.set_position(done as u64);
        })
    }

    /// Does something that writes to the terminal, with the bar out of the way.
    pub fn aside<T>(&self, work: impl FnOnce() -> T) -> T {
        self.0.suspend(work)
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
