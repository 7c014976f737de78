//! Recognising a ResNet from the names and shapes of its tensors, and building its graph.
//!
//! Names are torchvision's (`torchvision/models/resnet.py`). Depth, block kind, width, groups and
//! classes are read off; strides are not in the tensors and follow torchvision's "v1.5" (in a
//! bottleneck the 3x3 convolution carries the stride), as He et al. 2015 with that correction.

use std::collections::{HashMap, HashSet};

use candle_core::Tensor;

use super::{AveragePool, BatchNorm, Conv, Graph, Linear, ModelError, Node, Op, Value, Window};
use crate::base::LayerId;

/// Batch norm's epsilon in every torchvision ResNet; it is not in the tensors.
const EPS: f64 = 1e-5;

/// Builds the graph of the ResNet whose tensors these are.
///
/// # Errors
/// When a tensor is missing, has the wrong extents, or belongs to something that is not supported.
pub fn build(tensors: &HashMap<String, Tensor>) -> Result<Graph, ModelError> {
    let mut builder = Builder { tensors, used: HashSet::new(), nodes: Vec::new() };
    let plan = Plan::read(&builder)?;
    builder.network(&plan)?;
    builder.refuse_the_rest()?;
    Ok(Graph {
        name: plan.name(),
        input_channels: plan.input_channels,
        usual_input: 224,
        nodes: builder.nodes,
        assumptions: plan.assumptions(),
    })
}

/// What the tensors say about the architecture.
struct Plan {
    input_channels: usize,
    stem_width: usize,
    /// Blocks in each stage.
    blocks: Vec<usize>,
    bottleneck: bool,
    groups: usize,
    /// Channels of the 3x3 convolution of the first block, over all groups.
    inner_width: usize,
    classifier: bool,
}

impl Plan {
    fn read(builder: &Builder) -> Result<Self, ModelError> {
        let stem = builder.dims("conv1.weight", 4)?;
        if stem[2..] != [7, 7] {
            return Err(ModelError::Unsupported {
                name: "conv1.weight".into(),
                what: format!("a stem of {}x{}", stem[2], stem[3]),
            });
        }
        let has = |name: &str| builder.tensors.contains_key(name);
        let block = |s: usize, b: usize| has(&format!("layer{s}.{b}.conv1.weight"));
        let stages = (1..=4).take_while(|s| block(*s, 0)).count();
        if stages < 4 {
            return Err(ModelError::Missing(format!("layer{}.0.conv1.weight", stages + 1)));
        }
        let blocks = (1..=4).map(|s| (0..).take_while(|b| block(s, *b)).count()).collect();
        let bottleneck = has("layer1.0.conv3.weight");
        let inner = builder.dims("layer1.0.conv2.weight", 4)?;
        let before = builder.dims("layer1.0.conv1.weight", 4)?[0];
        if inner[1] == 0 || !before.is_multiple_of(inner[1]) {
            return Err(ModelError::WrongShape {
                name: "layer1.0.conv2.weight".into(),
                found: inner,
                expected: format!("a second extent that divides {before}"),
            });
        }
        Ok(Self {
            input_channels: stem[1],
            stem_width: stem[0],
            blocks,
            bottleneck,
            groups: before / inner[1],
            inner_width: inner[0],
            classifier: has("fc.weight"),
        })
    }

    fn name(&self) -> String {
        let per_block = if self.bottleneck { 3 } else { 2 };
        let depth = self.blocks.iter().sum::<usize>() * per_block + 2;
        let narrow = if self.stem_width == 64 {
            String::new()
        } else {
            format!(", width {}", self.stem_width)
        };
        if self.groups > 1 {
            let each = self.inner_width / self.groups;
            return format!("ResNeXt-{depth} {}x{each}d{narrow}", self.groups);
        }
        match self.inner_width / self.stem_width.max(1) {
            factor if self.bottleneck && factor > 1 => {
                format!("Wide ResNet-{depth}-{factor}{narrow}")
            }
            _ => format!("ResNet-{depth}{narrow}"),
        }
    }

    fn assumptions(&self) -> Vec<String> {
        let carrier = if self.bottleneck { "3x3" } else { "first 3x3" };
        vec![
            format!("stride in the {carrier} convolution of a stage's first block (v1.5)"),
            "no dilation".into(),
            format!("batch norm eps {EPS:e}"),
        ]
    }
}

struct Builder<'a> {
    tensors: &'a HashMap<String, Tensor>,
    used: HashSet<String>,
    nodes: Vec<Node>,
}

impl Builder<'_> {
    fn network(&mut self, plan: &Plan) -> Result<(), ModelError> {
        let stem = Window::square(7, 2, 3);
        let mut at = self.conv("conv1", Value::Input, plan.input_channels, stem, 1)?;
        at = self.norm("bn1", at)?;
        at = self.push("relu", Op::Relu, vec![at]);
        at = self.push("maxpool", Op::MaxPool(Window::square(3, 2, 1)), vec![at]);
        for (stage, blocks) in plan.blocks.iter().enumerate() {
            for block in 0..*blocks {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                at = self.block(&format!("layer{}.{block}", stage + 1), at, stride, plan)?;
            }
        }
        at = self.push("avgpool", Op::AveragePool(AveragePool::Global), vec![at]);
        at = self.push("flatten", Op::Flatten, vec![at]);
        if plan.classifier {
            self.linear("fc", at)?;
        }
        Ok(())
    }

    fn block(
        &mut self,
        name: &str,
        input: Value,
        stride: usize,
        plan: &Plan,
    ) -> Result<Value, ModelError> {
        let c_in = self.channels(input, plan.input_channels);
        let (point, inner) = (Window::square(1, 1, 0), Window::square(3, stride, 1));
        let steps: &[(Window, usize)] = if plan.bottleneck {
            &[(point, 1), (inner, plan.groups), (point, 1)]
        } else {
            &[(inner, 1), (Window::square(3, 1, 1), plan.groups)]
        };
        let mut at = input;
        for (i, (window, groups)) in steps.iter().enumerate() {
            let n = i + 1;
            let inside = self.channels(at, c_in);
            at = self.conv(&format!("{name}.conv{n}"), at, inside, *window, *groups)?;
            at = self.norm(&format!("{name}.bn{n}"), at)?;
            if n < steps.len() {
                at = self.relu(name, i, at);
            }
        }
        let mut shortcut = input;
        let projected = self.tensors.contains_key(&format!("{name}.downsample.0.weight"));
        if projected || stride != 1 || self.channels(at, c_in) != c_in {
            let window = Window::square(1, stride, 0);
            shortcut = self.conv(&format!("{name}.downsample.0"), input, c_in, window, 1)?;
            shortcut = self.norm(&format!("{name}.downsample.1"), shortcut)?;
        }
        at = self.push(&format!("{name}.add"), Op::Add, vec![at, shortcut]);
        Ok(self.relu(name, steps.len() - 1, at))
    }

    /// A ReLU of a block; torchvision counts its uses: `relu`, `relu_1`, `relu_2`.
    fn relu(&mut self, block: &str, uses: usize, input: Value) -> Value {
        let suffix = if uses == 0 { String::new() } else { format!("_{uses}") };
        self.push(&format!("{block}.relu{suffix}"), Op::Relu, vec![input])
    }

    fn push(&mut self, name: &str, op: Op, inputs: Vec<Value>) -> Value {
        let owns_weights = matches!(op, Op::Conv(_) | Op::BatchNorm(_) | Op::Linear(_));
        self.nodes.push(Node {
            name: name.to_string(),
            file_name: owns_weights.then(|| name.to_string()),
            op,
            inputs,
        });
        Value::of(LayerId(self.nodes.len() - 1))
    }

    /// Channels of a value, read off the weights that made it.
    fn channels(&self, value: Value, input_channels: usize) -> usize {
        let Value::Output { layer, .. } = value else { return input_channels };
        match self.nodes.get(layer.0) {
            Some(Node { op: Op::Conv(conv), .. }) => conv.weight.dims()[0],
            Some(Node { op: Op::BatchNorm(norm), .. }) => norm.weight.dims()[0],
            Some(node) => self.channels(node.inputs[0], input_channels),
            None => input_channels,
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
            return Err(wrong(&weight_name, &weight, "four extents".into()));
        };
        if inside * groups != c_in || [h, w] != [kh, kw] || out == 0 || out % groups != 0 {
            let of_groups = if groups > 1 { format!(" in {groups} groups") } else { String::new() };
            let expected = format!("[C{of_groups}, {}, {kh}, {kw}]", c_in / groups);
            return Err(wrong(&weight_name, &weight, expected));
        }
        let bias = self.optional(&format!("{name}.bias"), out)?;
        Ok(self.push(name, Op::Conv(Conv { weight, bias, window, groups }), vec![input]))
    }

    fn norm(&mut self, name: &str, input: Value) -> Result<Value, ModelError> {
        let channels = self.channels(input, 0);
        let part = |builder: &mut Self, suffix: &str| {
            builder.vector(&format!("{name}.{suffix}"), channels)
        };
        let norm = BatchNorm {
            weight: part(self, "weight")?,
            bias: part(self, "bias")?,
            mean: part(self, "running_mean")?,
            variance: part(self, "running_var")?,
            eps: EPS,
        };
        self.used.insert(format!("{name}.num_batches_tracked"));
        Ok(self.push(name, Op::BatchNorm(norm), vec![input]))
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
        Ok(self.push(name, Op::Linear(Linear { weight, bias }), vec![input]))
    }

    fn take(&mut self, name: &str) -> Result<Tensor, ModelError> {
        let tensor = self.tensors.get(name).ok_or_else(|| ModelError::Missing(name.into()))?;
        self.used.insert(name.to_string());
        Ok(tensor.clone())
    }

    fn vector(&mut self, name: &str, length: usize) -> Result<Tensor, ModelError> {
        let tensor = self.take(name)?;
        if tensor.dims() != [length] {
            return Err(wrong(name, &tensor, format!("[{length}]")));
        }
        Ok(tensor)
    }

    fn optional(&mut self, name: &str, length: usize) -> Result<Option<Tensor>, ModelError> {
        if !self.tensors.contains_key(name) {
            return Ok(None);
        }
        self.vector(name, length).map(Some)
    }

    fn dims(&self, name: &str, rank: usize) -> Result<Vec<usize>, ModelError> {
        let tensor = self.tensors.get(name).ok_or_else(|| ModelError::Missing(name.into()))?;
        if tensor.rank() != rank || tensor.elem_count() == 0 {
            return Err(wrong(name, tensor, format!("{rank} extents, none of them 0")));
        }
        Ok(tensor.dims().to_vec())
    }

    /// A tensor that no layer took would be computed without: say so instead.
    fn refuse_the_rest(&self) -> Result<(), ModelError> {
        let left = self.tensors.keys().filter(|name| !self.used.contains(*name)).min();
        let Some(name) = left else { return Ok(()) };
        const KNOWN: [(&str, &str); 5] = [
            (".se.", "squeeze-and-excitation"),
            (".attn", "attention in a block"),
            (".aa.", "anti-aliased downsampling"),
            ("downsample.2", "a shortcut with average pooling"),
            (".gamma", "layer scale"),
        ];
        let what = KNOWN
            .iter()
            .find(|(part, _)| name.contains(part))
            .map_or("this tensor, which is none of a torchvision ResNet,", |(_, what)| what);
        Err(ModelError::Unsupported { name: crate::base::clean(name), what: what.into() })
    }
}

fn wrong(name: &str, tensor: &Tensor, expected: String) -> ModelError {
    ModelError::WrongShape { name: name.into(), found: tensor.dims().to_vec(), expected }
}
