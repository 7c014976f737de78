//! Statistics of channels, against PyTorch's float64.

use convscope::engine::ChannelStatistics;

use super::support::{Case, On, backend, gap, run, tensors, values};

fn of_layer(case: &Case, layer: &str) -> Vec<ChannelStatistics> {
    let graph = case.graph();
    let capture = run(&*backend(&graph, On::F64), &case.input(), &vec![]).unwrap();
    capture.statistics(graph.find(layer).unwrap()).unwrap()
}

#[test]
fn statistics_are_pytorchs() {
    let reference = tensors("statistics.safetensors");
    let case = Case::named("basic");
    for layer in ["layer2.0.bn1", "layer2.0.relu"] {
        let ours = of_layer(&case, layer);
        let expected = |part: &str| values(&reference[&format!("{layer}.{part}")]);
        let agree = |part: &str, of: &dyn Fn(&ChannelStatistics) -> f64| {
            let ours: Vec<f32> = ours.iter().map(|channel| of(channel) as f32).collect();
            let off = gap(&ours, &expected(part));
            println!("{layer}.{part}: within {off:.1e}");
            assert!(off <= 1e-6, "{layer}.{part}: {off:.1e} of the maximum");
        };
        agree("min", &|channel| channel.min.into());
        agree("max", &|channel| channel.max.into());
        agree("mean", &|channel| channel.mean);
        agree("std", &|channel| channel.std);
        let zeros: Vec<f64> = ours.iter().map(|c| c.zeros as f64 / c.count as f64).collect();
        assert_eq!(zeros, expected("zeros"), "{layer}");
        let dead: Vec<f64> = ours.iter().map(|channel| f64::from(channel.is_dead())).collect();
        assert_eq!(dead, expected("dead"), "{layer}");
        assert!(ours.iter().all(|channel| channel.invalid == 0));
    }
}

#[test]
fn statistics_of_a_batch_are_over_all_pictures() {
    let case = Case::named("basic18");
    let ours = of_layer(&case, "layer1.1.relu_1");
    let reference = &case.activations()["layer1.1.relu_1"];
    assert_eq!((reference.dims()[0], reference.dims()[1]), (2, ours.len()));
    for (channel, ours) in ours.iter().enumerate() {
        let expected = values(&reference.narrow(1, channel, 1).unwrap());
        let count = expected.len() as f64;
        let mean = expected.iter().sum::<f64>() / count;
        let variance = expected.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count;
        assert!((ours.mean - mean).abs() < 1e-6 && (ours.std - variance.sqrt()).abs() < 1e-6);
        let zeros = expected.iter().filter(|value| **value == 0.0).count();
        assert_eq!((ours.zeros, ours.count), (zeros, expected.len()));
    }
}
