//! Gradients of whole networks, with each rule for ReLUs and through changed layers, against PyTorch's.

use std::sync::Arc;

use convscope::base::{Array, Cancel, Exact, LayerId, Progress, Shape};
use convscope::engine::{Capture, Change, Edit, Edits, EngineError, GradientRequest, Keep, Seed};
use convscope::model::Value;
use convscope::ops::ReluRule;

use super::reference::{Ledger, Ready, Reference};
use super::support::{Case, On, assert_same, run};

const PLACES: [&str; 6] = ["input", "relu", "layer1", "layer2", "layer3", "layer4"];
const RULES: [ReluRule; 3] = [ReluRule::Plain, ReluRule::Guided, ReluRule::Deconvnet];
/// In float64. What is read is float32, which rounds by 6e-8.
const EXACT: f64 = 1e-6;

fn pull(
    ready: &Ready,
    reference: &Reference,
    seed: &str,
    rule: ReluRule,
    at: &[&str],
) -> GradientRequest {
    let target = reference.target(&ready.graph, seed);
    let wanted = at.iter().map(|name| ready.value(name)).collect();
    GradientRequest { seed: target.seed(&ready.graph), rule, wanted }
}

#[test]
fn gradients_at_every_stage_are_pytorchs() {
    let mut ledger = Ledger::default();
    for reference in Reference::all(false) {
        for on in On::all() {
            let ready = reference.ready(on);
            let found = ready.pull(&pull(&ready, &reference, "top", ReluRule::Plain, &PLACES));
            assert_eq!(found.len(), PLACES.len());
            for (place, ours) in PLACES.iter().zip(&found) {
                let name = format!("grad.{place}");
                assert_eq!(ours.shape.dims(), reference.tensors[&name].dims());
                let within = reference.within(&name, on, EXACT);
                ledger.hold(&reference, &name, &ours.data, within);
            }
        }
    }
    ledger.close();
}

/// A batch is not a sum: each picture has the gradient that it has alone.
#[test]
fn a_batch_has_the_gradients_of_its_pictures() {
    let reference = Reference::named("grouped");
    let ready = reference.ready(On::F64);
    let request = pull(&ready, &reference, "top", ReluRule::Plain, &["input", "layer2"]);
    let together = ready.pull(&request);
    let input = ready.capture.input();
    assert_eq!(input.shape.n, 2);
    for picture in 0..2 {
        let mut one = input.clone();
        one.shape.n = 1;
        let count = one.shape.len();
        one.data = input.data[picture * count..(picture + 1) * count].to_vec();
        let alone = Ready::new(&ready.graph, &one, On::F64).pull(&request);
        for (whole, part) in together.iter().zip(&alone) {
            let count = part.data.len();
            let own: Vec<f64> = whole.data[picture * count..(picture + 1) * count]
                .iter()
                .map(|v| f64::from(*v))
                .collect();
            assert!(super::support::gap(&part.data, &own) < EXACT);
        }
    }
}

#[test]
fn every_seed_and_every_rule_is_captums() {
    let mut ledger = Ledger::default();
    for reference in Reference::all(true) {
        for on in On::all() {
            let ready = reference.ready(on);
            for (rule, method) in
                RULES.into_iter().zip(["saliency", "guided-backprop", "deconvnet"])
            {
                for seed in ["top", "channel", "unit"] {
                    let found = ready.pull(&pull(&ready, &reference, seed, rule, &["input"]));
                    let name = format!("{method}.{seed}");
                    let within = reference.within(&name, on, EXACT);
                    ledger.hold(&reference, &name, &found[0].data, within);
                }
            }
        }
    }
    ledger.close();
}

#[test]
fn what_a_seed_does_not_depend_on_gets_zeros() {
    On::both().into_iter().for_each(what_a_seed_does_not_depend_on_gets_zeros_on);
}

fn what_a_seed_does_not_depend_on_gets_zeros_on(on: On) {
    let reference = Reference::named("basic");
    let ready = reference.ready(on);
    let wanted = ["layer4", "layer3", "layer2"];
    let found = ready.pull(&pull(&ready, &reference, "channel", ReluRule::Plain, &wanted));
    for (name, ours) in wanted.iter().zip(&found) {
        assert_eq!(ours.shape, ready.capture.shape(ready.find(name)).unwrap());
    }
    assert!(found[..2].iter().all(|g| g.data.iter().all(|v| *v == 0.0)));
    let area = found[2].shape.area();
    for (channel, map) in found[2].data.chunks(area).enumerate() {
        let one = if channel == reference.facts.channel { 1.0 } else { 0.0 };
        assert!(map.iter().all(|v| *v == one), "channel {channel}");
    }
}

/// The change that `make_explanations.py` makes, by its name there.
fn knocked(ready: &Ready, change: &str) -> Edits {
    let change = match change {
        "zero" => Change::OFF,
        "half" => Change::Scale(Exact(0.5)),
        "mean" => Change::Mean,
        _ => panic!("{change} is no change"),
    };
    vec![Edit::Channels { layer: ready.find("layer2.0.relu"), channels: vec![1, 4], change }]
}

fn from(ready: &Ready, capture: &dyn Capture, edits: &Edits, keep: &Keep) -> Arc<dyn Capture> {
    let none = &mut Progress::none();
    ready.backend.forward_from(capture, edits, keep, &Cancel::new(), none).unwrap()
}

#[test]
fn knocked_out_channels_give_pytorchs_logits_and_gradients() {
    let mut ledger = Ledger::default();
    for reference in Reference::all(true) {
        for on in On::all() {
            let ready = reference.ready(on);
            let request = pull(&ready, &reference, "top", ReluRule::Plain, &["input"]);
            for change in ["zero", "half", "mean"] {
                let edits = knocked(&ready, change);
                let capture = run(&*ready.backend, ready.capture.input(), &edits).unwrap();
                assert_same(&*from(&ready, &*ready.capture, &edits, &Keep::All), &*capture);
                let name = format!("knockout.{change}");
                let logits = capture.read_all(ready.find("fc")).unwrap().data;
                ledger.hold(&reference, &name, &logits, reference.within(&name, on, EXACT));

                let name = format!("{name}.grad");
                if change == "zero" {
                    assert!(!reference.tensors.contains_key(&name));
                    continue;
                }
                let found = ready.pull_from(&*capture, &request);
                let within = reference.within(&name, on, EXACT);
                ledger.hold(&reference, &name, &found[0].data, within);
            }
        }
    }
    ledger.close();
}

#[test]
fn further_edits_go_onto_an_edited_run() {
    for on in On::all() {
        let ready = Reference::named("basic").ready(on);
        let change = |layer: &str, channels: &[usize], change| Edit::Channels {
            layer: ready.find(layer),
            channels: channels.to_vec(),
            change,
        };
        let all: Edits = vec![
            change("layer2.0.relu", &[1, 4], Change::Mean),
            change("layer3.0.relu", &[0], Change::Scale(Exact(-0.5))),
            // The same layer and channel again, and one that lies before both.
            change("layer2.0.relu", &[4, 5], Change::Set(Exact(0.25))),
            change("layer1.0.bn1", &[2], Change::OFF),
            change("fc", &[3], Change::Set(Exact(1.0))),
        ];
        let input = ready.capture.input();
        let keeps =
            [Keep::All, Keep::Only(vec![ready.find("layer2")]), Keep::Tape(vec![ready.find("fc")])];
        for first in 0..=all.len() {
            for keep in &keeps {
                let start = ready
                    .backend
                    .forward(
                        input,
                        &all[..first].to_vec(),
                        keep,
                        &Cancel::new(),
                        &mut Progress::none(),
                    )
                    .unwrap();
                for second in first..=all.len() {
                    let edits = all[..second].to_vec();
                    let whole = run(&*ready.backend, input, &edits).unwrap();
                    let onward = from(&ready, &*start, &edits, &Keep::All);
                    assert_same(&*onward, &*whole);
                    let onward = from(&ready, &*start, &edits, keep);
                    assert_same(&*onward, &*whole);
                }
            }
        }
    }
}

/// What was let go is computed again, bit for bit.
#[test]
fn gradients_do_not_depend_on_what_was_kept() {
    for on in On::all() {
        let reference = Reference::named("bottleneck");
        let ready = reference.ready(on);
        let input = ready.capture.input();
        let fc = ready.find("fc");
        let small = super::support::backend_within(&ready.graph, on, 0);
        let keeps = [
            Keep::Only(vec![]),
            Keep::Only(vec![fc, ready.find("layer3")]),
            Keep::Tape(vec![fc]),
            Keep::Tape(vec![ready.find("layer2"), ready.find("layer3")]),
        ];
        for edits in [vec![], knocked(&ready, "half"), knocked(&ready, "mean")] {
            let whole = run(&*ready.backend, input, &edits).unwrap();
            let forgetful = run(&*small, input, &edits).unwrap();
            let parts: Vec<Arc<dyn Capture>> = keeps
                .iter()
                .map(|keep| {
                    let none = &mut Progress::none();
                    ready.backend.forward(input, &edits, keep, &Cancel::new(), none).unwrap()
                })
                .collect();
            for rule in RULES {
                for seed in ["top", "channel", "unit"] {
                    let request = pull(&ready, &reference, seed, rule, &PLACES);
                    let expected = ready.pull_from(&*whole, &request);
                    for part in &parts {
                        assert!(ready.pull_from(&**part, &request) == expected, "{rule:?} {seed}");
                    }
                    let none = &mut Progress::none();
                    let again =
                        small.backward(&*forgetful, &request, &Cancel::new(), none).unwrap();
                    assert!(again == expected, "{rule:?} {seed}");
                }
            }
            for part in &parts {
                assert!(part.bytes() < whole.bytes());
                assert_same(&**part, &*whole);
            }
        }
    }
}

#[test]
fn a_cancelled_gradient_stops_and_progress_reaches_the_end() {
    On::both().into_iter().for_each(a_cancelled_gradient_stops_and_progress_reaches_the_end_on);
}

fn a_cancelled_gradient_stops_and_progress_reaches_the_end_on(on: On) {
    let reference = Reference::named("basic");
    let ready = reference.ready(on);
    let request = pull(&ready, &reference, "top", ReluRule::Plain, &["input"]);
    let cancel = Cancel::new();
    let mut seen = Vec::new();
    let mut progress = Progress::new(|done, total| seen.push((done, total)));
    ready.backend.backward(&*ready.capture, &request, &cancel, &mut progress).unwrap();
    drop(progress);
    let total = seen[0].1;
    assert!(seen.is_sorted() && seen.last() == Some(&(total, total)), "{seen:?}");
    assert!(seen.iter().all(|(_, all)| *all == total) && total > ready.graph.nodes.len() / 4);

    let mut last = 0;
    let mut progress = Progress::new(|done, _| {
        last = done;
        if done >= 5 {
            cancel.cancel();
        }
    });
    let stopped = ready.backend.backward(&*ready.capture, &request, &cancel, &mut progress);
    drop(progress);
    assert!(matches!(stopped, Err(EngineError::Canceled)));
    assert!((5..9).contains(&last), "{last}");
}

#[test]
fn a_seed_that_does_not_exist_is_refused() {
    On::both().into_iter().for_each(a_seed_that_does_not_exist_is_refused_on);
}

fn a_seed_that_does_not_exist_is_refused_on(on: On) {
    let reference = Reference::named("basic");
    let ready = reference.ready(on);
    let layer = ready.find("layer3");
    let Shape { c, h, w, .. } = ready.capture.shape(layer).unwrap();
    let small = Arc::new(Array::zeros(Shape::new(1, c, 1, 1)));
    let unit = |channel, row, column| Seed::Unit { layer, channel, row, column };
    let beyond = LayerId(ready.graph.nodes.len());
    for seed in [
        Seed::Channel { layer, channel: c },
        Seed::Channel { layer: beyond, channel: 0 },
        unit(c, 0, 0),
        unit(0, h, 0),
        unit(0, 0, w),
        Seed::Cotangent { layer, value: small },
    ] {
        let request = GradientRequest { seed, rule: ReluRule::Plain, wanted: vec![Value::Input] };
        let (cancel, none) = (Cancel::new(), &mut Progress::none());
        let refused = ready.backend.backward(&*ready.capture, &request, &cancel, none);
        assert!(matches!(refused, Err(EngineError::OutOfRange(_))), "{request:?}");
    }
    let other = Ready::new(&Case::named("basic").graph(), ready.capture.input(), on);
    let request = pull(&ready, &reference, "top", ReluRule::Plain, &["input"]);
    let (cancel, none) = (Cancel::new(), &mut Progress::none());
    let refused = other.backend.backward(&*ready.capture, &request, &cancel, none);
    assert!(matches!(refused, Err(EngineError::ForeignCapture)));
}
