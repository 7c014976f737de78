//! Every method against pytorch-grad-cam's and captum's definitions, and what none of them can do.

use std::collections::BTreeSet;
use std::sync::Arc;

use convscope::analysis::explain::{
    Attribution, Kind, METHODS, Method, Question, finished, occluded, pixel_map, smoothed,
};
use convscope::analysis::{AnalysisError, Parameters, Target};
use convscope::base::{Array, LayerId, Shape};
use convscope::model::{Graph, Value};
use convscope::ops::{AveragePool, Window};
use serde::Deserialize;

use super::reference::{Ledger, Ready, Reference, named, quietly};
use super::support::{On, gap, json};

/// In float64. What a method is given and gives is float32, which rounds by 6e-8.
const EXACT: f64 = 1e-6;
/// The same of the methods that divide by something small.
const DIVIDED: (f64, [&str; 3]) = (1e-5, ["xgrad-cam", "grad-cam++", "ablation-cam"]);
/// In float32 at the last stage, where no ReLU's mask has a say.
const LAST_STAGE: f64 = 1e-4;

/// What is stored beside the methods' results, by the first part of its name.
const OTHERS: [&str; 5] = ["grad", "knockout", "judge", "inversion", "spearman"];
/// What is stored for a method and is no result.
const GIVEN: [&str; 3] =
    ["smoothgrad.noise", "integrated-gradients.score_input", "integrated-gradients.score_baseline"];

fn method_of(name: &str) -> &str {
    name.split('.').next().unwrap()
}

/// The results that are stored for a method.
fn stored<'a>(reference: &'a Reference, method: &Method) -> BTreeSet<&'a str> {
    let names = reference.tensors.keys().map(String::as_str);
    names.filter(|name| method_of(name) == method.name && !GIVEN.contains(name)).collect()
}

/// The result of that name: `method.layer.class.raw`, `method.layer.class.map`, `method.layer.class` or
/// `method.seed`.
fn ours(ready: &Ready, reference: &Reference, method: &Method, name: &str) -> Vec<f32> {
    let parts: Vec<&str> = name.split('.').skip(1).collect();
    let (layer, seed) = match parts.as_slice() {
        [seed] => ("layer4", *seed),
        [layer, seed, ..] => (*layer, *seed),
        [] => panic!("{name}"),
    };
    let question = ready.question(layer, reference.target(&ready.graph, seed));
    let found = explained(ready, reference, method, &question);
    assert_eq!(found.kind, method.kind, "{name}");
    let input = ready.capture.input().shape;
    let of_layer = ready.capture.shape(question.layer).unwrap();
    let expected = if method.kind == Kind::Map { Shape { c: 1, ..of_layer } } else { input };
    assert_eq!(found.values.shape, expected, "{name}");
    match parts.last() {
        Some(&"map") => {
            let map = finished(&found.values, input.h, input.w);
            assert_eq!(map, pixel_map(&found, input.h, input.w));
            assert_eq!(map.shape, Shape { c: 1, ..input });
            map.data
        }
        _ => found.values.data,
    }
}

/// The two with settings of their own get those of the fixture.
fn explained(
    ready: &Ready,
    reference: &Reference,
    method: &Method,
    question: &Question,
) -> Attribution {
    let subject = ready.subject();
    let found = match method.name {
        "smoothgrad" => {
            let input = subject.input();
            let noise = reference.values("smoothgrad.noise");
            let noisy = noise.chunks(input.data.len()).map(|noise| {
                let sum = |(v, noise): (&f32, &f64)| (f64::from(*v) + noise) as f32;
                Array { shape: input.shape, data: input.data.iter().zip(noise).map(sum).collect() }
            });
            assert_eq!(noisy.len(), 4);
            quietly(|work| smoothed(&subject, question.target, noisy, work))
        }
        "occlusion" => {
            let Occlusion { window, stride } = settings();
            quietly(|work| occluded(&subject, question.target, window, stride, work))
        }
        _ => ready.explain(method.name, question),
    };
    found.unwrap()
}

#[derive(Deserialize)]
struct Occlusion {
    window: [usize; 2],
    stride: [usize; 2],
}

fn settings() -> Occlusion {
    #[derive(Deserialize)]
    struct Settings {
        occlusion: Occlusion,
    }
    #[derive(Deserialize)]
    struct File {
        settings: Settings,
    }
    json::<File>("explain.json").settings.occlusion
}

#[test]
fn every_method_is_the_librarys() {
    let mut ledger = Ledger::default();
    for reference in Reference::all(true) {
        for on in On::all() {
            let ready = reference.ready(on);
            for method in METHODS {
                let names = stored(&reference, method);
                assert!(!names.is_empty(), "nothing is stored for {}", method.name);
                for name in names {
                    let divided = DIVIDED.1.contains(&method.name);
                    let exact = if divided { DIVIDED.0 } else { EXACT };
                    let last = method.kind == Kind::Map && name.contains(".layer4.");
                    let within = match on {
                        On::F64 => reference.within(name, on, exact),
                        _ if last => LAST_STAGE,
                        _ => reference.within(name, on, exact),
                    };
                    let values = ours(&ready, &reference, method, name);
                    if reference.facts.empty_maps.iter().any(|empty| empty == name) {
                        assert!(values.iter().all(|v| *v == 0.0), "{name}");
                    }
                    ledger.hold(&reference, name, &values, within);
                }
            }
        }
    }
    ledger.close();
}

/// What is stored is compared: a method that leaves the table must not take its test along unseen.
#[test]
fn whatever_is_stored_has_a_method() {
    for reference in Reference::all(true) {
        for name in reference.tensors.keys() {
            let first = method_of(name);
            let known = METHODS.iter().any(|method| method.name == first);
            assert!(known || OTHERS.contains(&first), "{name} is compared with nothing");
        }
        // Raw maps at four stages, of one class or of both; CAM has one stage.
        for method in METHODS.iter().filter(|method| method.kind == Kind::Map) {
            let names = stored(&reference, method);
            let raw = names.iter().filter(|name| name.ends_with(".raw")).count();
            let expected = match method.name {
                "cam" => 2,
                "eigen-cam" | "score-cam" | "ablation-cam" => 4,
                _ => 8,
            };
            assert_eq!(raw, expected, "{}", method.name);
        }
    }
    let names: BTreeSet<&str> = METHODS.iter().map(|method| method.name).collect();
    assert_eq!(names.len(), METHODS.len());
}

#[test]
fn smoothgrad_without_noise_is_saliency_and_its_noise_is_seeded() {
    let reference = Reference::named("basic");
    let ready = reference.ready(On::F64);
    let subject = ready.subject();
    let question = ready.question("layer4", reference.target(&ready.graph, "top"));
    let saliency = ready.explain("saliency", &question).unwrap();
    let same = vec![subject.input().clone(); 3].into_iter();
    let smooth = quietly(|work| smoothed(&subject, question.target, same, work)).unwrap();
    assert_eq!(smooth, saliency);

    let with = |seed, samples| {
        let parameters = Parameters { samples, seed, ..Parameters::default() };
        ready.explain("smoothgrad", &Question { parameters, ..question }).unwrap()
    };
    assert_eq!(with(1, 3), with(1, 3));
    assert_ne!(with(1, 3), with(2, 3));
    assert_ne!(with(1, 3), saliency);
    assert_eq!(with(1, 0), with(1, 1));
}

#[test]
fn the_completeness_error_is_told_and_falls_with_more_steps() {
    for reference in Reference::all(true) {
        let ready = reference.ready(On::F64);
        let question = ready.question("layer4", reference.target(&ready.graph, "top"));
        let with = |steps| {
            let parameters = Parameters { steps, ..Parameters::default() };
            ready.explain("integrated-gradients", &Question { parameters, ..question }).unwrap()
        };
        let fact = |found: &Attribution, name: &str| {
            found.facts.iter().find(|(known, _)| *known == name).unwrap().1
        };
        let usual = with(50);
        let rise = reference.values("integrated-gradients.score_input")[0]
            - reference.values("integrated-gradients.score_baseline")[0];
        assert!((fact(&usual, "rise") - rise).abs() < 1e-6 * rise.abs());
        let sum: f64 = usual.values.data.iter().map(|v| f64::from(*v)).sum();
        assert!((fact(&usual, "sum") - sum).abs() < 1e-6 * sum.abs());
        let error = fact(&usual, "completeness_error");
        let expected = reference.facts.completeness_error;
        assert!((error - expected).abs() < 1e-3 * expected, "{error} is not {expected}");
        assert!(usual.notes[0].contains("completeness error"), "{:?}", usual.notes);

        // As 1 / steps but for luck: the gradient jumps on the way.
        let errors = [25, 400].map(|steps| fact(&with(steps), "completeness_error"));
        println!("{}: completeness errors {errors:?}", reference.facts.name);
        assert!(errors[0] > 3.0 * errors[1], "{errors:?}");
    }
}

#[test]
fn a_negative_target_and_a_map_without_evidence_are_told() {
    let reference = Reference::named("basic");
    let ready = reference.ready(On::F64);
    let logits = ready.logits();
    for (class, logit) in logits.iter().enumerate() {
        let question = ready.question("layer4", Target::Class(class));
        let found = ready.explain("ablation-cam", &question).unwrap();
        assert_eq!(found.notes.len(), usize::from(*logit < 0.0), "{class}: {logit}");
    }
    assert!(logits.iter().any(|logit| *logit < 0.0));
}

/// The sentence with which a method refuses, for a target or a layer that does not fit.
fn refusal(ready: &Ready, method: &Method, question: &Question) -> String {
    match ready.explain(method.name, question) {
        Err(AnalysisError::Unfit(text)) => {
            assert!(text.len() > 10 && text.lines().count() == 1, "{text}");
            text
        }
        other => panic!("{}: {other:?}", method.name),
    }
}

#[test]
fn a_target_that_does_not_exist_is_refused_in_a_sentence() {
    let reference = Reference::named("basic");
    let ready = reference.ready(On::F32);
    let layer = ready.find("layer3");
    let Shape { c, h, w, .. } = ready.capture.shape(layer).unwrap();
    let unit = |channel, row, column| Target::Unit { layer, channel, row, column };
    let missing = [
        (Target::Class(10), "0 to 9"),
        (Target::Channel { layer, channel: c }, "layer3.0.relu_1 has channels 0 to"),
        (unit(c, 0, 0), "layer3.0.relu_1 has channels 0 to"),
        (unit(0, h, 0), "layer3.0.relu_1 is"),
        (unit(0, 0, w), "layer3.0.relu_1 is"),
    ];
    for (target, words) in missing {
        // Eigen-CAM knows no target.
        for method in METHODS.iter().filter(|method| method.name != "eigen-cam") {
            let text = refusal(&ready, method, &ready.question("layer2", target));
            assert!(text.contains(words), "{text}");
        }
    }
    let nowhere = Target::Channel { layer: LayerId(ready.graph.nodes.len()), channel: 0 };
    for method in METHODS {
        assert!(ready.explain(method.name, &ready.question("layer2", nowhere)).is_err());
    }
}

#[test]
fn a_layer_without_a_map_or_behind_the_target_is_refused_in_a_sentence() {
    let reference = Reference::named("basic");
    let ready = reference.ready(On::F32);
    let with_layer = || METHODS.into_iter().filter(|method| method.takes_layer);
    assert_eq!(with_layer().count(), 10);
    let channel = reference.target(&ready.graph, "channel");
    let class = reference.target(&ready.graph, "top");
    for method in with_layer() {
        for layer in ["avgpool", "flatten", "fc"] {
            let text = refusal(&ready, method, &ready.question(layer, class));
            assert!(text.contains("has no feature map"), "{text}");
        }
        let text = refusal(&ready, method, &ready.question("layer3", channel));
        assert!(text.contains("does not depend on layer3"), "{text}");
        assert!(ready.explain(method.name, &ready.question("layer1", channel)).is_ok());
        let nowhere = LayerId(ready.graph.nodes.len());
        let question = Question { layer: nowhere, ..ready.question("layer2", class) };
        assert!(ready.explain(method.name, &question).is_err());
    }
    // The others do not look at it.
    for method in METHODS.iter().filter(|method| !method.takes_layer) {
        let few = Parameters { steps: 2, samples: 2, seed: 0 };
        let question = Question { parameters: few, ..ready.question("fc", class) };
        assert!(ready.explain(method.name, &question).is_ok(), "{}", method.name);
    }
}

/// The network of the case `basic`, changed.
fn changed(change: impl FnOnce(&mut Graph, &Ready)) -> Ready {
    let plain = Reference::named("basic").ready(On::F64);
    let mut graph = (*plain.graph).clone();
    change(&mut graph, &plain);
    Ready::new(&Arc::new(graph), plain.capture.input(), On::F64)
}

#[test]
fn cam_needs_a_global_average_pool_and_a_class() {
    let reference = Reference::named("basic");
    let plain = reference.ready(On::F64);
    let cam = named("cam");
    let channel = reference.target(&plain.graph, "channel");
    assert!(refusal(&plain, cam, &plain.question("layer4", channel)).contains("class"));

    // The same average, by a window as large as the map: no network for CAM, but one for Grad-CAM.
    let windowed = changed(|graph, plain| {
        let Shape { h, w, .. } = plain.capture.shape(plain.find("layer4")).unwrap();
        let window = Window { kernel: [h, w], ..Window::square(1, 1, 0) };
        let pool = AveragePool::Windowed { window, count_include_pad: true };
        graph.nodes[plain.find("avgpool").0].op = pool.into();
    });
    let question = windowed.question("layer4", Target::Class(reference.facts.top));
    let text = refusal(&windowed, cam, &question);
    assert!(text.contains("global average pool") && text.contains("grad-cam"), "{text}");
    let map = windowed.explain("grad-cam", &question).unwrap().values.data;
    assert!(gap(&map, &reference.values("grad-cam.layer4.top.raw")) < EXACT);

    // Without its classifier a network has no class, but channels.
    let headless = changed(|graph, plain| {
        let end = plain.find("layer4");
        graph.nodes.truncate(end.0 + 1);
        graph.outputs = vec![Value::of(end)];
    });
    for method in METHODS.iter().filter(|method| method.name != "eigen-cam") {
        let text = refusal(&headless, method, &headless.question("layer2", Target::Class(0)));
        assert!(text.contains("no classes"), "{text}");
    }
    let question = headless.question("layer2", reference.target(&headless.graph, "unit"));
    let map = headless.explain("grad-cam", &question).unwrap();
    assert_eq!(map, plain.explain("grad-cam", &question).unwrap());
}
