//! Names of classes from files, and from class folders.

use std::fs;

use crate::bench::{Bench, Ran, photo};

/// The likeliest class of the photo by the names in a file.
fn top(bench: &Bench, name: &str, text: &str) -> (u64, String) {
    fs::write(bench.path(name), text).unwrap();
    let photo = photo();
    let line = ["predict", &photo, "--labels", name, "--top", "1", "--json"];
    let top = bench.on("basic", &line).json()["photos"][0]["top"][0].clone();
    (top["index"].as_u64().unwrap(), top["label"].as_str().unwrap().to_string())
}

#[test]
fn tables_of_training_scripts_name_the_classes() {
    let bench = Bench::new();
    let names = ["ant", "bee", "cat", "dog", "eel", "fox", "gnu", "hen", "imp", "jay"];
    let rows = |row: &dyn Fn(usize, &str) -> String, between: &str| {
        // Last to first: the order of the file must not count.
        let rows: Vec<String> = names.iter().enumerate().rev().map(|(i, n)| row(i, n)).collect();
        rows.join(between)
    };
    let class_to_idx = rows(&|i, name| format!("\"{name}\": {i}"), ", ");
    let id2label = rows(&|i, name| format!("\"{i}\": \"{name}\""), ", ");
    for (file, text) in [
        ("class_to_idx.json", format!("{{{class_to_idx}}}")),
        ("nested.json", format!("{{\"class_to_idx\": {{{class_to_idx}}}, \"epoch\": 3}}")),
        ("id2label.json", format!("{{{id2label}}}")),
        ("labels.csv", format!("index,name\n{}", rows(&|i, name| format!("{i},{name}"), "\n"))),
        ("labels.tsv", rows(&|i, name| format!("{name}\t{i}"), "\n")),
        (
            "data.yaml",
            format!("nc: 10\nnames:\n{}", rows(&|i, name| format!("  {i}: {name}"), "\n")),
        ),
        ("names.txt", names.join("\n")),
    ] {
        let (index, label) = top(&bench, file, &text);
        assert_eq!(label, names[index as usize], "{file}");
    }
}

#[test]
fn long_and_wide_names_are_cut_by_columns() {
    let bench = Bench::new();
    let name = |i: usize| match i % 2 {
        0 => "x".repeat(65_536),
        _ => "漢".repeat(40_000),
    };
    fs::write(bench.path("long.txt"), (0..10).map(name).collect::<Vec<_>>().join("\n")).unwrap();
    let photo = photo();
    let ran = bench.on("basic", &["predict", &photo, "--labels", "long.txt"]).ok();
    assert!(ran.out.lines().skip(1).all(|line| line.chars().count() < 120), "{}", ran.out);
    assert!(ran.out.contains('…'));
    let line = ["ablate", &photo, "--layer", "conv1", "--channels", "0", "--labels", "long.txt"];
    bench.on("basic", &line).ok();
}

#[test]
fn files_without_an_end_are_refused_at_once() {
    let bench = Bench::new();
    let pipe = bench.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let labels = |file: &str| bench.run(&["layers", "--labels", file]);
    labels("pipe").refused(1, "pipe: is a named pipe");
    labels("/dev/zero").refused(1, "is a device");
    labels("none.txt").refused(1, "none.txt: no such file");
    fs::create_dir(bench.path("settings")).unwrap();
    let file = fs::File::create(bench.path("settings/config.toml")).unwrap();
    file.set_len(300 << 20).unwrap();
    bench.run(&["layers"]).refused(1, "config.toml: is larger than");
    fs::remove_file(bench.path("settings/config.toml")).unwrap();
    fs::rename(&pipe, bench.path("settings/models.toml")).unwrap();
    bench.run(&["models"]).refused(1, "models.toml: is a named pipe");
}

#[test]
fn without_a_place_for_settings_there_are_none() {
    let bench = Bench::new();
    for folder in ["/dev/null", "/dev/null/deeper"] {
        let ran = bench.run_with(&["layers"], &[("CONVSCOPE_CONFIG_DIR", folder)]);
        assert_eq!(ran.ok().code, 0);
    }
}

#[test]
fn class_folders_name_classes_that_have_no_names() {
    let bench = Bench::new();
    for i in 0..10 {
        bench.put_photo(&format!("set/{}/a.png", char::from(b'j' - i)));
    }
    let Ran { code, out, err, .. } = bench.on("basic", &["predict", "set", "--top", "1", "--json"]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("using the 10 folder names in set"), "{err}");
    let all: serde_json::Value = serde_json::from_str(&out).unwrap();
    let top = &all["photos"][0]["top"][0];
    let expected = char::from(b'a' + top["index"].as_u64().unwrap() as u8).to_string();
    assert_eq!(top["label"], expected);
    assert_eq!(all["accuracy"], 0.1);
}
