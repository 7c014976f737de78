//! Why there is no answer.

use thiserror::Error;

use crate::analysis::AnalysisError;
use crate::engine::EngineError;
use crate::model::ModelError;
use crate::source::SourceError;

/// Why a request was not answered, in one sentence.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum SessionError {
    /// The request names something that does not exist: a layer, a channel, a class.
    #[error("{0}")]
    Unknown(String),
    /// A file, a device or the arithmetic failed.
    #[error("{0}")]
    Failed(String),
    /// The token was set.
    #[error("canceled")]
    Canceled,
    /// What the request builds on is not (or no longer) in memory: run the network first.
    #[error("not computed yet")]
    NotReady,
}

impl From<SourceError> for SessionError {
    fn from(error: SourceError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<ModelError> for SessionError {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::UnknownLayer { .. } => Self::Unknown(error.to_string()),
            _ => Self::Failed(error.to_string()),
        }
    }
}

impl From<AnalysisError> for SessionError {
    fn from(error: AnalysisError) -> Self {
        match error {
            AnalysisError::Unfit(why) => Self::Unknown(why),
            AnalysisError::NotFinite { .. } => Self::Failed(error.to_string()),
            AnalysisError::Engine(error) => error.into(),
        }
    }
}

impl From<EngineError> for SessionError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Canceled => Self::Canceled,
            EngineError::OutOfRange(_) => Self::Unknown(error.to_string()),
            EngineError::Model(error) => error.into(),
            _ => Self::Failed(error.to_string()),
        }
    }
}
