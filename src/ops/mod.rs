//! What a layer can compute: one operation a file, each with its shape, its receptive field, its cost, its reference in
//! candle's terms and its gradient.
//!
//! [`Operation`] has no default methods: a new operation answers every question, and the compiler asks them. What an answer
//! claims is checked against what the operation does, for every row of [`SAMPLES`], by the tests of this room. Nothing here
//! knows the graph, or which backend runs: words like edit, capture and cancel stand above.

mod activation;
mod adaptive_pool;
mod affine;
mod average_pool;
mod batch_norm;
mod binary;
mod concat;
mod constant;
mod conv;
mod conv_transpose;
mod depth_to_space;
mod dims;
mod expand;
mod field;
mod flatten;
mod gather;
mod group_norm;
mod layer_norm;
mod linear;
mod lrn;
mod matmul;
mod max_pool;
mod narrow;
mod normalize;
mod operation;
mod pad;
mod pad_shortcut;
mod permute;
mod prelu;
mod record;
mod reduce;
mod resample;
mod reshape;
mod resize;
mod sample;
mod shuffle;
mod softmax;
mod standardize;
#[cfg(test)]
mod tests;
mod window;

pub use activation::{Activation, SELU_ALPHA};
pub use adaptive_pool::AdaptivePool;
pub use affine::Affine;
pub use average_pool::AveragePool;
pub use batch_norm::BatchNorm;
pub use binary::{Binary, BinaryKind, Operands};
pub use concat::Concat;
pub use constant::Constant;
pub use conv::Conv;
pub use conv_transpose::ConvTranspose;
pub use depth_to_space::DepthToSpace;
pub use dims::{Dims, Unfit};
pub use expand::Expand;
pub use field::{Field, FieldAxis, Seen};
pub use flatten::Flatten;
pub use gather::Gather;
pub use group_norm::GroupNorm;
pub use layer_norm::{LayerNorm, Over};
pub use linear::Linear;
pub use lrn::Lrn;
pub use matmul::MatMul;
pub use max_pool::MaxPool;
pub use narrow::Narrow;
pub use operation::{Channels, Draw, Op, Operation, Place, Reads, Weight};
pub use pad::{Border, Pad};
pub use pad_shortcut::PadShortcut;
pub use permute::Permute;
pub use prelu::PRelu;
pub use record::{Record, ReluRule};
pub use reduce::{Reduce, Reduction};
pub use reshape::Reshape;
pub use resize::{Interpolation, Places, Resize, Size};
pub use sample::{Drawing, Sample};
pub use shuffle::Shuffle;
pub use softmax::Softmax;
pub use standardize::Standardize;
pub use window::Window;
#[cfg(test)]
pub(crate) use window::{pad, tap};

/// Draws the examples of an operation, in every variant of its attributes.
pub type Samples = fn(&mut Drawing) -> candle_core::Result<Vec<Sample>>;

/// Every operation, by the name of its file.
pub const SAMPLES: &[(&str, Samples)] = &[
    ("activation", activation::samples),
    ("adaptive_pool", adaptive_pool::samples),
    ("affine", affine::samples),
    ("average_pool", average_pool::samples),
    ("batch_norm", batch_norm::samples),
    ("binary", binary::samples),
    ("concat", concat::samples),
    ("constant", constant::samples),
    ("conv", conv::samples),
    ("conv_transpose", conv_transpose::samples),
    ("depth_to_space", depth_to_space::samples),
    ("expand", expand::samples),
    ("flatten", flatten::samples),
    ("gather", gather::samples),
    ("group_norm", group_norm::samples),
    ("layer_norm", layer_norm::samples),
    ("linear", linear::samples),
    ("lrn", lrn::samples),
    ("matmul", matmul::samples),
    ("max_pool", max_pool::samples),
    ("narrow", narrow::samples),
    ("pad", pad::samples),
    ("pad_shortcut", pad_shortcut::samples),
    ("permute", permute::samples),
    ("prelu", prelu::samples),
    ("reduce", reduce::samples),
    ("reshape", reshape::samples),
    ("resize", resize::samples),
    ("shuffle", shuffle::samples),
    ("softmax", softmax::samples),
    ("standardize", standardize::samples),
];

/// The examples of every operation.
///
/// # Errors
/// When a tensor cannot be made.
pub fn samples() -> candle_core::Result<Vec<Sample>> {
    let mut drawing = Drawing::new(1);
    let all: Vec<Vec<Sample>> = SAMPLES
        .iter()
        .map(|(_, samples)| samples(&mut drawing))
        .collect::<candle_core::Result<_>>()?;
    Ok(all.into_iter().flatten().collect())
}
