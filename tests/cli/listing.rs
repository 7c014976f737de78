//! `layers`, `stats` and `config`.

use crate::bench::{Bench, photo};

#[test]
fn layers_have_torchvisions_names() {
    let bench = Bench::new();
    let known = include_str!("../fixtures/networks.json");
    let known: serde_json::Value = serde_json::from_str(known).unwrap();
    for case in known["cases"].as_array().unwrap() {
        let listing = bench.on(case["name"].as_str().unwrap(), &["layers", "--json"]).json();
        let names: Vec<_> =
            listing["layers"].as_array().unwrap().iter().map(|l| l["name"].clone()).collect();
        assert_eq!(serde_json::Value::Array(names), case["nodes"]);
        assert_eq!(listing["parameters"], case["parameters"]);
    }
    let first = bench.on("basic", &["layers", "--json"]).json()["layers"][0].clone();
    assert_eq!(
        first,
        serde_json::json!({
            "name": "conv1", "op": "conv 7x7 s2", "shape": [1, 6, 17, 21],
            "parameters": 882, "multiply_adds": 882 * 17 * 21, "receptive_field": [7, 7],
        })
    );
}

#[test]
fn layers_for_people_end_with_totals() {
    let out = Bench::new().on("basic", &["layers"]).ok().out;
    assert!(out.contains("layer1.0.conv1") && out.contains("input 3x33x41"), "{out}");
    assert!(out.contains("\n55 layers") && out.contains("87.2 k"), "{out}");
}

#[test]
fn statistics_are_over_all_photos() {
    let (bench, photo) = (Bench::new(), photo());
    let one = bench.on("basic", &["stats", &photo, "--json"]).json();
    let two = bench.on("basic", &["stats", &photo, &photo, "--json"]).json();
    assert_eq!((&one["photos"], &two["photos"]), (&1.into(), &2.into()));
    for (a, b) in [("/layers/2/channels/3", "max"), ("/layers/2", "sparsity")] {
        assert_eq!(one.pointer(a).unwrap()[b], two.pointer(a).unwrap()[b]);
    }
    let fields = ["channel", "min", "max", "mean", "std", "sparsity", "dead", "invalid"];
    let channel = one.pointer("/layers/0/channels/0").unwrap().as_object().unwrap();
    assert!(fields.iter().all(|field| channel.contains_key(*field)), "{channel:?}");

    let csv = bench.on("basic", &["stats", &photo, "--csv", "--layer", "conv1"]).ok().out;
    assert_eq!(csv.lines().next(), Some("layer,channel,min,max,mean,std,sparsity,dead,invalid"));
    assert_eq!((csv.lines().count(), csv.matches("\nconv1,").count()), (7, 6));
    let table = bench.on("basic", &["stats", &photo]).ok().out;
    assert!(table.contains("layer4.1.relu_1") && table.contains("1 photo"), "{table}");
    let rows = bench.on("basic", &["stats", &photo, "--layer", "fc"]).ok().out;
    assert!(rows.contains("\n9 ") && rows.contains("\nall "), "{rows}");
}

#[test]
fn settings_are_shown_as_they_are_in_force() {
    let bench = Bench::new();
    let paths = bench.run(&["config", "path"]).ok().out;
    let file = bench.path("settings/config.toml");
    assert_eq!(paths.lines().next(), file.to_str());
    assert_eq!(paths.lines().count(), 3);

    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "[display]\nsort = \"max\"\n[run]\nthreads = 2\n").unwrap();
    let shown = bench.run(&["config", "show", "--threads", "3", "--colormap", "puor"]).ok().out;
    for line in
        ["sort = \"max\"", "threads = 3", "signed_colormap = \"puor\"", "colormap = \"viridis\""]
    {
        assert!(shown.lines().any(|l| l == line), "{line} in {shown}");
    }
    std::fs::write(&file, "[display]\nsrot = \"max\"\n").unwrap();
    bench.run(&["layers"]).refused(1, "config.toml:2: unknown setting \"srot\"");
    bench.run(&["config", "path"]).ok();
}

#[test]
fn files_to_begin_with_overwrite_nothing() {
    let bench = Bench::new();
    let said = bench.run(&["config", "init"]).ok().out;
    assert_eq!(said.matches(": written\n").count(), 3, "{said}");
    let before = bench.run(&["config", "show"]).ok().out;
    std::fs::remove_file(bench.path("settings/keys.toml")).unwrap();
    std::fs::write(bench.path("settings/config.toml"), "[run]\nthreads = 1\n").unwrap();
    let said = bench.run(&["config", "init"]).ok().out;
    let of = |name: &str| said.lines().find(|line| line.contains(name)).unwrap().to_string();
    assert!(of("config.toml").ends_with("already exists, not changed"), "{said}");
    assert!(of("models.toml").ends_with("already exists, not changed"), "{said}");
    assert!(of("keys.toml").ends_with(": written"), "{said}");
    let text = std::fs::read_to_string(bench.path("settings/config.toml")).unwrap();
    assert_eq!(text, "[run]\nthreads = 1\n");
    let after = bench.run(&["config", "show"]).ok().out;
    assert_eq!(before.replace("threads = 0", "threads = 1"), after);
    assert_eq!(std::fs::read_dir(bench.path("settings")).unwrap().count(), 3);

    let other = Bench::new();
    std::fs::write(other.path("settings"), "a file").unwrap();
    other.run(&["config", "init"]).refused(1, "the folder cannot be made");
}

#[test]
fn help_names_every_command() {
    let help = Bench::new().run(&["--help"]).ok().out;
    for word in [
        "layers",
        "predict",
        "maps",
        "kernels",
        "stats",
        "export",
        "models",
        "fetch",
        "doctor",
        "config",
        "completions",
        "man",
        "--offline",
        "--graphics",
        "--theme",
    ] {
        assert!(help.contains(word), "{help}");
    }
    assert!(Bench::new().run(&["--version"]).ok().out.starts_with("convscope "));
}
