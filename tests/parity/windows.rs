//! Windows of every kind, against a direct loop over positions in float64.

use std::sync::Arc;

use convscope::base::{Array, LayerId, Shape};
use convscope::engine::EngineError;
use convscope::model::{Graph, ModelError, Node, Value, infer};
use convscope::ops::{Activation, AveragePool, Conv, MaxPool, Op, Window};
use proptest::array::{uniform2, uniform4};
use proptest::prelude::*;

use super::support::{On, Random, backend, run, values};

/// One operation on the input.
fn graph_of(op: impl Into<Op>, channels: usize) -> Arc<Graph> {
    let node =
        Node { name: "op".into(), file_name: None, op: op.into(), inputs: vec![Value::Input] };
    Arc::new(Graph {
        name: "one".into(),
        input_channels: channels,
        usual_input: [8; 2],
        nodes: vec![node],
        outputs: vec![Value::of(LayerId(0))],
        assumptions: vec![],
        notes: vec![],
    })
}

/// Windows along an axis by PyTorch's formula (`pooling_output_shape`); `None` when none fits.
fn steps(window: &Window, axis: usize, size: usize) -> Option<usize> {
    let (before, after) = (window.pads[axis], window.pads[axis + 2]);
    let span = (window.kernel[axis] - 1) * window.dilation[axis] + 1;
    let (room, stride) = ((size + before + after).checked_sub(span)?, window.stride[axis]);
    if !window.ceil_mode {
        return Some(room / stride + 1);
    }
    let last = room.div_ceil(stride);
    Some(if last * stride >= size + before { last } else { last + 1 })
}

/// The input position under tap `tap` of window `step`: negative or past the end in the border.
fn position(window: &Window, axis: usize, step: usize, tap: usize) -> isize {
    (step * window.stride[axis] + tap * window.dilation[axis]) as isize - window.pads[axis] as isize
}

/// What one window sees.
struct Seen {
    /// (tap row, tap column, row, column) inside the input.
    inside: Vec<[usize; 4]>,
    /// Taps inside the input and its border, without what `ceil_mode` adds behind them.
    padded: usize,
}

fn seen(window: &Window, size: [usize; 2], step: [usize; 2]) -> Seen {
    let mut seen = Seen { inside: vec![], padded: 0 };
    for row in 0..window.kernel[0] {
        for column in 0..window.kernel[1] {
            let at = [position(window, 0, step[0], row), position(window, 1, step[1], column)];
            let within = |axis: usize, border: usize| at[axis] < (size[axis] + border) as isize;
            seen.padded += usize::from(within(0, window.pads[2]) && within(1, window.pads[3]));
            if at.iter().all(|at| *at >= 0) && within(0, 0) && within(1, 0) {
                seen.inside.push([row, column, at[0] as usize, at[1] as usize]);
            }
        }
    }
    seen
}

/// Runs `op` in float64 and compares with `value(picture, channel, what the window sees)`.
fn agrees(
    op: impl Into<Op>,
    window: &Window,
    input: &Array,
    channels: usize,
    value: impl Fn(usize, usize, &Seen) -> f64,
) {
    let Shape { n, c, h, w, .. } = input.shape;
    let graph = graph_of(op, c);
    let (Some(rows), Some(columns)) = (steps(window, 0, h), steps(window, 1, w)) else {
        assert!(matches!(infer(&graph, input.shape), Err(ModelError::Shape { .. })));
        for on in On::all() {
            let refused = run(&*backend(&graph, on), input, &vec![]);
            assert!(matches!(refused, Err(EngineError::Model(_))));
        }
        return;
    };
    let mut expected = Vec::new();
    for i in 0..n * channels * rows * columns {
        let (map, y, x) = (i / (rows * columns), i / columns % rows, i % columns);
        expected.push(value(map / channels, map % channels, &seen(window, [h, w], [y, x])));
    }
    let shape = Shape::new(n, channels, rows, columns);
    assert_eq!(infer(&graph, input.shape).unwrap(), [shape]);
    let largest =
        expected.iter().filter(|v| v.is_finite()).fold(0.0, |most: f64, v| most.max(v.abs()));
    for on in On::all() {
        let ours = run(&*backend(&graph, on), input, &vec![]).unwrap();
        let ours = ours.read_all(LayerId(0)).unwrap();
        assert_eq!(ours.shape, shape);
        for (i, (ours, expected)) in ours.data.iter().zip(&expected).enumerate() {
            let ours = f64::from(*ours);
            let same = ours == *expected || (ours.is_nan() && expected.is_nan());
            let near = (ours - expected).abs() <= 1e-6 * largest;
            assert!(same || near, "{on:?} value {i}: {ours} for {expected}");
        }
    }
}

fn conv_agrees(window: Window, input: &Array, groups: usize, bias: bool, random: &mut Random) {
    let Shape { c, h, w, .. } = input.shape;
    let (inside, outside) = (c / groups, 2 * groups);
    let dims = [outside, inside, window.kernel[0], window.kernel[1]];
    let weight = random.tensor(&dims, 0.0, 1.0);
    let bias = bias.then(|| random.tensor(&[outside], 0.0, 1.0));
    let kernels = values(&weight);
    let shifts = bias.as_ref().map_or(vec![0.0; outside], values);
    let conv = Conv { weight, bias, window, groups };
    agrees(conv, &window, input, outside, |picture, out, seen| {
        let first = out / 2 * inside;
        let products = (0..inside).flat_map(|channel| {
            let maps = &input.data[(picture * c + first + channel) * h * w..];
            let taps = &kernels[(out * inside + channel) * window.kernel[0] * window.kernel[1]..];
            seen.inside.iter().map(move |[row, column, y, x]| {
                taps[row * window.kernel[1] + column] * f64::from(maps[y * w + x])
            })
        });
        products.sum::<f64>() + shifts[out]
    });
}

fn max_agrees(window: Window, input: &Array) {
    agrees(MaxPool(window), &window, input, input.shape.c, |picture, channel, seen| {
        let values = under(input, picture, channel, seen);
        values.fold(f64::NEG_INFINITY, |most, v| if v > most || v.is_nan() { v } else { most })
    });
}

fn average_agrees(window: Window, count_include_pad: bool, input: &Array) {
    let op = AveragePool::Windowed { window, count_include_pad };
    agrees(op, &window, input, input.shape.c, |picture, channel, seen| {
        let count = if count_include_pad { seen.padded } else { seen.inside.len() };
        under(input, picture, channel, seen).sum::<f64>() / count as f64
    });
}

fn under(input: &Array, picture: usize, channel: usize, seen: &Seen) -> impl Iterator<Item = f64> {
    let Shape { c, h, w, .. } = input.shape;
    let map = &input.data[(picture * c + channel) * h * w..];
    seen.inside.iter().map(move |[_, _, y, x]| f64::from(map[y * w + x]))
}

/// Every attribute on its own in each direction, and about a third of them equal on all sides: those
/// take another way through the backend.
fn any_window() -> impl Strategy<Value = Window> {
    let general = (
        uniform2(1..=4usize),
        uniform2(1..=3usize),
        uniform4(0..=3usize),
        uniform2(1..=3usize),
        any::<bool>(),
    );
    let square = (1..=4usize, 1..=3usize, 0..=3usize, 1..=3usize, any::<bool>());
    let square = square.prop_map(|(k, s, p, d, ceil)| ([k; 2], [s; 2], [p; 4], [d; 2], ceil));
    prop_oneof![2 => general, 1 => square].prop_map(
        |(kernel, stride, pads, dilation, ceil_mode)| Window {
            kernel,
            stride,
            pads,
            dilation,
            ceil_mode,
        },
    )
}

fn any_shape() -> impl Strategy<Value = Shape> {
    (1..=2usize, 1..=2usize, 1..=9usize, 1..=9usize).prop_map(|(n, c, h, w)| Shape::new(n, c, h, w))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn convolutions_slide_as_pytorchs(
        window in any_window(), shape in any_shape(), groups in 1..=3usize, bias: bool, seed: u64,
    ) {
        let mut random = Random::new(seed);
        let input = random.array(Shape { c: shape.c * groups, ..shape }, 2.0);
        // `ceil_mode` has no meaning for a convolution.
        conv_agrees(Window { ceil_mode: false, ..window }, &input, groups, bias, &mut random);
    }

    #[test]
    fn max_pools_slide_as_pytorchs(window in any_window(), shape in any_shape(), seed: u64) {
        max_agrees(window, &Random::new(seed).array(shape, 2.0));
    }

    #[test]
    fn average_pools_slide_as_pytorchs(
        window in any_window(), shape in any_shape(), count_include_pad: bool, seed: u64,
    ) {
        average_agrees(window, count_include_pad, &Random::new(seed).array(shape, 2.0));
    }
}

#[test]
fn the_window_that_leaves_the_input_counts_only_what_it_sees() {
    // PyTorch: AvgPool2d(3, 2, 1, ceil_mode=True) on 4 columns of ones, one row.
    let window = Window { ceil_mode: true, ..Window::square(3, 2, 1) };
    let window = Window { kernel: [1, 3], pads: [0, 1, 0, 1], ..window };
    let input = Array::new(Shape::new(1, 1, 1, 4), vec![1.0; 4]).unwrap();
    for (count_include_pad, expected) in [(true, [2.0 / 3.0, 1.0, 0.5]), (false, [1.0, 1.0, 1.0])] {
        average_agrees(window, count_include_pad, &input);
        let pool = AveragePool::Windowed { window, count_include_pad };
        let graph = graph_of(pool, 1);
        let capture = run(&*backend(&graph, On::F64), &input, &vec![]).unwrap();
        assert_eq!(capture.read_all(LayerId(0)).unwrap().data, expected);
    }
}

#[test]
fn a_pixel_that_is_no_number_stays_visible() {
    let mut input = Random::new(7).array(Shape::new(1, 1, 7, 6), 1.0);
    input.data[2 * 6 + 3] = f32::NAN;
    input.data[5 * 6 + 1] = f32::INFINITY;
    for window in [Window::square(3, 2, 1), Window::square(2, 1, 0)] {
        max_agrees(window, &input);
        average_agrees(window, true, &input);
    }
    let graph = graph_of(Activation::Relu, 1);
    let expected = input.data.iter().map(|v| if v.is_nan() || *v > 0.0 { *v } else { 0.0 });
    let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect::<Vec<_>>();
    let expected = bits(expected.collect());
    for on in On::single() {
        let relu = run(&*backend(&graph, on), &input, &vec![]).unwrap();
        assert_eq!(bits(relu.read_all(LayerId(0)).unwrap().data), expected, "{on:?}");
    }
}
