//! Networks whose last stages are dilated instead of strided, against timm's.

use std::collections::HashMap;
use std::sync::Arc;

use candle_core::Tensor;
use convscope::import::resnet::{Options, build_as};

use super::support::{On, array, backend, gap, run, tensors, values};

/// The tensors below a prefix.
fn below(all: &HashMap<String, Tensor>, prefix: &str) -> HashMap<String, Tensor> {
    let strip = |(name, tensor): (&String, &Tensor)| {
        Some((name.strip_prefix(prefix)?.to_string(), tensor.clone()))
    };
    all.iter().filter_map(strip).collect()
}

#[test]
fn output_strides_are_timms() {
    let all = tensors("dilated.safetensors");
    for kind in ["basic", "bottleneck"] {
        let weights = below(&all, &format!("{kind}/weights/"));
        let input = array(&all[&format!("{kind}/input")]);
        for stride in [8, 16, 32] {
            let options = Options { output_stride: Some(stride), ..Options::default() };
            let graph = Arc::new(build_as(&weights, &options).unwrap());
            assert!(!graph.assumptions.iter().any(|said| said.contains("dilation")));
            for on in On::both() {
                let capture = run(&*backend(&graph, on), &input, &vec![]).unwrap();
                for name in ["layer4", "fc"] {
                    let within = |name: &str, of: &str| {
                        of == name || of.starts_with("layer4.") && name == "layer4"
                    };
                    let layer = graph.layers().filter(|(_, node)| within(name, &node.name)).last();
                    let ours = capture.read_all(layer.unwrap().0).unwrap();
                    let expected = &all[&format!("{kind}/{stride}/{name}")];
                    assert_eq!(ours.data.len(), expected.elem_count(), "{kind} {stride} {name}");
                    let off = gap(&ours.data, &values(expected));
                    assert!(off <= 1e-4, "{kind} {stride} {on:?} {name}: {off:.1e} of the maximum");
                }
            }
        }
    }
}
