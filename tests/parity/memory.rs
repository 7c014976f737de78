//! Captures that do not hold everything: the same values, to the bit, out of less memory.

use std::sync::Arc;

use convscope::base::{Cancel, Combine, LayerId, Progress};
use convscope::engine::{Backend, Capture, Edit, Edits, Keep};

use super::support::{Case, On, Random, assert_same, backend, backend_within, run};

/// The values of all layers and of the largest one, in bytes.
fn sizes(capture: &dyn Capture) -> (usize, usize) {
    let bytes = |i: usize| capture.shapes()[i].len() * size_of::<f32>();
    let all = 0..capture.shapes().len();
    (all.clone().map(bytes).sum(), all.map(bytes).max().unwrap())
}

fn bounded(case: &Case, on: On, bytes: usize) -> Box<dyn Backend> {
    backend_within(&case.graph(), on, bytes)
}

#[test]
fn every_layer_reads_as_from_a_capture_without_a_bound() {
    for (case, on) in
        On::both().into_iter().flat_map(|on| Case::all().into_iter().map(move |case| (case, on)))
    {
        let input = case.input();
        let whole = run(&*backend(&case.graph(), on), &input, &vec![]).unwrap();
        let (all, largest) = sizes(&*whole);
        for bound in [0, 1, largest, all / 4, all / 2, all - 1, all] {
            let part = run(&*bounded(&case, on, bound), &input, &vec![]).unwrap();
            assert_same(&*part, &*whole);
            for layer in (0..whole.shapes().len()).map(LayerId) {
                let statistics = |of: &dyn Capture| of.statistics(layer).unwrap();
                assert_eq!(statistics(&*part), statistics(&*whole), "{} {layer:?}", case.name);
                let mean = |of: &dyn Capture| of.combine(layer, Combine::Mean).unwrap();
                assert_eq!(mean(&*part), mean(&*whole), "{} {layer:?}", case.name);
            }
        }
    }
}

#[test]
fn a_capture_holds_what_it_may_and_one_layer_at_least() {
    let case = Case::named("bottleneck");
    let input = case.input();
    let whole = run(&*backend(&case.graph(), On::F32), &input, &vec![]).unwrap();
    let (all, largest) = sizes(&*whole);
    let beside = whole.bytes() - all;
    for eighth in 0..=8 {
        let bound = all * eighth / 8;
        let part = run(&*bounded(&case, On::F32, bound), &input, &vec![]).unwrap();
        // 56 bytes of statistics for each channel that is not held.
        let channels: usize = part.shapes().iter().map(|shape| shape.c).sum();
        let held = part.bytes() - beside;
        assert!(held <= bound.max(largest) + channels * 56, "{held} of {bound}");
        // More memory is used where it is given.
        assert!(held + largest + channels * 56 >= bound, "{held} of {bound}");
    }
}

#[test]
fn runs_from_an_edit_need_no_complete_capture() {
    On::both().into_iter().for_each(runs_from_an_edit_of);
}

fn runs_from_an_edit_of(on: On) {
    let case = Case::named("basic18");
    let (graph, input) = (case.graph(), case.input());
    let whole = backend(&graph, on);
    let plain = run(&*whole, &input, &vec![]).unwrap();
    let (all, _) = sizes(&*plain);
    let find = |name: &str| graph.find(name).unwrap();
    let shape = plain.shape(find("layer3.0.bn1")).unwrap();
    let value = Arc::new(Random::new(7).array(shape, 1.0));
    let edits: [Edits; 3] = [
        vec![Edit::zero(find("layer2.1.relu"), vec![0, 3])],
        vec![Edit::Replace { layer: find("layer3.0.bn1"), value }],
        vec![Edit::zero(find("conv1"), vec![1])],
    ];
    for bound in [0, all / 3] {
        let part = backend_within(&graph, on, bound);
        let from = run(&*part, &input, &vec![]).unwrap();
        for edits in &edits {
            let expected = run(&*whole, &input, edits).unwrap();
            let onward = part
                .forward_from(&*from, edits, &Keep::All, &Cancel::new(), &mut Progress::none())
                .unwrap();
            assert_same(&*onward, &*expected);
            assert_same(&*run(&*part, &input, edits).unwrap(), &*expected);
        }
    }
}

#[test]
fn half_precision_runs_the_same_code_within_its_rounding() {
    // The CPU computes float16 for this test alone: a user is refused before.
    for name in ["bottleneck", "grouped"] {
        let case = Case::named(name);
        let (graph, input) = (case.graph(), case.input());
        let exact = run(&*backend(&graph, On::F32), &input, &vec![]).unwrap();
        let half = run(&*backend(&graph, On::F16), &input, &vec![]).unwrap();
        for (layer, node) in graph.layers() {
            let expected: Vec<f64> =
                exact.read_all(layer).unwrap().data.iter().map(|v| f64::from(*v)).collect();
            let gap = super::support::gap(&half.read_all(layer).unwrap().data, &expected);
            assert!(gap < 2e-2, "{name} {}: {gap:.1e} of the maximum", node.name);
            let shape = half.shape(layer).unwrap();
            assert_eq!(half.statistics(layer).unwrap()[0].count, shape.n * shape.area());
        }
        assert!(half.bytes() < exact.bytes() * 2 / 3);
    }
}
