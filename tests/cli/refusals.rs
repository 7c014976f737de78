//! Exit code 2 for what the command line names and does not exist, 1 for what the world refuses.

use std::process::{Command, Stdio};

use crate::bench::{Bench, network_path, photo};

#[test]
fn names_that_do_not_exist_are_refused_with_near_matches() {
    let (bench, photo) = (Bench::new(), photo());
    for (line, words) in [
        (&["maps", "P", "--layer", "layer1.0.relu_2"][..], "did you mean layer1.0.relu_1"),
        (&["maps", "P", "--layer", "relu", "--channels", "2,6"], "its channels are 0 to 5"),
        (&["maps", "P", "--layer", "relu", "--channels", "5-2"], "5-2 is not a range"),
        (&["maps", "P", "--layer", "relu", "--channels", "top:0"], "top:K"),
        (&["maps", "P", "--layer", "relu", "--combine", "medan"], "'mean'"),
        (&["maps", "P", "--layer", "relu", "--combine", "sum", "--channels", "0"], "--combine"),
        (&["maps", "P", "--layer", "relu", "-o", "a.gif"], ".png (a picture) or .npy"),
        (&["maps", "P", "--layer", "relu", "-o", "-", "--print"], "leave out --print"),
        (&["maps", "P"], "--layer"),
        (
            &["export", "P", "--layers", "conv1,flaten", "-o", "a.safetensors"],
            "did you mean flatten",
        ),
        (&["export", "P", "-o", "a.npz"], ".safetensors"),
        (&["stats", "P", "--layer", "layr3"], "layer3"),
        (&["stats", "P", "--json", "--csv"], "cannot be used with"),
        (&["predict", "P", "--top", "0"], "a number from 1 to"),
        (&["maps", "P", "--colormap", "virids"], "'viridis'"),
        (&["predict", "P", "--mdoel", "x"], "'--model'"),
        (&["predict", "P", "--mean", "0.5,0.5"], "takes 3 channels"),
        (&["predict", "P", "--std", "0.5,0,1"], "each 0.00001 to 1000"),
        (&["maps", "P", "--range", "own"], "percentile"),
        (&["predict", "P", "--device", "gpu"], "auto, cpu, cuda, cuda:N, metal"),
        (&["predict", "P", "--dtype", "f8"], "f16, bf16"),
        (&["maps", "P", "--graphics", "ansi"], "halfblocks, quadrants"),
        (&["--theme", "drak"], "dark"),
        (&["kernels"], "--layer"),
        (&["kernels", "--layer", "relu"], "relu is not a convolution; the one before it is conv1"),
        (&["kernels", "--layer", "layer1.0.bn2"], "the one before it is layer1.0.conv2"),
        (&["kernels", "--layer", "fc"], "fc is not a convolution; `convscope layers`"),
        (&["kernels", "--layer", "layer1.0.cnv1"], "did you mean layer1.0.conv1"),
        (&["kernels", "--layer", "conv1", "--channels", "6"], "its channels are 0 to 5"),
        (&["kernels", "--layer", "conv1", "--slice", "3"], "its inputs are 0 to 2"),
        (&["kernels", "--layer", "conv1", "--sort", "max"], "max is for maps"),
        (&["kernels", "--layer", "conv1", "-o", "-", "--print"], "leave out --print"),
        (&["kernels", "--layer", "conv1", "-o", "-", "--slice", "1"], "--slice is for pictures"),
        (&["kernels", "--layer", "conv1", "--channels", "1", "--sort", "norm"], "--sort is for"),
        (&["maps", "P", "--layer", "relu", "--channels", "1", "--sort", "max"], "--sort is for"),
        (&["maps", "P", "--layer", "relu", "--combine", "max", "--sort", "max"], "--sort is for"),
        (&["maps", "P", "--layer", "relu", "-o", "-", "--overlay"], "--overlay is for pictures"),
        (&["maps", "P", "--layer", "relu", "-o", "-", "--scale", "3"], "-o FILE.png"),
        (&["predict", "P", "--threads", "-1"], "a number from 0 to 1024"),
        (&["kernels", "--layer", "conv1", "-o", "k.jpg"], "kernels are written as .png"),
        (&["predict"], "PHOTO"),
        (&["--layer", "layer5"], "did you mean layer"),
        (&["--layer", "conv1", "--channel", "6"], "its channels are 0 to 5"),
        (&["--layer", "conv1", "predict", "P"], "'--layer' found; --layer is for maps, kernels"),
        (&["predct"], "did you mean predict"),
    ] {
        let line: Vec<&str> =
            line.iter().map(|word| if *word == "P" { &photo } else { *word }).collect();
        bench.on("basic", &line).refused(2, words);
    }
    for (line, words) in [
        (&["help", "explian"][..], "did you mean explain"),
        (&["fetch"], "<M>"),
        (&["completions", "tcsh"], "zsh"),
        (&["config"], "path|show|init"),
        (&["config", "shw"], "'show'"),
        (&["layers", "--size", "0x3"], "HEIGHTxWIDTH"),
    ] {
        bench.run(line).refused(2, words);
    }
}

#[test]
fn a_flag_that_a_command_does_not_use_is_refused() {
    let (bench, photo) = (Bench::new(), photo());
    for (line, flag) in [
        (&["layers", "--knock-out", "conv1:0"][..], "--knock-out"),
        (&["layers", "--device", "cpu"], "--device"),
        (&["kernels", "--layer", "conv1", "--knock-out", "conv1:0"], "--knock-out"),
        (&["kernels", "--layer", "conv1", "--size", "32"], "--size"),
        (&["models", "--model", "x"], "--model"),
        (&["doctor", "--knock-out", "conv1:0"], "--knock-out"),
        (&["config", "show", "--knock-out", "conv1:0"], "--knock-out"),
        (&["bench", &photo, "--knock-out", "conv1:0"], "--knock-out"),
        (&["predict", &photo, "--colormap", "jet"], "--colormap"),
        (&["--knock-out", "conv1:0", "models"], "--knock-out"),
    ] {
        let words = format!("unexpected argument '{flag}' found; {flag} is for ");
        bench.run(line).refused(2, &words);
    }
    bench.run(&["config", "path", "--device", "cpu"]).refused(2, "for `config show`");
    bench.run(&["--offline", "man"]).ok();
}

#[test]
fn names_of_commands_may_be_values_and_folders() {
    let bench = Bench::new();
    bench.put_photo("maps/a.png");
    for line in [
        &["maps/a.png", "--view", "explain"][..],
        &["./maps", "--view", "maps"],
        &["--view", "kernels", "maps/a.png"],
        &["maps/a.png", "maps", "--view", "depth"],
        &["--layer", "layer1", "--", "maps"],
    ] {
        bench.run(line).refused(1, "needs a terminal");
    }
    let lost = bench.run(&["maps/a.png", "layers"]);
    lost.refused(2, "no photo \"layers\"; to run the command layers, put it first");
}

#[test]
fn the_world_may_fail() {
    let (bench, photo) = (Bench::new(), photo());
    std::fs::write(bench.path("net.safetensors"), "no network").unwrap();
    std::fs::create_dir(bench.path("empty")).unwrap();
    for (line, words) in [
        (&["layers", "--model", "none.safetensors"][..], "none.safetensors: no such file"),
        (&["layers", "--model", "net.safetensors"], "net.safetensors: "),
        (&["predict", &photo, "--device", "cuda:7"], "cuda:7: "),
        (&["predict", &photo, "--device", "metal"], "metal: "),
        (&["predict", &photo, "--device", "cpu", "--dtype", "f16"], "use --dtype f32"),
        (&["predict", "none.png"], "none.png: no such file or folder"),
        (&["predict", "empty"], "empty: holds no photo"),
        (&["none.png"], "none.png: no such file"),
        (&["maps", &photo, "--layer", "fc", "-o", "empty"], "is a folder"),
    ] {
        bench.run(line).refused(1, words);
    }
}

#[test]
fn the_explorer_needs_a_terminal() {
    let ran = Bench::new().run(&[]);
    ran.refused(1, "needs a terminal");
    let commands = "layers, predict, maps, kernels, stats, explain, ablate, judge, invert, dream, export, bench, models, fetch, doctor, config, completions, man, help";
    assert!(ran.err.contains(commands), "{}", ran.err);
}

#[test]
fn flags_stand_before_and_after_the_command() {
    let (bench, model) = (Bench::new(), network_path("wide"));
    let model = model.to_str().unwrap();
    let before =
        bench.run(&["--model", model, "--offline", "--size", "160", "layers", "--json"]).ok().out;
    let after = bench.run(&["layers", "--json", "--model", model, "--size", "160"]).ok().out;
    assert_eq!(before, after);
    let warped = bench.run(&["layers", "--model", model, "--size", "32", "--no-crop"]).ok().out;
    assert!(warped.contains("warped to 32x32"), "{warped}");
}

#[test]
fn a_closed_pipe_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_convscope"))
        .args(["layers", "--json", "--model"])
        .arg(network_path("basic"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .env("XDG_STATE_HOME", std::env::temp_dir())
        .env("CONVSCOPE_CONFIG_DIR", "/nonexistent")
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}
