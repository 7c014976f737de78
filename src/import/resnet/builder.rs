//! The graph, layer by layer, with every tensor's extents checked.

use std::collections::HashSet;

use candle_core::Tensor;

use super::plan::{Plan, Step};
use crate::base::LayerId;
use crate::import::find::{Head, HeadKind, Tensors};
use crate::model::{ModelError, Node, Value};
use crate::ops::{
    Activation, AveragePool, BatchNorm, Binary, Conv, Flatten, Linear, MaxPool, Op, PadShortcut,
    Window,
};

/// Most stages: tensors of more are not part of a ResNet.
const STAGES: usize = 4;
/// Most blocks in a stage: ResNet-200 has 36.
const BLOCKS: usize = 1000;

/// Takes tensors by their torchvision names and makes layers of them.
pub(super) struct Builder<'a> {
    tensors: &'a Tensors,
    /// torchvision's names of the tensors that became part of a layer.
    used: HashSet<String>,
    /// The layers so far.
    pub nodes: Vec<Node>,
}

impl<'a> Builder<'a> {
    /// An empty graph over these tensors.
    pub fn new(tensors: &'a Tensors) -> Self {
        Self { tensors, used: HashSet::new(), nodes: Vec::new() }
    }

    /// Whether there is a tensor of that torchvision name.
    pub fn has(&self, name: &str) -> bool {
        self.tensors.all.contains_key(name)
    }

    /// Whether some tensor has this in its torchvision name.
    pub fn has_some(&self, part: &str) -> bool {
        self.tensors.all.keys().any(|name| name.contains(part))
    }

    /// Blocks in each stage, by the largest numbers in the names; where one between them has no tensors, the first
    /// that is asked for is missing.
    pub fn blocks(&self) -> Vec<usize> {
        let mut blocks = vec![0; 1];
        for name in self.tensors.all.keys() {
            let mut parts = name.strip_prefix("layer").into_iter().flat_map(|rest| rest.split('.'));
            let mut number = || parts.next()?.parse::<usize>().ok();
            if let (Some(stage @ 1..=STAGES), Some(block @ 0..BLOCKS)) = (number(), number()) {
                blocks.resize(blocks.len().max(stage), 0);
                blocks[stage - 1] = blocks[stage - 1].max(block + 1);
            }
        }
        blocks.iter().map(|count| (*count).max(1)).collect()
    }

    /// Every layer of the plan, and the classifier. Gives what the network answers with.
    ///
    /// # Errors
    /// When a tensor is missing or does not fit its neighbors.
    pub fn network(&mut self, plan: &Plan, head: Option<&Head>) -> Result<Value, ModelError> {
        let stem = if plan.small { Window::square(3, 1, 1) } else { Window::square(7, 2, 3) };
        let mut at = self.conv("conv1", Value::Input, plan.input_channels, stem, 1)?;
        at = self.norm("bn1", at, plan)?;
        at = self.push("relu", Activation::Relu, vec![at]);
        if !plan.small {
            at = self.push("maxpool", MaxPool(Window::square(3, 2, 1)), vec![at]);
        }
        for (stage, blocks) in plan.blocks.iter().enumerate() {
            for block in 0..*blocks {
                let step = plan.step(stage, block);
                at = self.block(&format!("layer{}.{block}", stage + 1), at, &step, plan)?;
            }
        }
        at = self.push("avgpool", AveragePool::Global, vec![at]);
        at = self.push("flatten", Flatten, vec![at]);
        for layer in head.iter().flat_map(|head| &head.layers) {
            at = match layer.kind {
                HeadKind::Linear => self.linear(&layer.name, at)?,
                HeadKind::Norm => self.norm(&layer.name, at, plan)?,
                HeadKind::Relu => self.push(&layer.name, Activation::Relu, vec![at]),
            };
        }
        Ok(at)
    }

    fn block(
        &mut self,
        name: &str,
        input: Value,
        step: &Step,
        plan: &Plan,
    ) -> Result<Value, ModelError> {
        let Step { stride, dilation } = *step;
        let c_in = self.channels(input, plan.input_channels);
        let (first, second) = if plan.strides.in_first { (stride, 1) } else { (1, stride) };
        let steps: &[(Window, usize)] = if plan.bottleneck {
            &[
                (Window::square(1, first, 0), 1),
                (dilated(second, dilation[0]), plan.groups),
                (Window::square(1, 1, 0), 1),
            ]
        } else {
            &[(dilated(stride, dilation[0]), 1), (dilated(1, dilation[1]), plan.groups)]
        };
        let mut at = input;
        for (i, (window, groups)) in steps.iter().enumerate() {
            let n = i + 1;
            let inside = self.channels(at, c_in);
            at = self.conv(&format!("{name}.conv{n}"), at, inside, *window, *groups)?;
            at = self.norm(&format!("{name}.bn{n}"), at, plan)?;
            if n < steps.len() {
                at = self.relu(name, i, at);
            }
        }
        let mut shortcut = input;
        let out = self.channels(at, c_in);
        let projected = self.has(&format!("{name}.downsample.0.weight"));
        if plan.option_a && (stride != 1 || out != c_in) {
            let Some(added) = out.checked_sub(c_in) else {
                return Err(ModelError::Missing(format!("{name}.downsample.0.weight")));
            };
            let (before, after) = (added / 2, added - added / 2);
            let pad = PadShortcut { stride: [stride; 2], before, after };
            shortcut = self.push(&format!("{name}.downsample"), pad, vec![input]);
        } else if projected || stride != 1 || out != c_in {
            let window = Window::square(1, stride, 0);
            shortcut = self.conv(&format!("{name}.downsample.0"), input, c_in, window, 1)?;
            shortcut = self.norm(&format!("{name}.downsample.1"), shortcut, plan)?;
        }
        at = self.push(&format!("{name}.add"), Binary::SUM, vec![at, shortcut]);
        Ok(self.relu(name, steps.len() - 1, at))
    }

    /// A ReLU of a block; torchvision counts its uses: `relu`, `relu_1`, `relu_2`.
    fn relu(&mut self, block: &str, uses: usize, input: Value) -> Value {
        let suffix = if uses == 0 { String::new() } else { format!("_{uses}") };
        self.push(&format!("{block}.relu{suffix}"), Activation::Relu, vec![input])
    }

    fn push(&mut self, name: &str, op: impl Into<Op>, inputs: Vec<Value>) -> Value {
        let op = op.into();
        let weight = self.tensors.file.get(&format!("{name}.weight"));
        let weight = weight.filter(|_| !op.weights().is_empty());
        let file_name = weight.map(|file| file.trim_end_matches(".weight").to_string());
        self.nodes.push(Node { name: name.to_string(), file_name, op, inputs });
        Value::of(LayerId(self.nodes.len() - 1))
    }

    /// Channels of a value, read off the weights that made it.
    fn channels(&self, value: Value, input_channels: usize) -> usize {
        let (mut at, mut padded) = (value, 0);
        loop {
            let Value::Output { layer, .. } = at else { return input_channels + padded };
            let Some(Node { op, inputs, .. }) = self.nodes.get(layer.0) else {
                return input_channels + padded;
            };
            // The first axis of a weight is that of the channels.
            if let Some(weight) = op.weights().first() {
                return weight.tensor.dims()[0] + padded;
            }
            padded += op.get::<PadShortcut>().map_or(0, |pad| pad.before + pad.after);
            at = inputs[0];
        }
    }

    fn conv(
        &mut self,
        name: &str,
        input: Value,
        c_in: usize,
        window: Window,
        groups: usize,
    ) -> Result<Value, ModelError> {
        let weight_name = format!("{name}.weight");
        let weight = self.take(&weight_name)?;
        let [kh, kw] = window.kernel;
        let [out, inside, h, w] = *weight.dims() else {
            return Err(wrong(&weight_name, &weight, "4 dimensions".into()));
        };
        if [h, w] != [kh, kw] && h * w > 0 {
            return Err(ModelError::Unsupported {
                name: weight_name,
                what: format!("a convolution of {h}x{w} where ResNets have {kh}x{kw}"),
            });
        }
        if inside * groups != c_in || h * w == 0 || out == 0 || out % groups != 0 {
            let of_groups = if groups > 1 { format!(" in {groups} groups") } else { String::new() };
            let expected = format!("[C{of_groups}, {}, {kh}, {kw}]", c_in / groups);
            return Err(wrong(&weight_name, &weight, expected));
        }
        let bias = self.optional(&format!("{name}.bias"), out)?;
        Ok(self.push(name, Conv { weight, bias, window, groups }, vec![input]))
    }

    /// Batch norm. Without any tensor of that name it was fused into the convolution, which then has a bias.
    fn norm(&mut self, name: &str, input: Value, plan: &Plan) -> Result<Value, ModelError> {
        let channels = self.channels(input, 0);
        let has = |tensor: &str| self.has(&format!("{name}.{tensor}"));
        let parts = ["weight", "bias", "running_mean", "running_var"].map(has);
        if parts == [false; 4] && self.has_bias(input) {
            return Ok(input);
        }
        if parts == [true, true, false, false] {
            return Err(ModelError::Unsupported {
                name: format!("{name}.weight"),
                what: "a norm without running statistics (group, instance or layer norm)".into(),
            });
        }
        let part = |builder: &mut Self, suffix: &str| {
            builder.vector(&format!("{name}.{suffix}"), channels)
        };
        let norm = BatchNorm {
            weight: part(self, "weight")?,
            bias: part(self, "bias")?,
            mean: part(self, "running_mean")?,
            variance: part(self, "running_var")?,
            eps: plan.eps,
        };
        Ok(self.push(name, norm, vec![input]))
    }

    /// Whether a value is that of a convolution with a bias.
    fn has_bias(&self, value: Value) -> bool {
        let Value::Output { layer, .. } = value else { return false };
        let node = self.nodes.get(layer.0);
        let conv = node.and_then(|node| node.op.get::<Conv>());
        conv.is_some_and(|conv| conv.bias.is_some())
    }

    fn linear(&mut self, name: &str, input: Value) -> Result<Value, ModelError> {
        let weight_name = format!("{name}.weight");
        let weight = self.take(&weight_name)?;
        let inside = self.channels(input, 0);
        let out = match *weight.dims() {
            [out, found] if found == inside && out > 0 => out,
            _ => return Err(wrong(&weight_name, &weight, format!("[classes, {inside}]"))),
        };
        let bias = self.optional(&format!("{name}.bias"), out)?;
        Ok(self.push(name, Linear { weight, bias, last_axis: false }, vec![input]))
    }

    fn tensor(&self, name: &str) -> Result<&'a Tensor, ModelError> {
        self.tensors.all.get(name).ok_or_else(|| ModelError::Missing(name.into()))
    }

    fn take(&mut self, name: &str) -> Result<Tensor, ModelError> {
        let tensor = self.tensor(name)?.clone();
        self.used.insert(name.to_string());
        Ok(tensor)
    }

    fn vector(&mut self, name: &str, length: usize) -> Result<Tensor, ModelError> {
        let tensor = self.take(name)?;
        if tensor.dims() != [length] {
            return Err(wrong(name, &tensor, format!("[{length}]")));
        }
        Ok(tensor)
    }

    fn optional(&mut self, name: &str, length: usize) -> Result<Option<Tensor>, ModelError> {
        if !self.has(name) {
            return Ok(None);
        }
        self.vector(name, length).map(Some)
    }

    /// The extents of a tensor of that rank.
    ///
    /// # Errors
    /// When it is missing, of another rank, or empty.
    pub fn dims(&self, name: &str, rank: usize) -> Result<Vec<usize>, ModelError> {
        let tensor = self.tensor(name)?;
        if tensor.rank() != rank || tensor.elem_count() == 0 {
            return Err(wrong(name, tensor, format!("{rank} dimensions, none of them 0")));
        }
        Ok(tensor.dims().to_vec())
    }

    /// Kin of the ResNet that compute something else, by tensors that only they have: what would
    /// be said otherwise is that some other tensor is missing.
    ///
    /// # Errors
    /// With the name of what was found.
    pub fn refuse_variants(&self) -> Result<(), ModelError> {
        let mut names: Vec<&String> = self.tensors.all.keys().collect();
        names.sort();
        let found = names.into_iter().find_map(|name| Some((name, variant(name)?)));
        let Some((name, what)) = found else { return Ok(()) };
        Err(ModelError::Unsupported { name: crate::base::clean(name), what: what.into() })
    }

    /// A tensor that no layer took would be computed without: say so instead.
    ///
    /// # Errors
    /// With the name of one that was left.
    pub fn refuse_the_rest(&self) -> Result<(), ModelError> {
        let left = self.tensors.all.keys().filter(|name| !self.used.contains(*name)).min();
        let Some(name) = left else { return Ok(()) };
        let what = "a tensor outside the known parts of a ResNet";
        Err(ModelError::Unsupported { name: crate::base::clean(name), what: what.into() })
    }
}

/// The window of a 3x3 convolution whose map keeps its size but for the stride.
const fn dilated(stride: usize, dilation: usize) -> Window {
    Window { dilation: [dilation; 2], ..Window::square(3, stride, dilation) }
}

/// What a tensor belongs to that no ResNet here has.
fn variant(name: &str) -> Option<&'static str> {
    const KNOWN: [(&str, &str); 6] = [
        (".se.", "squeeze-and-excitation"),
        (".attn", "attention in a block"),
        (".aa.", "anti-aliased downsampling"),
        ("downsample.2.", "a shortcut with average pooling (a ResNet-D)"),
        (".gamma", "layer scale"),
        ("conv1.0.weight", "a stem of several convolutions"),
    ];
    KNOWN.iter().find(|(part, _)| name.contains(part)).map(|(_, what)| *what)
}

fn wrong(name: &str, tensor: &Tensor, expected: String) -> ModelError {
    ModelError::WrongShape { name: name.into(), found: tensor.dims().to_vec(), expected }
}
