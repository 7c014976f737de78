//! Programs of torch.export: every layer, every output and every gradient against PyTorch, in float64, by the facts
//! that `tools/make_exported.py` writes of each node.

use std::sync::Arc;

use convscope::base::{Array, Cancel, LayerId, Progress, Shape};
use convscope::engine::{GradientRequest, Seed};
use convscope::import::pt2;
use convscope::model::{Graph, Value, extents};
use convscope::ops::ReluRule;
use convscope::source::{Checkpoint, Given};
use serde::Deserialize;

use super::support::{On, backend, fixture, json, run};

/// What is known of a value of PyTorch's.
#[derive(Deserialize)]
pub struct Facts {
    #[serde(default)]
    node: String,
    shape: Vec<usize>,
    largest: f64,
    sum: f64,
}

#[derive(Deserialize)]
pub struct Expected {
    pub nodes: Vec<Facts>,
    pub outputs: Vec<Facts>,
    /// Of the sum of the first output's values times cos(0.1 i), at the input and at every node. Left out where maxima
    /// tie: then rounding decides who gets them.
    #[serde(default)]
    gradients: Vec<Facts>,
}

/// Together they hold every operation in every variant that PyTorch writes.
const NETWORKS: [&str; 12] = [
    "small",
    "blocks",
    "heads",
    "heads_core",
    "activations",
    "arithmetic",
    "attention",
    "convolutions",
    "norms",
    "pools",
    "resizes",
    "tables_core",
];

pub fn graph(name: &str) -> Arc<Graph> {
    let checkpoint = Checkpoint::read(&fixture(&format!("exported/{name}.pt2"))).unwrap();
    let program = checkpoint.program.as_deref().unwrap();
    let (names, listing) = (pt2::tensors(program).unwrap(), checkpoint.listing());
    let float = names.iter().map(String::as_str).filter(|name| listing[*name].float);
    let tensors = checkpoint.load(float).unwrap().tensors;
    Arc::new(pt2::build(program, &tensors).unwrap())
}

pub fn input(name: &str) -> Array {
    match Given::read(&fixture(&format!("exported/{name}.npy"))).unwrap() {
        Given::Input { input, .. } => input,
        Given::Photo(_) => panic!("{name}"),
    }
}

fn weighted(values: impl Iterator<Item = f32>) -> f64 {
    values.enumerate().map(|(i, v)| f64::from(v) * (0.1 * i as f64).cos()).sum()
}

/// Values are float32 at the interface: their rounding counts, and that of values up to `floor`.
pub fn is(value: &Array, facts: &Facts, floor: f64) -> bool {
    let count: usize = facts.shape.iter().product();
    let largest = value.data.iter().fold(0f64, |most, v| most.max(f64::from(v.abs())));
    let size = facts.largest.max(floor);
    if count != value.data.len() || (largest - facts.largest).abs() > 1e-6 * size {
        return false;
    }
    let near = |sum: f64| (sum - facts.sum).abs() <= 2e-7 * size * count as f64;
    let Shape { n, c, h, w, .. } = value.shape;
    // The channels may come last.
    let turned = (0..n * h * w * c).map(|i| {
        let (c_at, at, n_at) = (i % c, i / c % (h * w), i / (c * h * w));
        value.data[(n_at * c + c_at) * h * w + at]
    });
    near(weighted(value.data.iter().copied())) || near(weighted(turned))
}

/// Whether a layer may be a part of a node: what a border takes away before it adds, an axis that is made for a stack, a
/// factor, one axis of two, a turn, what a norm or a gate is made of. The node itself is another layer.
fn is_part(layer: &str) -> bool {
    let parts = [
        "add",
        "flip",
        "mean",
        "mul",
        "narrow",
        "permute",
        "rsqrt",
        "sigmoid",
        "square",
        "unsqueeze",
    ];
    let last = layer.rsplit('.').next().unwrap_or_default();
    parts.iter().any(|part| last.starts_with(part)) || layer.starts_with("borders.")
}

/// How the nodes begin that may be no layer: those that change nothing, and parts of what is one layer here.
fn folded(network: &str) -> Vec<&'static str> {
    let changes_nothing =
        ["clone", "contiguous", "expand", "permute", "reshape", "transpose", "view"];
    let parts: &[&str] = match network {
        "blocks" => &["batch_norm_1", "mul_3"],
        // A local response normalization, a standardized weight.
        "norms" => &["add", "avg_pool3d", "batch_norm_5", "mul", "pad", "pow", "squeeze"],
        "tables_core" => &["add", "avg_pool3d", "constant_pad_nd", "exp", "mul", "pow", "squeeze"],
        // Positions, which depend on no input.
        "attention" => &[
            "cat",
            "conv2d_1",
            "cos",
            "cumsum",
            "div",
            "flatten",
            "mul_2",
            "pow",
            "sin",
            "slice",
            "stack",
            "unsqueeze",
            "zeros",
        ],
        _ => &[],
    };
    changes_nothing.iter().chain(parts).copied().collect()
}

#[test]
fn every_layer_is_pytorchs() {
    for name in NETWORKS {
        let (graph, input) = (graph(name), input(name));
        let expected: Expected = json(&format!("exported/{name}.json"));
        let capture = run(&*backend(&graph, On::F64), &input, &vec![]).unwrap();
        let unknown = graph.layers().filter(|(layer, _)| {
            let value = capture.read_all(*layer).unwrap();
            !expected.nodes.iter().any(|facts| is(&value, facts, 1e-3))
        });
        let unknown = unknown.map(|(_, node)| node.name.as_str()).filter(|layer| !is_part(layer));
        let unknown: Vec<&str> = unknown.collect();
        assert!(unknown.is_empty(), "{name}: no nodes of PyTorch's are {unknown:?}");
        // A node that no layer is, is one that changes nothing, or a part of one that is put together again.
        let values: Vec<Array> =
            (0..graph.nodes.len()).map(|i| capture.read_all(LayerId(i)).unwrap()).collect();
        let missing =
            expected.nodes.iter().filter(|facts| !values.iter().any(|v| is(v, facts, 1e-3)));
        let missing: Vec<&str> = missing.map(|facts| facts.node.as_str()).collect();
        let folded = folded(name);
        let known = |node: &&str| folded.iter().any(|folded| node.starts_with(folded));
        let missing: Vec<&str> = missing.into_iter().filter(|node| !known(node)).collect();
        assert!(missing.is_empty(), "{name}: no layers are {missing:?}");
        let ends = graph.nodes.last().unwrap().op.word();
        for (value, facts) in graph.outputs.iter().zip(&expected.outputs) {
            let Value::Output { layer, .. } = value else { panic!("{name}") };
            // What stands before a softmax is the answer.
            assert!(ends.contains("softmax") || is(&values[layer.0], facts, 1e-3), "{name}");
        }
        assert_eq!(graph.outputs.len(), expected.outputs.len());
    }
}

#[test]
fn every_gradient_is_pytorchs() {
    for name in NETWORKS {
        let (graph, input) = (graph(name), input(name));
        let expected: Expected = json(&format!("exported/{name}.json"));
        assert_eq!(expected.gradients.is_empty(), name == "small");
        let Some(of_input) = expected.gradients.first() else { continue };
        let backend = backend(&graph, On::F64);
        let capture = run(&*backend, &input, &vec![]).unwrap();
        let layer = graph.answer();
        let shape = capture.shape(layer).unwrap();
        let cotangent = (0..shape.len()).map(|i| (0.1 * i as f64).cos() as f32).collect();
        let wanted: Vec<Value> = (0..layer.0)
            .map(LayerId)
            .filter(|before| graph.after(*before)[layer.0])
            .map(Value::of)
            .collect();
        let request = GradientRequest {
            seed: Seed::Cotangent { layer, value: Arc::new(Array::new(shape, cotangent).unwrap()) },
            rule: ReluRule::Plain,
            wanted: [Value::Input].into_iter().chain(wanted).collect(),
        };
        let gradients =
            backend.backward(&*capture, &request, &Cancel::new(), &mut Progress::none()).unwrap();
        let largest = expected.gradients.iter().fold(0f64, |most, facts| most.max(facts.largest));
        assert!(is(&gradients[0], of_input, 0.0), "{name}: the input");
        let unknown = request.wanted.iter().zip(&gradients).skip(1).filter(|(_, gradient)| {
            !expected.gradients.iter().any(|facts| is(gradient, facts, 1e-6 * largest))
        });
        let unknown = unknown.map(|(value, _)| match value {
            Value::Output { layer, .. } => graph.nodes[layer.0].name.as_str(),
            Value::Input => panic!("{name}"),
        });
        let unknown: Vec<&str> = unknown.filter(|layer| !is_part(layer)).collect();
        assert!(unknown.is_empty(), "{name}: no gradients of PyTorch's are those of {unknown:?}");
    }
}

#[test]
fn other_backends_agree() {
    for name in NETWORKS {
        let (graph, input) = (graph(name), input(name));
        let exact = run(&*backend(&graph, On::F64), &input, &vec![]).unwrap();
        for on in On::both() {
            let capture = run(&*backend(&graph, on), &input, &vec![]).unwrap();
            for (layer, node) in graph.layers() {
                let [found, exact] = [&capture, &exact].map(|c| c.read_all(layer).unwrap());
                let largest = exact.data.iter().fold(1e-3f32, |most, v| most.max(v.abs()));
                for (found, exact) in found.data.iter().zip(&exact.data) {
                    let off = (found - exact).abs();
                    assert!(off <= 1e-4 * largest, "{name} on {on:?}: {} {off}", node.name);
                }
            }
        }
    }
}

#[test]
fn names_are_those_of_the_source() {
    let names = |name: &str| -> Vec<String> {
        graph(name).nodes.iter().map(|node| node.name.clone()).collect()
    };
    let heads = names("heads");
    for wanted in
        ["conv", "relu", "down", "shared", "shared_1", "relu_1", "down_1", "add", "mul", "up"]
    {
        assert!(heads.iter().any(|name| name == wanted), "{wanted}: {heads:?}");
    }
    let blocks = names("blocks");
    for wanted in ["stem", "bn", "chunk", "cat", "gamma", "norm", "fc1", "fc2", "head", "conv2d"] {
        assert!(blocks.iter().any(|name| name == wanted), "{wanted}: {blocks:?}");
    }
    assert!(graph("blocks").nodes.iter().any(|node| node.op.word() == "channel shuffle g2"));
    assert_eq!(graph("blocks").name, "Blocks");
}

/// As PyTorch 2.1 and 2.6 wrote the same program.
#[test]
fn older_layouts_are_the_same_network() {
    let (now, input) = (graph("heads"), input("heads"));
    let capture = run(&*backend(&now, On::F32), &input, &vec![]).unwrap();
    for name in ["heads_2_1", "heads_2_6"] {
        let old = graph(name);
        let other = run(&*backend(&old, On::F32), &input, &vec![]).unwrap();
        super::support::assert_same(&*capture, &*other);
    }
}

/// Which kernel makes each channel of a layer: the convolution's name and its number.
fn made(graph: &Graph, layer: &str) -> Vec<Option<(String, usize)>> {
    let shape = Shape::new(1, 3, graph.usual_input[0], graph.usual_input[1]);
    let all = graph.makers(&extents(graph, shape).unwrap());
    let layer = graph.find(layer).unwrap();
    let channels = extents(graph, shape).unwrap()[layer.0].at(1);
    let of = |channel: usize| {
        let made = all[layer.0].iter().find(|made| made.channels.contains(&channel))?;
        let name = graph.nodes[made.by.0].name.clone();
        Some((name, made.first + channel - made.channels.start))
    };
    (0..channels).map(of).collect()
}

#[test]
fn kernels_are_traced_through_joins_shuffles_gates_and_parts() {
    let graph = graph("blocks");
    let of = |name: &str, kernels: &[usize]| -> Vec<Option<(String, usize)>> {
        kernels.iter().map(|kernel| Some((name.to_string(), *kernel))).collect()
    };
    let all: Vec<usize> = (0..12).collect();
    // The first half of the stem, and what the depthwise convolution makes of the second.
    let cat = [of("stem", &all[..6]), of("dw", &all[..6])].concat();
    assert_eq!(made(&graph, "relu6"), of("stem", &all));
    assert_eq!(made(&graph, "chunk_1"), of("stem", &all[6..]));
    assert_eq!(made(&graph, "cat"), cat);
    let shuffle = graph.nodes.iter().find(|node| node.op.word() == "channel shuffle g2").unwrap();
    let turns: Vec<_> = (0..6).flat_map(|i| [cat[i].clone(), cat[6 + i].clone()]).collect();
    assert_eq!(made(&graph, &shuffle.name), turns);
    // Weighed by a gate it is still what it was.
    let gate = graph.nodes.iter().find(|node| node.op.word() == "gate").unwrap();
    assert_eq!(made(&graph, &gate.name), turns);
    // A linear layer over channels that come last is a convolution.
    assert_eq!(made(&graph, "gamma"), of("fc2", &all));
}

/// Exported with a batch and a size that may change, and run at another size than the one it was traced with.
#[test]
fn sizes_that_follow_the_input_follow_it() {
    let (graph, input) = (graph("dynamic"), input("dynamic"));
    assert_ne!([input.shape.h, input.shape.w], graph.usual_input);
    let Expected { outputs, .. } = json("exported/dynamic.json");
    let backend = backend(&graph, On::F64);
    let capture = run(&*backend, &input, &vec![]).unwrap();
    assert!(is(&capture.read_all(graph.answer()).unwrap(), &outputs[0], 1e-3));
    assert!(graph.nodes.iter().any(|node| node.op.word().ends_with("another's size")));
}
