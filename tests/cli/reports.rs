//! Every `--json` is one object that begins alike, and docs/json.md is its schema: every field, of that type, and no other.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::bench::{Bench, Ran, photo};
use crate::schema::Schema;

fn object(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{}", ran.err);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    assert!(value.is_object() && value["version"] == 1, "{value}");
    assert!(value["notes"].as_array().unwrap().iter().all(Value::is_string), "{}", value["notes"]);
    value
}

/// The lines of each section of docs/json.md that describes a command, without `--json`.
fn lines(p: &str) -> Vec<(&'static str, Vec<Vec<&str>>)> {
    let line = |text: &'static str| -> Vec<&str> {
        text.split(' ').map(|word| if word == "P" { p } else { word }).collect()
    };
    let section = |name, lines: &[&'static str]| (name, lines.iter().map(|of| line(of)).collect());
    vec![
        section("layers", &["layers"]),
        section("predict", &["predict val", "predict P --answer none"]),
        section(
            "maps",
            &["maps P --layer layer1", "maps P --layer layer2 --combine rms", "maps P --layer fc"],
        ),
        section(
            "kernels",
            &["kernels --layer conv1", "kernels --layer layer1.0.conv1 --channels 2"],
        ),
        section("stats", &["stats P", "stats P --layer fc"]),
        section(
            "explain",
            &[
                "explain P",
                "explain P --method integrated-gradients --steps 2",
                "explain P --layer layer2 --channel 3",
                "explain P --answer none",
            ],
        ),
        section("judge", &["judge P"]),
        section("ablate", &["ablate P --layer layer3 --channels 0"]),
        section("ablate --rank", &["ablate P --layer layer4 --rank"]),
        section(
            "invert and dream",
            &[
                "invert P --layer layer1 --iterations 1",
                "dream P --layer layer1 --iterations 1",
                "dream --class 0 --iterations 1",
            ],
        ),
        section("bench", &["bench P --runs 1 --work forward"]),
        section("models", &["models"]),
        section("doctor", &["doctor --offline"]),
    ]
}

/// Those that run no network.
const ALONE: [&str; 2] = ["models", "doctor"];

#[test]
fn every_report_fits_its_schema() {
    let (bench, photo) = (Bench::new(), photo());
    let right = bench.on("basic", &["predict", &photo, "--json"]).json();
    bench.put_photo(&format!("val/{}/a.png", right["photos"][0]["top"][0]["index"]));
    bench.put_photo("val/b.png");
    for (section, lines) in lines(&photo) {
        let schema = Schema::of("Every command").and(Schema::of(section));
        let mut seen = BTreeMap::new();
        for line in lines {
            let alone = ALONE.contains(&section);
            let line = [&line[..], &["--json"]].concat();
            let ran = if alone { bench.run(&line) } else { bench.on("basic", &line) };
            let report = object(&ran);
            let wrong = schema.check(&report, &mut seen);
            assert!(wrong.is_empty(), "{line:?}: {wrong:#?}");
            assert_eq!(report["network"] == "ResNet-14, width 6", !alone, "{line:?}");
            assert_eq!(report["device"].is_string(), !alone, "{line:?}");
            if line.contains(&photo.as_str()) && report.get("photos").is_none() {
                assert_eq!(report["photo"], photo.as_str(), "{line:?}");
            }
        }
        // Every row of a table has been seen, so that none describes what is not there.
        let mut unseen = schema.unseen(&seen);
        unseen.retain(|path| *path != "photo" || !["predict", "stats"].contains(&section));
        assert!(unseen.is_empty(), "{section}: {unseen:?}");
    }
}

#[test]
fn a_list_of_explanations_fits_the_schema_of_one() {
    let bench = Bench::new();
    bench.put_photo("photos/a.png");
    bench.put_photo("photos/below/b.png");
    let one = Schema::of("explain").with("path", "string").with("notes", "array of strings");
    let list = Schema::of("Every command").without("photo").and(one.in_each("photos"));
    let line = ["explain", "photos", "--method", "integrated-gradients", "--steps", "2", "--json"];
    let report = object(&bench.on("basic", &line));
    let wrong = list.check(&report, &mut BTreeMap::new());
    assert!(wrong.is_empty(), "{wrong:#?}");
    let paths: Vec<&Value> =
        report["photos"].as_array().unwrap().iter().map(|p| &p["path"]).collect();
    assert_eq!(paths, ["photos/a.png", "photos/below/b.png"]);
    assert!(report["photos"][0]["notes"][0].as_str().unwrap().contains("completeness error"));
}

#[test]
fn several_inversions_fit_the_schema_of_one() {
    let (bench, photo) = (Bench::new(), photo());
    let all = Schema::of("Every command");
    let schema = all.and(Schema::of("invert and dream").in_each("layers"));
    let line = ["invert", &photo, "--layers", "layer1,layer3", "--iterations", "2", "--json"];
    let report = object(&bench.on("basic", &line));
    let wrong = schema.check(&report, &mut BTreeMap::new());
    assert!(wrong.is_empty(), "{wrong:#?}");
    let layers = report["layers"].as_array().unwrap();
    let names: Vec<&Value> = layers.iter().map(|layer| &layer["of"]).collect();
    assert_eq!(names, ["layer1.1.relu_1", "layer3.0.relu_1"]);
    assert!(layers.iter().all(|layer| layer["ssim"].is_number()), "{layers:?}");
}

#[test]
fn every_command_with_json_has_a_schema() {
    let bench = Bench::new();
    let help = bench.run(&["help"]).ok().out;
    let commands = help.split("Commands:").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names: Vec<&str> = names.filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names.len(), 19, "{names:?}");
    let photo = photo();
    let lines: Vec<&str> =
        lines(&photo).into_iter().flat_map(|(_, lines)| lines).map(|line| line[0]).collect();
    for name in names {
        let page = bench.run(&[name, "--help"]).ok().out;
        assert_eq!(page.contains("--json"), lines.contains(&name), "{name}");
    }
}

#[test]
fn predictions_are_counted_by_class() {
    let (bench, photo) = (Bench::new(), photo());
    let right = bench.on("basic", &["predict", &photo, "--json"]).json();
    let top = right["photos"][0]["top"][0]["index"].as_u64().unwrap();
    let wrong = if top == 0 { 1 } else { 0 };
    bench.put_photo(&format!("val/{top}/a.png"));
    bench.put_photo(&format!("val/{top}/b.png"));
    bench.put_photo(&format!("val/{wrong}/a.png"));
    bench.put_photo("val/c.png");
    let report = bench.on("basic", &["predict", "val", "--json"]);
    let report: Value = serde_json::from_str(&report.out).unwrap();
    assert_eq!(report["judged"], 3);
    assert!((report["accuracy"].as_f64().unwrap() - 2.0 / 3.0).abs() < 1e-9);
    let counts = |index: u64| {
        let classes = report["classes"].as_array().unwrap();
        let of = classes.iter().find(|class| class["index"] == index).unwrap();
        (of["photos"].as_u64().unwrap(), of["top1"].as_u64().unwrap())
    };
    assert_eq!((counts(top), counts(wrong)), ((2, 2), (1, 0)));
    let truth = |path: &str| {
        let photos = report["photos"].as_array().unwrap();
        photos.iter().find(|photo| photo["path"] == path).unwrap()["truth"].clone()
    };
    assert_eq!(truth(&format!("val/{top}/b.png")), serde_json::json!([top]));
    assert_eq!(truth("val/c.png"), Value::Null);
}

#[test]
fn maps_and_kernels_say_the_numbers_of_what_is_shown() {
    let (bench, photo) = (Bench::new(), photo());
    let line = ["maps", &photo, "--layer", "layer2", "--channels", "3,1"];
    let report = bench.on("basic", &[&line[..], &["--json"]].concat()).json();
    let (shape, values) = bench.on("basic", &[&line[..], &["-o", "-"]].concat()).npy();
    assert_eq!(shape, "(2, 5, 6)");
    for (at, channel) in [3, 1].into_iter().enumerate() {
        let map = &report["maps"][at];
        let values = &values[at * 30..][..30];
        let most = values.iter().copied().fold(f32::MIN, f32::max);
        assert_eq!(map["channel"], channel);
        assert_eq!(map["max"].as_f64().unwrap() as f32, most);
        let peak: Vec<usize> = serde_json::from_value(map["peak"].clone()).unwrap();
        assert_eq!(values[peak[0] * 6 + peak[1]], most);
    }
    let line = ["kernels", "--layer", "conv1", "--channels", "top:2", "--json"];
    let report = bench.on("basic", &line).json();
    let norm = |at: usize| report["kernels"][at]["norm"].as_f64().unwrap();
    assert!(norm(0) >= norm(1) && report["kernels"].as_array().unwrap().len() == 2);
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
        ran.err.contains(
            "convscope: note: 1 photo not scored: the folder is not one of the classes\n"
        ),
        "{}",
        ran.err
    );
    assert!(notes.contains("1 photo not scored: the folder is not one of the classes"), "{notes}");
    assert!(notes.contains("1 of 3 photos could not be used"), "{notes}");
    assert!(!ran.err.contains("assumed"), "{}", ran.err);
    assert_eq!(bench.on("basic", &["predict", &photo]).ok().code, 0);
}
