//! `doctor`: it says what it finds, and that is no failure.

use std::time::{Duration, Instant};

use crate::bench::{Bench, Ran};

/// The findings of one part: (ok, what).
fn part(ran: Ran, name: &str) -> Vec<(bool, String)> {
    let report = ran.json();
    let rows = report["findings"].as_array().unwrap();
    for row in rows {
        assert_eq!(row["ok"].as_bool().unwrap(), row["advice"].is_null(), "{row}");
    }
    let rows = rows.iter().filter(|row| row["part"] == name);
    rows.map(|row| (row["ok"] == true, row["what"].as_str().unwrap().to_string())).collect()
}

#[test]
fn a_closed_network_is_found_quickly() {
    let bench = Bench::new();
    let started = Instant::now();
    let ran = bench.run_with(&["doctor"], &[("HF_TOKEN", "hf_very_secret")]).ok();
    assert!(started.elapsed() < Duration::from_secs(10));
    assert!(!ran.out.contains("secret"), "{}", ran.out);
    for words in [
        "\ndevices\n  ok  cpu: ",
        "  ok  networks run on cpu ",
        "\ncpu\n  ",
        "hf/hub: made with the first network\n",
        "B free on its disk",
        "\nhub\n  ok  there is a token\n  –   127.0.0.1:9",
        "\nterminal\n  –   256 colors",
        "portable",
    ] {
        assert!(ran.out.contains(words), "{words:?} in {}", ran.out);
    }
    assert!(!bench.path("hf").exists());
    // Below each finding that is not ok stands what to do.
    let mut lines = ran.out.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("  –   ") {
            assert!(lines.next().is_some_and(|advice| advice.starts_with("      ")), "{line}");
        }
    }
}

#[test]
fn whatever_is_wrong_is_a_finding() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("settings")).unwrap();
    std::fs::write(bench.path("settings/config.toml"), "[display]\nsrot = \"max\"\n").unwrap();
    std::fs::write(bench.path("settings/keys.toml"), "[keys]\nquit = 7\n").unwrap();
    let settings = part(bench.run(&["doctor", "--json", "--offline"]), "settings");
    assert!(settings.iter().all(|(ok, _)| !ok) && settings.len() == 2, "{settings:?}");
    assert!(settings[0].1.contains("config.toml:2: unknown setting"), "{settings:?}");
    assert!(settings[1].1.contains("keys.toml:2"), "{settings:?}");

    let hub = part(bench.run(&["doctor", "--json", "--offline"]), "hub");
    assert!(hub[1].1.contains("not asked: offline"), "{hub:?}");
    let device = ["doctor", "--json", "--offline", "--device", "cuda:7"];
    let devices = part(bench.run(&device), "devices");
    assert!(devices.iter().any(|(ok, what)| !ok && what.starts_with("cuda:7: ")), "{devices:?}");
    let token = bench.path("folder");
    std::fs::create_dir(&token).unwrap();
    let variables = [("HF_TOKEN_PATH", token.to_str().unwrap())];
    let hub = part(bench.run_with(&["doctor", "--json"], &variables), "hub");
    assert!(matches!(hub.as_slice(), [(false, why)] if why.contains("folder")), "{hub:?}");
}
