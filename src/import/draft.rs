//! A graph while it is built: layers with the extents of their values.

use candle_core::Tensor;

use super::names::Names;
use crate::base::LayerId;
use crate::model::{ModelError, Node, Value};
use crate::ops::{
    Activation, Binary, Conv, Dims, LayerNorm, Linear, Op, Operands, Over, Permute, Window,
};

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
    /// Its extents here.
    pub dims: Dims,
    /// How the file sees its axes.
    pub order: Order,
    /// The extents to which the file sees it repeated, along axes where it has one value.
    pub repeated: Option<Dims>,
}

/// In which order a file sees the axes of a value `[N, A, ...]`. Here the pictures are always the first axis, and channels
/// stand before rows and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The same.
    Plain,
    /// `[N, H, W, C]` for `[N, C, H, W]`.
    ChannelsLast,
    /// `[N A, ...]`: the heads of an attention, taken for pictures.
    Merged,
    /// `[A, N, ...]`: queries, keys and values before the pictures.
    PicturesSecond,
}

impl Drawn {
    /// A value as it is.
    pub const fn plain(value: Value, dims: Dims) -> Self {
        Self { value, dims, order: Order::Plain, repeated: None }
    }

    /// The same value as it is here.
    pub const fn here(self) -> Self {
        Self { order: Order::Plain, ..self }
    }

    /// The same value as a file sees it that has its axes in this order.
    pub const fn ordered(self, order: Order) -> Self {
        Self { order, ..self }
    }

    /// The axes here of each axis of the file's.
    pub fn axes(&self) -> Vec<Vec<usize>> {
        let rank = self.dims.rank();
        let one = |axis| vec![axis];
        match self.order {
            Order::Plain => (0..rank).map(one).collect(),
            Order::ChannelsLast => [0].into_iter().chain(2..rank).chain([1]).map(one).collect(),
            Order::Merged => [vec![0, 1]].into_iter().chain((2..rank).map(one)).collect(),
            Order::PicturesSecond => [1, 0].into_iter().chain(2..rank).map(one).collect(),
        }
    }

    /// Its extents as the file sees it.
    pub fn seen(&self) -> Dims {
        self.in_order(&self.dims)
    }

    /// Extents of its axes here as the file sees them.
    pub fn in_order(&self, here: &Dims) -> Dims {
        let extent = |axes: &Vec<usize>| axes.iter().map(|axis| here.at(*axis)).product();
        let extents: Vec<usize> = self.axes().iter().map(extent).collect();
        Dims::new(&extents).unwrap_or(*here)
    }

    /// The axis here of an axis of the file's, which may be counted from the end; `None` of one that holds the pictures, or
    /// that is none.
    pub fn axis(&self, number: i64) -> Option<usize> {
        let axes = self.axes();
        let axis = if number < 0 { number + axes.len() as i64 } else { number };
        match axes.get(usize::try_from(axis).ok()?)?.as_slice() {
            [axis] if *axis > 0 => Some(*axis),
            _ => None,
        }
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
        let mixed = |input: &&Drawn| matches!(input.order, Order::Merged | Order::PicturesSecond);
        let what = match inputs.iter().find(mixed) {
            Some(_) => Some("a value whose first axis is not that of the pictures alone"),
            None if !repeats && inputs.iter().any(|input| input.repeated.is_some()) => {
                Some("a value that is repeated (expand) before it is used")
            }
            None => None,
        };
        if let Some(what) = what {
            let what = what.to_string();
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

    /// Takes the layers from a place on away again, with the names that they were given.
    pub fn rewind(&mut self, to: usize, names: Names) {
        self.nodes.truncate(to);
        self.dims.truncate(to);
        self.names = names;
    }

    /// The names that are given so far.
    pub fn names(&self) -> Names {
        self.names.clone()
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

    /// A value as the file sees it: where its channels come last, a layer that puts them there.
    ///
    /// # Errors
    /// As [`Draft::push`].
    pub fn straight(&mut self, origin: Origin<'_>, value: Drawn) -> Result<Drawn, ModelError> {
        if value.order != Order::ChannelsLast {
            return Ok(value);
        }
        let name = format!("{}.permute", origin.name);
        let origin = Origin { name: &name, file_name: None };
        let order = value.axes().concat();
        self.push(origin, Permute { order }, &[value.here()])
    }

    /// An operation on a value that the file sees in another order, without moving anything, where that can be.
    ///
    /// # Errors
    /// As [`Draft::push`].
    pub fn push_in_order(
        &mut self,
        origin: Origin<'_>,
        op: &Op,
        input: Drawn,
    ) -> Result<Option<Drawn>, ModelError> {
        let op = match input.order {
            Order::Plain => None,
            // A function of each value does not care.
            _ if op.is::<Activation>() => Some(op.clone()),
            Order::ChannelsLast => on_channels(op, input.dims.at(1))?,
            // The last axes are the file's.
            Order::Merged | Order::PicturesSecond => op.is::<LayerNorm>().then(|| op.clone()),
        };
        let Some(op) = op else { return Ok(None) };
        Ok(Some(self.push(origin, op, &[input.here()])?.ordered(input.order)))
    }
}

/// What an operation on `[N, H, W, C]` is on `[N, C, H, W]`.
fn on_channels(op: &Op, channels: usize) -> Result<Option<Op>, ModelError> {
    if let Some(norm) = op.get::<LayerNorm>() {
        let last = norm.over == Over::Last(vec![channels]);
        return Ok(last.then(|| LayerNorm { over: Over::Channels, ..norm.clone() }.into()));
    }
    let Some(linear) = op.get::<Linear>() else { return Ok(None) };
    let (out, inside) = linear.weight.dims2()?;
    let weight: Tensor = linear.weight.reshape((out, inside, 1, 1))?;
    let window = Window::square(1, 1, 0);
    let conv = Conv { weight, bias: linear.bias.clone(), window, groups: 1 };
    Ok(Some(conv.into()))
}
