//! Every operation alone in a network, on every backend: what one does not compute itself is handed over.

use std::sync::Arc;

use convscope::base::{Array, Cancel, LayerId, Progress, Shape};
use convscope::engine::{GradientRequest, Seed};
use convscope::import::pt2;
use convscope::model::{Graph, Node, Value};
use convscope::ops::{
    Activation, AveragePool, Channels, Drawing, Flatten, Narrow, Op, ReluRule, SAMPLES, Sample,
    samples,
};

use super::support::{On, Random, backend, run};

/// The operation on the input, or on the input as a vector; where it takes more, the others are the first behind a sigmoid,
/// cut or pooled to their size.
fn graph(sample: &Sample) -> Arc<Graph> {
    let node = |name: &str, op: Op, inputs| Node { name: name.into(), file_name: None, op, inputs };
    let mut nodes = Vec::new();
    let mut first = Value::Input;
    if sample.inputs[0].rank() == 2 {
        nodes.push(node("flatten", Flatten.into(), vec![Value::Input]));
        first = Value::of(LayerId(0));
    }
    let mut inputs = vec![first];
    for other in sample.inputs.iter().skip(1) {
        nodes.push(node("sigmoid", Activation::Sigmoid.into(), vec![first]));
        let last = |nodes: &Vec<Node>| Value::of(LayerId(nodes.len() - 1));
        if other.at(1) < sample.inputs[0].at(1) {
            let narrow = Narrow { axis: 1, start: 0, count: other.at(1), step: 1 };
            nodes.push(node("slice", narrow.into(), vec![last(&nodes)]));
        }
        if other.sides() != sample.inputs[0].sides() {
            nodes.push(node("pool", AveragePool::Global.into(), vec![last(&nodes)]));
        }
        inputs.push(last(&nodes));
    }
    nodes.push(node("op", sample.op.clone(), inputs));
    Arc::new(Graph {
        name: "one".into(),
        input_channels: sample.inputs[0].at(1),
        usual_input: [8; 2],
        outputs: vec![Value::of(LayerId(nodes.len() - 1))],
        nodes,
        assumptions: vec![],
        notes: vec![],
    })
}

fn near(found: &Array, exact: &Array, what: &str) {
    assert_eq!(found.shape, exact.shape, "{what}");
    let largest = exact.data.iter().fold(1f32, |most, v| most.max(v.abs()));
    for (found, exact) in found.data.iter().zip(&exact.data) {
        assert!((found - exact).abs() <= 2e-5 * largest, "{what}: {found} {exact}");
    }
}

#[test]
fn every_operation_agrees_on_every_backend() {
    let all = samples().unwrap();
    let fed = all.iter().filter(|sample| !sample.inputs.is_empty());
    for (number, sample) in fed.enumerate() {
        let graph = graph(sample);
        let [h, w] = sample.inputs[0].sides();
        let shape = Shape::new(sample.inputs[0].at(0), sample.inputs[0].at(1), h, w);
        let mut input = Random::new(number as u64).array(shape, 1.0);
        if sample.positive {
            input.data.iter_mut().for_each(|v| *v = v.abs() + 0.5);
        }
        let answer = graph.answer();
        let found = |on: On, rule: ReluRule| {
            let backend = backend(&graph, on);
            let capture = run(&*backend, &input, &vec![]).unwrap();
            let value = capture.read_all(answer).unwrap();
            let cotangent = Arc::new(Random::new(99).array(value.shape, 1.0));
            let seed = Seed::Cotangent { layer: answer, value: cotangent };
            let request = GradientRequest { seed, rule, wanted: vec![Value::Input] };
            let (cancel, none) = (Cancel::new(), &mut Progress::none());
            (value, backend.backward(&*capture, &request, &cancel, none).unwrap().remove(0))
        };
        for rule in [ReluRule::Plain, ReluRule::Guided] {
            let (value, gradient) = found(On::F64, rule);
            assert_eq!(value.shape, sample.op.infer(&sample.inputs).unwrap().shape());
            for on in On::single() {
                let what = format!("{} on {on:?}", sample.op.word());
                let (ours, pulled) = found(on, rule);
                near(&ours, &value, &what);
                near(&pulled, &gradient, &format!("gradient of {what}"));
            }
        }
    }
}

/// `docs/operations.md`, as the operations themselves have it.
fn page() -> String {
    let mut page = String::from(
        "# Operations\n\n\
         For everyone who wonders whether a network runs: what a layer can compute, and which calls of PyTorch are read as such.\n\
         This page is written by `UPDATE_OPERATIONS=1 cargo test --test parity operations`; a test holds it to the program.\n\n\
         Every operation runs forward and backward on the CPU and on GPUs, in float64, float32 and half precision. Channels are\n\
         *kept* where channel `c` of the output comes from channel `c` of the input alone, *normalized* where it is measured\n\
         against others, *made* by weights, *joined*, *taken*, *shuffled* between groups, *mixed* from several, or *moved* to\n\
         other places.\n\n\
         | operation | in lists | channels |\n|---|---|---|\n",
    );
    let mut drawing = Drawing::new(1);
    for (name, draw) in SAMPLES {
        let samples = draw(&mut drawing).unwrap();
        let mut words: Vec<String> = samples.iter().map(|s| s.op.word().into_owned()).collect();
        words.dedup();
        words.sort();
        words.dedup();
        let more = if words.len() > 8 { words.split_off(8).len() } else { 0 };
        let mut words = words.join(", ");
        if more > 0 && *name == "activation" {
            let all = samples.iter().map(|s| s.op.word().into_owned());
            let all: std::collections::BTreeSet<String> = all.collect();
            words = all.into_iter().collect::<Vec<_>>().join(", ");
        } else if more > 0 {
            words += ", …";
        }
        let channels = samples.iter().map(|sample| match sample.op.channels() {
            Channels::Kept => "kept",
            Channels::Joined => "joined",
            Channels::Taken { .. } => "taken",
            Channels::Made => "made",
            Channels::Normalized => "normalized",
            Channels::Shuffled { .. } => "shuffled",
            Channels::Mixed => "mixed",
            Channels::Moved => "moved",
        });
        let channels: std::collections::BTreeSet<&str> = channels.collect();
        let channels = channels.into_iter().collect::<Vec<_>>().join(", ");
        page += &format!("| {} | {words} | {channels} |\n", name.replace('_', " "));
    }
    page += "\n## Calls of PyTorch\n\nIn programs of `torch.export`, with their twins in place (`relu_`):\n\n";
    let calls: Vec<String> = pt2::calls().iter().map(|call| format!("`{call}`")).collect();
    page + &calls.join(", ") + ".\n"
}

#[test]
fn the_page_of_operations_is_true() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operations.md");
    if std::env::var_os("UPDATE_OPERATIONS").is_some() {
        std::fs::write(file, page()).unwrap();
    }
    let told = std::fs::read_to_string(file).unwrap();
    assert!(
        told == page(),
        "docs/operations.md: UPDATE_OPERATIONS=1 cargo test --test parity operations"
    );
}
