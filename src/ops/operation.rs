//! The questions that every operation answers.

use std::any::Any;
use std::borrow::Cow;
use std::fmt::Debug;
use std::ops::Deref;
use std::sync::Arc;

use candle_core::{DType, Device, Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::record::{Record, ReluRule};

/// What a layer computes, with its weights and attributes. Its inputs are the layer's; a batch's pictures stand along the
/// first axis and never meet.
pub trait Operation: Any + Debug + Send + Sync {
    /// A short word for lists, with what tells two of a kind apart: `conv 3x3 s2 g32`.
    fn word(&self) -> Cow<'static, str>;

    /// The extents of the output.
    ///
    /// # Errors
    /// Why it takes no such inputs, to be said after the layer's name.
    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit>;

    /// Which input pixels a unit of the output sees, from what the inputs' units see.
    fn field(&self, inputs: &[Seen], out: &Dims) -> Field;

    /// Products with weights or between values, for one picture.
    fn multiply_adds(&self, inputs: &[Dims], out: &Dims) -> u64;

    /// What becomes of channels.
    fn channels(&self) -> Channels;

    /// The numbers that a file holds for it.
    fn weights(&self) -> Vec<Weight<'_>>;

    /// The operation before it has learned anything, with weights from `draw`; `None` where there was nothing to learn.
    ///
    /// # Errors
    /// When a tensor cannot be made.
    fn redrawn(&self, draw: Draw<'_>) -> Result<Option<Op>>;

    /// The operation as it runs in a precision, on a device.
    ///
    /// # Errors
    /// When a weight cannot be converted or moved.
    fn prepare(&self, to: &Place) -> Result<Op>;

    /// The output: the reference for every other way to compute it. Sums in half precision are kept in float32.
    ///
    /// # Errors
    /// When an input does not fit.
    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor>;

    /// What its gradient needs of the run.
    fn reads(&self, rule: ReluRule) -> Reads;

    /// The gradient at an input, from the one at the output. Statistics of the values themselves
    /// ([`super::Standardize`]) count as constants.
    ///
    /// # Errors
    /// When the run lacks what [`Operation::reads`] names.
    fn backward(&self, which: usize, gradient: &Tensor, run: &Record<'_>) -> Result<Tensor>;
}

/// An operation of any kind.
#[derive(Clone, Debug)]
pub struct Op(Arc<dyn Operation>);

impl Op {
    /// The operation, if it is of this kind.
    pub fn get<T: Operation>(&self) -> Option<&T> {
        let any: &dyn Any = self.0.as_ref();
        any.downcast_ref()
    }

    /// Whether it is of this kind.
    pub fn is<T: Operation>(&self) -> bool {
        self.get::<T>().is_some()
    }
}

impl<T: Operation> From<T> for Op {
    fn from(of: T) -> Self {
        Self(Arc::new(of))
    }
}

impl Deref for Op {
    type Target = dyn Operation;

    fn deref(&self) -> &Self::Target {
        self.0.as_ref()
    }
}

/// What becomes of channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// Channel `c` of the output comes from channel `c` of each input alone.
    Kept,
    /// The channels of the inputs stand one after the other.
    Joined,
    /// Channel `c` of the output is channel `first + c` of the input.
    Taken {
        /// Where it begins.
        first: usize,
    },
    /// Every channel of the output is made anew, with its own weights.
    Made,
    /// Channel `c` of the output is channel `c` of the input, measured against others: a norm over channels.
    Normalized,
    /// The channels of n equal groups in turn, one of each.
    Shuffled {
        /// How many groups.
        groups: usize,
    },
    /// A channel of the output may come from several of the input, without its own weights.
    Mixed,
    /// The output has channels in other places, or none.
    Moved,
}

/// The answers of an operation that holds no numbers: what it is, it is on every device and whatever was learned.
macro_rules! without_weights {
    () => {
        fn weights(&self) -> Vec<$crate::ops::Weight<'_>> {
            Vec::new()
        }

        fn redrawn(
            &self,
            _: $crate::ops::Draw<'_>,
        ) -> candle_core::Result<Option<$crate::ops::Op>> {
            Ok(None)
        }

        fn prepare(&self, _: &$crate::ops::Place) -> candle_core::Result<$crate::ops::Op> {
            Ok(self.clone().into())
        }
    };
}
pub(super) use without_weights;

/// A tensor of an operation.
#[derive(Clone, Copy, Debug)]
pub struct Weight<'a> {
    /// What PyTorch calls it: `weight`, `running_mean`.
    pub name: &'static str,
    /// The numbers.
    pub tensor: &'a Tensor,
    /// Whether training by gradients finds them; running statistics are counted instead.
    pub trained: bool,
}

impl<'a> Weight<'a> {
    /// One that training finds.
    pub const fn trained(name: &'static str, tensor: &'a Tensor) -> Self {
        Self { name, tensor, trained: true }
    }

    /// One that is counted.
    pub const fn counted(name: &'static str, tensor: &'a Tensor) -> Self {
        Self { name, tensor, trained: false }
    }
}

/// Gives numbers of a shape whose first axis is the outputs'.
pub type Draw<'d> = &'d mut dyn FnMut(&[usize]) -> Result<Tensor>;

/// A precision and a device.
#[derive(Clone, Debug)]
pub struct Place {
    /// The precision.
    pub dtype: DType,
    /// The device.
    pub device: Device,
}

impl Place {
    /// A weight there.
    ///
    /// # Errors
    /// When it cannot be converted or moved.
    pub fn load(&self, weight: &Tensor) -> Result<Tensor> {
        weight.to_dtype(self.dtype)?.to_device(&self.device)?.contiguous()
    }

    /// The same of one that need not be.
    ///
    /// # Errors
    /// As [`Place::load`].
    pub fn load_some(&self, weight: Option<&Tensor>) -> Result<Option<Tensor>> {
        weight.map(|weight| self.load(weight)).transpose()
    }
}

/// What a gradient needs of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// Nothing: the operation is linear.
    Nothing,
    /// Every input.
    Inputs,
    /// The output, before anybody changed it.
    Output,
}
