//! Operations that are no convolutions, as this backend computes them: a file each. An operation without one is handed
//! over to its reference ([`handed`]), by itself, whatever stands around it.

mod add;
mod average_pool;
mod batch_norm;
mod flatten;
mod handed;
mod kernel;
pub mod linear;
mod max_pool;
mod pad_shortcut;
pub mod relu;
mod standardize;

pub use add::add;
pub use kernel::{Extents, Kernel, Needs, Record};

use crate::ops::Op;

/// An operation made ready, if this backend has it.
type Row = fn(&Op) -> candle_core::Result<Option<Box<dyn Kernel>>>;

const ROWS: &[Row] = &[
    add::row,
    average_pool::row,
    batch_norm::row,
    flatten::row,
    max_pool::row,
    pad_shortcut::row,
    relu::row,
    standardize::row,
];

/// An operation made ready.
///
/// # Errors
/// When a weight cannot be read.
pub fn kernel(op: &Op) -> candle_core::Result<Box<dyn Kernel>> {
    for row in ROWS {
        if let Some(kernel) = row(op)? {
            return Ok(kernel);
        }
    }
    handed::kernel(op)
}
