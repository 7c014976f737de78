//! `completions` and `man`.

use std::fs;

use crate::bench::{Bench, network_path};

/// What bash is offered for the last of these words.
fn offered(bench: &Bench, words: &[&str]) -> Vec<String> {
    let index = words.len().to_string();
    let line = [&["--", "convscope"], words].concat();
    let variables = [("CONVSCOPE_COMPLETE", "bash"), ("_CLAP_COMPLETE_INDEX", index.as_str())];
    let out = bench.run_with(&line, &variables).ok().out;
    out.lines().map(String::from).collect()
}

#[test]
fn every_shell_gets_a_script_that_calls_the_program() {
    let bench = Bench::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = bench.run(&["completions", shell]).ok().out;
        assert!(script.contains("CONVSCOPE_COMPLETE"), "{shell}: {script}");
        assert!(script.contains(env!("CARGO_BIN_EXE_convscope")), "{shell}: {script}");
    }
    let unknown = bench.run_with(&["--"], &[("CONVSCOPE_COMPLETE", "tcsh")]);
    unknown.refused(2, "tcsh");
}

#[test]
fn networks_are_offered() {
    let bench = Bench::new();
    fs::copy(network_path("wide"), bench.path("resized.safetensors")).unwrap();
    fs::write(bench.path("results.txt"), "no network").unwrap();
    let found = offered(&bench, &["layers", "--model", "res"]);
    for name in ["resnet18", "resnet50", "resized.safetensors"] {
        assert!(found.iter().any(|f| f == name), "{name} in {found:?}");
    }
    assert!(!found.iter().any(|f| f == "results.txt" || f == "builtin"), "{found:?}");
    assert!(offered(&bench, &["fetch", "resnet1"]).contains(&"resnet18".to_string()));
    assert_eq!(offered(&bench, &["--model", "bui"]), ["builtin"]);
    assert_eq!(offered(&bench, &["doc"]), ["doctor"]);
    assert_eq!(offered(&bench, &["help", "fl"]), ["flags"]);
    assert_eq!(offered(&bench, &["help", "exp"]), ["explain", "export"]);
    assert_eq!(offered(&bench, &["doctor", "--theme", "l"]), ["light"]);
    // A view may have a command's name.
    assert_eq!(offered(&bench, &["--view", "explain", "--theme", "l"]), ["light"]);
    assert!(offered(&bench, &["--view", "explain", "--wi"]).is_empty());
    assert!(offered(&bench, &["--view", "m"]).contains(&"maps".to_string()));
}

#[test]
fn layers_of_the_network_on_the_line_are_offered() {
    let bench = Bench::new();
    let found = offered(&bench, &["maps", "a.png", "--layer", "layer2."]);
    assert!(found.iter().any(|f| f == "layer2.0.conv1"), "{found:?}");
    assert!(found.iter().any(|f| f == "layer2.1"), "{found:?}");
    assert!(found.iter().all(|f| f.starts_with("layer2.")), "{found:?}");
    assert!(!found.iter().any(|f| f.ends_with("conv3")), "{found:?}");

    let bottleneck = network_path("bottleneck");
    let line = ["--model", bottleneck.to_str().unwrap(), "stats", "a.png", "--layer", "layer1.0."];
    assert!(offered(&bench, &line).contains(&"layer1.0.conv3".to_string()));
    let line = ["kernels", "--layer", "layer1.0"];
    let found = offered(&bench, &line);
    assert!(found.contains(&"layer1.0.conv2".to_string()) && found.len() == 2, "{found:?}");
    let line = ["export", "a.png", "--layers", "conv1,layer4.1.c"];
    assert_eq!(offered(&bench, &line), ["conv1,layer4.1.conv1", "conv1,layer4.1.conv2"]);

    // What is not on this machine has no names, and nobody is asked for them.
    let line = ["maps", "a.png", "--model=resnet50", "--layer", "layer2."];
    assert_eq!(offered(&bench, &line), [""; 0]);
    assert!(!bench.path("hf").exists());
}

#[test]
fn the_manual_is_one_page_with_every_command() {
    let page = Bench::new().run(&["man"]).ok().out;
    assert!(page.starts_with(".ie") || page.starts_with(".TH convscope 1"), "{page}");
    assert_eq!(page.matches(".TH convscope 1").count(), 1);
    for section in [".SH NAME", ".SH SYNOPSIS", ".SH NETWORK", ".SH \"CONVSCOPE DOCTOR\""] {
        assert!(page.contains(section), "{section} in {page}");
    }
    // What every command takes is said once; the flags of a command at the command.
    assert_eq!(page.matches("Do not connect to the hub").count(), 1);
    let kernels = page.split(".SH \"CONVSCOPE KERNELS\"").nth(1).unwrap();
    let kernels = kernels.split("\n.SH ").next().unwrap();
    assert!(kernels.contains(".SS OPTIONS") && kernels.contains("slice"), "{kernels}");
    assert!(page.lines().all(|line| !line.contains('\u{1b}')));
}
