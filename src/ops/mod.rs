//! What a layer can compute: one operation a file, each with its shape, its receptive field, its cost, its reference in
//! candle's terms and its gradient.
//!
//! [`Operation`] has no default methods: a new operation answers every question, and the compiler asks them. What an answer
//! claims is checked against what the operation does, for every row of [`SAMPLES`], by the tests of this room. Nothing here
//! knows the graph, or which backend runs: words like edit, capture and cancel stand above.

mod activation;
mod affine;
mod average_pool;
mod batch_norm;
mod binary;
mod conv;
mod dims;
mod field;
mod flatten;
mod linear;
mod max_pool;
mod operation;
mod pad_shortcut;
mod record;
mod sample;
mod standardize;
#[cfg(test)]
mod tests;
mod window;

pub use activation::Activation;
pub use affine::Affine;
pub use average_pool::AveragePool;
pub use batch_norm::BatchNorm;
pub use binary::Binary;
pub use conv::Conv;
pub use dims::{Dims, Unfit};
pub use field::{Field, FieldAxis, Seen};
pub use flatten::Flatten;
pub use linear::Linear;
pub use max_pool::MaxPool;
pub use operation::{Channels, Draw, Op, Operation, Place, Reads, Weight};
pub use pad_shortcut::PadShortcut;
pub use record::{Record, ReluRule};
pub use sample::{Drawing, Sample};
pub use standardize::Standardize;
pub use window::Window;
#[cfg(test)]
pub(crate) use window::{pad, tap};

/// Draws the examples of an operation, in every variant of its attributes.
pub type Samples = fn(&mut Drawing) -> candle_core::Result<Vec<Sample>>;

/// Every operation.
pub const SAMPLES: &[Samples] = &[
    activation::samples,
    affine::samples,
    average_pool::samples,
    batch_norm::samples,
    binary::samples,
    conv::samples,
    flatten::samples,
    linear::samples,
    max_pool::samples,
    pad_shortcut::samples,
    standardize::samples,
];

/// The examples of every operation.
///
/// # Errors
/// When a tensor cannot be made.
pub fn samples() -> candle_core::Result<Vec<Sample>> {
    let mut drawing = Drawing::new(1);
    let all: Vec<Vec<Sample>> =
        SAMPLES.iter().map(|samples| samples(&mut drawing)).collect::<candle_core::Result<_>>()?;
    Ok(all.into_iter().flatten().collect())
}
