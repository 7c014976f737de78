//! What is known about networks, layers, inputs and runs, and what a map looks like in cells.

use std::sync::Arc;

use super::refs::{InputId, NetworkId, RunKey, Slice};
use crate::base::{Colormap, LayerId, OutputFunction, RangeMode, Shape};
use crate::model::Made;
use crate::ops::Field;
use crate::picture::{Cells, Range};
use crate::source::Placement;

/// What is known about a network before it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkInfo {
    /// How it is asked for.
    pub id: NetworkId,
    /// The architecture: `ResNet-50`.
    pub name: String,
    /// `builtin` or the file's name.
    pub source: String,
    /// The layers at the recipe's input size.
    pub layers: Arc<Vec<LayerInfo>>,
    /// The input shape at the recipe's size.
    pub input: Shape,
    /// The label and, where known, the WordNet id of each class.
    pub classes: Vec<ClassLabel>,
    /// What the scores of the classes are.
    pub outputs: OutputFunction,
    /// How photos are made ready.
    pub recipe: String,
    /// Where that is known from.
    pub recipe_origin: String,
    /// What the files do not say and was assumed as is usual, and what they say about themselves.
    pub notes: Vec<String>,
    /// What was left out, could not be followed or is odd: the user should know it at once.
    pub warnings: Vec<String>,
}

/// A class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassLabel {
    /// The WordNet id.
    pub wordnet: Option<String>,
    /// The name.
    pub name: String,
}

/// What is known about a layer for some input size.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerInfo {
    /// Its number.
    pub id: LayerId,
    /// Its name.
    pub name: String,
    /// What it computes, with attributes.
    pub op: String,
    /// The shape of its value.
    pub shape: Shape,
    /// Trained values.
    pub parameters: u64,
    /// Products for one picture.
    pub multiply_adds: u64,
    /// What one unit sees of the input.
    pub field: Field,
    /// The kernels that make its channels, where a convolution's do.
    pub made: Vec<Made>,
}

impl LayerInfo {
    /// The convolution that makes a channel, and the number of its kernel.
    pub fn kernel_of(&self, channel: usize) -> Option<(LayerId, usize)> {
        let made = self.made.iter().find(|made| made.channels.contains(&channel))?;
        Some((made.by, made.first + channel - made.channels.start))
    }

    /// The channel that a kernel of a convolution makes.
    pub fn channel_of(&self, convolution: LayerId, kernel: usize) -> Option<usize> {
        let of = |made: &Made| {
            let place = kernel.checked_sub(made.first)?;
            let here = made.by == convolution && place < made.channels.len();
            here.then_some(made.channels.start + place)
        };
        self.made.iter().find_map(of)
    }

    /// The convolutions that make its channels.
    pub fn makers(&self) -> Vec<LayerId> {
        let mut makers: Vec<LayerId> = Vec::new();
        for made in &self.made {
            if !makers.contains(&made.by) {
                makers.push(made.by);
            }
        }
        makers
    }

    /// Whether it is a convolution itself.
    pub fn is_convolution(&self) -> bool {
        self.makers() == [self.id]
    }
}

/// A photo that is ready.
#[derive(Clone, Debug, PartialEq)]
pub struct InputInfo {
    /// How it is asked for.
    pub id: InputId,
    /// The file's name.
    pub name: String,
    /// The shape of the input tensor.
    pub shape: Shape,
    /// Its place in the photo; `None` for an input tensor.
    pub placement: Option<Placement>,
    /// What is odd about the file although it was read, one sentence each without its name: bytes that were skipped,
    /// values that are not finite.
    pub notes: Vec<String>,
}

/// What a run found.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The run.
    pub run: RunKey,
    /// The layers at this input's size.
    pub layers: Arc<Vec<LayerInfo>>,
    /// What each layer's values are like.
    pub summaries: Vec<LayerSummary>,
    /// Every class with its score ([`NetworkInfo::outputs`]), the largest first.
    pub ranked: Vec<(usize, f32)>,
    /// The same without the knock-outs, where there are some.
    pub before: Option<Arc<Self>>,
    /// Wall time of the forward pass alone.
    pub milliseconds: f64,
    /// What the user must know about it: that it ran on another device than the one in use before.
    pub note: Option<String>,
}

/// Where networks run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceNow {
    /// `cuda:0 A100 f16`, `cpu 2 threads f32`.
    pub label: String,
    /// Why there.
    pub why: String,
    /// Whether values may be further from the exact ones than float32 is.
    pub approximate: bool,
}

/// What a layer's values are like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerSummary {
    /// The fraction of values that are exactly 0.
    pub sparsity: f32,
    /// The mean of all values.
    pub mean: f32,
    /// The largest value.
    pub max: f32,
    /// Channels without a value above 0.
    pub dead: usize,
    /// NaN and infinities.
    pub invalid: usize,
    /// Whether values below 0 occur.
    pub signed: bool,
}

/// A map in cells, with the range that its colors stand for.
#[derive(Clone, Debug, PartialEq)]
pub struct Heatmap {
    /// The cells.
    pub cells: Cells,
    /// The values of the first and the last color.
    pub range: Range,
    /// The color map in use.
    pub colormap: Colormap,
    /// Where the range comes from.
    pub mode: RangeMode,
    /// Whether the values are signed, so that the signed color map is in use.
    pub signed: bool,
    /// Colors from the first to the last, for a scale beside the picture.
    pub scale: Vec<[u8; 3]>,
    /// NaN and infinities.
    pub invalid: usize,
}

/// A picture in cells, and what its colors mean where they stand for numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum Drawn {
    /// A map or a kernel.
    Heatmap(Arc<Heatmap>),
    /// A photo, or a picture made from a network.
    Photo(Arc<Cells>),
}

impl Drawn {
    /// The cells.
    pub fn cells(&self) -> &Cells {
        match self {
            Self::Heatmap(heatmap) => &heatmap.cells,
            Self::Photo(cells) => cells,
        }
    }
}

/// What is known about the weights of a convolution.
#[derive(Clone, Debug, PartialEq)]
pub struct KernelInfo {
    /// The convolution.
    pub layer: LayerId,
    /// `[C_out, C_in / groups, kh, kw]`.
    pub shape: [usize; 4],
    /// Three inputs: a kernel is a picture in colors.
    pub color: bool,
    /// The Euclidean norm of each kernel.
    pub norms: Vec<f32>,
    /// The least and the largest weight.
    pub range: Range,
}

impl KernelInfo {
    /// Whether each kernel has one weight for each input, so that all are one matrix `[C_out, C_in / groups]`.
    pub const fn is_matrix(&self) -> bool {
        let [_, inside, h, w] = self.shape;
        h * w == 1 && inside > 1
    }

    /// Rows and columns of a slice.
    pub const fn extent(&self, slice: Slice) -> [usize; 2] {
        let [out, inside, h, w] = self.shape;
        match slice {
            Slice::Matrix => [out, inside],
            Slice::Color | Slice::Input(_) => [h, w],
        }
    }
}

/// What was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// The seconds of each run, the shortest first.
    pub seconds: Vec<f64>,
    /// Products and sums of one run.
    pub operations: u64,
    /// The most memory that the runs took above what the loaded network takes, in bytes; `None` where the
    /// system does not say.
    pub peak_bytes: Option<u64>,
    /// Where: `cpu 2 threads f32`.
    pub device: String,
}
