//! A graph while it is built: layers with the extents of their values.

use candle_core::Tensor;

use super::names::Names;
use crate::base::LayerId;
use crate::model::{ModelError, Node, Value};
use crate::ops::{Binary, Conv, Dims, LayerNorm, Linear, Op, Operands, Over, Permute, Window};

/// Most layers of a network: ten times what the deepest known one has.
const LAYERS: usize = 20_000;

/// A graph on its way.
#[derive(Default)]
pub struct Draft {
    /// Its layers.
    pub nodes: Vec<Node>,
    /// The extents of each layer's value.
    pub dims: Vec<Dims>,
    input: Option<Dims>,
    names: Names,
}

/// A value of the draft.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawn {
    /// The value.
    pub value: Value,
    /// Its extents as the file sees it.
    pub dims: Dims,
    /// Whether the file sees its channels behind rows and columns; here they stand before them.
    pub channels_last: bool,
    /// Whether the file sees it repeated along axes where it has one value; only who repeats it anyway can use it.
    pub repeats: bool,
}

impl Drawn {
    /// A value as it is.
    pub const fn plain(value: Value, dims: Dims) -> Self {
        Self { value, dims, channels_last: false, repeats: false }
    }
}

/// Where a layer comes from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Its name; a number is added where it is taken.
    pub name: &'a str,
    /// What the file calls its tensors.
    pub file_name: Option<&'a str>,
}

impl Draft {
    /// With an input of these extents.
    pub fn new(input: Dims) -> Self {
        Self { input: Some(input), ..Self::default() }
    }

    /// The input.
    pub fn input(&self) -> Drawn {
        Drawn::plain(Value::Input, self.input.unwrap_or_else(|| Dims::maps(1, 1, 1, 1)))
    }

    /// Adds a layer.
    ///
    /// # Errors
    /// When it takes no such inputs, or there are too many.
    pub fn push(
        &mut self,
        origin: Origin<'_>,
        op: impl Into<Op>,
        inputs: &[Drawn],
    ) -> Result<Drawn, ModelError> {
        let op = op.into();
        if self.nodes.len() >= LAYERS {
            let more = format!("the network has more than {LAYERS} layers, which is not read");
            return Err(ModelError::NoNetwork(more));
        }
        let repeats = op.get::<Binary>().is_some_and(|of| matches!(of.of, Operands::Repeated));
        if !repeats && inputs.iter().any(|input| input.repeats) {
            let what = "a value that is repeated (expand) before it is used".to_string();
            return Err(ModelError::Unsupported { name: origin.name.to_string(), what });
        }
        let inputs = inputs.iter().map(|input| self.straight(origin, *input));
        let inputs: Vec<Drawn> = inputs.collect::<Result<_, _>>()?;
        let dims: Vec<Dims> = inputs.iter().map(|input| input.dims).collect();
        let out = op.infer(&dims).map_err(|why| ModelError::Shape {
            layer: origin.name.to_string(),
            input: dims.iter().map(|d| format!("{d:?}")).collect::<Vec<_>>().join(" and "),
            why: why.0,
        })?;
        self.nodes.push(Node {
            name: self.names.unique(origin.name),
            file_name: origin.file_name.map(str::to_string),
            op,
            inputs: inputs.iter().map(|input| input.value).collect(),
        });
        self.dims.push(out);
        Ok(Drawn::plain(Value::of(LayerId(self.nodes.len() - 1)), out))
    }

    /// The layers that outputs come from, with the outputs as they are called then.
    pub fn finish(self, outputs: &[Value]) -> (Vec<Node>, Vec<Value>) {
        let mut used = vec![false; self.nodes.len()];
        let mark = |value: &Value, used: &mut Vec<bool>| {
            if let Value::Output { layer, .. } = value {
                used[layer.0] = true;
            }
        };
        outputs.iter().for_each(|value| mark(value, &mut used));
        for (i, node) in self.nodes.iter().enumerate().rev() {
            if used[i] {
                node.inputs.iter().for_each(|value| mark(value, &mut used));
            }
        }
        let mut place = vec![0; used.len()];
        let mut count = 0;
        for (place, used) in place.iter_mut().zip(&used) {
            *place = count;
            count += usize::from(*used);
        }
        let now = |value: &Value| match value {
            Value::Input => Value::Input,
            Value::Output { layer, .. } => Value::of(LayerId(place[layer.0])),
        };
        let mut nodes = Vec::with_capacity(count);
        for (mut node, used) in self.nodes.into_iter().zip(&used) {
            if *used {
                node.inputs = node.inputs.iter().map(now).collect();
                nodes.push(node);
            }
        }
        (nodes, outputs.iter().map(now).collect())
    }

    /// A value as the file sees it: where its channels are behind, a layer that puts them there.
    fn straight(&mut self, origin: Origin<'_>, value: Drawn) -> Result<Drawn, ModelError> {
        if !value.channels_last {
            return Ok(value);
        }
        let name = format!("{}.permute", origin.name);
        let origin = Origin { name: &name, file_name: None };
        self.push(origin, Permute { order: vec![0, 2, 3, 1] }, &[before(value)])
    }

    /// An operation on a value that the file sees with its channels behind, without moving them, where that can be.
    ///
    /// # Errors
    /// As [`Draft::push`].
    pub fn push_channels_last(
        &mut self,
        origin: Origin<'_>,
        op: &Op,
        input: Drawn,
    ) -> Result<Option<Drawn>, ModelError> {
        let Some(op) = on_channels(op, input.dims.at(3))? else { return Ok(None) };
        let out = self.push(origin, op, &[before(input)])?;
        Ok(Some(behind(out)))
    }
}

/// The value as it is here.
pub fn before(value: Drawn) -> Drawn {
    let [n, h, w, c] = [0, 1, 2, 3].map(|axis| value.dims.at(axis));
    Drawn { dims: Dims::maps(n, c, h, w), channels_last: false, ..value }
}

/// A value `[N, C, H, W]` as a file sees it that has the channels behind.
pub fn behind(value: Drawn) -> Drawn {
    let [n, c, h, w] = [0, 1, 2, 3].map(|axis| value.dims.at(axis));
    Drawn { dims: Dims::maps(n, h, w, c), channels_last: true, ..value }
}

/// What an operation on `[N, H, W, C]` is on `[N, C, H, W]`.
fn on_channels(op: &Op, channels: usize) -> Result<Option<Op>, ModelError> {
    if let Some(norm) = op.get::<LayerNorm>() {
        let last = norm.over == Over::Last(vec![channels]);
        return Ok(last.then(|| LayerNorm { over: Over::Channels, ..norm.clone() }.into()));
    }
    if let Some(linear) = op.get::<Linear>() {
        let (out, inside) = linear.weight.dims2()?;
        let weight: Tensor = linear.weight.reshape((out, inside, 1, 1))?;
        let window = Window::square(1, 1, 0);
        let conv = Conv { weight, bias: linear.bias.clone(), window, groups: 1 };
        return Ok(Some(conv.into()));
    }
    // A function of each value does not care.
    Ok(op.is::<crate::ops::Activation>().then(|| op.clone()))
}
