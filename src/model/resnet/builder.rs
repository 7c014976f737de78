//! The graph, layer by layer, with every tensor's extents checked.

use std::collections::{HashMap, HashSet};

use candle_core::Tensor;

use super::plan::Plan;
use crate::base::LayerId;
use crate::model::{
    AveragePool, BatchNorm, Conv, Linear, ModelError, Names, Node, Op, PadShortcut, Value, Window,
};

/// Batch norm's epsilon in every torchvision ResNet; it is not in the tensors.
pub(super) const EPS: f64 = 1e-5;

/// Takes tensors by their torchvision names and makes layers of them.
pub(super) struct Builder<'a> {
    tensors: &'a HashMap<String, Tensor>,
    names: &'a Names,
    /// torchvision's names of the tensors that became part of a layer.
    used: HashSet<String>,
    /// The layers so far.
    pub nodes: Vec<Node>,
}

impl<'a> Builder<'a> {
    /// An empty graph over these tensors.
    pub fn new(tensors: &'a HashMap<String, Tensor>, names: &'a Names) -> Self {
        Self { tensors, names, used: HashSet::new(), nodes: Vec::new() }
    }

    /// Whether there is a tensor of that torchvision name.
    pub fn has(&self, name: &str) -> bool {
        self.names.file.contains_key(name)
    }

    /// Whether some tensor has this in its torchvision name.
    pub fn has_some(&self, part: &str) -> bool {
        self.names.file.keys().any(|name| name.contains(part))
    }

    /// Every layer of the plan.
    ///
    /// # Errors
    /// When a tensor is missing or does not fit its neighbours.
    pub fn network(&mut self, plan: &Plan) -> Result<(), ModelError> {
        let stem = if plan.small { Window::square(3, 1, 1) } else { Window::square(7, 2, 3) };
        let mut at = self.conv("conv1", Value::Input, plan.input_channels, stem, 1)?;
        at = self.norm("bn1", at)?;
        at = self.push("relu", Op::Relu, vec![at]);
        if !plan.small {
            at = self.push("maxpool", Op::MaxPool(Window::square(3, 2, 1)), vec![at]);
        }
        for (stage, blocks) in plan.blocks.iter().enumerate() {
            for block in 0..*blocks {
                let stride = plan.stride(stage, block);
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
        let (first, second) = if plan.strides.in_first { (stride, 1) } else { (1, stride) };
        let steps: &[(Window, usize)] = if plan.bottleneck {
            &[
                (Window::square(1, first, 0), 1),
                (Window::square(3, second, 1), plan.groups),
                (Window::square(1, 1, 0), 1),
            ]
        } else {
            &[(Window::square(3, stride, 1), 1), (Window::square(3, 1, 1), plan.groups)]
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
        let out = self.channels(at, c_in);
        let projected = self.has(&format!("{name}.downsample.0.weight"));
        if plan.option_a && (stride != 1 || out != c_in) {
            let Some(added) = out.checked_sub(c_in) else {
                return Err(ModelError::Missing(format!("{name}.downsample.0.weight")));
            };
            let (before, after) = (added / 2, added - added / 2);
            let pad = PadShortcut { stride: [stride; 2], before, after };
            shortcut = self.push(&format!("{name}.downsample"), Op::PadShortcut(pad), vec![input]);
        } else if projected || stride != 1 || out != c_in {
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
        let weight = self.names.file.get(&format!("{name}.weight")).filter(|_| owns_weights);
        let file_name = weight.map(|file| file.trim_end_matches(".weight").to_string());
        self.nodes.push(Node { name: name.to_string(), file_name, op, inputs });
        Value::of(LayerId(self.nodes.len() - 1))
    }

    /// Channels of a value, read off the weights that made it.
    fn channels(&self, value: Value, input_channels: usize) -> usize {
        let Value::Output { layer, .. } = value else { return input_channels };
        match self.nodes.get(layer.0) {
            Some(Node { op: Op::Conv(conv), .. }) => conv.weight.dims()[0],
            Some(Node { op: Op::BatchNorm(norm), .. }) => norm.weight.dims()[0],
            Some(Node { op: Op::PadShortcut(pad), inputs, .. }) => {
                self.channels(inputs[0], input_channels) + pad.before + pad.after
            }
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

    fn tensor(&self, name: &str) -> Result<&'a Tensor, ModelError> {
        let file = self.names.file.get(name);
        file.and_then(|f| self.tensors.get(f)).ok_or_else(|| ModelError::Missing(name.into()))
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
            return Err(wrong(name, tensor, format!("{rank} extents, none of them 0")));
        }
        Ok(tensor.dims().to_vec())
    }

    /// Kin of the ResNet that compute something else, by tensors that only they have: what would
    /// be said otherwise is that some other tensor is missing.
    ///
    /// # Errors
    /// With the name of what was found.
    pub fn refuse_variants(&self) -> Result<(), ModelError> {
        let mut names: Vec<&String> = self.names.file.keys().collect();
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
        let left = self.names.file.keys().filter(|name| !self.used.contains(*name)).min();
        let Some(name) = left else { return Ok(()) };
        let what = "this tensor, which is no part of a ResNet that is understood,";
        Err(ModelError::Unsupported { name: crate::base::clean(name), what: what.into() })
    }
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
