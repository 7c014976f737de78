//! Six methods on six networks that are no ResNets, against captum and pytorch-grad-cam, by what
//! `tools/make_exported_explanations.py` wrote.

use convscope::analysis::{Parameters, Target, explain::Question};
use convscope::base::LayerId;
use convscope::ops::{Activation, Linear};
use serde::Deserialize;

use super::exported::{graph, input};
use super::reference::Ready;
use super::support::{On, gap, json, tensors, values};

/// What a method is given and gives is float32, which rounds by 6e-8.
const WITHIN: f64 = 1e-6;

const OF_INPUTS: [&str; 3] = ["saliency", "guided-backprop", "integrated-gradients"];
const OF_LAYERS: [&str; 3] = ["grad-cam", "hirescam", "layer-cam"];

#[derive(Deserialize)]
struct Known {
    networks: Vec<Network>,
}

#[derive(Deserialize)]
struct Network {
    name: String,
    top: usize,
    logit: f64,
    layers: Vec<String>,
    relus: usize,
}

#[test]
fn six_methods_on_six_networks_are_the_libraries() {
    let Known { networks } = json("exported/explanations.json");
    let expected = tensors("exported/explanations.safetensors");
    assert_eq!(networks.len(), 6);
    assert_eq!(expected.len(), 6 * (OF_INPUTS.len() + 2 * OF_LAYERS.len()));
    let mut over = Vec::new();
    for Network { name, top, logit, layers, relus } in &networks {
        let ready = Ready::new(&graph(name), &input(name), On::F64);
        let answer = ready.capture.read_all(ready.graph.answer()).unwrap().data;
        let most = answer.iter().fold(0f64, |most, v| most.max(f64::from(v.abs())));
        assert!((f64::from(answer[*top]) - logit).abs() <= WITHIN * most, "{name}");
        let found = ready.graph.nodes.iter().filter(|node| Activation::is_relu(&node.op)).count();
        assert_eq!(found, *relus, "{name}");
        let mut hold = |method: &str, layer: LayerId, key: String| {
            let (target, parameters) = (Target::Class(*top), Parameters::default());
            let found = ready.explain(method, &Question { layer, target, parameters }).unwrap();
            let off = gap(&found.values.data, &values(&expected[&key]));
            println!("{key}: {off:.1e}");
            if off.is_nan() || off > WITHIN {
                over.push(format!("{key}: {off:.1e}"));
            }
        };
        for method in OF_INPUTS {
            hold(method, LayerId(0), format!("{name}/{method}"));
        }
        for layer in layers {
            for method in OF_LAYERS {
                hold(method, ready.find(layer), format!("{name}/{method}/{layer}"));
            }
        }
    }
    assert!(over.is_empty(), "too far:\n{}", over.join("\n"));
}

/// CAM wherever the answer is linear in pooled maps; elsewhere a sentence.
#[test]
fn cam_is_the_evidence_of_a_class_on_every_network_that_ends_so() {
    let Known { networks } = json("exported/explanations.json");
    for Network { name, top, .. } in &networks {
        let ready = Ready::new(&graph(name), &input(name), On::F64);
        let question = Question {
            layer: LayerId(0),
            target: Target::Class(*top),
            parameters: Parameters::default(),
        };
        let found = ready.explain("cam", &question);
        // A hidden layer or a norm stands between the pool and the answer of these.
        if ["mobilenet_v3", "convnext"].contains(&name.as_str()) {
            assert!(found.unwrap_err().to_string().contains("use grad-cam"), "{name}");
            continue;
        }
        let map = found.unwrap().values;
        // Its mean is the logit less what the network answers to nothing.
        let mean = map.data.iter().map(|v| f64::from(*v)).sum::<f64>() / map.data.len() as f64;
        let logit = f64::from(ready.capture.read_all(ready.graph.answer()).unwrap().data[*top]);
        let linear = ready.graph.nodes[ready.graph.answer().0].op.get::<Linear>();
        let bias = linear.and_then(|linear| values(linear.bias.as_ref()?).get(*top).copied());
        assert!((mean + bias.unwrap_or(0.0) - logit).abs() < 1e-6, "{name}: {mean} of {logit}");
        if name == "squeezenet" {
            let layer = ready.find("classifier.2");
            let area = map.data.len();
            let all = ready.capture.read_all(layer).unwrap().data;
            assert_eq!(map.data, all[top * area..(top + 1) * area]);
        }
    }
}
