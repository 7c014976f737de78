//! ONNX files of PyTorch's two exporters: the networks of `tests/fixtures/exported` once more, against what PyTorch
//! computes of them in float64.

use std::sync::Arc;

use convscope::import::onnx;
use convscope::model::Graph;
use convscope::source::Checkpoint;

use super::exported::{Expected, input, is};
use super::support::{On, assert_same, backend, fixture, json, run};

fn graph(file: &str) -> Arc<Graph> {
    let checkpoint = Checkpoint::read(&fixture(&format!("onnx/{file}.onnx"))).unwrap();
    let model = checkpoint.onnx.as_deref().unwrap();
    let names = onnx::tensors(model);
    let tensors = checkpoint.load(names.iter().map(String::as_str)).unwrap().tensors;
    Arc::new(onnx::build(model, &tensors).unwrap())
}

#[test]
fn what_comes_out_is_pytorchs() {
    let files = std::fs::read_dir(fixture("onnx")).unwrap();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let files: Vec<String> =
        files.filter_map(|file| Some(file.strip_suffix(".onnx")?.to_string())).collect();
    assert!(files.len() >= 9);
    for file in files {
        let name = file.split(['.', '_']).next().unwrap();
        let (graph, input) = (graph(&file), input(name));
        let expected: Expected = json(&format!("exported/{name}.json"));
        let capture = run(&*backend(&graph, On::F64), &input, &vec![]).unwrap();
        let answer = capture.read_all(graph.answer()).unwrap();
        // While the older exporter traces them, sizes are tensors: these two join their parts in another order then.
        let reordered = ["activations.script", "convolutions.script"].contains(&file.as_str());
        assert!(reordered || is(&answer, &expected.outputs[0], 1e-3), "{file}");
        // Most layers are nodes of PyTorch's; the others are parts that an exporter made of one.
        let known = graph.layers().filter(|(layer, _)| {
            let value = capture.read_all(*layer).unwrap();
            expected.nodes.iter().any(|facts| is(&value, facts, 1e-3))
        });
        let known = known.count();
        println!("{file}: {known} of {} layers are nodes", graph.nodes.len());
        assert!(10 * known >= 8 * graph.nodes.len(), "{file}: {known} of {}", graph.nodes.len());
        for on in On::both() {
            let found = run(&*backend(&graph, on), &input, &vec![]).unwrap();
            let found = found.read_all(graph.answer()).unwrap();
            let largest = answer.data.iter().fold(1e-3f32, |most, v| most.max(v.abs()));
            for (found, exact) in found.data.iter().zip(&answer.data) {
                assert!((found - exact).abs() <= 1e-4 * largest, "{file} on {on:?}");
            }
        }
    }
}

#[test]
fn weights_beside_the_file_are_the_same() {
    let (inside, beside) = (graph("norms"), graph("norms_beside"));
    let input = input("norms");
    let [a, b] = [inside, beside].map(|graph| run(&*backend(&graph, On::F32), &input, &vec![]));
    assert_same(&*a.unwrap(), &*b.unwrap());
}

#[test]
fn names_are_those_of_modules() {
    for file in ["activations", "activations.script"] {
        let graph = graph(file);
        let has = |name: &str| graph.nodes.iter().any(|node| node.name == name);
        let names: Vec<&str> = graph.nodes.iter().map(|node| node.name.as_str()).collect();
        assert!(has("stem") && has("layers.0") && has("layers.1"), "{names:?}");
    }
}
