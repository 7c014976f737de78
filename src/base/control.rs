//! How long work is stopped and how it says how far it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A token that one side sets and the other polls; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A token that is not set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the work to stop. It cannot be taken back.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the work was asked to stop: one atomic read.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Where work reports `(done, total)` steps.
pub struct Progress<'a>(Box<dyn FnMut(usize, usize) + 'a>);

impl<'a> Progress<'a> {
    /// Calls `report(done, total)` after each step.
    pub fn new(report: impl FnMut(usize, usize) + 'a) -> Self {
        Self(Box::new(report))
    }

    /// For callers that do not want to know.
    pub fn none() -> Self {
        Self::new(|_, _| {})
    }

    /// Says that `done` of `total` steps are behind.
    pub fn report(&mut self, done: usize, total: usize) {
        (self.0)(done, total);
    }
}
