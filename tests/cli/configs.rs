//! Networks with configuration files beside them: what is followed, noted and refused.

use std::fs;

use crate::bench::{Bench, network_path, photo};

/// A folder `net` with a network of the fixtures and these files beside it; no text, no file.
fn beside(config: &str, preprocessor: &str) -> Bench {
    let bench = Bench::new();
    fs::create_dir(bench.path("net")).unwrap();
    fs::copy(network_path("basic"), bench.path("net/model.safetensors")).unwrap();
    for (name, text) in [("config.json", config), ("preprocessor_config.json", preprocessor)] {
        if !text.is_empty() {
            fs::write(bench.path("net").join(name), text).unwrap();
        }
    }
    bench
}

#[test]
fn a_field_that_cannot_be_obeyed_refuses_the_network() {
    for (config, words) in [
        (r#"{"architecture": "resnetaa50"}"#, "config.json says resnetaa50: anti-aliased pooling"),
        (r#"{"model_args": {"global_pool": "max"}}"#, "global_pool is \"max\""),
        ("{", "net/config.json: is broken JSON"),
    ] {
        let ran = beside(config, "").run(&["layers", "--model", "net"]);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{config}");
        assert!(ran.err.contains(words) && ran.err.trim().lines().count() == 1, "{}", ran.err);
    }
}

#[test]
fn what_is_followed_and_what_is_not_is_listed() {
    let config = r#"{"architecture": "resnet18", "model_args": {"output_stride": 8}, "answer": 42,
        "pretrained_cfg": {"input_size": [3, 64, 64], "crop_mode": "squash", "crop_pct": 0.5}}"#;
    let ran = beside(config, "").run(&["layers", "--model", "net"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let out = ran.out;
    for note in ["unknown field answer: not used", "the tensors say 2-1-1-2: the tensors are used"]
    {
        assert!(ran.err.contains(note), "{}", ran.err);
    }
    for line in [
        "input 3x64x64 · warped to 128x128, crop 64x64, bicubic (config.json)",
        "config.json: unknown field answer: not used",
        "config.json: architecture resnet18 says blocks 2-2-2-2, the tensors say 2-1-1-2: the tensors are used",
    ] {
        assert!(out.contains(line), "{out}");
    }
    assert!(!out.contains("no dilation") && !out.contains("assumed: stride"), "{out}");
}

#[test]
fn preprocessing_that_cannot_be_obeyed_refuses_photos_only() {
    let bench = beside("", r#"{"image_processor_type": "PerceiverImageProcessor"}"#);
    let listed = bench.run(&["layers", "--model", "net"]);
    assert!(
        listed.code == 0 && listed.err.contains("note: photos are refused: "),
        "{}",
        listed.err
    );
    let listed = listed.out;
    assert!(listed.contains("photos are refused: preprocessor_config.json: "), "{listed}");
    let refused = bench.run(&["predict", &photo(), "--model", "net"]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("PerceiverImageProcessor"), "{}", refused.err);
    let stated = ["--size", "33", "--mean", "0.5", "--std", "0.5"];
    bench.run(&[&["predict", &photo(), "--model", "net"][..], &stated].concat()).ok();
}

#[test]
fn a_photo_that_is_not_scaled_keeps_its_size() {
    let whole = r#"{"image_processor_type": "BitImageProcessor", "do_resize": false, "do_center_crop": false}"#;
    let bench = beside("", whole);
    let line = ["maps", &photo(), "--model", "net", "--layer", "relu", "-o", "-"];
    // A photo of 61 x 83, halved by the stem.
    assert_eq!(bench.run(&line).npy().0, "(6, 42, 31)");
}
