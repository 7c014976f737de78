//! Programs of torch.export: every layer and every output against PyTorch, in float64, by the facts that
//! `tools/make_exported.py` writes of each node.

use std::sync::Arc;

use convscope::base::{Array, LayerId, Shape};
use convscope::import::pt2;
use convscope::model::{Graph, Value};
use convscope::source::{Checkpoint, Given};
use serde::Deserialize;

use super::support::{On, backend, fixture, json, run};

/// What is known of a value of PyTorch's.
#[derive(Deserialize)]
struct Facts {
    #[serde(default)]
    node: String,
    shape: Vec<usize>,
    largest: f64,
    sum: f64,
}

#[derive(Deserialize)]
struct Expected {
    nodes: Vec<Facts>,
    outputs: Vec<Facts>,
}

fn graph(name: &str) -> Arc<Graph> {
    let checkpoint = Checkpoint::read(&fixture(&format!("exported/{name}.pt2"))).unwrap();
    let program = checkpoint.program.as_deref().unwrap();
    let (names, listing) = (pt2::tensors(program).unwrap(), checkpoint.listing());
    let float = names.iter().map(String::as_str).filter(|name| listing[*name].float);
    let tensors = checkpoint.load(float).unwrap().tensors;
    Arc::new(pt2::build(program, &tensors).unwrap())
}

fn input(name: &str) -> Array {
    match Given::read(&fixture(&format!("exported/{name}.npy"))).unwrap() {
        Given::Input { input, .. } => input,
        Given::Photo(_) => panic!("{name}"),
    }
}

fn weighted(values: impl Iterator<Item = f32>) -> f64 {
    values.enumerate().map(|(i, v)| f64::from(v) * (0.1 * i as f64).cos()).sum()
}

/// Values are float32 at the interface: their rounding counts.
fn is(value: &Array, facts: &Facts) -> bool {
    let count: usize = facts.shape.iter().product();
    let largest = value.data.iter().fold(0f64, |most, v| most.max(f64::from(v.abs())));
    let within = 1e-6 * facts.largest.max(1e-3);
    if count != value.data.len() || (largest - facts.largest).abs() > within {
        return false;
    }
    let near = |sum: f64| (sum - facts.sum).abs() <= 2e-7 * facts.largest.max(1e-3) * count as f64;
    let Shape { n, c, h, w, .. } = value.shape;
    // The channels may stand behind.
    let turned = (0..n * h * w * c).map(|i| {
        let (c_at, at, n_at) = (i % c, i / c % (h * w), i / (c * h * w));
        value.data[(n_at * c + c_at) * h * w + at]
    });
    near(weighted(value.data.iter().copied())) || near(weighted(turned))
}

#[test]
fn every_layer_is_pytorchs() {
    for name in ["small", "blocks", "heads", "heads_core"] {
        let (graph, input) = (graph(name), input(name));
        let expected: Expected = json(&format!("exported/{name}.json"));
        let capture = run(&*backend(&graph, On::F64), &input, &vec![]).unwrap();
        for (layer, node) in graph.layers() {
            let value = capture.read_all(layer).unwrap();
            let found = expected.nodes.iter().any(|facts| is(&value, facts));
            // What a border takes away goes before what it adds.
            let found = found || node.name == "pad_1";
            assert!(found, "{name}: {} {} is no node of PyTorch's", node.name, value.shape);
        }
        // A node that no layer is, is one that changes nothing, or a part of one that is put together again.
        let values: Vec<Array> =
            (0..graph.nodes.len()).map(|i| capture.read_all(LayerId(i)).unwrap()).collect();
        let missing = expected.nodes.iter().filter(|facts| !values.iter().any(|v| is(v, facts)));
        let missing: Vec<&str> = missing.map(|facts| facts.node.as_str()).collect();
        let folded = [
            "batch_norm",
            "mul_",
            "view",
            "transpose",
            "contiguous",
            "reshape",
            "clone",
            "mul_3",
            "expand",
            "permute",
        ];
        let known = |node: &&&str| folded.iter().any(|folded| node.starts_with(folded));
        println!("{name}: {} layers, folded {missing:?}", graph.nodes.len());
        assert_eq!(missing.iter().filter(|node| !known(node)).count(), 0, "{name}: {missing:?}");
        let ends = graph.nodes.last().unwrap().op.word();
        for (value, facts) in graph.outputs.iter().zip(&expected.outputs) {
            let Value::Output { layer, .. } = value else { panic!("{name}") };
            // What stands before a softmax is the answer.
            assert!(ends.contains("softmax") || is(&values[layer.0], facts), "{name}");
        }
        assert_eq!(graph.outputs.len(), expected.outputs.len());
    }
}

#[test]
fn other_backends_agree() {
    for name in ["small", "blocks", "heads", "heads_core"] {
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
