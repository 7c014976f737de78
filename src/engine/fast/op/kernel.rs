//! What an operation does on this backend.

use std::sync::Arc;

use candle_core::Result;

use crate::engine::fast::conv::{Cores, Mask};
use crate::engine::fast::pool::Blocked;
use crate::ops::{Dims, ReluRule};

/// An operation by itself.
pub trait Kernel: Send + Sync {
    /// Computes the output.
    ///
    /// # Errors
    /// When an input does not fit.
    fn forward(
        &self,
        on: &Cores,
        inputs: &[&Blocked],
        extents: &Extents,
        out: &mut Blocked,
    ) -> Result<()>;

    /// What its gradient needs of the run.
    fn needs(&self, rule: ReluRule) -> Needs;

    /// Whether its gradient takes the mask of a ReLU before it along.
    fn masks(&self) -> bool;

    /// The gradient at an input, from the one at the output.
    ///
    /// # Errors
    /// When the run lacks what [`Kernel::needs`] names.
    fn backward(
        &self,
        on: &Cores,
        which: usize,
        gradient: &Blocked,
        run: &Record<'_>,
        to: &mut Blocked,
    ) -> Result<()>;
}

/// The extents of what an operation reads and gives, with all axes; values lie here as people see them.
#[derive(Clone, Debug)]
pub struct Extents {
    /// Of each input.
    pub inputs: Vec<Dims>,
    /// Of the output.
    pub output: Dims,
}

/// What a gradient needs of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Every input.
    pub inputs: bool,
    /// The output, before anybody changed it.
    pub output: bool,
}

impl Needs {
    /// A linear operation needs nothing.
    pub const NOTHING: Self = Self { inputs: false, output: false };
}

/// The answers of a linear operation: its gradient needs nothing of the run, and takes no mask along.
macro_rules! reads_nothing {
    () => {
        fn needs(&self, _: $crate::ops::ReluRule) -> super::kernel::Needs {
            super::kernel::Needs::NOTHING
        }

        fn masks(&self) -> bool {
            false
        }
    };
}
pub(super) use reads_nothing;

/// An operation's part of a run.
pub struct Record<'a> {
    /// The extents of the inputs and of the output, with all axes.
    pub extents: &'a Extents,
    /// The inputs, where [`Needs`] names them.
    pub inputs: &'a [Arc<Blocked>],
    /// The output, where [`Needs`] names it.
    pub output: Option<&'a Blocked>,
    /// The rule for ReLUs.
    pub rule: ReluRule,
    /// What the gradient goes through at once, where [`Kernel::masks`] says so.
    pub mask: Option<Mask<'a>>,
}

impl Record<'_> {
    /// The first input.
    ///
    /// # Errors
    /// When it was not recorded.
    pub fn input(&self) -> Result<&Blocked> {
        let missing = || candle_core::Error::msg("the value at this layer is needed");
        self.inputs.first().map(AsRef::as_ref).ok_or_else(missing)
    }

    /// The output.
    ///
    /// # Errors
    /// When it was not recorded.
    pub fn output(&self) -> Result<&Blocked> {
        let missing = || candle_core::Error::msg("what came out of this layer is needed");
        self.output.ok_or_else(missing)
    }
}
