//! Every `--json` is one object that begins alike, and docs/json.md names its fields, all of them and no other.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::bench::{Bench, Ran, photo};

const DOC: &str = include_str!("../../docs/json.md");

/// The fields of the tables in a section.
fn documented(section: &str) -> BTreeSet<String> {
    let text = DOC.split("\n## ").find(|text| text.lines().next() == Some(section));
    let rows = text.unwrap_or_else(|| panic!("docs/json.md has no section {section}")).lines();
    let field = |row: &str| Some(row.strip_prefix("| `")?.split('`').next()?.to_string());
    rows.filter_map(field).collect()
}

/// The paths of all values in an object, as the tables write them: objects and arrays of objects by what they hold.
fn fields(value: &Value, path: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(of) if !of.is_empty() || path.is_empty() => {
            for (key, value) in of {
                let dot = if path.is_empty() { "" } else { "." };
                fields(value, &format!("{path}{dot}{key}"), into);
            }
        }
        Value::Array(all) if all.iter().any(Value::is_object) => {
            all.iter().for_each(|value| fields(value, &format!("{path}[]"), into));
        }
        _ => {
            into.insert(path.to_string());
        }
    }
}

fn object(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{}", ran.err);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    assert!(value.is_object() && value["version"] == 1, "{value}");
    assert!(value["notes"].as_array().unwrap().iter().all(Value::is_string), "{}", value["notes"]);
    value
}

#[test]
fn every_command_has_the_documented_fields_and_no_other() {
    let (bench, photo) = (Bench::new(), photo());
    let p = photo.as_str();
    let few = ["--iterations", "1"];
    let invert = [&["invert", p, "--layer", "layer1"][..], &few].concat();
    let dream = [&["dream", p, "--layer", "layer1"][..], &few].concat();
    let from_noise = [&["dream", "--class", "0"][..], &few].concat();
    let right = bench.on("basic", &["predict", p, "--json"]).json();
    bench.put_photo(&format!("val/{}/a.png", right["photos"][0]["top"][0]["index"]));
    let commands: [(&str, Vec<Vec<&str>>); 9] = [
        ("layers", vec![vec!["layers"]]),
        ("predict", vec![vec!["predict", "val"], vec!["predict", p, "--answer", "none"]]),
        ("stats", vec![vec!["stats", p]]),
        (
            "explain",
            vec![
                vec!["explain", p],
                vec!["explain", p, "--method", "integrated-gradients", "--steps", "2"],
            ],
        ),
        ("judge", vec![vec!["judge", p]]),
        (
            "ablate",
            vec![
                vec!["ablate", p, "--layer", "layer3", "--channels", "0"],
                vec!["ablate", p, "--layer", "layer4", "--rank"],
            ],
        ),
        ("invert and dream", vec![invert, dream, from_noise]),
        ("bench", vec![vec!["bench", p, "--runs", "1", "--work", "forward"]]),
        ("models", vec![vec!["models"]]),
    ];
    let head = documented("Every command");
    for (section, lines) in commands {
        let mut found = BTreeSet::new();
        for line in lines {
            let line = [&line[..], &["--json"]].concat();
            // `models` and `doctor` run no network.
            let ran = if section == "models" { bench.run(&line) } else { bench.on("basic", &line) };
            let report = object(&ran);
            let photos = ["predict", "stats"].contains(&section);
            for field in head.iter().filter(|field| !photos || *field != "photo") {
                assert!(report.get(field).is_some(), "{line:?} has no {field}");
            }
            let named = report["network"] == "ResNet-14, width 6";
            assert_eq!(named, section != "models", "{line:?}: {}", report["network"]);
            assert_eq!(report["device"].is_string(), section != "models", "{line:?}");
            if !photos && line.contains(&p) {
                assert_eq!(report["photo"], p);
            }
            fields(&report, "", &mut found);
        }
        let found: BTreeSet<String> = found.into_iter().filter(|f| !head.contains(f)).collect();
        let mut expected = documented(section);
        if section == "explain" {
            // The object itself is a field where it is empty.
            assert!(found.contains("facts") && found.contains("facts.rise"), "{found:?}");
        }
        if !cfg!(target_os = "linux") {
            expected.remove("runs[].peak_bytes");
        }
        assert!(found.is_superset(&expected), "not there: {:?}", &expected - &found);
        assert!(found.is_subset(&expected), "not in docs/json.md: {:?}", &found - &expected);
    }
}

#[test]
fn the_doctor_has_the_documented_fields_too() {
    let report = object(&Bench::new().run(&["doctor", "--json", "--offline"]));
    let mut found = BTreeSet::new();
    fields(&report, "", &mut found);
    let expected = &documented("doctor") | &documented("Every command");
    assert_eq!(found, expected);
    assert!(report["network"].is_null() && report["device"].is_null() && report["photo"].is_null());
}

#[test]
fn notes_say_what_was_assumed_and_what_is_left_out() {
    let (bench, photo) = (Bench::new(), photo());
    let report = object(&bench.on("basic", &["layers", "--json"]));
    let notes = report["notes"].to_string();
    assert!(notes.contains("assumed: one class of several (softmax)"), "{notes}");
    // What is usual is not said on stderr, what was left out is, and both stand in JSON and for people.
    bench.put_photo("val/0/a.png");
    bench.put_photo("val/elsewhere/b.png");
    std::fs::write(bench.path("val/0/c.png"), b"\x89PNG\r\n\x1a\nbroken").unwrap();
    let ran = bench.on("basic", &["predict", "val", "--json"]);
    assert_eq!(ran.code, 1);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let notes = report["notes"].to_string();
    assert!(
        ran.err.contains("convscope: note: 1 photo in no class folder not judged\n"),
        "{}",
        ran.err
    );
    assert!(notes.contains("1 photo in no class folder not judged"), "{notes}");
    assert!(notes.contains("1 of 3 photos could not be used"), "{notes}");
    assert!(!ran.err.contains("assumed"), "{}", ran.err);
    assert_eq!(bench.on("basic", &["predict", &photo]).ok().code, 0);
}
