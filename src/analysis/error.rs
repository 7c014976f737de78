//! Why an analysis did not happen.

use thiserror::Error;

use crate::engine::EngineError;

/// Why an analysis did not happen, in one sentence.
#[derive(Debug, Error)]
pub enum AnalysisError {
    /// It does not fit this network, layer or target.
    #[error("{0}")]
    Unfit(String),
    /// The network failed to run, or the token was set.
    #[error(transparent)]
    Engine(#[from] EngineError),
}
