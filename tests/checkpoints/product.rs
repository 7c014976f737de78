//! Every way to keep a network in a file, with every other: prefix, key, what stands beside it, container, head. Each
//! combination gives PyTorch's logits, or names what was left out.

use std::collections::HashMap;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use convscope::base::{Array, Cancel, Listing, Progress, Shape, TensorInfo};
use convscope::engine::portable::Portable;
use convscope::engine::{Backend, Keep};
use convscope::import::find::Found;
use convscope::import::resnet;

use super::{reference, values};

/// Before every name of the network.
const PREFIXES: [&str; 6] =
    ["", "module.", "model.", "net.backbone.", "module._orig_mod.encoder.", "a.b.c.resnet."];
/// Keys of dicts around the state dict; a number is a place in a tuple or list.
const KEYS: [&str; 4] = ["", "state_dict.", "checkpoint.weights.", "1."];
/// Tensors beside the network: name, extents, whether they are floating-point numbers.
type Beside = &'static [(&'static str, &'static [usize], bool)];
const BESIDE: [Beside; 4] = [
    &[],
    &[("n_averaged", &[], false), ("queue", &[4, 8], true)],
    &[("criterion.weight", &[5], true), ("optimizer.state.0.exp_avg", &[2, 3, 7, 7], true)],
    &[("decoder.up.weight", &[6, 4, 2, 2], true), ("decoder.up.bias", &[4], true)],
];

/// Classifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Head {
    /// `fc`.
    Plain,
    /// Dropout and a linear layer in sequence.
    Dropout,
    /// A linear layer, ReLU, and a linear layer.
    Two,
    /// The linear layer and another of the same input: which of them is it?
    Several,
    /// None.
    None,
}

const HEADS: [Head; 5] = [Head::Plain, Head::Dropout, Head::Two, Head::Several, Head::None];

/// Tensors of a file.
type File = HashMap<String, (Tensor, bool)>;

#[test]
fn every_combination_is_read_or_named() {
    let reference = reference("basic");
    let mut tried = 0;
    for prefix in PREFIXES {
        for key in KEYS {
            for beside in BESIDE {
                for head in HEADS {
                    let file = file(&reference, prefix, key, beside, head);
                    check(&reference, &file, head, &format!("{key}{prefix} {head:?} {beside:?}"));
                    tried += 1;
                }
            }
        }
    }
    assert!(tried >= 300, "{tried}");
}

fn file(
    reference: &HashMap<String, Tensor>,
    prefix: &str,
    key: &str,
    beside: Beside,
    head: Head,
) -> File {
    let mut file = File::new();
    let mut add = |name: String, tensor: Tensor, float| drop(file.insert(name, (tensor, float)));
    let weights =
        reference.iter().filter_map(|(name, t)| Some((name.strip_prefix("weights/")?, t)));
    for (name, tensor) in weights {
        let tensor = tensor.to_dtype(DType::F32).unwrap();
        let Some(of_head) = name.strip_prefix("fc.") else {
            add(format!("{key}{prefix}{name}"), tensor, true);
            continue;
        };
        match head {
            Head::Plain => add(format!("{key}{prefix}fc.{of_head}"), tensor, true),
            Head::Dropout => add(format!("{key}{prefix}fc.1.{of_head}"), tensor, true),
            Head::Two => {
                // The first one is the identity: what it takes is not negative, so the ReLU is too.
                let features = reference["weights/fc.weight"].dims()[1];
                let first = match of_head {
                    "weight" => Tensor::eye(features, DType::F32, &Device::Cpu).unwrap(),
                    _ => Tensor::zeros(features, DType::F32, &Device::Cpu).unwrap(),
                };
                add(format!("{key}{prefix}fc.0.{of_head}"), first, true);
                add(format!("{key}{prefix}fc.3.{of_head}"), tensor, true);
            }
            Head::Several => {
                add(format!("{key}{prefix}age.{of_head}"), tensor.clone(), true);
                add(format!("{key}{prefix}sex.{of_head}"), tensor, true);
            }
            Head::None => {}
        }
    }
    for (name, dims, float) in beside {
        let tensor = Tensor::zeros(*dims, DType::F32, &Device::Cpu).unwrap();
        add(format!("{key}{name}"), tensor, *float);
    }
    file
}

fn check(reference: &HashMap<String, Tensor>, file: &File, head: Head, about: &str) {
    let info = |(name, (tensor, float)): (&String, &(Tensor, bool))| {
        (name.clone(), TensorInfo { float: *float, ..TensorInfo::float(tensor.dims().to_vec()) })
    };
    let listing: Listing = file.iter().map(info).collect();
    let found = Found::in_listing(&listing, None).unwrap_or_else(|e| panic!("{about}: {e}"));
    let all = file.iter().map(|(name, (tensor, _))| (name.clone(), tensor.clone())).collect();
    let tensors = found.tensors(&all).unwrap();
    let graph = resnet::build_with(&found, &tensors, &resnet::Options::default());
    let graph = Arc::new(graph.unwrap_or_else(|e| panic!("{about}: {e}")));

    // Nothing is left out without its name, or that of the module around it.
    let used: Vec<&str> = found.files().collect();
    let left: Vec<&String> = file.keys().filter(|name| !used.contains(&name.as_str())).collect();
    let notes = graph.notes.join(" ");
    for name in left {
        let named = name.match_indices('.').map(|(dot, _)| &name[..dot]).chain([name.as_str()]);
        let mut named = named.filter(|path| !path.is_empty());
        assert!(named.any(|path| notes.contains(path)), "{about}: {name} is not in {notes:?}");
    }

    let output = match head {
        Head::Several | Head::None => "flatten",
        _ => "fc",
    };
    let last = graph.find(output).unwrap();
    assert_eq!(last.0 + 1, graph.nodes.len(), "{about}");
    let backend = Portable::new(graph, DType::F32, Device::Cpu).unwrap();
    let input = &reference["input"];
    let [n, c, h, w] = *input.dims() else { panic!("{:?}", input.dims()) };
    let data = values(input).into_iter().map(|value| value as f32).collect();
    let input = Array::new(Shape::new(n, c, h, w), data).unwrap();
    let none = (&vec![], &Keep::All, &Cancel::new());
    let capture = backend.forward(&input, none.0, none.1, none.2, &mut Progress::none()).unwrap();
    let ours = capture.read_all(last).unwrap().data;
    let expected = values(&reference[output]);
    let largest = expected.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    let off = ours.iter().zip(&expected).map(|(a, b)| (f64::from(*a) - b).abs());
    let off = off.fold(0.0, f64::max);
    assert!(ours.len() == expected.len() && off <= 1e-5 * largest, "{about}: {off:.1e}");
}
