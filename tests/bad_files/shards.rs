//! Indices of shards, and folders.

use std::collections::BTreeMap;
use std::path::Path;

use convscope::source::Checkpoint;
use tempfile::TempDir;

use super::support::{bytes_of, says_of};

const INDEX: &str = "model.safetensors.index.json";

/// A folder with these files.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn index(pairs: &[(&str, &str)]) -> Vec<u8> {
    let map: BTreeMap<_, _> = pairs.iter().copied().collect();
    serde_json::json!({ "metadata": {}, "weight_map": map }).to_string().into_bytes()
}

fn refused(folder: &TempDir, file: &str, words: &[&str]) {
    says_of(&folder.path().join(file), Checkpoint::read(folder.path()), words);
}

fn net() -> Vec<u8> {
    bytes_of("checkpoints/bf16.safetensors")
}

#[test]
fn shards_lie_beside_their_index() {
    let outside = folder(&[("a.safetensors", &net())]);
    let full = outside.path().join("a.safetensors");
    for name in
        ["../a.safetensors", "/etc/passwd", "..", ".", "", "x/a", "x\\a", full.to_str().unwrap()]
    {
        let place = folder(&[(INDEX, &index(&[("conv1.weight", name)]))]);
        refused(&place, INDEX, &["must be in the folder"]);
    }
}

#[test]
fn an_index_that_lies() {
    let place = |pairs: &[(&str, &str)]| {
        folder(&[(INDEX, &index(pairs)), ("a.safetensors", &net()), ("b.safetensors", &net())])
    };
    let missing = place(&[("conv1.weight", "c.safetensors")]);
    refused(&missing, "c.safetensors", &["no such file"]);
    let promised = place(&[("conv9.weight\u{1b}", "a.safetensors")]);
    refused(&promised, "a.safetensors", &["lacks tensor conv9.weight\u{fffd}"]);
    let twice = place(&[("conv1.weight", "a.safetensors"), ("fc.bias", "b.safetensors")]);
    refused(&twice, "b.safetensors", &["so does another shard"]);
    refused(&place(&[]), INDEX, &["names no shards"]);
    let itself = place(&[("conv1.weight", INDEX)]);
    refused(&itself, INDEX, &["is an index of shards"]);
    for text in
        [&b"{\"weight_map\": [1, 2]}"[..], b"{\"config\": true}", b"{\"weight_map\": {\"a\": "]
    {
        refused(&folder(&[(INDEX, text)]), INDEX, &["not an index of a checkpoint"]);
    }
    let deep = format!("{{\"weight_map\": {}", "[".repeat(100_000));
    refused(&folder(&[(INDEX, deep.as_bytes())]), INDEX, &["not an index"]);
    let cut = folder(&[
        (INDEX, &index(&[("conv1.weight", "a.safetensors")])),
        ("a.safetensors", &net()[..500]),
    ]);
    refused(&cut, "a.safetensors", &["download it again"]);
    let parsed = Checkpoint::parse(index(&[("a", "b")]), "index");
    says_of(Path::new("index"), parsed, &["open it by its path"]);
}

#[test]
fn a_folder_with_one_checkpoint_or_several() {
    let (good, pth) = (net(), bytes_of("checkpoints/zip_f16.pt"));
    let chosen = |files: &[(&str, &[u8])]| {
        let place = folder(files);
        let file = Checkpoint::read(place.path()).unwrap().file.unwrap();
        file.file_name().unwrap().to_str().unwrap().to_string()
    };
    let usual =
        [("other.pth", &pth[..]), ("pytorch_model.bin", &pth), ("model.safetensors", &good)];
    assert_eq!(chosen(&usual), "model.safetensors");
    assert_eq!(chosen(&usual[..2]), "pytorch_model.bin");
    assert_eq!(chosen(&[("config.json", b"{}"), ("Best.PTH", &pth), (".a.pth", b"")]), "Best.PTH");
    // The content counts, not the name.
    assert_eq!(chosen(&[("best.pth.tar", &good)]), "best.pth.tar");
    let name = |place: &TempDir| place.path().file_name().unwrap().to_str().unwrap().to_string();
    let none = folder(&[("config.json", b"{}")]);
    says_of(none.path(), Checkpoint::read(none.path()), &[&name(&none), "holds no checkpoint"]);
    let many = folder(&[("a.pth", &pth), ("b\u{1b}.pt", &pth), ("c.bin", &pth), ("d.th", &pth)]);
    let words = ["holds 4 checkpoints (a.pth, b\u{fffd}.pt, c.bin and 1 more)"];
    says_of(many.path(), Checkpoint::read(many.path()), &words);
}
