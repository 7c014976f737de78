//! What captures mean: one method per file, arrays in, arrays and numbers out.
//!
//! [`explain`] says which places made a class, a channel or a unit. Everything here sees the engine's interface
//! alone, and so works on every device, in every precision, for every network.

mod classes;
mod error;
pub mod explain;
mod histogram;
pub mod judge;
mod ranking;
pub mod rebuild;
mod statistics;
mod subject;
mod timing;

pub use classes::{ranked, scores};
pub use error::{AnalysisError, finite};
pub use histogram::Histogram;
pub use ranking::channel_effects;
pub use statistics::LayerStatistics;
pub use subject::{Parameter, Parameters, Subject, Target, Work};
pub use timing::Trial;
