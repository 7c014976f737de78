//! What the outputs are: one class of several, independent labels, numbers.

use candle_core::{Device, Tensor, safetensors};
use serde_json::Value;

use crate::bench::{Bench, Ran, network_path, photo};

/// The network `basic` with this many of its outputs, and what `config.json` beside it says.
struct Network {
    bench: Bench,
    /// PyTorch's logits.
    logits: Vec<f64>,
}

impl Network {
    fn new(outputs: usize, config: &str) -> Self {
        Self::changed(outputs, config, |_, tensor| tensor)
    }

    fn changed(outputs: usize, config: &str, change: impl Fn(&str, Tensor) -> Tensor) -> Self {
        let bench = Bench::new();
        std::fs::create_dir(bench.path("net")).unwrap();
        let load = |path| safetensors::load(path, &Device::Cpu).unwrap();
        let tensors = load(network_path("basic")).into_iter().map(|(name, tensor)| {
            let head = name.starts_with("fc.");
            let kept = if head { tensor.narrow(0, 0, outputs).unwrap() } else { tensor };
            (name.clone(), change(&name, kept.contiguous().unwrap()))
        });
        let tensors = tensors.collect();
        safetensors::save(&tensors, bench.path("net/model.safetensors")).unwrap();
        if !config.is_empty() {
            std::fs::write(bench.path("net/config.json"), config).unwrap();
        }
        let logits =
            bench.run(&["predict", &photo(), "--model", "net", "--answer", "none", "--json"]);
        let logits: Value = serde_json::from_str(&logits.out).unwrap_or_default();
        let mut found = vec![0.0; outputs];
        for guess in logits["photos"][0]["top"].as_array().into_iter().flatten() {
            let index = guess["index"].as_u64().unwrap() as usize;
            found[index] = guess["value"].as_f64().unwrap_or(f64::NAN);
        }
        Self { bench, logits: found }
    }

    fn run(&self, line: &[&str]) -> Ran {
        self.bench.run(&[line, &["--model", "net"]].concat())
    }

    fn json(&self, line: &[&str]) -> Value {
        let ran = self.run(&[line, &["--json"]].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        serde_json::from_str(&ran.out).unwrap()
    }

    /// The scores of `predict` under a key, by class.
    fn scores(&self, key: &str, more: &[&str]) -> Vec<f64> {
        let photo = photo();
        let found = self.json(&[&["predict", photo.as_str(), "--top", "99"][..], more].concat());
        let mut top = found["photos"][0]["top"].as_array().unwrap().clone();
        let score = |guess: &Value| guess[key].as_f64().unwrap_or_else(|| panic!("{guess}"));
        assert!(top.is_sorted_by(|a, b| score(a) >= score(b)), "{top:?}");
        top.sort_by_key(|guess| guess["index"].as_u64());
        top.iter().map(score).collect()
    }
}

fn sigmoid(logit: &f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

#[track_caller]
fn assert_near(ours: &[f64], expected: impl Iterator<Item = f64>) {
    let expected: Vec<f64> = expected.collect();
    assert_eq!(ours.len(), expected.len());
    for (a, b) in ours.iter().zip(&expected) {
        assert!((a - b).abs() < 1e-6, "{ours:?} is not {expected:?}");
    }
}

#[test]
fn a_single_output_is_a_yes_or_no_and_that_is_said() {
    let (one, photo) = (Network::new(1, ""), photo());
    assert_near(&one.scores("probability", &[]), one.logits.iter().map(sigmoid));
    assert_near(&one.scores("value", &["--answer", "none"]), one.logits.iter().copied());
    assert_near(&one.scores("probability", &["--answer", "softmax"]), [1.0].into_iter());
    let said = one.run(&["predict", &photo]);
    assert!(
        said.err.starts_with("convscope: note: assumed: the single output is a yes or no"),
        "{}",
        said.err
    );
    assert_eq!(said.err.lines().count(), 1, "{}", said.err);
    assert!(said.out.contains('%') && said.out.contains("output"), "{}", said.out);
    let listed = one.run(&["layers"]).out;
    assert!(listed.contains("assumed: the single output is a yes or no (sigmoid)"), "{listed}");
    // What the user says needs no note.
    let value = one.run(&["predict", &photo, "--answer", "none"]).ok().out;
    assert!(!value.contains('%'), "{value}");
}

#[test]
fn the_configuration_says_what_the_outputs_are() {
    let of = |problem: &str| Network::new(4, &format!("{{\"problem_type\": \"{problem}\"}}"));
    let labels = of("multi_label_classification");
    let sum: f64 = labels.scores("probability", &[]).iter().sum();
    assert!((sum - 1.0).abs() > 0.1, "{sum}");
    assert_near(&labels.scores("probability", &[]), labels.logits.iter().map(sigmoid));
    let notes = labels.json(&["layers"])["notes"].to_string();
    assert!(notes.contains("do not sum to 1"), "{notes}");
    let numbers = of("regression");
    assert_near(&numbers.scores("value", &[]), numbers.logits.iter().copied());
    let one_of = of("single_label_classification");
    let sum: f64 = one_of.scores("probability", &[]).iter().sum();
    assert!((sum - 1.0).abs() < 1e-6);
    // The command line has the last word.
    assert_near(
        &one_of.scores("probability", &["--answer", "sigmoid"]),
        one_of.logits.iter().map(sigmoid),
    );
    let odd = of("ranking").run(&["predict", &photo()]);
    assert!(
        odd.err.contains("the problem_type \"ranking\" of config.json is not known"),
        "{}",
        odd.err
    );
}

#[test]
fn explanations_and_judgements_go_by_the_label_itself() {
    let (labels, photo) =
        (Network::new(4, "{\"problem_type\": \"multi_label_classification\"}"), photo());
    let p = photo.as_str();
    let explained = labels.json(&["explain", p, "--class", "1"]);
    assert_near(&[explained["value"].as_f64().unwrap()], [labels.logits[1]].into_iter());
    assert_near(
        &[explained["probability"].as_f64().unwrap()],
        [sigmoid(&labels.logits[1])].into_iter(),
    );
    let judged = labels.json(&["judge", p, "--class", "1", "--size", "24"]);
    assert_eq!(judged["answer"], "sigmoid");
    let numbers = labels.json(&["judge", p, "--class", "1", "--size", "24", "--answer", "none"]);
    for part in ["deletion", "insertion", "random_deletion"] {
        let points = |of: &Value| -> Vec<f64> {
            of[part]["points"].as_array().unwrap().iter().map(|p| p.as_f64().unwrap()).collect()
        };
        assert_near(&points(&judged), points(&numbers).iter().map(sigmoid));
    }
    // ROAD is about the logit, whatever becomes of it.
    assert_eq!(judged["road"], numbers["road"]);
    let table = labels.run(&["judge", p, "--class", "1", "--size", "24", "--answer", "none"]).out;
    assert!(table.contains("  value AUC as the top pixels") && !table.contains("probability"));
}

#[test]
fn a_single_output_is_the_target_of_every_explanation() {
    let (one, photo) = (Network::new(1, ""), photo());
    for answer in ["sigmoid", "none"] {
        let found = one.json(&["explain", &photo, "--method", "saliency", "--answer", answer]);
        assert_eq!(found["class"], 0);
        assert_near(&[found["value"].as_f64().unwrap()], [one.logits[0]].into_iter());
        assert_eq!(found["probability"].is_null(), answer == "none", "{found}");
    }
    let judged = one.json(&["judge", &photo, "--size", "24"]);
    let points = judged["deletion"]["points"].as_array().unwrap();
    assert!(
        points.iter().any(|point| point != &points[0]),
        "the softmax of one output: {points:?}"
    );
    let lines = ["--layer", "layer4", "--channels", "0-9"];
    let line = [&["ablate", photo.as_str()][..], &lines].concat();
    let ablated = one.json(&line);
    assert_near(
        &[ablated["classes"][0]["before"].as_f64().unwrap()],
        [sigmoid(&one.logits[0])].into_iter(),
    );
    assert_ne!(ablated["classes"][0]["before"], ablated["classes"][0]["after"]);
    let table = one.run(&[&line[..], &["--answer", "none"]].concat()).ok().out;
    assert!(!table.contains('%'), "{table}");
}

#[test]
fn class_folders_are_not_judged_by_a_single_output() {
    let one = Network::new(1, "");
    one.bench.put_photo("val/0/a.png");
    let found = one.json(&["predict", "val"]);
    assert!(found.get("accuracy").is_none(), "{found}");
    let said = one.run(&["predict", "val"]);
    assert!(said.err.contains("note: class folders are not scored"), "{}", said.err);
    assert!(!said.out.contains("accuracy"), "{}", said.out);
}

#[test]
fn outputs_that_are_not_finite_are_an_error() {
    let broken = Network::changed(4, "", |name, tensor| {
        if name == "layer2.0.conv1.weight" { (tensor * f64::NAN).unwrap() } else { tensor }
    });
    let photo = photo();
    let p = photo.as_str();
    let lines = [
        &["predict", p][..],
        &["predict", p, "--json"],
        &["explain", p],
        &["explain", p, "--method", "eigen-cam", "--class", "0"],
        &["judge", p, "--class", "0"],
        &["ablate", p, "--layer", "layer3", "--channels", "0"],
        &["ablate", p, "--layer", "layer3", "--rank", "--class", "0"],
    ];
    for line in lines {
        let ran = broken.run(line);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{line:?}: {}", ran.err);
        // The tensor is named first, as a note.
        let said: Vec<&str> = ran.err.lines().collect();
        assert!(said.len() == 2 && said[1].contains("NaN or infinity"), "{line:?}: {}", ran.err);
    }
    // Where values are wanted, NaN is counted, and the exit code says so.
    let ran = broken.run(&["stats", p, "--json"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let layers = report["layers"].as_array().unwrap();
    assert!(ran.code == 1 && layers.iter().any(|layer| layer["invalid"] != 0), "{}", ran.err);
}
