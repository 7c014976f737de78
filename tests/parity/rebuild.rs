//! The inversion's objective and its gradient against PyTorch's autograd.

use convscope::analysis::Subject;
use convscope::analysis::rebuild::{Objective, Weights};
use convscope::base::{Array, Cancel, Shape};
use convscope::engine::Edits;

use crate::support::{Case, On, backend, gap, run, tensors, values};

#[test]
fn the_inversions_loss_and_gradient_are_pytorchs() {
    let case = Case::named("basic");
    let (graph, input, edits) = (case.graph(), case.input(), Edits::new());
    let wanted = tensors("explain_basic.safetensors");
    let number = |name: &str| values(&wanted[name])[0];
    // The fixture is of one picture of the case's batch: the first.
    let one = Shape { n: 1, ..input.shape };
    let photo = Array::new(one, input.data[..one.len()].to_vec()).unwrap();
    let x: Vec<f32> = values(&wanted["inversion.x"]).iter().map(|v| *v as f32).collect();
    let x = Array::new(one, x).unwrap();
    for on in On::all() {
        let tolerance = if on == On::F64 { 1e-6 } else { 1e-4 };
        let backend = backend(&graph, on);
        let capture = run(&*backend, &photo, &edits).unwrap();
        let subject =
            Subject { backend: &*backend, graph: &graph, capture: capture.as_ref(), edits: &edits };
        let layer = graph.find("layer2").unwrap();
        let weights = Weights { variation: 1e-3, alpha: 1e-4 };
        let objective = Objective::new(&subject, layer, None, weights).unwrap();
        let loss = objective.at(&x, &Cancel::new()).unwrap();
        for (name, ours) in [
            ("inversion.loss", loss.total),
            ("inversion.feature", loss.error),
            ("inversion.tv", loss.variation),
            ("inversion.alpha", loss.alpha),
        ] {
            let off = (ours / number(name) - 1.0).abs();
            assert!(off < tolerance, "{name} in {on:?}: {ours}, {}", number(name));
        }
        let off = gap(&loss.gradient, &values(&wanted["inversion.gradient"]));
        assert!(off < tolerance, "the gradient in {on:?}: {off}");
    }
}
