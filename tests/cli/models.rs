//! `models` and `fetch`, without a network.

use std::fs;
use std::time::{Duration, Instant};

use crate::bench::{Bench, network_path};

/// A commit's name.
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// Lays a network into the cache as `huggingface_hub` does, and says where its file is.
fn put_into_cache(bench: &Bench, repo: &str, network: &str) -> String {
    let folder = bench.path("hf/hub").join(format!("models--{}", repo.replace('/', "--")));
    let snapshot = folder.join("snapshots").join(COMMIT);
    fs::create_dir_all(&snapshot).unwrap();
    fs::create_dir_all(folder.join("refs")).unwrap();
    fs::write(folder.join("refs/main"), COMMIT).unwrap();
    let file = snapshot.join("model.safetensors");
    fs::copy(network_path(network), &file).unwrap();
    file.to_str().unwrap().to_string()
}

#[test]
fn models_say_what_is_here() {
    let bench = Bench::new();
    put_into_cache(&bench, "timm/resnet18.tv_in1k", "basic18");
    fs::copy(network_path("wide"), bench.path("mine.safetensors")).unwrap();
    fs::write(bench.path("empty.pth"), []).unwrap();
    let report = bench.run(&["models", "--json"]).json();
    let rows = report["models"].as_array().unwrap();
    let row = |name: &str| {
        rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("{name}: {rows:?}"))
    };
    assert_eq!(row("builtin")["cached"], "builtin");
    assert_eq!(row("resnet18")["cached"], "whole");
    assert_eq!(row("resnet18")["place"], "timm/resnet18.tv_in1k");
    assert_eq!(row("resnet18")["parameters"], 11_689_512);
    assert_eq!(row("resnet18")["top1"], 69.758);
    assert_eq!(row("resnet50")["cached"], "absent");
    assert_eq!(row("mine.safetensors")["cached"], "file");
    let bytes = fs::metadata(bench.path("mine.safetensors")).unwrap().len();
    assert_eq!(row("mine.safetensors")["bytes"], bytes);
    let title = |name: &str| row(name)["title"].as_str().unwrap().to_string();
    assert!(title("mine.safetensors").contains("classes"), "{}", title("mine.safetensors"));
    assert_eq!(title("empty.pth"), "is empty: copy or download it again");

    let table = bench.run(&["models"]).ok().out;
    let line = |name: &str| {
        let found = table.lines().find(|line| line.split(' ').next() == Some(name));
        found.unwrap_or_else(|| panic!("{name}: {table}")).to_string()
    };
    assert!(line("resnet18").contains("69.8 %  yes"), "{table}");
    assert!(line("resnet50").contains("%  no "), "{table}");
    assert_eq!(table.lines().count(), rows.len() + 2);
}

#[test]
fn what_is_here_is_fetched_without_asking() {
    let bench = Bench::new();
    let file = put_into_cache(&bench, "timm/resnet18.tv_in1k", "basic18");
    for name in ["resnet18", "timm/resnet18.tv_in1k:model.safetensors"] {
        let ran = bench.run(&["fetch", name, "--offline"]).ok();
        assert_eq!(ran.out, format!("{file}\n"));
    }
    // Where the hub is asked whether there is something newer and does not answer, that is said.
    let ran = bench.run(&["fetch", "resnet18"]);
    assert_eq!((ran.code, ran.out), (0, format!("{file}\n")));
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    // A command that opens it says it too, with the same words in its JSON.
    let listed = bench.run(&["layers", "--model", "resnet18", "--json"]);
    assert_eq!(listed.code, 0, "{}", listed.err);
    assert!(listed.err.starts_with(&ran.err), "{}", listed.err);
    let said = ran.err.trim_start_matches("convscope: note: ").trim_end();
    let report: serde_json::Value = serde_json::from_str(&listed.out).unwrap();
    assert!(report["notes"].as_array().unwrap().iter().any(|note| note == said), "{report}");

    fs::copy(network_path("wide"), bench.path("mine.safetensors")).unwrap();
    assert_eq!(bench.run(&["fetch", "mine.safetensors"]).ok().out, "mine.safetensors\n");
    let builtin = bench.run(&["fetch", "builtin"]);
    assert_eq!((builtin.code, builtin.out.as_str()), (0, ""));
    assert!(builtin.err.contains("nothing to fetch"));
}

#[test]
fn what_cannot_be_had_is_said() {
    let bench = Bench::new();
    let started = Instant::now();
    bench.run(&["fetch", "resnet50", "--offline"]).refused(1, "convscope is offline");
    bench.run(&["layers", "--model", "resnet50", "--offline"]).refused(1, "convscope is offline");
    bench.run(&["fetch", "resnet5O"]).refused(1, "did you mean resnet50");
    bench.run(&["layers", "--model", "rsnet18"]).refused(1, "did you mean resnet18");
    bench.run(&["fetch", "none.safetensors"]).refused(1, "none.safetensors: no such file");
    bench.run(&["fetch", "resnet50"]).refused(1, "127.0.0.1:9");
    assert!(started.elapsed() < Duration::from_secs(60));
    assert!(!bench.path("hf/hub/models--timm--resnet50.tv_in1k/snapshots").exists());
}

#[test]
fn a_repository_may_be_written_in_many_ways() {
    let bench = Bench::new();
    let file = put_into_cache(&bench, "timm/resnet18.tv_in1k", "basic18");
    for name in [
        "hf-hub:timm/resnet18.tv_in1k",
        "hf://timm/resnet18.tv_in1k/model.safetensors",
        "https://huggingface.co/timm/resnet18.tv_in1k/blob/main/model.safetensors",
        "http://127.0.0.1:9/timm/resnet18.tv_in1k",
        "models--timm--resnet18.tv_in1k",
        "hf/hub/models--timm--resnet18.tv_in1k",
        "resnet18.tv_in1k",
    ] {
        let ran = bench.run(&["fetch", name, "--offline"]);
        assert_eq!(
            (ran.code, ran.out.trim_end().ends_with("model.safetensors")),
            (0, true),
            "{name}: {}",
            ran.err
        );
        let path = fs::canonicalize(bench.path("").join(ran.out.trim_end())).unwrap();
        assert_eq!(path, fs::canonicalize(&file).unwrap(), "{name}");
        assert_eq!(bench.run(&["layers", "--model", name, "--offline"]).code, 0, "{name}");
    }
    let refused = |name: &str, words: &str| bench.run(&["fetch", name]).refused(1, words);
    refused(
        "https://me:hf_t0ken@example.org/a/b/blob/main/model.safetensors",
        "set HF_ENDPOINT to https://example.org",
    );
    refused("hf-hub:resnet18", "no owner/name");
    refused("https://huggingface.co/datasets/a/b", "a dataset is not a network");
}

#[test]
fn one_wrong_network_in_the_cache_does_not_hide_the_others() {
    let bench = Bench::new();
    put_into_cache(&bench, "timm/resnet18.tv_in1k", "basic18");
    let refs = bench.path("hf/hub/models--timm--resnet34.tv_in1k/refs");
    fs::create_dir_all(refs.join("main")).unwrap();
    let rows = bench.run(&["models", "--json"]).json();
    let row = |name: &str| {
        rows["models"].as_array().unwrap().iter().find(|row| row["name"] == name).unwrap()
    };
    assert_eq!(row("resnet18")["cached"], "whole");
    assert_eq!(row("resnet34")["cached"], "absent");
    assert!(row("resnet34")["note"].as_str().unwrap().contains("refs/main"));
}
