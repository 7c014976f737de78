//! How much of a network has come.

use std::time::{Duration, Instant};

use crate::base::Progress;

/// Between two reports.
const REPORT: Duration = Duration::from_millis(50);

/// Bytes over all files.
pub(super) struct Meter<'p, 'q> {
    progress: &'p mut Progress<'q>,
    /// Of the files that are whole.
    pub before: u64,
    /// Of all files, as far as they are known.
    pub total: u64,
    said: Option<Instant>,
}

impl<'p, 'q> Meter<'p, 'q> {
    pub fn new(progress: &'p mut Progress<'q>) -> Self {
        Self { progress, before: 0, total: 0, said: None }
    }

    /// `done` bytes of the file under way. Chunks are many: unless it `must`, not all are reported.
    pub fn say(&mut self, done: u64, must: bool) {
        if must || self.said.is_none_or(|said| said.elapsed() >= REPORT) {
            let whole = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
            self.progress.report(whole(self.before + done), whole(self.total));
            self.said = Some(Instant::now());
        }
    }
}
