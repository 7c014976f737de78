//! Targets that nothing changes, layers that never fire: every method gives zeros and says why, and nothing is NaN.

use std::sync::Arc;

use candle_core::{Device, Tensor};
use convscope::analysis::explain::{Attribution, Kind, METHODS, Question, pixel_map};
use convscope::analysis::judge::{Claim, judge, rank_correlation, shared_top};
use convscope::analysis::{AnalysisError, Parameters, Target, channel_effects};
use convscope::base::{LayerId, OutputFunction, Shape};
use convscope::engine::{Edit, Edits};
use convscope::model::Graph;
use convscope::ops::{Conv, Linear};

use super::reference::{Ready, Reference, named, quietly};
use super::support::{On, backend, run};

const CLASS: usize = 2;

fn ready(change: impl FnOnce(&mut Graph), edits: impl FnOnce(&Graph) -> Edits, on: On) -> Ready {
    let case = Reference::named("basic").case;
    let mut graph = (*case.graph()).clone();
    change(&mut graph);
    let (graph, edits) = (Arc::new(graph.clone()), edits(&graph));
    let backend = backend(&graph, on);
    let capture = run(&*backend, &case.input(), &edits).unwrap();
    Ready { graph, backend, capture, edits }
}

/// The row of the class in the last layer becomes 0, with its bias or without.
fn without_weights(graph: &mut Graph, bias_too: bool) {
    let last = graph.nodes.len() - 1;
    let linear = graph.nodes[last].op.get::<Linear>().unwrap().clone();
    let classes = linear.weight.dims()[0];
    let kept: Vec<f32> = (0..classes).map(|class| f32::from(u8::from(class != CLASS))).collect();
    let kept = Tensor::from_vec(kept, classes, &Device::Cpu).unwrap();
    let column = kept.reshape((classes, 1)).unwrap();
    let bias = linear.bias.map(|bias| if bias_too { (bias * &kept).unwrap() } else { bias });
    let weight = linear.weight.broadcast_mul(&column).unwrap();
    graph.nodes[last].op = Linear { weight, bias, last_axis: false }.into();
}

/// All channels of the layer are 0.
fn silenced(graph: &Graph, layer: &str) -> Edits {
    let layer = graph.find(layer).unwrap();
    vec![Edit::zero(layer, (0..1000).take(channels(graph, layer)).collect())]
}

fn channels(graph: &Graph, layer: LayerId) -> usize {
    let shape = Shape::new(1, graph.input_channels, 33, 41);
    convscope::model::infer(graph, shape).unwrap()[layer.0].c
}

fn question(ready: &Ready, layer: &str, target: Target) -> Question {
    let parameters = Parameters { steps: 3, samples: 2, seed: 0 };
    Question { parameters, ..ready.question(layer, target) }
}

fn is_zero(found: &Attribution) -> bool {
    found.values.data.iter().all(|v| *v == 0.0)
}

/// What holds of every explanation, whatever is dead.
fn assert_sound(name: &str, found: &Attribution, ready: &Ready) {
    assert!(found.values.data.iter().all(|v| v.is_finite()), "{name}");
    assert!(found.facts.iter().all(|(_, fact)| fact.is_finite()), "{name}: {:?}", found.facts);
    let Shape { h, w, .. } = ready.capture.input().shape;
    let map = pixel_map(found, h, w);
    assert!(map.data.iter().all(|v| v.is_finite()), "{name}");
    if is_zero(found) {
        assert!(map.data.iter().all(|v| *v == 0.0), "{name}");
        let [warning] = found.warnings.as_slice() else { panic!("{name}: {:?}", found.warnings) };
        let words = match found.kind {
            Kind::Map => "the map is zero everywhere: ",
            Kind::Gradient => "the gradient is zero everywhere: ",
            Kind::Share => "every attribution is zero: ",
        };
        assert!(warning.starts_with(words), "{name}: {warning}");
    }
    assert!(!found.notes.iter().chain(&found.warnings).any(|note| note.contains("NaN")), "{name}");
}

#[test]
fn a_class_that_nothing_changes_is_zeros_by_every_method() {
    for on in On::both() {
        for bias_too in [false, true] {
            let ready = ready(|graph| without_weights(graph, bias_too), |_| vec![], on);
            let question = question(&ready, "layer3", Target::Class(CLASS));
            for method in METHODS {
                let found = ready.explain(method.name, &question).unwrap();
                assert_sound(method.name, &found, &ready);
                match method.name {
                    // It knows no class.
                    "eigen-cam" => assert!(!is_zero(&found) && found.warnings.is_empty()),
                    "score-cam" => {
                        assert!(!is_zero(&found));
                        assert!(found.warnings[0].contains("every channel gives the target"));
                    }
                    name => assert!(is_zero(&found), "{name}"),
                }
            }
        }
    }
}

#[test]
fn a_layer_that_never_fires_is_zeros_by_every_method() {
    for on in On::both() {
        let ready = ready(|_| (), |graph| silenced(graph, "layer4"), on);
        let question = question(&ready, "layer4", Target::Class(CLASS));
        for method in METHODS {
            let found = ready.explain(method.name, &question).unwrap();
            assert_sound(method.name, &found, &ready);
            assert!(is_zero(&found), "{}", method.name);
        }
        let effects = quietly(|work| {
            channel_effects(&ready.subject(), question.layer, question.target, work)
        });
        assert!(effects.unwrap().iter().all(|effect| *effect == 0.0));
    }
}

#[test]
fn a_channel_that_never_fires_is_zeros_by_every_method() {
    let ready = ready(|_| (), |_| vec![], On::F32);
    let layer = ready.find("layer2.0.relu");
    let place = Target::Unit { layer, channel: 3, row: 0, column: 0 };
    for target in [Target::Channel { layer, channel: 3 }, place] {
        assert_eq!(ready.subject().value(target).unwrap(), 0.0, "the fixture's dead channel");
        for method in METHODS.iter().filter(|method| method.name != "cam") {
            let found = ready.explain(method.name, &question(&ready, "layer1", target)).unwrap();
            assert_sound(method.name, &found, &ready);
            // Deconvnet passes what the ReLU did not let through.
            if !["eigen-cam", "score-cam", "deconvnet"].contains(&method.name) {
                assert!(is_zero(&found), "{}", method.name);
            }
        }
    }
}

#[test]
fn maps_of_nothing_are_judged_with_numbers() {
    let ready = ready(|graph| without_weights(graph, false), |_| vec![], On::F32);
    for name in ["grad-cam", "saliency", "occlusion"] {
        let question = question(&ready, "layer4", Target::Class(CLASS));
        let found = ready.explain(name, &question).unwrap();
        let make = |graph: Graph| Ok(backend(&Arc::new(graph), On::F32).into());
        for outputs in [OutputFunction::Softmax, OutputFunction::Sigmoid, OutputFunction::None] {
            let claim = Claim { method: named(name), question: &question, found: &found, outputs };
            let of = quietly(|work| judge(&ready.subject(), claim, &make, work)).unwrap();
            assert_eq!(of.warnings, found.warnings, "{name}");
            let (deletion, road) = (of.deletion.unwrap(), of.road.unwrap());
            assert!(deletion.area.is_finite() && road.score.is_finite(), "{name}");
            assert!(road.empty > 0, "{name}: equal pixels cannot be ordered");
            assert!(of.redrawn.iter().all(|stage| stage.correlation == 0.0), "{:?}", of.redrawn);
        }
    }
    assert_eq!(rank_correlation(&[0.0; 9], &[0.0; 9]), 0.0);
    assert!(shared_top(&[0.0; 20], &[1.0; 20]).is_finite());
}

#[test]
fn values_that_are_not_finite_are_refused_by_every_method() {
    let broken = ready(
        |graph| {
            let conv = graph.find("layer1.0.conv1").unwrap();
            let of = graph.nodes[conv.0].op.get::<Conv>().unwrap().clone();
            let weight = (&of.weight * f64::NAN).unwrap();
            graph.nodes[conv.0].op = Conv { weight, ..of }.into();
        },
        |_| vec![],
        On::F32,
    );
    for method in METHODS {
        let question = question(&broken, "layer3", Target::Class(CLASS));
        match broken.explain(method.name, &question) {
            Err(error @ AnalysisError::NotFinite { .. }) => {
                let text = error.to_string();
                assert!(text.contains("NaN or infinity"), "{}: {text}", method.name);
            }
            other => panic!("{}: {other:?}", method.name),
        }
    }
}
