//! The graph: nodes in topological order, edges that name a value, operations with their weights.

use candle_core::{DType, Tensor};

use super::ModelError;
use crate::base::{Array, LayerId, Shape};

/// A network.
#[derive(Clone, Debug)]
pub struct Graph {
    /// For people: `ResNet-50`, `ResNeXt-50 32x4d`.
    pub name: String,
    /// Channels of the input.
    pub input_channels: usize,
    /// Input height and width that fit the stem when nothing else is known.
    pub usual_input: usize,
    /// Every layer, inputs before users.
    pub nodes: Vec<Node>,
    /// What the tensors do not say and was assumed, in words.
    pub assumptions: Vec<String>,
    /// What of the file is not part of the network or was taken of several, in sentences.
    pub notes: Vec<String>,
}

/// One layer.
#[derive(Clone, Debug)]
pub struct Node {
    /// The name that torchvision's `get_graph_node_names` gives it.
    pub name: String,
    /// What the file calls its tensors, without `.weight`; `None` for layers without weights.
    pub file_name: Option<String>,
    /// What it computes.
    pub op: Op,
    /// What it computes from.
    pub inputs: Vec<Value>,
}

/// An edge: one output of one node, or the input of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// The input tensor `[N, C, H, W]`.
    Input,
    /// An output of a layer.
    Output {
        /// The layer.
        layer: LayerId,
        /// Which of its outputs; 0 for the operations known today.
        output: usize,
    },
}

impl Value {
    /// The first output of a layer.
    pub const fn of(layer: LayerId) -> Self {
        Self::Output { layer, output: 0 }
    }
}

/// A sliding window: pairs are (rows, columns).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Taps.
    pub kernel: [usize; 2],
    /// Step of the window.
    pub stride: [usize; 2],
    /// Border on top, left, bottom, right.
    pub pads: [usize; 4],
    /// Distance of two taps.
    pub dilation: [usize; 2],
    /// Whether a last window that leaves the input counts, as in PyTorch.
    pub ceil_mode: bool,
}

impl Window {
    /// A square window with the same border on all sides.
    pub const fn square(kernel: usize, stride: usize, pad: usize) -> Self {
        Self {
            kernel: [kernel; 2],
            stride: [stride; 2],
            pads: [pad; 4],
            dilation: [1; 2],
            ceil_mode: false,
        }
    }

    /// Border before and after along an axis (0 rows, 1 columns).
    pub const fn pads_of(&self, axis: usize) -> (usize, usize) {
        (self.pads[axis], self.pads[axis + 2])
    }

    /// Input positions that one window spans along an axis.
    pub const fn span(&self, axis: usize) -> usize {
        (self.kernel[axis] - 1) * self.dilation[axis] + 1
    }
}

/// Convolution: `weight` is `[C_out, C_in / groups, kh, kw]`.
#[derive(Clone, Debug)]
pub struct Conv {
    /// The kernels.
    pub weight: Tensor,
    /// `[C_out]`.
    pub bias: Option<Tensor>,
    /// How they slide; `ceil_mode` has no meaning here.
    pub window: Window,
    /// Independent groups of channels.
    pub groups: usize,
}

impl Conv {
    /// The kernels in float32, `[C_out, C_in / groups, kh, kw]`.
    ///
    /// # Errors
    /// When the tensor does not have four axes.
    pub fn kernels(&self) -> Result<Array, ModelError> {
        let (out, inside, h, w) = self.weight.dims4()?;
        let data = self.weight.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?;
        Ok(Array { shape: Shape::new(out, inside, h, w), data })
    }
}

/// Batch norm in eval mode; every tensor is `[C]`.
#[derive(Clone, Debug)]
pub struct BatchNorm {
    /// Scale.
    pub weight: Tensor,
    /// Shift.
    pub bias: Tensor,
    /// Running mean.
    pub mean: Tensor,
    /// Running variance.
    pub variance: Tensor,
    /// Added to the variance.
    pub eps: f64,
}

/// Average pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AveragePool {
    /// Over all positions, to 1 x 1.
    Global,
    /// Over a window.
    Windowed {
        /// The window.
        window: Window,
        /// Whether border positions count in the divisor.
        count_include_pad: bool,
    },
}

/// A shortcut without weights (He et al. 2015, option A): every `stride`th pixel, between channels of
/// zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PadShortcut {
    /// Step over rows and columns.
    pub stride: [usize; 2],
    /// Channels of zeros in front.
    pub before: usize,
    /// Channels of zeros behind.
    pub after: usize,
}

/// `y = W x + b`: `weight` is `[out, in]`, `bias` `[out]`.
#[derive(Clone, Debug)]
pub struct Linear {
    /// The matrix.
    pub weight: Tensor,
    /// The shift.
    pub bias: Option<Tensor>,
}

impl Linear {
    /// The weights of one output: `[in]`.
    ///
    /// # Errors
    /// When there is no such output.
    pub fn row(&self, output: usize) -> Result<Vec<f32>, ModelError> {
        Ok(self.weight.get(output)?.to_dtype(DType::F32)?.to_vec1()?)
    }
}

/// What a layer computes.
#[derive(Clone, Debug)]
pub enum Op {
    /// Convolution.
    Conv(Conv),
    /// Batch norm in eval mode.
    BatchNorm(BatchNorm),
    /// Each channel of each picture less its mean, divided by its deviation: a batch norm whose statistics
    /// are those of the picture itself. In gradients both count as constants.
    Standardize {
        /// Added to the variance.
        eps: f64,
    },
    /// `max(x, 0)`.
    Relu,
    /// Maximum over a window; the border is minus infinity.
    MaxPool(Window),
    /// Average pooling.
    AveragePool(AveragePool),
    /// Sum of two values.
    Add,
    /// Every so many pixels, between channels of zeros.
    PadShortcut(PadShortcut),
    /// `[N, C, H, W]` to `[N, C H W]`.
    Flatten,
    /// Linear layer on `[N, C]`.
    Linear(Linear),
}

impl Op {
    /// A short word for lists.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Conv(_) => "conv",
            Self::BatchNorm(_) => "batch norm",
            Self::Standardize { .. } => "standardize",
            Self::Relu => "relu",
            Self::MaxPool(_) => "max pool",
            Self::AveragePool(_) => "average pool",
            Self::Add => "add",
            Self::PadShortcut(_) => "padded shortcut",
            Self::Flatten => "flatten",
            Self::Linear(_) => "linear",
        }
    }

    /// The word with its attributes: `conv 3x3 s2 g32`.
    pub fn describe(&self) -> String {
        let window = |w: &Window| {
            let stride =
                if w.stride == [1, 1] { String::new() } else { format!(" s{}", w.stride[0]) };
            format!("{}x{}{stride}", w.kernel[0], w.kernel[1])
        };
        match self {
            Self::Conv(conv) if conv.groups > 1 => {
                format!("conv {} g{}", window(&conv.window), conv.groups)
            }
            Self::Conv(conv) => format!("conv {}", window(&conv.window)),
            Self::MaxPool(w) | Self::AveragePool(AveragePool::Windowed { window: w, .. }) => {
                format!("{} {}", self.word(), window(w))
            }
            _ => self.word().to_string(),
        }
    }
}

impl Graph {
    /// Every layer with its index.
    pub fn layers(&self) -> impl Iterator<Item = (LayerId, &Node)> {
        self.nodes.iter().enumerate().map(|(i, node)| (LayerId(i), node))
    }

    /// The convolution that makes a layer's channels: the layer itself, or the one before it with
    /// nothing in between but layers that keep the channels apart. Of a sum, the one of its first
    /// input: in a block that is the last convolution, to which the shortcut is added.
    pub fn kernels_of(&self, layer: LayerId) -> Option<LayerId> {
        let node = self.nodes.get(layer.0)?;
        match (&node.op, node.inputs.as_slice()) {
            (Op::Conv(_), _) => Some(layer),
            (
                Op::BatchNorm(_)
                | Op::Standardize { .. }
                | Op::Relu
                | Op::MaxPool(_)
                | Op::AveragePool(_)
                | Op::Add,
                [Value::Output { layer, .. }, ..],
            ) => self.kernels_of(*layer),
            _ => None,
        }
    }

    /// How many classes the last linear layer tells apart; 0 without one.
    pub fn classes(&self) -> usize {
        match self.nodes.last().map(|n| &n.op) {
            Some(Op::Linear(linear)) => linear.weight.dims().first().copied().unwrap_or(0),
            _ => 0,
        }
    }
}
