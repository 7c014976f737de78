//! Numbers out of their range, results that are not numbers, and memory that is not there.

use std::fs;
use std::process::Command;

use convscope::base::Random;
use convscope::config::{Catalogue, Settings};

use crate::bench::{Bench, network_path, photo};

#[test]
fn every_number_has_a_range() {
    let (bench, photo) = (Bench::new(), photo());
    for line in [
        &["dream", "--class", "0", "--iterations", "4294967295"][..],
        &["invert", "P", "--layer", "fc", "--iterations", "0"],
        &["explain", "P", "--steps", "9999999999999999"],
        &["explain", "P", "--samples", "99999999999999999999"],
        &["explain", "P", "--width", "0"],
        &["bench", "P", "--runs", "18446744073709551615"],
        &["predict", "P", "--top", "-1"],
        &["predict", "P", "--threads", "20000"],
        &["predict", "P", "--size", "8193"],
        &["predict", "P", "--std", "1e-45"],
        &["predict", "P", "--std", "nan"],
        &["predict", "P", "--mean", "3.4e38"],
        &["predict", "P", "--mean", "inf,0,0"],
        &["predict", "P", "--knock-out", "conv1:0*nan"],
        &["predict", "P", "--knock-out", "conv1:0=1e30"],
        &["ablate", "P", "--layer", "conv1", "--channels", "0", "--scale", "nan"],
        &["ablate", "P", "--layer", "conv1", "--channels", "0", "--scale", "inf"],
        &["maps", "P", "--layer", "conv1", "--scale", "0"],
        &["kernels", "--layer", "conv1", "--slice", "99999999999"],
        &["--channel", "18446744073709551616"],
    ] {
        let words: Vec<&str> =
            line.iter().map(|w| if *w == "P" { photo.as_str() } else { *w }).collect();
        bench.run(&words).refused(2, "");
    }
    let tall = bench.run(&["predict", "builtin:china.jpg", "--size", "8192x1"]);
    tall.refused(1, "--no-crop warps it");
    fs::create_dir(bench.path("settings")).unwrap();
    fs::write(bench.path("settings/config.toml"), "[run]\nthreads = 20000\n").unwrap();
    bench.run(&["layers"]).refused(1, "config.toml:2: run.threads: must be 0 to 1024");
}

/// Numbers as nobody writes them are refused or taken; nothing panics, hangs or says NaN.
#[test]
fn mutated_numbers_are_refused_or_taken() {
    let (bench, photo) = (Bench::new(), photo());
    let parts = ["0", "1", "9", "-", "+", ".", "e", "x", ",", " ", "nan", "inf", "99999", "٣", "_"];
    let lines: [&[&str]; 4] = [
        &["layers", "--size"],
        &["layers", "--mean"],
        &["layers", "--std"],
        &["predict", &photo, "--top"],
    ];
    let mut random = Random::new(7);
    for round in 0..48 {
        let length = 1 + random.below(4);
        let number: String = (0..length).map(|_| parts[random.below(parts.len())]).collect();
        let mut line = lines[round % lines.len()].to_vec();
        line.push(&number);
        let ran = bench.run(&line);
        assert!(
            [0, 2].contains(&ran.code) || ran.err.contains("--size"),
            "{line:?}: {} {}",
            ran.code,
            ran.err
        );
        assert!(!ran.out.contains("NaN") && !ran.out.contains("inf"), "{line:?}: {}", ran.out);
    }
}

#[test]
fn mutated_settings_and_networks_are_read_or_refused() {
    let seeds = [
        "[display]\ncolormap = \"jet\"\ntile = 12\n[run]\nthreads = 4\n[memory]\ncapture_mib = 64\n",
        "[mine]\ntitle = \"Mine\"\nrepo = \"a/b\"\nmean = [0.5, 0.5, 0.5]\ninput_size = 224\n",
    ];
    let parts = [
        "[",
        "]",
        "=",
        "\"",
        "\n",
        "-",
        "9",
        "999999999999999999999",
        "nan",
        "inf",
        ".",
        "#",
        "\u{202e}",
        "{",
    ];
    let mut random = Random::new(3);
    let path = std::path::Path::new("user.toml");
    let mut counts = [0, 0];
    for round in 0..3000 {
        let mut text: Vec<char> = seeds[round % 2].chars().collect();
        for _ in 0..=random.below(3) {
            let at = random.below(text.len() + 1);
            if random.below(2) == 0 && at < text.len() {
                text.remove(at);
            } else {
                text.splice(at..at, parts[random.below(parts.len())].chars());
            }
        }
        let text: String = text.into_iter().collect();
        let user = Some((path, text.as_str()));
        let error = match round % 2 {
            0 => Settings::load(user).err(),
            _ => Catalogue::load(user).err(),
        };
        if let Some(error) = &error {
            let said = error.to_string();
            assert!(said.starts_with("user.toml:") && !said.contains(['\n', '\u{202e}']), "{said}");
        }
        counts[usize::from(error.is_some())] += 1;
    }
    assert!(counts.iter().all(|count| *count > 100), "{counts:?}");
}

#[test]
fn results_that_are_not_numbers_are_said() {
    let (bench, photo) = (Bench::new(), photo());
    let mut bytes = fs::read(network_path("basic")).unwrap();
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let about: serde_json::Value = serde_json::from_slice(&bytes[8..8 + header]).unwrap();
    let at =
        8 + header + about["layer2.0.conv1.weight"]["data_offsets"][0].as_u64().unwrap() as usize;
    bytes[at..at + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(bench.path("nan.safetensors"), bytes).unwrap();
    for line in [
        &["predict", &photo][..],
        &["explain", &photo],
        &["judge", &photo],
        &["ablate", &photo, "--layer", "conv1", "--channels", "0"],
        &["invert", &photo, "--layer", "layer1"],
        &["stats", &photo],
        &["maps", &photo, "--layer", "conv1", "--print"],
        &["export", &photo, "--layers", "conv1", "-o", "a.safetensors"],
    ] {
        let line = [line, &["--model", "nan.safetensors", "--size", "33x41"]].concat();
        let ran = bench.run(&line);
        assert_eq!(ran.code, 1, "{line:?}: {}", ran.err);
        let said = ran.err.lines().last().unwrap();
        assert!(said.contains("NaN or infinity"), "{line:?}: {said}");
        assert!(!ran.out.contains("NaN %"), "{}", ran.out);
    }
    // What was asked for is there nonetheless, to find out why.
    assert!(bench.path("a.safetensors").exists());
}

/// A run that cannot fit is refused in a sentence before it starts.
#[cfg(target_os = "linux")]
#[test]
fn memory_that_is_not_there_is_said() {
    let bench = Bench::new();
    let line =
        r#"ulimit -v 1500000 && exec "$0" predict builtin:china.jpg --threads 1 --size 4000x4000"#;
    let ran = Command::new("sh")
        .args(["-c", line, env!("CARGO_BIN_EXE_convscope")])
        .env("HOME", bench.0.path())
        .current_dir(bench.0.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(1), "{said}");
    assert!(
        said.contains("a run at 4000x4000 needs about") && said.contains("smaller --size"),
        "{said}"
    );
}
