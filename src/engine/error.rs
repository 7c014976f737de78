//! What can go wrong while a network runs.

use thiserror::Error;

use crate::base::first_line;
use crate::model::ModelError;

/// Why a run or a read did not happen.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The token was set; nothing is wrong.
    #[error("canceled")]
    Canceled,
    /// The network takes no such input.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A layer or channel that the network does not have.
    #[error("{0} does not exist in this network")]
    OutOfRange(String),
    /// A device that cannot be had, or that does not compute in the wanted precision.
    #[error("{0}")]
    NoDevice(String),
    /// The memory of a GPU does not suffice.
    #[error("{device} is out of memory: use --device cpu, a smaller --size or --dtype f16")]
    OutOfMemory {
        /// Which: `cuda:0`.
        device: String,
    },
    /// A capture of another backend or network.
    #[error("this capture was made by another backend: run the network again")]
    ForeignCapture,
    /// The arithmetic library refused.
    #[error("{layer}: {}", first_line(.source))]
    Tensor {
        /// The layer being computed or read.
        layer: String,
        /// What candle says.
        source: candle_core::Error,
    },
}
