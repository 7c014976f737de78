//! Checkpoints in every form: containers, types, memory layouts, nesting, names and shards of one
//! tiny network, as `tools/make_checkpoints.py` wrote them, against PyTorch's values.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "checkpoints/product.rs"]
mod product;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use convscope::base::{Array, Cancel, Progress, Shape};
use convscope::engine::portable::Portable;
use convscope::engine::{Backend, Keep};
use convscope::import::find::{Found, Tensors};
use convscope::import::resnet;
use convscope::source::Checkpoint;
use serde::Deserialize;

/// What a run may differ from PyTorch's float64, of the largest logit.
const TOLERANCE: f64 = 1e-5;

#[derive(Deserialize)]
struct Manifest {
    cases: Vec<Case>,
    refused: Vec<Refused>,
}

/// See `tools/make_checkpoints.py`.
#[derive(Deserialize)]
struct Case {
    file: String,
    reference: String,
    output: String,
    key: Option<String>,
    #[serde(default)]
    prefix: String,
    names: Option<HashMap<String, String>>,
}

#[derive(Deserialize)]
struct Refused {
    file: String,
    words: Vec<String>,
}

fn fixture(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "fixtures", "checkpoints", name].iter().collect()
}

fn manifest() -> Manifest {
    serde_json::from_slice(&std::fs::read(fixture("manifest.json")).unwrap()).unwrap()
}

fn reference(name: &str) -> HashMap<String, Tensor> {
    let file = fixture(&format!("reference_{name}.safetensors"));
    candle_core::safetensors::load(file, &Device::Cpu).unwrap()
}

fn values(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

impl Case {
    /// What torchvision calls a tensor of this file.
    fn usual_name(&self, name: &str) -> String {
        match &self.names {
            Some(names) => names[name].clone(),
            None => name.strip_prefix(&self.prefix).expect("the prefix").to_string(),
        }
    }
}

/// The network of a file, and its tensors.
fn network(checkpoint: &Checkpoint) -> (Found, Tensors) {
    let found = Found::in_listing(&checkpoint.listing(), None).unwrap();
    let tensors = found.tensors(&checkpoint.load(found.files()).unwrap().tensors).unwrap();
    (found, tensors)
}

#[test]
fn every_tensor_has_pytorchs_values() {
    for case in manifest().cases {
        let reference = reference(&case.reference);
        let (found, tensors) = network(&Checkpoint::read(&fixture(&case.file)).unwrap());
        assert_eq!(found.key, case.key.clone().unwrap_or_default(), "{}", case.file);
        for (name, tensor) in &tensors.all {
            let expected = &reference[&format!("weights/{name}")];
            assert_eq!(case.usual_name(&tensors.file[name]), *name, "{}", case.file);
            assert_eq!(tensor.dims(), expected.dims(), "{} {name}", case.file);
            assert!(values(tensor) == values(expected), "{} {name}", case.file);
        }
        let without = |name: &str| case.output == "flatten" && name.starts_with("weights/fc.");
        let expected = reference.keys().filter(|n| n.starts_with("weights/") && !without(n));
        assert_eq!(tensors.all.len(), expected.count(), "{}", case.file);
    }
}

#[test]
fn every_network_has_pytorchs_logits() {
    let cases = manifest().cases;
    assert!(cases.len() > 35, "{} networks", cases.len());
    for case in cases {
        let reference = reference(&case.reference);
        let checkpoint = Checkpoint::read(&fixture(&case.file)).unwrap();
        let (found, tensors) = network(&checkpoint);
        let graph =
            Arc::new(resnet::build_with(&found, &tensors, &resnet::Options::default()).unwrap());
        let backend = Portable::new(graph.clone(), DType::F32, Device::Cpu).unwrap();
        let input = &reference["input"];
        let [n, c, h, w] = *input.dims() else { panic!("{:?}", input.dims()) };
        let data = values(input).into_iter().map(|value| value as f32).collect();
        let input = Array::new(Shape::new(n, c, h, w), data).unwrap();
        let capture = backend
            .forward(&input, &vec![], &Keep::All, &Cancel::new(), &mut Progress::none())
            .unwrap();
        let mut left: HashSet<&str> = reference.keys().map(String::as_str).collect();
        left.retain(|name| *name != "input" && !name.starts_with("weights/"));
        for (layer, node) in graph.layers() {
            let Some(expected) = reference.get(&node.name).map(values) else { continue };
            left.remove(node.name.as_str());
            let ours = capture.read_all(layer).unwrap().data;
            assert_eq!(ours.len(), expected.len(), "{} {}", case.file, node.name);
            let largest = expected.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
            let off = ours.iter().zip(&expected).map(|(a, b)| (f64::from(*a) - b).abs());
            let off = off.fold(0.0, f64::max);
            assert!(off <= TOLERANCE * largest, "{} {}: {off:.1e}", case.file, node.name);
        }
        assert_eq!(graph.nodes.last().unwrap().name, case.output, "{}", case.file);
        // Without a classifier, the reference's is all that may be missing.
        left.retain(|name| case.output == "fc" || *name != "fc");
        assert!(left.is_empty(), "{} has no {left:?}", case.file);
    }
}

#[test]
fn double_stays_double_and_the_rest_is_single() {
    for (file, dtype) in [
        ("zip_f64.ckpt", DType::F64),
        ("f64.safetensors", DType::F64),
        ("zip_bf16.bin", DType::F32),
        ("legacy_f16.th", DType::F32),
    ] {
        let tensors = Checkpoint::read(&fixture(file)).unwrap().load_all().unwrap().tensors;
        assert!(tensors.values().all(|tensor| tensor.dtype() == dtype), "{file}");
    }
}

#[test]
fn what_holds_no_state_dict_says_how_to_save_one() {
    for refused in manifest().refused {
        let path = fixture(&refused.file);
        let message = Checkpoint::read(&path).err().expect("an error").to_string();
        assert!(message.contains(&refused.file), "{message}");
        for word in &refused.words {
            assert!(message.contains(word), "{message:?} does not say {word:?}");
        }
    }
}

#[test]
fn the_file_that_was_read_is_known() {
    let (folder, file) = (fixture("sharded_bin"), fixture("zip_f32.pth"));
    let index = folder.join("pytorch_model.bin.index.json");
    let from_folder = Checkpoint::read(&folder).unwrap();
    let from_index = Checkpoint::read(&index).unwrap();
    assert_eq!(from_folder.file.as_deref(), Some(index.as_path()));
    assert_eq!(from_folder.hash, from_index.hash);
    let whole = Checkpoint::read(&file).unwrap();
    assert_eq!(whole.file.as_deref(), Some(file.as_path()));
    let parsed = Checkpoint::parse(std::fs::read(&file).unwrap(), "bytes").unwrap();
    assert_eq!((parsed.file, parsed.hash), (None, whole.hash));
}

#[test]
fn every_shard_counts_in_the_hash() {
    let folder = tempfile::TempDir::new().unwrap();
    copy(&fixture("sharded_safetensors"), folder.path());
    let before = Checkpoint::read(folder.path()).unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "json") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let mut changed = bytes.clone();
        *changed.last_mut().unwrap() ^= 1;
        std::fs::write(&path, changed).unwrap();
        assert_ne!(Checkpoint::read(folder.path()).unwrap().hash, before.hash, "{path:?}");
        std::fs::write(&path, bytes).unwrap();
    }
    assert_eq!(Checkpoint::read(folder.path()).unwrap().hash, before.hash);
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}
