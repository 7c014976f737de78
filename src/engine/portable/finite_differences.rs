//! Gradients of random small graphs against central differences in float64.
//!
//! A graph is piecewise linear but for its kinks: a draw with a ReLU's input or a pooling margin near one
//! is drawn again, because a step would cross it.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use proptest::prelude::*;

use super::backward::backward;
use super::capture::{PortableCapture, Retained};
use super::core::{Core, Walk};
use crate::base::{Array, Cancel, Exact, LayerId, Progress, Shape};
use crate::engine::{Change, Edit, Edits, GradientRequest, Seed};
use crate::model::{Graph, Node, Value, infer};
use crate::ops::{
    Activation, AveragePool, BatchNorm, Binary, Conv, Flatten, Linear, MaxPool, Op, PadShortcut,
    ReluRule, Window, pad, tap,
};

const STEP: f32 = 1e-6;
const MARGIN: f64 = 1e-4;
/// Of the largest derivative. Central differences at this step lose about 1e-10 / 1e-6.
const WITHIN: f64 = 1e-6;

struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn between(&mut self, first: usize, last: usize) -> usize {
        first + self.below(last - first + 1)
    }

    fn values(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| (self.next() >> 40) as f32 / (1u64 << 23) as f32 - 1.0).collect()
    }

    fn tensor(&mut self, dims: &[usize]) -> Tensor {
        Tensor::from_vec(self.values(dims.iter().product()), dims, &Device::Cpu).unwrap()
    }

    fn window(&mut self, pads: bool) -> Window {
        let kernel = [self.between(1, 3), self.between(1, 3)];
        let mut pad = |axis: usize| if pads { self.below(kernel[axis].div_ceil(2) + 1) } else { 0 };
        let pads = [pad(0), pad(1), pad(0), pad(1)];
        Window {
            kernel,
            stride: [self.between(1, 3), self.between(1, 3)],
            pads,
            dilation: [self.between(1, 2), self.between(1, 2)],
            ceil_mode: false,
        }
    }

    /// An operation on a value of that shape.
    fn op(&mut self, shape: Shape) -> Op {
        let c = shape.c;
        match self.below(10) {
            0..=3 => {
                let groups = [1, 1, 2, c][self.below(4)];
                let groups = if c.is_multiple_of(groups) { groups } else { 1 };
                let out = groups * self.between(1, 3);
                let mut window = self.window(true);
                if self.below(3) == 0 {
                    // As residual networks have them: square, one border, candle's own path.
                    let kernel = [1, 3][self.below(2)];
                    window = Window::square(kernel, self.between(1, 2), kernel / 2);
                }
                let [kh, kw] = window.kernel;
                let weight = self.tensor(&[out, c / groups, kh, kw]);
                let bias = (self.below(2) == 0).then(|| self.tensor(&[out]));
                Conv { weight, bias, window, groups }.into()
            }
            4 => BatchNorm {
                weight: self.tensor(&[c]),
                bias: self.tensor(&[c]),
                mean: self.tensor(&[c]),
                variance: self.tensor(&[c]).abs().unwrap(),
                eps: 0.1,
            }
            .into(),
            5 | 6 => Activation::Relu.into(),
            7 => MaxPool(Window { ceil_mode: self.below(2) == 0, ..self.pooling() }).into(),
            8 => {
                let window = Window { ceil_mode: self.below(2) == 0, ..self.pooling() };
                let count_include_pad = self.below(2) == 0;
                AveragePool::Windowed { window, count_include_pad }.into()
            }
            _ => PadShortcut {
                stride: [self.between(1, 2), self.between(1, 2)],
                before: self.below(3),
                after: self.below(3),
            }
            .into(),
        }
    }

    fn pooling(&mut self) -> Window {
        let kernel = self.between(2, 3);
        Window {
            dilation: [1, self.between(1, 2)],
            ..Window::square(kernel, self.between(1, 2), 1)
        }
    }

    /// A chain with sums of earlier values of the same shape, and sometimes a classifier.
    fn graph(&mut self, input: Shape) -> Graph {
        let mut graph = Graph {
            name: "drawn".into(),
            input_channels: input.c,
            usual_input: [input.h, input.w],
            nodes: Vec::new(),
            outputs: Vec::new(),
            assumptions: Vec::new(),
            notes: Vec::new(),
        };
        let length = self.between(3, 9);
        while graph.nodes.len() < length {
            let last = graph.nodes.len().checked_sub(1);
            let shapes = infer(&graph, input).unwrap();
            let from = last.map_or(Value::Input, |i| Value::of(LayerId(i)));
            let shape = last.map_or(input, |i| shapes[i]);
            let same: Vec<usize> =
                (0..shapes.len().saturating_sub(1)).filter(|i| shapes[*i] == shape).collect();
            let (op, mut inputs) = match same.as_slice() {
                [_, ..] if self.below(3) == 0 => (
                    Binary::SUM.into(),
                    vec![from, Value::of(LayerId(same[self.below(same.len())]))],
                ),
                _ => (self.op(shape), vec![from]),
            };
            if op.is::<Binary>() && self.below(2) == 0 {
                inputs.reverse();
            }
            graph.nodes.push(node(op, inputs));
            if infer(&graph, input).is_err() {
                // A window larger than what is left.
                graph.nodes.pop();
            }
        }
        if self.below(2) == 0 {
            let last = |graph: &Graph| vec![Value::of(LayerId(graph.nodes.len() - 1))];
            if self.below(2) == 0 {
                graph.nodes.push(node(AveragePool::Global.into(), last(&graph)));
            }
            graph.nodes.push(node(Flatten.into(), last(&graph)));
            let inside = infer(&graph, input).unwrap().last().unwrap().c;
            let weight = self.tensor(&[4, inside]);
            let linear = Linear { weight, bias: Some(self.tensor(&[4])), last_axis: false };
            graph.nodes.push(node(linear.into(), last(&graph)));
        }
        graph
    }

    fn edits(&mut self, shapes: &[Shape]) -> Edits {
        let layer = self.below(shapes.len());
        let change =
            [Change::OFF, Change::Scale(Exact(-0.5)), Change::Set(Exact(0.3)), Change::Mean]
                [self.below(4)];
        let channels = vec![self.below(shapes[layer].c)];
        if self.below(2) == 0 {
            return Vec::new();
        }
        vec![Edit::Channels { layer: LayerId(layer), channels, change }]
    }
}

fn node(op: Op, inputs: Vec<Value>) -> Node {
    Node { name: op.word().into(), file_name: None, op, inputs }
}

/// A run in float64 with every value kept.
fn run(core: &Arc<Core>, shapes: &[Shape], input: &Array, edits: &Edits) -> PortableCapture {
    let known = vec![None; shapes.len()];
    let walk = Walk { input, edits, known, wanted: vec![true; shapes.len()] };
    let mut retained = vec![Retained::Nothing; shapes.len()];
    core.walk(walk, &Cancel::new(), &mut Progress::none(), |layer, value| {
        retained[layer.0] = Retained::Value(value);
        Ok(())
    })
    .unwrap();
    PortableCapture::new(core.clone(), input.clone(), edits.clone(), shapes.to_vec(), retained)
}

fn numbers(t: &Tensor) -> Vec<f64> {
    t.flatten_all().unwrap().to_vec1().unwrap()
}

/// Whether some kink is so near that a step could cross it.
fn near_a_kink(capture: &PortableCapture) -> bool {
    capture.core.graph.nodes.iter().any(|node| {
        let x = || match node.inputs[0] {
            Value::Input => capture.core.upload(&capture.input, "").unwrap(),
            Value::Output { layer, .. } => capture.value(layer).unwrap(),
        };
        // A 0 that nothing can move is no kink: it comes from an edit or from padded channels.
        let at_zero = || numbers(&x()).iter().any(|v| *v != 0.0 && v.abs() < MARGIN);
        let pool = node.op.get::<MaxPool>();
        Activation::is_relu(&node.op) && at_zero()
            || pool.is_some_and(|MaxPool(window)| margin(&x(), window) < MARGIN)
    })
}

/// The smallest distance of the two largest values of a window; equal values that are both 0 stay equal.
fn margin(x: &Tensor, window: &Window) -> f64 {
    let padded = pad(x, window, f64::NEG_INFINITY).unwrap();
    let mut taps = Vec::new();
    for row in 0..window.kernel[0] {
        for column in 0..window.kernel[1] {
            let rows = tap(&padded, window, 0, row, x).unwrap();
            taps.push(numbers(&tap(&rows, window, 1, column, x).unwrap()));
        }
    }
    let mut least = f64::INFINITY;
    for at in 0..taps[0].len() {
        let mut values: Vec<f64> = taps.iter().map(|tap| tap[at]).collect();
        values.sort_by(|a, b| b.total_cmp(a));
        // A window that lies in the border altogether has no maximum.
        if values[0] == f64::NEG_INFINITY {
            return 0.0;
        }
        if values.len() > 1 && !(values[0] == 0.0 && values[1] == 0.0) {
            least = least.min(values[0] - values[1]);
        }
    }
    least
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, max_global_rejects: 20_000, ..Default::default() })]

    #[test]
    fn gradients_are_those_of_central_differences(seed in any::<u64>()) {
        let mut draw = Draw(seed);
        let shape =
            Shape::new(draw.between(1, 2), draw.between(1, 3), draw.between(4, 9), draw.between(4, 9));
        let graph = Arc::new(draw.graph(shape));
        let shapes = infer(&graph, shape).unwrap();
        prop_assume!(shapes.iter().all(|s| s.len() < 2000));
        let core = Arc::new(Core::new(graph, DType::F64, Device::Cpu).unwrap());
        let input = Array::new(shape, draw.values(shape.len())).unwrap();
        let edits = draw.edits(&shapes);
        let capture = run(&core, &shapes, &input, &edits);
        prop_assume!(!near_a_kink(&capture));

        let last = LayerId(shapes.len() - 1);
        let weights = Array::new(shapes[last.0], draw.values(shapes[last.0].len())).unwrap();
        let of = |capture: &PortableCapture| -> f64 {
            let value = numbers(&capture.value(last).unwrap());
            value.iter().zip(&weights.data).map(|(v, w)| v * f64::from(*w)).sum()
        };
        // A window of an average that lies in the border altogether divides 0 by 0.
        prop_assume!(of(&capture).is_finite());
        let request = GradientRequest {
            seed: Seed::Cotangent { layer: last, value: Arc::new(weights.clone()) },
            rule: ReluRule::Plain,
            wanted: vec![Value::Input],
        };
        let pulled = backward(&capture, &request, &Cancel::new(), &mut Progress::none()).unwrap();
        let ours = &pulled.gradients[0];
        let largest = ours.data.iter().fold(1e-3f64, |most, v| most.max(f64::from(v.abs())));
        for _ in 0..6 {
            let at = draw.below(input.data.len());
            let (mut up, mut down) = (input.clone(), input.clone());
            up.data[at] += STEP;
            down.data[at] -= STEP;
            // What float32 made of the step.
            let step = f64::from(up.data[at]) - f64::from(down.data[at]);
            let rise = of(&run(&core, &shapes, &up, &edits)) - of(&run(&core, &shapes, &down, &edits));
            let off = (f64::from(ours.data[at]) - rise / step).abs();
            prop_assert!(
                off <= WITHIN * largest,
                "{at}: {} is not {}, {:?}", ours.data[at], rise / step,
                core.graph.nodes.iter().map(|n| n.op.word()).collect::<Vec<_>>()
            );
        }
    }
}
