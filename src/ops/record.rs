//! What a run says to a gradient.

use std::sync::OnceLock;

use candle_core::{Error, Result, Tensor};

use super::dims::Dims;

/// What becomes of a gradient `g` at a ReLU with input `x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReluRule {
    /// The derivative: `g (x > 0)`.
    Plain,
    /// Guided backpropagation (Springenberg et al. 2015): `g (x > 0) (g > 0)`.
    Guided,
    /// Deconvnet (Zeiler & Fergus 2014): `g (g > 0)`.
    Deconvnet,
}

/// An operation's part of a run.
pub struct Record<'a> {
    /// The extents of the inputs.
    pub dims: &'a [Dims],
    /// The inputs, where [`super::Reads`] names them.
    pub inputs: &'a [Tensor],
    /// The output, where [`super::Reads`] names it.
    pub output: Option<&'a Tensor>,
    /// The rule for ReLUs.
    pub rule: ReluRule,
    /// What the gradient makes of the weights once and needs every time.
    pub once: &'a OnceLock<Tensor>,
}

impl Record<'_> {
    /// An input.
    ///
    /// # Errors
    /// When it was not recorded.
    pub fn input(&self, which: usize) -> Result<&Tensor> {
        self.inputs.get(which).ok_or_else(|| Error::msg("the value at this layer is needed"))
    }

    /// The output.
    ///
    /// # Errors
    /// When it was not recorded.
    pub fn output(&self) -> Result<&Tensor> {
        self.output.ok_or_else(|| Error::msg("what came out of this layer is needed"))
    }

    /// The extents of an input.
    ///
    /// # Errors
    /// When there is no such input.
    pub fn dims(&self, which: usize) -> Result<&Dims> {
        self.dims.get(which).ok_or_else(|| Error::msg("there is no such input"))
    }

    /// What was made once, or is made now.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn once(&self, make: impl FnOnce() -> Result<Tensor>) -> Result<Tensor> {
        if let Some(made) = self.once.get() {
            return Ok(made.clone());
        }
        let made = make()?;
        Ok(self.once.get_or_init(|| made).clone())
    }
}
