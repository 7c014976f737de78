//! Why an analysis did not happen.

use thiserror::Error;

use crate::engine::EngineError;

/// Why an analysis did not happen, in one sentence.
#[derive(Debug, Error)]
pub enum AnalysisError {
    /// It does not fit this network, layer or target.
    #[error("{0}")]
    Unfit(String),
    /// What came out has NaN or infinity in it and says nothing.
    #[error(
        "{what} has NaN or infinity in {invalid} of {all} numbers; `convscope stats` counts them in every layer"
    )]
    NotFinite {
        /// What was to be found.
        what: String,
        /// How many numbers are not finite.
        invalid: usize,
        /// How many numbers there are.
        all: usize,
    },
    /// The network failed to run, or the token was set.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Refuses a result that is not finite.
///
/// # Errors
/// [`AnalysisError::NotFinite`] when one of the numbers is NaN or infinite.
pub fn finite(what: &str, numbers: impl IntoIterator<Item = f64>) -> Result<(), AnalysisError> {
    let (mut invalid, mut all) = (0, 0);
    for number in numbers {
        all += 1;
        invalid += usize::from(!number.is_finite());
    }
    if invalid > 0 {
        return Err(AnalysisError::NotFinite { what: what.to_string(), invalid, all });
    }
    Ok(())
}
