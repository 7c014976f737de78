//! Convolutions of many channels on the fast backend, with each instruction set, against float64: values, gradients,
//! and the values between a convolution and the sum behind it.

use std::sync::Arc;

use convscope::base::{Cancel, LayerId, Progress, Shape};
use convscope::engine::{Backend, Edits, GradientRequest, Keep, Seed};
use convscope::model::{Graph, Node, Value};
use convscope::ops::{Activation, BatchNorm, Binary, Conv, Op, ReluRule, Window};

use super::support::{On, Random, backend, gap, run};

/// Rounding of sums of up to 5,000 products, relative to the largest result.
const WITHIN: f64 = 5e-6;

struct Kind {
    inside: usize,
    outside: usize,
    groups: usize,
    window: Window,
    size: [usize; 2],
}

const fn kind(
    inside: usize,
    outside: usize,
    groups: usize,
    window: Window,
    size: [usize; 2],
) -> Kind {
    Kind { inside, outside, groups, window, size }
}

/// Tiles that are full, narrow, paired and odd; Winograd's with every remainder of a map; strides; groups that
/// fill blocks and groups that do not; inputs of a few channels.
fn kinds() -> Vec<Kind> {
    let (one, three) = (Window::square(1, 1, 0), Window::square(3, 1, 1));
    vec![
        kind(64, 96, 1, three, [14, 14]),
        kind(64, 64, 1, three, [7, 7]),
        kind(48, 40, 1, three, [9, 11]),
        kind(80, 48, 1, three, [6, 13]),
        kind(64, 64, 1, three, [1, 5]),
        kind(128, 80, 1, one, [5, 9]),
        kind(64, 256, 1, one, [28, 28]),
        kind(64, 64, 1, Window::square(1, 2, 0), [14, 15]),
        kind(64, 128, 1, Window::square(3, 2, 1), [14, 13]),
        kind(48, 48, 1, Window { dilation: [2, 2], ..Window::square(3, 1, 2) }, [10, 10]),
        kind(128, 128, 32, three, [14, 14]),
        kind(64, 128, 4, Window::square(3, 2, 1), [9, 9]),
        kind(96, 96, 2, three, [7, 8]),
        kind(32, 32, 32, three, [8, 8]),
        kind(20, 20, 5, three, [6, 6]),
        kind(3, 64, 1, Window::square(7, 2, 3), [32, 45]),
        kind(3, 16, 1, three, [32, 32]),
        kind(1, 32, 1, Window::square(5, 3, 2), [17, 16]),
        kind(24, 64, 1, Window::square(7, 2, 3), [20, 20]),
    ]
}

/// A convolution, a norm, a sum with another convolution of the same input, a ReLU.
fn graph(kind: &Kind, random: &mut Random) -> Arc<Graph> {
    let Kind { inside, outside, groups, window, .. } = *kind;
    let reach = 1.0 / ((inside / groups * window.kernel[0] * window.kernel[1]) as f32).sqrt();
    let dims = [outside, inside / groups, window.kernel[0], window.kernel[1]];
    let mut conv = |bias: bool| {
        let bias = bias.then(|| random.tensor(&[outside], 0.0, 0.5));
        Op::from(Conv { weight: random.tensor(&dims, 0.0, reach), bias, window, groups })
    };
    let (first, second) = (conv(true), conv(false));
    let mut vector = |middle| random.tensor(&[outside], middle, 0.5);
    let norm = BatchNorm {
        weight: vector(1.0),
        bias: vector(0.0),
        mean: vector(0.0),
        variance: vector(1.0),
        eps: 1e-5,
    };
    let layer = |i| Value::of(LayerId(i));
    let node = |name: &str, op, inputs| Node { name: name.into(), file_name: None, op, inputs };
    let nodes = vec![
        node("conv", first, vec![Value::Input]),
        node("norm", norm.into(), vec![layer(0)]),
        node("other", second, vec![Value::Input]),
        node("add", Binary::SUM.into(), vec![layer(1), layer(2)]),
        node("relu", Activation::Relu.into(), vec![layer(3)]),
    ];
    let (name, assumptions) = ("test".into(), Vec::new());
    Arc::new(Graph {
        name,
        input_channels: inside,
        usual_input: [1; 2],
        outputs: vec![Value::of(LayerId(nodes.len() - 1))],
        nodes,
        assumptions,
        notes: Vec::new(),
    })
}

#[test]
fn values_and_gradients_are_those_of_float64() {
    for (number, kind) in kinds().iter().enumerate() {
        let mut random = Random::new(number as u64);
        let graph = graph(kind, &mut random);
        let [h, w] = kind.size;
        let input = random.array(Shape::new(2, kind.inside, h, w), 1.0);
        let exact = backend(&graph, On::F64);
        let reference = run(&*exact, &input, &vec![]).unwrap();
        let shape = reference.shape(LayerId(0)).unwrap();
        let cotangent = Arc::new(random.array(shape, 1.0));
        let wide = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect::<Vec<f64>>();
        for on in On::single() {
            let ours = backend(&graph, on);
            for keep in [Keep::All, Keep::Written] {
                let none = &mut Progress::none();
                let cancel = Cancel::new();
                let capture = ours.forward(&input, &Edits::new(), &keep, &cancel, none).unwrap();
                for layer in (0..5).map(LayerId) {
                    let expected = wide(&reference.read_all(layer).unwrap().data);
                    let off = gap(&capture.read_all(layer).unwrap().data, &expected);
                    assert!(off < WITHIN, "{number} {on:?} {layer:?} {keep:?}: {off:.1e}");
                }
            }
            // Before the ReLU: no mask that rounding could flip.
            let capture = run(&*ours, &input, &vec![]).unwrap();
            for layer in [0, 1, 2, 3] {
                let seed = Seed::Cotangent { layer: LayerId(layer), value: cotangent.clone() };
                let wanted = vec![Value::Input, Value::of(LayerId(0)), Value::of(LayerId(2))];
                let request = GradientRequest { seed, rule: ReluRule::Plain, wanted };
                let of = |backend: &dyn Backend, capture| {
                    let none = &mut Progress::none();
                    let cancel = Cancel::new();
                    backend.backward(capture, &request, &cancel, none).unwrap()
                };
                let expected = of(&*exact, &*reference);
                for (ours, expected) in of(&*ours, &*capture).iter().zip(&expected) {
                    assert_eq!(ours.shape, expected.shape);
                    let off = gap(&ours.data, &wide(&expected.data));
                    assert!(off < WITHIN, "{number} {on:?} from {layer}: {off:.1e}");
                }
            }
        }
    }
}

/// The same bits for any number of threads.
#[test]
fn threads_do_not_change_a_bit() {
    use convscope::engine::fast::kernels::{Isa, Team};
    use convscope::engine::fast::{Cores, Fast};
    let kind = kind(64, 96, 1, Window::square(3, 1, 1), [14, 14]);
    let mut random = Random::new(3);
    let graph = graph(&kind, &mut random);
    let input = random.array(Shape::new(1, 64, 14, 14), 1.0);
    let of = |threads| {
        let cores = Cores { isa: Isa::available()[0], team: Team::new(threads) };
        let backend = Fast::new(graph.clone(), Arc::new(cores)).unwrap();
        let capture = run(&backend, &input, &vec![]).unwrap();
        let seed = Seed::Channel { layer: LayerId(4), channel: 5 };
        let request = GradientRequest { seed, rule: ReluRule::Plain, wanted: vec![Value::Input] };
        let none = &mut Progress::none();
        let cancel = Cancel::new();
        let gradient = backend.backward(&*capture, &request, &cancel, none).unwrap();
        (capture.read_all(LayerId(4)).unwrap(), gradient)
    };
    let one = of(1);
    for threads in [2, 3, 5] {
        assert!(of(threads) == one, "{threads} threads");
    }
}
