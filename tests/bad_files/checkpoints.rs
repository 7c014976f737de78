//! Files that are no checkpoint.

use candle_core::Tensor;
use convscope::source::Checkpoint;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::support::{Bad, bytes_of, fixture, says, says_of};

const GOOD: &str = "net_basic.safetensors";

fn refused(name: &str, bytes: &[u8], words: &[&str]) -> String {
    let bad = Bad::new(name, bytes);
    says_of(&bad.path, Checkpoint::read(&bad.path), words)
}

/// A safetensors file with that header and as many zero bytes of data.
fn with_header(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.resize(bytes.len() + data, 0);
    bytes
}

#[test]
fn a_file_that_is_not_there_or_no_file() {
    let bad = Bad::new("x", b"x");
    let missing = bad.folder().join("missing.safetensors");
    says_of(&missing, Checkpoint::read(&missing), &["no such file"]);
    says_of(bad.folder(), Checkpoint::read(bad.folder()), &["holds no checkpoint"]);
    refused("empty.safetensors", b"", &["is empty"]);
}

#[test]
fn a_download_that_stopped() {
    let whole = bytes_of(GOOD);
    for length in [1, 7, 8, 9, 100, 4096, whole.len() / 2, whole.len() - 1] {
        let words = ["not a whole safetensors file", "download it again"];
        refused("cut.safetensors", &whole[..length], &words);
    }
    let longer = [whole.as_slice(), &[0; 8]].concat();
    refused("longer.safetensors", &longer, &["not a whole safetensors file"]);
}

#[test]
fn a_header_that_lies() {
    let no = ["not a whole safetensors file"];
    for length in [u64::MAX, 1 << 40, 1 << 26, 0] {
        refused("length.safetensors", &[&length.to_le_bytes()[..], b"{}"].concat(), &no);
    }
    for header in [
        r#"{"w":{"dtype":"F32","shape":[1000000],"data_offsets":[0,4000000]}}"#,
        r#"{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}"#,
        r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#,
        r#"{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#,
        r#"{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,8]}}"#,
        r#"{"w":{"dtype":"F00","shape":[2],"data_offsets":[0,8]}}"#,
        r#"{"w":{"dtype":"F32","shape":[2]"#,
        r#"["w"]"#,
        "not json",
    ] {
        refused("header.safetensors", &with_header(header, 8), &no);
    }
    let deep = "[".repeat(100_000);
    refused("deep.safetensors", &with_header(&deep, 8), &no);
}

#[test]
fn other_files_under_a_checkpoints_name() {
    let no = ["not a whole safetensors file"];
    refused("photo.safetensors", &bytes_of("photos/rgb_61x83.png"), &["PNG", "without --model"]);
    refused("text.safetensors", b"This is a text.\n", &["a text file", "This is a text."]);
    let noise: Vec<u8> =
        (0..5000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    refused("noise.safetensors", &noise, &no);
    // `torch.save` writes a zip, before version 1.6 a bare pickle: only the start of each.
    refused("model.safetensors", b"PK\x03\x04\0\0\x08\x08", &["is a ZIP archive"]);
    let stream = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";
    refused("model.safetensors", stream, &["cut off"]);
}

#[test]
fn every_type_is_read_or_refused() {
    let types = [
        ("BOOL", 1),
        ("U8", 1),
        ("I8", 1),
        ("F8_E5M2", 1),
        ("F8_E4M3", 1),
        ("F8_E8M0", 1),
        ("I16", 2),
        ("U16", 2),
        ("F16", 2),
        ("BF16", 2),
        ("I32", 4),
        ("U32", 4),
        ("F32", 4),
        ("F64", 8),
        ("I64", 8),
        ("U64", 8),
        ("C64", 8),
    ];
    let mut read = Vec::new();
    for (name, size) in types {
        let header = format!(
            r#"{{"w\u001b[2J":{{"dtype":"{name}","shape":[4],"data_offsets":[0,{}]}}}}"#,
            4 * size
        );
        let bad = Bad::new("types.safetensors", &with_header(&header, 4 * size));
        let whole = Checkpoint::read(&bad.path);
        match whole.and_then(|checkpoint| checkpoint.load(["w\u{1b}[2J"].into_iter())) {
            Ok(loaded) => {
                assert_eq!(loaded.tensors["w\u{1b}[2J"].dims(), [4]);
                read.push(name);
            }
            refused => drop(says_of(&bad.path, refused, &["tensor w\u{fffd}[2J"])),
        }
    }
    for name in ["F16", "BF16", "F32", "F64"] {
        assert!(read.contains(&name), "{read:?}");
    }
}

#[test]
fn weights_that_are_no_numbers_are_read_and_named() {
    let good = Checkpoint::read(&fixture(GOOD)).unwrap().load_all().unwrap();
    assert!(good.not_finite.is_empty());
    let mut tensors = good.tensors;
    for (name, value) in [("layer3.0.bn1.bias", f32::INFINITY), ("conv1.weight", f32::NAN)] {
        let tensor = &tensors[name];
        let mut data: Vec<f32> = tensor.flatten_all().unwrap().to_vec1().unwrap();
        data[1] = value;
        let changed = Tensor::from_vec(data, tensor.dims(), tensor.device()).unwrap();
        tensors.insert(name.into(), changed);
    }
    let file = Bad::new("nan.safetensors", b"");
    candle_core::safetensors::save(&tensors, &file.path).unwrap();
    let loaded = Checkpoint::read(&file.path).unwrap().load_all().unwrap();
    assert_eq!(loaded.not_finite, ["conv1.weight", "layer3.0.bn1.bias"]);
    assert_eq!(loaded.tensors.len(), tensors.len());
}

#[test]
fn every_good_checkpoint_is_read() {
    for case in ["basic", "basic18", "bottleneck", "wide", "grouped", "half"] {
        let checkpoint = Checkpoint::read(&fixture(&format!("net_{case}.safetensors"))).unwrap();
        let tensors = checkpoint.load_all().unwrap().tensors;
        assert!(!tensors.is_empty() && checkpoint.metadata["format"] == "pt");
        assert!(tensors.keys().all(|name| !name.ends_with("num_batches_tracked")));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(12), ..ProptestConfig::with_cases(300) })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        if let Err(error) = Checkpoint::parse(bytes, "any").and_then(|c| c.load_all()) {
            says::<(), _>(Err(error), &["any: "]);
        }
    }

    #[test]
    fn any_header(header in r#"[\[\]{}",:0-9a-zF_\-]{0,80}"#, data in 0..64usize) {
        drop(Checkpoint::parse(with_header(&header, data), "any"));
    }

    #[test]
    fn any_damage(changes in prop::collection::vec((0..6000usize, any::<u8>()), 1..8)) {
        let mut bytes = bytes_of(GOOD);
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        if let Err(error) = Checkpoint::parse(bytes, "any").and_then(|c| c.load_all()) {
            says::<(), _>(Err(error), &["any: "]);
        }
    }
}
