//! Full-size ResNets against candle-transformers', on the same random weights.

use std::collections::HashMap;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use candle_nn::{Func, Module, VarBuilder};
use candle_transformers::models::resnet as oracle;
use convscope::base::{LayerId, Shape};
use convscope::import::resnet;

use super::published::{PLAIN, Published};
use super::support::{On, Random, backend, gap, run, values};

#[test]
fn resnet18_agrees_with_candle() {
    logits_agree(&PLAIN[0], oracle::resnet18, 224);
}

#[test]
fn resnet34_agrees_with_candle() {
    logits_agree(&PLAIN[1], oracle::resnet34, 96);
}

#[test]
fn resnet50_agrees_with_candle() {
    logits_agree(&PLAIN[2], oracle::resnet50, 96);
}

#[test]
fn resnet101_agrees_with_candle() {
    logits_agree(&PLAIN[3], oracle::resnet101, 64);
}

#[test]
fn resnet152_agrees_with_candle() {
    logits_agree(&PLAIN[4], oracle::resnet152, 64);
}

type Oracle = fn(usize, VarBuilder) -> candle_core::Result<Func<'_>>;

fn logits_agree(net: &Published, make: Oracle, side: usize) {
    let mut random = Random::new(side as u64);
    let tensors: HashMap<String, Tensor> =
        net.tensors().into_iter().map(|(name, dims)| weight(&mut random, name, &dims)).collect();
    let input = random.array(Shape::new(1, 3, side, side), 1.7);

    let builder = VarBuilder::from_tensors(tensors.clone(), DType::F32, &Device::Cpu);
    let pixels = Tensor::from_slice(&input.data, input.shape.dims(), &Device::Cpu).unwrap();
    let expected = values(&make(1000, builder).unwrap().forward(&pixels).unwrap());

    let graph = Arc::new(resnet::build(&tensors).unwrap());
    let last = LayerId(graph.nodes.len() - 1);

    let largest = expected.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    assert!((0.1..100.0).contains(&largest), "logits up to {largest} prove little");
    for on in On::both() {
        let capture = run(&*backend(&graph, on), &input, &vec![]).unwrap();
        let off = gap(&capture.read_all(last).unwrap().data, &expected);
        println!(
            "{} at {side} px, {on:?}: logits up to {largest:.1}, within {off:.1e}",
            graph.name
        );
        assert!(off <= 1e-4, "{off:.1e} of the maximum");
    }
}

/// He's uniform distribution, and batch norms that keep the sum over many blocks near 1.
fn weight(random: &mut Random, name: String, dims: &[usize]) -> (String, Tensor) {
    let fan_in = dims[1..].iter().product::<usize>() as f32;
    let closing = ["bn3.weight", "downsample.1.weight"].iter().any(|end| name.ends_with(end));
    let (middle, reach) = match name.rsplit('.').next().unwrap() {
        "running_var" => (1.0, 0.5),
        "running_mean" | "bias" => (0.0, 0.3),
        _ if dims.len() > 1 => (0.0, (6.0 / fan_in).sqrt()),
        _ if closing => (0.4, 0.2),
        _ => (0.8, 0.3),
    };
    let tensor = random.tensor(dims, middle, reach);
    (name, tensor)
}
