//! PyTorch files that are broken or hostile.

use std::collections::HashMap;

use candle_core::Tensor;
use convscope::source::{Checkpoint, SourceError};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::pickles::{
    archive, call, dict, global, int, pickle, stream, stream_of, tensor, text, tuple, zip_of,
};
use super::support::{Bad, bytes_of, says, says_of};

fn fixture_bytes(name: &str) -> Vec<u8> {
    bytes_of(&format!("checkpoints/{name}"))
}

/// Every tensor, also those that cannot be used.
fn read_all(bytes: &[u8], name: &str) -> Result<HashMap<String, Tensor>, SourceError> {
    let checkpoint = Checkpoint::parse(bytes.to_vec(), name)?;
    Ok(checkpoint.load(checkpoint.listing().keys().map(String::as_str))?.tensors)
}

fn refused(bytes: &[u8], words: &[&str]) -> String {
    says(read_all(bytes, "net.pth"), &[&["net.pth: "], words].concat())
}

/// Both containers must say the same about a value.
fn both_refuse(value: &[u8], words: &[&str]) {
    refused(&archive(value), words);
    refused(&stream(value), words);
}

fn read(value: &[u8]) -> Vec<f32> {
    let read = |bytes: &[u8]| {
        let tensors = read_all(bytes, "net.pth").unwrap();
        let values: Vec<_> = tensors.values().collect();
        assert_eq!(values.len(), 1);
        values[0].flatten_all().unwrap().to_vec1::<f32>().unwrap()
    };
    let values = read(&archive(value));
    assert_eq!(read(&stream(value)), values);
    values
}

fn weight(offset: i64, sizes: &[i64], strides: &[i64]) -> Vec<u8> {
    dict(&[("w", tensor("FloatStorage", "0", offset, sizes, strides))])
}

#[test]
fn strides_and_offsets() {
    assert_eq!(read(&weight(0, &[2, 2], &[2, 1])), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(read(&weight(0, &[2, 2], &[1, 2])), [1.0, 3.0, 2.0, 4.0]);
    assert_eq!(read(&weight(1, &[2], &[2])), [2.0, 4.0]);
    assert_eq!(read(&weight(3, &[], &[])), [4.0]);
    assert_eq!(read(&weight(2, &[3, 2], &[0, 1])), [3.0, 4.0, 3.0, 4.0, 3.0, 4.0]);
    assert_eq!(read(&weight(0, &[1, 2, 1, 2], &[i64::MAX, 1, i64::MAX, 2])), [1.0, 3.0, 2.0, 4.0]);
    assert_eq!(read(&weight(0, &[0, 3], &[3, 1])), [] as [f32; 0]);
}

#[test]
fn a_tensor_that_reaches_outside_its_storage() {
    let cases: [(i64, &[i64], &[i64]); 8] = [
        (4, &[1], &[1]),
        (1, &[4], &[1]),
        (0, &[2], &[4]),
        (0, &[5], &[1]),
        (i64::MAX, &[2], &[1]),
        (0, &[2], &[i64::MAX]),
        (1, &[2, 2], &[i64::MAX, i64::MAX]),
        (0, &[i64::MAX, i64::MAX], &[1, 1]),
    ];
    for (offset, sizes, strides) in cases {
        both_refuse(&weight(offset, sizes, strides), &["tensor w", "outside its storage"]);
    }
    for (offset, sizes, strides) in [
        (-1, &[1][..], &[1][..]),
        (0, &[-1], &[1]),
        (0, &[2], &[-1]),
        (0, &[1, 1], &[1]),
        (0, &[1; 17], &[1; 17]),
    ] {
        both_refuse(&weight(offset, sizes, strides), &["not understood"]);
    }
}

#[test]
fn a_stride_of_zero_makes_no_memory() {
    for sizes in [&[1_000_000_000_000][..], &[1 << 20, 1 << 20], &[1 << 40, 1 << 20]] {
        let strides = vec![0; sizes.len()];
        both_refuse(&weight(0, sizes, &strides), &["MiB that share values in a file of 0 MiB"]);
    }
    // Many that are each small enough.
    let names: Vec<String> = (0..40).map(|i| format!("w{i}")).collect();
    let one = |i: usize| tensor("FloatStorage", "0", 0, &[1_000_000 + i as i64], &[0]);
    let pairs: Vec<_> = names.iter().enumerate().map(|(i, name)| (name.as_str(), one(i))).collect();
    both_refuse(&dict(&pairs), &["MiB that share values in a file"]);
}

#[test]
fn nothing_is_called() {
    let marker = Bad::new("x", b"x");
    let touched = marker.folder().join("touched");
    let evil = call("os", "system", &[text(&format!("touch '{}'", touched.display()))]);
    both_refuse(&evil, &["os.system", "no code is run"]);
    for key in ["state_dict", "model", "ema"] {
        both_refuse(&dict(&[(key, evil.clone())]), &["os.system", "no code is run"]);
    }
    let eval = call("builtins", "eval", &[text("1/0")]);
    both_refuse(&dict(&[("state_dict", eval)]), &["builtins.eval"]);
    // Beside a state dict it does no harm.
    let whole = dict(&[("evil", evil), ("state_dict", weight(0, &[1], &[1]))]);
    assert_eq!(read(&whole), [1.0]);
    assert!(!touched.exists());
}

#[test]
fn objects_are_never_made() {
    let made = [global("a.b", "C\u{1b}[2J"), b")\x81}b".to_vec()].concat();
    both_refuse(&made, &["pickled a.b.C\u{fffd}[2J object", "state_dict()"]);
    both_refuse(&dict(&[("model", made)]), &["holds a pickled"]);
    let long = [global(&"m".repeat(2000), "C"), b")\x81".to_vec()].concat();
    both_refuse(&long, &["holds a pickled"]);
}

#[test]
fn what_is_no_state_dict() {
    for value in [&b"N"[..], b"K\x01", b"]", b")", b"G\0\0\0\0\0\0\0\0", b"\x88"] {
        both_refuse(value, &["holds no state dict", "torch.save"]);
    }
    both_refuse(b"}", &["an empty dict"]);
    both_refuse(&dict(&[("epoch", int(3)), ("b\u{1b}", int(1))]), &["found: epoch, b\u{fffd}"]);
    both_refuse(&tensor("FloatStorage", "0", 0, &[4], &[1]), &["holds no state dict"]);
}

#[test]
fn kinds_of_tensors_that_are_not_understood() {
    let of = |class: &str| dict(&[("w\u{1b}", tensor(class, "0", 0, &[1], &[1]))]);
    for class in ["LongStorage", "ByteStorage", "ComplexFloatStorage", "QInt8Storage"] {
        refused(&archive(&of(class)), &["tensor w\u{fffd}", "no floating-point"]);
    }
    both_refuse(&of("NewStorage"), &["torch.NewStorage"]);
    let quantised = call("torch._utils", "_rebuild_qtensor", &[]);
    let with = dict(&[("q", quantised), ("w", tensor("FloatStorage", "0", 0, &[1], &[1]))]);
    both_refuse(&with, &["tensor q", "_rebuild_qtensor"]);
    let counter = dict(&[
        ("bn.num_batches_tracked", tensor("LongStorage", "0", 0, &[], &[])),
        ("w", tensor("FloatStorage", "1", 0, &[1], &[1])),
    ]);
    let data = 2.5f32.to_le_bytes();
    let bytes = zip_of(&[("data.pkl", &pickle(&counter)), ("data/0", &[0; 8]), ("data/1", &data)]);
    let tensors = Checkpoint::parse(bytes, "net").unwrap().load_all().unwrap().tensors;
    assert_eq!(tensors.keys().collect::<Vec<_>>(), ["w"]);
}

#[test]
fn calls_with_wrong_arguments() {
    for name in ["_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_parameter"] {
        both_refuse(&call("torch._utils", name, &[]), &["not understood"]);
        both_refuse(&[global("torch._utils", name), b"NR".to_vec()].concat(), &["not understood"]);
    }
    let few = call("torch._tensor", "_rebuild_from_type_v2", &[int(1)]);
    both_refuse(&few, &["not understood"]);
    let odd = call("collections", "OrderedDict", &[tuple(&[int(1)])]);
    both_refuse(&odd, &["ordered dict"]);
    for id in [b"N".to_vec(), tuple(&[]), tuple(&[text("storage")]), tuple(&[text("file"), int(1)])]
    {
        both_refuse(&[id, b"Q".to_vec()].concat(), &["outside itself"]);
    }
}

#[test]
fn pickles_that_are_broken() {
    let broken = [
        "", ".", "t", "R", "(.", "Ka", "0", "1", "2", "s", "}Ns", "(s", "h\x07", "Q", "b", "\u{1}",
    ];
    for value in broken {
        let value: Vec<u8> = value.chars().map(|c| c as u8).collect();
        both_refuse(&value, &[]);
    }
    both_refuse(b"I1\n", &["0x49", "no opcode"]);
    both_refuse(b"}NN(u", &[]);
    both_refuse(b"}(Nu", &["key without a value"]);
    both_refuse(&[b"c".to_vec(), vec![b'a'; 100_000]].concat(), &["broken pickle"]);
}

#[test]
fn lengths_that_lie() {
    for start in ["X", "T", "B", "\u{8b}"] {
        let start: Vec<u8> = start.chars().map(|c| c as u8).collect();
        both_refuse(&[start, b"\xff\xff\xff\x7f".to_vec()].concat(), &["cut off"]);
    }
    for start in [0x8du8, 0x8e, 0x96] {
        for length in [u64::MAX, 1 << 62, 1 << 40] {
            both_refuse(&[&[start][..], &length.to_le_bytes()].concat(), &["cut off"]);
        }
    }
    for count in [5, -1, i64::MAX, i64::MIN, 1 << 40] {
        let system = dict(&[("little_endian", b"\x88".to_vec())]);
        let bytes = stream_of(&system, &weight(0, &[1], &[1]), count);
        refused(&bytes, &["storage 0 is cut off"]);
    }
}

#[test]
fn other_machines_and_other_pickles() {
    let value = weight(0, &[1], &[1]);
    for system in [b"}".to_vec(), b"N".to_vec(), dict(&[("little_endian", b"\x89".to_vec())])] {
        refused(&stream_of(&system, &value, 4), &["big-endian"]);
    }
    let entries: [(&str, &[u8]); 2] = [("x/data.pkl", &pickle(&value)), ("x/byteorder", b"big")];
    refused(&zip_of(&entries), &["big-endian"]);
    refused(&pickle(&value), &["not one of torch.save"]);
    refused(b"\x80\x04N.", &["torch.save"]);
    refused(&zip_of(&[("word/document.xml", b"<x/>")]), &["not one that torch.save writes"]);
    let two: [(&str, &[u8]); 2] =
        [("a/data.pkl", &pickle(&value)), ("b/data.pkl", &pickle(&value))];
    refused(&zip_of(&two), &["not one that torch.save writes"]);
    refused(&zip_of(&[("x/data.pkl", &pickle(&value))]), &["storage 0", "not there"]);
}

#[test]
fn depth_costs_nothing() {
    const DEPTH: usize = 100_000;
    both_refuse(&b"(".repeat(DEPTH), &["nested deeper"]);
    for (start, step) in [(&b")"[..], &b"\x85"[..]), (b"N", b"\x85"), (b"N", b"]\x86")] {
        both_refuse(&[start, &step.repeat(DEPTH)].concat(), &["holds no state dict"]);
    }
    // A list in a list, through the memo, and a list in itself.
    let nested = [&b"]q\0"[..], &b"]q\x01h\x00ah\x01q\x00".repeat(DEPTH / 10)].concat();
    both_refuse(&nested, &["holds no state dict"]);
    both_refuse(b"]q\0h\0a", &["holds no state dict"]);
    both_refuse(b"}q\0X\x05\0\0\0modelh\0s", &["holds no state dict"]);
}

#[test]
fn a_billion_laughs() {
    let mut value = b")q\0".to_vec();
    for _ in 0..200 {
        value.extend(b"(");
        value.extend(b"h\0".repeat(10));
        value.extend(b"tq\0");
    }
    both_refuse(&value, &["holds no state dict"]);
    let laughing = dict(&[("joke", value), ("w", tensor("FloatStorage", "0", 0, &[1], &[1]))]);
    assert_eq!(read(&laughing), [1.0]);
}

#[test]
fn zips_that_lie() {
    let good = archive(&weight(0, &[4], &[1]));
    assert!(read_all(&good, "good").is_ok());
    refused(&replace(&good, b"x/byteorder", b"x//../../ab"), &["x//../../ab", "refused"]);
    refused(&replace(&good, b"x/byteorder", b"/etc/passwd"), &["/etc/passwd", "refused"]);
    let twice = archive_with("x/data/1");
    refused(&replace(&twice, b"x/data/1", b"x/data/0"), &["two entries", "x/data/0"]);
    // In the central directory: method, then compressed and uncompressed size.
    let entry = good.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap();
    for (at, value, word) in [
        (entry + 10, 8u8, "compressed"),
        (entry + 8, 1, "encrypted"),
        (entry + 20, 7, "two sizes"),
        (entry + 42, 9, "not where the archive says"),
    ] {
        let mut bytes = good.clone();
        bytes[at] = value;
        refused(&bytes, &[word]);
    }
    let mut bytes = good.clone();
    for at in [entry + 20, entry + 24] {
        bytes[at..at + 4].copy_from_slice(&0x7fff_ffffu32.to_le_bytes());
    }
    refused(&bytes, &["not where the archive says"]);
    let end = good.windows(4).rposition(|w| w == b"PK\x05\x06").unwrap();
    let mut bytes = good.clone();
    bytes[end + 8..end + 12].copy_from_slice(&[0xfe; 4]);
    refused(&bytes, &[]);
}

fn archive_with(name: &str) -> Vec<u8> {
    let value = pickle(&weight(0, &[1], &[1]));
    zip_of(&[("x/data.pkl", &value), ("x/data/0", &[0; 16]), (name, &[0; 16])])
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = bytes.to_vec();
    let places: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    bytes
}

#[test]
fn a_download_that_stopped() {
    for name in ["zip_f16.pt", "legacy_f16.th"] {
        let whole = fixture_bytes(name);
        assert!(read_all(&whole, name).is_ok());
        for length in (0..whole.len()).step_by(10) {
            says(read_all(&whole[..length], name), &[name, ": "]);
        }
        let cut = Bad::new("cut.pth", &whole[..whole.len() / 2]);
        says_of(&cut.path, Checkpoint::read(&cut.path), &["download"]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(12), ..ProptestConfig::with_cases(300) })]

    #[test]
    fn any_damage(
        file in prop::sample::select(vec!["zip_f16.pt", "legacy_f16.th", "legacy_protocol4.pth", "one_storage.pth", "state_dict_and_more.pth"]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..8u32), 1..8),
    ) {
        let mut bytes = fixture_bytes(file);
        for (at, bit) in changes {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        if let Err(error) = read_all(&bytes, "any") {
            says::<(), _>(Err(error), &["any: "]);
        }
    }

    #[test]
    fn any_opcodes(value in prop::collection::vec(prop::sample::select(OPCODES.to_vec()), 0..200)) {
        for bytes in [archive(&value), stream(&value)] {
            if let Err(error) = read_all(&bytes, "any") {
                says::<(), _>(Err(error), &["any: "]);
            }
        }
    }
}

/// Opcodes without arguments, those that take a byte, and small numbers for them.
const OPCODES: &[u8] = b"((((N\x88\x89K))t\x85\x86\x87]lae}dsu\x8f\x90\x91hq\x94\x93R\x81\x92bQ012\x8cUC\0\x01\x02\x03\x04";
