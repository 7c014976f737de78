//! How much memory work will take, from the shapes of a network's layers: asked before the work starts, because memory
//! that is not there ends the program.
//!
//! The factors were measured (`tests/memory.rs` holds the runs to them): what fits is not refused, so they leave out
//! what small inputs take anyway.

use super::SessionError;
use super::ask::{Job, LayerInfo};
use crate::base::room::{self, NoRoom};
use crate::base::{Dtype, Shape};

/// Layers of values that are at work at the same time, beside those that are kept.
const AT_WORK: u64 = 3;
/// The same for the portable backend, whose convolutions unroll their input.
const AT_WORK_PORTABLE: u64 = 5;
/// Layers of gradients at work, beside the values that they need.
const GRADIENTS: u64 = 3;

/// What a run takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Bytes of all layers.
    all: u64,
    /// Bytes of the largest layer.
    largest: u64,
    /// Bytes of the input.
    own: u64,
    dtype: Dtype,
    /// Rows and columns of the input.
    input: [usize; 2],
}

impl Need {
    /// Of a network's layers, for an input of that shape.
    pub fn new(layers: &[LayerInfo], input: Shape, dtype: Dtype) -> Self {
        let bytes =
            |layer: &LayerInfo| (layer.shape.len() as u64).saturating_mul(dtype.size() as u64);
        Self {
            all: layers.iter().map(bytes).fold(0, u64::saturating_add),
            largest: layers.iter().map(bytes).max().unwrap_or(0),
            own: (input.len() as u64).saturating_mul(dtype.size() as u64),
            dtype,
            input: [input.h, input.w],
        }
    }

    /// Bytes of a forward pass that keeps at most `bound` bytes.
    pub fn forward(&self, bound: usize) -> u64 {
        let (kept, at_work) = match self.dtype {
            // The fast backend keeps what its units give, which is a little less than half of all layers.
            Dtype::F32 => (self.all / 5 * 2, AT_WORK),
            _ => (self.all, AT_WORK_PORTABLE),
        };
        let at_work = self.largest.saturating_mul(at_work).saturating_add(self.own);
        kept.min(bound as u64).saturating_add(at_work)
    }

    /// Bytes of work on a run that is kept already.
    pub fn job(&self, job: &Job, bound: usize) -> u64 {
        let gradient = self.largest.saturating_mul(GRADIENTS);
        match job {
            Job::Explain(of) if of.method.is_instant() => 0,
            Job::Explain(_) | Job::Rank(_) => gradient,
            // Runs of their own, beside the one that is kept.
            Job::Judge(_) => self.forward(bound),
            Job::Rebuild(_) => self.forward(bound).max(gradient),
        }
    }

    /// Refuses work that takes more memory than there is.
    ///
    /// # Errors
    /// With the need, what is free, and what to do.
    pub fn check(&self, bytes: u64, what: &str) -> Result<(), SessionError> {
        let [height, width] = self.input;
        room::check(bytes, format!("{what} at {height}x{width}")).map_err(|error| refused(&error))
    }
}

/// Refuses an input whose preparation does not fit: the scaled photo, what the network sees, and the values.
///
/// # Errors
/// With the need, what is free, and what to do.
pub fn check_input(shape: Shape) -> Result<(), SessionError> {
    let pixels = (shape.h as u64).saturating_mul(shape.w as u64);
    let bytes = pixels.saturating_mul(3 + 3 + 4 * shape.c as u64);
    let what = format!("an input of {}x{}", shape.h, shape.w);
    room::check(bytes, what).map_err(|error| refused(&error))
}

fn refused(error: &NoRoom) -> SessionError {
    SessionError::Failed(format!("{error}: take a smaller --size"))
}
