//! What captures mean: one method per file, arrays in, arrays and numbers out.

mod classes;
mod histogram;
mod statistics;

pub use classes::{probabilities, ranked};
pub use histogram::Histogram;
pub use statistics::LayerStatistics;
