//! Checkpoints that are whole and yet no network.

use std::collections::HashMap;

use candle_core::{DType, Device, Tensor};
use convscope::base::Shape;
use convscope::engine::EngineError;
use convscope::import::resnet;
use convscope::model::{ModelError, infer};
use convscope::source::Checkpoint;

use super::support::{fixture, says};

type Tensors = HashMap<String, Tensor>;

fn tensors(case: &str) -> Tensors {
    Checkpoint::read(&fixture(&format!("net_{case}.safetensors")))
        .unwrap()
        .load_all()
        .unwrap()
        .tensors
}

fn zeros(dims: &[usize]) -> Tensor {
    Tensor::zeros(dims, DType::F32, &Device::Cpu).unwrap()
}

fn without(mut tensors: Tensors, name: &str) -> Tensors {
    assert!(tensors.remove(name).is_some(), "{name}");
    tensors
}

fn with(mut tensors: Tensors, name: &str, dims: &[usize]) -> Tensors {
    tensors.insert(name.into(), zeros(dims));
    tensors
}

#[test]
fn a_missing_tensor_is_named() {
    for name in [
        "conv1.weight",
        "bn1.running_mean",
        "layer1.0.conv2.weight",
        "layer1.1.bn2.weight",
        "layer2.0.conv1.weight",
        "layer2.0.downsample.0.weight",
        "layer3.0.downsample.1.running_var",
        "layer4.1.bn1.bias",
    ] {
        says(resnet::build(&without(tensors("basic"), name)), &[name, "is missing"]);
    }
    says(resnet::build(&Tensors::new()), &["no network weights"]);
}

#[test]
fn no_tensor_can_be_left_out() {
    for case in ["basic", "bottleneck"] {
        let whole = tensors(case);
        for name in whole.keys().filter(|name| !name.starts_with("fc.")) {
            says(resnet::build(&without(whole.clone(), name)), &["is missing"]);
        }
    }
}

#[test]
fn a_wrong_shape_is_named() {
    let cases: [(&str, &[usize]); 7] = [
        ("conv1.weight", &[6, 3, 7]),
        ("conv1.weight", &[0, 3, 7, 7]),
        ("bn1.weight", &[5]),
        ("bn1.running_var", &[6, 1]),
        ("layer1.0.conv1.weight", &[6, 5, 3, 3]),
        ("layer1.0.conv2.weight", &[6, 4, 3, 3]),
        ("layer1.0.conv2.weight", &[6, 6, 3]),
    ];
    for (name, dims) in cases {
        let found = format!("{dims:?}");
        says(resnet::build(&with(tensors("basic"), name, dims)), &[name, &found, "expected"]);
    }
    let larger = with(tensors("basic"), "layer2.0.downsample.0.weight", &[12, 6, 3, 3]);
    says(resnet::build(&larger), &["layer2.0.downsample.0.weight", "3x3 where ResNets have 1x1"]);
    let grouped = with(tensors("grouped"), "layer2.0.conv2.weight", &[16, 16, 3, 3]);
    says(resnet::build(&grouped), &["layer2.0.conv2.weight", "4 groups"]);
    let sum = with(tensors("bottleneck"), "layer1.0.downsample.0.weight", &[20, 6, 1, 1]);
    says(resnet::build(&sum), &["layer1.0.downsample"]);
}

#[test]
fn what_is_not_supported_is_said() {
    let cases = [
        ("layer2.0.se.fc1.weight", "squeeze-and-excitation is not supported yet"),
        ("layer3.0.attn.proj.weight", "attention in a block is not supported yet"),
        ("layer2.0.aa.filter", "anti-aliased downsampling is not supported yet"),
        ("layer5.0.conv1.weight", "is not supported yet"),
    ];
    for (name, why) in cases {
        says(resnet::build(&with(tensors("basic"), name, &[1])), &[name, why]);
    }
    let stem = with(tensors("basic"), "conv1.weight", &[6, 3, 5, 5]);
    says(resnet::build(&stem), &["conv1.weight", "a stem of 5x5 is not supported yet"]);
    let volume = with(tensors("basic"), "layer2.0.conv1.weight", &[12, 6, 3, 3, 3]);
    says(resnet::build(&volume), &["3-D convolutions", "layer2.0.conv1.weight"]);
}

#[test]
fn what_is_left_out_is_named() {
    for (name, shown) in [
        ("aux.head.weight", "left out: aux"),
        ("a\u{1b}[2J\n\u{202e}", "left out: a\u{fffd}[2J\u{fffd}\u{fffd}"),
    ] {
        let graph = resnet::build(&with(tensors("basic"), name, &[1])).unwrap();
        assert_eq!(graph.notes, [shown]);
        assert_eq!(graph.nodes.last().unwrap().name, "fc");
    }
    for (name, dims) in [("fc.weight", &[48, 10][..]), ("fc.bias", &[9])] {
        let graph = resnet::build(&with(tensors("basic"), name, dims)).unwrap();
        assert_eq!(graph.notes, ["left out: fc (2 tensors)"]);
        assert_eq!(graph.nodes.last().unwrap().name, "flatten");
    }
}

#[test]
fn inputs_that_do_not_fit_are_refused() {
    let graph = resnet::build(&tensors("basic")).unwrap();
    for shape in [Shape::new(1, 1, 32, 32), Shape::new(1, 4, 32, 32)] {
        says(infer(&graph, shape), &["conv1", "expected 3 channels"]);
    }
    for shape in [Shape::new(0, 3, 32, 32), Shape::new(1, 3, 0, 32)] {
        says(infer(&graph, shape), &["conv1", "it is empty"]);
    }
    assert!(infer(&graph, Shape::new(1, 3, 1, 1)).is_ok());
}

#[test]
fn errors_of_the_arithmetic_library_lose_their_backtrace() {
    let error = || candle_core::Error::Msg("no\n   0: a frame".into());
    assert_eq!(ModelError::Tensor(error()).to_string(), "no");
    let failed = EngineError::Tensor { layer: "fc".into(), source: error() };
    assert_eq!(failed.to_string(), "fc: no");
}

#[test]
fn an_unknown_layer_gets_its_neighbors() {
    let graph = resnet::build(&tensors("basic")).unwrap();
    says(graph.find("layer1.0.relu_2"), &["layer1.0.relu_1"]);
    says(graph.find("\u{1b}[2J\n"), &["there is no layer"]);
    assert!(matches!(graph.find(""), Err(ModelError::UnknownLayer { .. })));
    assert_eq!(graph.find("layer4").unwrap(), graph.find("layer4.1.relu_1").unwrap());
}
