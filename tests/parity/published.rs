//! The published ResNets at their full size: what they are called, their shapes, costs and fields.

use std::collections::HashMap;

use candle_core::{DType, Device, Tensor};
use convscope::base::Shape;
use convscope::import::resnet;
use convscope::model::{costs, extents, infer, receptive_fields};
use serde::Deserialize;

use super::support::json;

/// A ResNet of `torchvision.models`.
pub struct Published {
    name: &'static str,
    blocks: [usize; 4],
    bottleneck: bool,
    groups: usize,
    /// Channels of the 3x3 convolution of a bottleneck in `layer1`.
    width: usize,
    /// What torchvision publishes of its weights: the exact count, and 10^9 operations.
    parameters: u64,
    operations: f64,
}

const fn published(
    name: &'static str,
    blocks: [usize; 4],
    bottleneck: bool,
    (groups, width): (usize, usize),
    parameters: u64,
    operations: f64,
) -> Published {
    Published { name, blocks, bottleneck, groups, width, parameters, operations }
}

/// The plain ones, in torchvision's order of depth: 18, 34, 50, 101, 152.
pub const PLAIN: [Published; 5] = [
    published("ResNet-18", [2, 2, 2, 2], false, (1, 64), 11_689_512, 1.814),
    published("ResNet-34", [3, 4, 6, 3], false, (1, 64), 21_797_672, 3.664),
    published("ResNet-50", [3, 4, 6, 3], true, (1, 64), 25_557_032, 4.089),
    published("ResNet-101", [3, 4, 23, 3], true, (1, 64), 44_549_160, 7.801),
    published("ResNet-152", [3, 8, 36, 3], true, (1, 64), 60_192_808, 11.514),
];

const OTHERS: [Published; 5] = [
    published("ResNeXt-50 32x4d", [3, 4, 6, 3], true, (32, 128), 25_028_904, 4.23),
    published("ResNeXt-101 32x8d", [3, 4, 23, 3], true, (32, 256), 88_791_336, 16.414),
    published("ResNeXt-101 64x4d", [3, 4, 23, 3], true, (64, 256), 83_455_272, 15.46),
    published("Wide ResNet-50-2", [3, 4, 6, 3], true, (1, 128), 68_883_240, 11.398),
    published("Wide ResNet-101-2", [3, 4, 23, 3], true, (1, 128), 126_886_696, 22.753),
];

impl Published {
    /// Names and shapes of a checkpoint's tensors.
    pub fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let mut list = Vec::new();
        convolution(&mut list, "conv1", "bn1", &[64, 3, 7, 7]);
        let mut inside = 64;
        for (stage, blocks) in self.blocks.iter().enumerate() {
            for block in 0..*blocks {
                let at = format!("layer{}.{block}", stage + 1);
                inside = self.block(&mut list, &at, 1 << stage, inside);
            }
        }
        list.push(("fc.weight".into(), vec![1000, inside]));
        list.push(("fc.bias".into(), vec![1000]));
        list
    }

    fn block(
        &self,
        list: &mut Vec<(String, Vec<usize>)>,
        at: &str,
        scale: usize,
        inside: usize,
    ) -> usize {
        let (planes, width) = (64 * scale, self.width * scale);
        let shapes: &[[usize; 4]] = &if self.bottleneck {
            vec![
                [width, inside, 1, 1],
                [width, width / self.groups, 3, 3],
                [4 * planes, width, 1, 1],
            ]
        } else {
            vec![[planes, inside, 3, 3], [planes, planes, 3, 3]]
        };
        for (i, dims) in shapes.iter().enumerate() {
            let (conv, norm) = (format!("{at}.conv{}", i + 1), format!("{at}.bn{}", i + 1));
            convolution(list, &conv, &norm, dims);
        }
        let outside = shapes[shapes.len() - 1][0];
        if inside != outside {
            let (conv, norm) = (format!("{at}.downsample.0"), format!("{at}.downsample.1"));
            convolution(list, &conv, &norm, &[outside, inside, 1, 1]);
        }
        outside
    }
}

fn convolution(list: &mut Vec<(String, Vec<usize>)>, conv: &str, norm: &str, dims: &[usize; 4]) {
    list.push((format!("{conv}.weight"), dims.to_vec()));
    for part in ["weight", "bias", "running_mean", "running_var"] {
        list.push((format!("{norm}.{part}"), vec![dims[0]]));
    }
}

/// Zeros that take no memory: one value under every index.
fn hollow(net: &Published) -> HashMap<String, Tensor> {
    let zero = Tensor::zeros((), DType::F32, &Device::Cpu).unwrap();
    let spread = |(name, dims): (String, Vec<usize>)| (name, zero.broadcast_as(dims).unwrap());
    net.tensors().into_iter().map(spread).collect()
}

#[test]
fn published_networks_are_recognized_and_counted() {
    for net in PLAIN.iter().chain(&OTHERS) {
        let graph = resnet::build(&hollow(net)).unwrap();
        assert_eq!((graph.name.as_str(), graph.classes()), (net.name, 1000));
        let input = Shape::new(1, 3, 224, 224);
        let costs = costs(&graph, input, &extents(&graph, input).unwrap());
        assert_eq!(costs.iter().map(|c| c.parameters).sum::<u64>(), net.parameters, "{}", net.name);
        let operations = costs.iter().map(|c| c.multiply_adds).sum::<u64>() as f64 / 1e9;
        assert!((operations - net.operations).abs() < 1e-3, "{}: {operations}", net.name);
    }
}

#[test]
fn resnet18_has_torchvisions_sizes() {
    sizes_agree(&PLAIN[0], "nodes_resnet18.json");
}

#[test]
fn resnet50_has_torchvisions_sizes() {
    sizes_agree(&PLAIN[2], "nodes_resnet50.json");
}

fn sizes_agree(net: &Published, file: &str) {
    #[derive(Deserialize)]
    struct Expected {
        parameters: u64,
        multiply_adds: u64,
        nodes: Vec<Row>,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    struct Row {
        name: String,
        shape: Vec<usize>,
        multiply_adds: u64,
        receptive_field: usize,
    }
    let expected: Expected = json(file);
    let graph = resnet::build(&hollow(net)).unwrap();
    let input = Shape::new(1, 3, 224, 224);
    let shapes = infer(&graph, input).unwrap();
    let costs = costs(&graph, input, &extents(&graph, input).unwrap());
    let fields = receptive_fields(&graph, input, &extents(&graph, input).unwrap());
    assert_eq!((fields.len(), expected.nodes.len()), (graph.nodes.len(), graph.nodes.len()));
    for (((row, (layer, node)), cost), field) in
        expected.nodes.iter().zip(graph.layers()).zip(&costs).zip(&fields)
    {
        assert_eq!(field.rows, field.columns, "{}", node.name);
        let ours = Row {
            name: node.name.clone(),
            shape: shapes[layer.0].dims(),
            multiply_adds: cost.multiply_adds,
            receptive_field: field.rows.pixels(),
        };
        assert_eq!(ours, *row);
    }
    assert_eq!(costs.iter().map(|cost| cost.parameters).sum::<u64>(), expected.parameters);
    assert_eq!(costs.iter().map(|cost| cost.multiply_adds).sum::<u64>(), expected.multiply_adds);
}
