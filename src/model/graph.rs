//! The graph: nodes in topological order, and edges that name a value.

use crate::base::LayerId;
use crate::ops::Op;

/// A network.
#[derive(Clone, Debug)]
pub struct Graph {
    /// For people: `ResNet-50`, `ResNeXt-50 32x4d`.
    pub name: String,
    /// Channels of the input.
    pub input_channels: usize,
    /// Input height and width that fit the stem when nothing else is known.
    pub usual_input: [usize; 2],
    /// Every layer, inputs before users.
    pub nodes: Vec<Node>,
    /// What it answers with: for a classifier the logits. The first is what is asked when nothing else is said.
    pub outputs: Vec<Value>,
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

impl Graph {
    /// Every layer with its index.
    pub fn layers(&self) -> impl Iterator<Item = (LayerId, &Node)> {
        self.nodes.iter().enumerate().map(|(i, node)| (LayerId(i), node))
    }
}
