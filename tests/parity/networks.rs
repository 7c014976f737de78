//! Every node of the small networks against PyTorch's float64.

use convscope::base::Shape;
use convscope::model::{costs, extents, infer};

use super::support::{Case, On, array, backend, gap, run, shape};

#[test]
fn every_node_agrees_in_float32() {
    On::single().into_iter().for_each(|on| every_node_agrees(on, 1e-4));
}

#[test]
fn every_node_agrees_in_float64() {
    every_node_agrees(On::F64, 1e-6);
}

fn every_node_agrees(on: On, tolerance: f64) {
    for case in Case::all() {
        let (graph, reference) = (case.graph(), case.activations());
        let capture = run(&*backend(&graph, on), &array(&reference["input"]), &vec![]).unwrap();
        let mut worst = (0.0, "");
        for (layer, node) in graph.layers() {
            let expected = &reference[&node.name];
            let ours = capture.read_all(layer).unwrap();
            assert_eq!(ours.shape, shape(expected), "{} {}", case.name, node.name);
            let off = gap(&ours.data, &super::support::values(expected));
            assert!(off <= tolerance, "{} {}: {off:.1e} of the maximum", case.name, node.name);
            worst = if off > worst.0 { (off, node.name.as_str()) } else { worst };
        }
        println!("{on:?} {}: within {:.1e}, at {}", case.name, worst.0, worst.1);
    }
}

#[test]
fn nodes_and_shapes_are_torchvisions() {
    for case in Case::all() {
        let (graph, reference) = (case.graph(), case.activations());
        let names: Vec<_> = graph.nodes.iter().map(|node| node.name.as_str()).collect();
        assert_eq!(names, case.nodes, "{}", case.name);
        let [n, c, h, w] = case.input;
        let input = Shape::new(n, c, h, w);
        let shapes = infer(&graph, input).unwrap();
        let expected: Vec<_> = case.nodes.iter().map(|name| shape(&reference[name])).collect();
        assert_eq!(shapes, expected, "{}", case.name);
        let parameters: u64 = costs(&graph, input, &extents(&graph, input).unwrap())
            .iter()
            .map(|cost| cost.parameters)
            .sum();
        assert_eq!(parameters, case.parameters, "{}", case.name);
    }
}

#[test]
fn the_tensors_say_what_the_network_is() {
    let names = [
        ("basic", "ResNet-14, width 6"),
        ("basic18", "ResNet-18, width 4"),
        ("bottleneck", "ResNet-17, width 6"),
        ("wide", "Wide ResNet-14-2, width 4"),
        ("grouped", "ResNeXt-14 4x2d, width 4"),
        ("half", "ResNet-14, width 6"),
    ];
    let cases = Case::all();
    assert_eq!(cases.len(), names.len());
    for (case, (name, expected)) in cases.iter().zip(names) {
        let graph = case.graph();
        assert_eq!((case.name.as_str(), graph.name.as_str()), (name, expected));
        assert_eq!((graph.classes(), graph.input_channels), (case.classes, 3));
    }
}
