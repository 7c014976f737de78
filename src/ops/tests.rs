//! What every operation claims of itself, held against what it does.

#![allow(clippy::unwrap_used)]

use std::sync::OnceLock;

use candle_core::{DType, Device, Tensor};

use super::*;

/// Every sample in float64, with inputs drawn for it.
fn each(mut of: impl FnMut(&Sample, &Op, &[Tensor])) {
    for (i, sample) in samples().unwrap().iter().enumerate() {
        let mut drawing = Drawing::new(100 + i as u64);
        let draw = |dims: &Dims| match sample.positive {
            true => drawing.positive(dims.as_slice()).unwrap(),
            false => drawing.normal(dims.as_slice()).unwrap(),
        };
        let inputs: Vec<Tensor> = sample.inputs.iter().map(draw).collect();
        let place = Place { dtype: DType::F64, device: Device::Cpu };
        of(sample, &sample.op.prepare(&place).unwrap(), &inputs);
    }
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

fn changed(tensor: &Tensor, at: usize, by: f64) -> Tensor {
    let mut values = numbers(tensor);
    values[at] += by;
    Tensor::from_vec(values, tensor.dims(), &Device::Cpu).unwrap()
}

/// The gradient at an input, from no more of the run than the operation says that it reads.
fn gradient(op: &Op, which: usize, g: &Tensor, inputs: &[Tensor], rule: ReluRule) -> Vec<f64> {
    let dims: Vec<Dims> = inputs.iter().map(|x| Dims::new(x.dims()).unwrap()).collect();
    let output = op.forward(inputs).unwrap();
    let (inputs, output) = match op.reads(rule) {
        Reads::Nothing => (&[][..], None),
        Reads::Inputs => (inputs, None),
        Reads::Output => (&[][..], Some(&output)),
    };
    let once = OnceLock::new();
    let record = Record { dims: &dims, inputs, output, rule, once: &once };
    let found = op.backward(which, g, &record).unwrap();
    assert_eq!(found.dims(), dims[which].as_slice(), "{}", op.word());
    numbers(&found)
}

#[test]
fn every_file_of_the_room_has_samples() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/ops");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let has_operation = |path: &std::path::PathBuf| {
        std::fs::read_to_string(path).unwrap().contains("\nimpl Operation for ")
    };
    assert_eq!(files.filter(has_operation).count(), SAMPLES.len());
}

#[test]
fn the_shape_is_that_of_what_comes_out() {
    each(|sample, op, inputs| {
        let out = op.forward(inputs).unwrap();
        let [raw, ready] = [&sample.op, op].map(|op| op.infer(&sample.inputs).unwrap());
        assert_eq!((raw.as_slice(), raw), (out.dims(), ready), "{}", op.word());
        // Batches are pictures by themselves.
        assert!(sample.inputs.iter().all(|input| raw.at(0) == input.at(0)));
    });
}

#[test]
fn what_it_does_not_take_is_refused() {
    each(|sample, op, _| {
        let source = op.is::<Constant>();
        assert_eq!(op.infer(&[]).is_err(), !source, "{}", op.word());
        let more = vec![Dims::maps(2, 4, 3, 5); 9];
        assert_eq!(op.infer(&more).is_err(), !op.is::<Concat>(), "{}", op.word());
        // An extent that no operation takes for another.
        let other: Vec<Dims> = sample.inputs.iter().map(|dims| dims.with(0, 0)).collect();
        assert!(source || op.infer(&other).is_err() || op.infer(&other).unwrap().is_empty());
    });
}

#[test]
fn float32_gives_what_float64_gives() {
    each(|sample, op, inputs| {
        let narrow = Place { dtype: DType::F32, device: Device::Cpu };
        let inputs32: Vec<Tensor> =
            inputs.iter().map(|x| x.to_dtype(DType::F32).unwrap()).collect();
        let exact = numbers(&op.forward(inputs).unwrap());
        let found = sample.op.prepare(&narrow).unwrap().forward(&inputs32).unwrap();
        assert_eq!(found.dtype(), DType::F32);
        let largest = exact.iter().fold(1.0, |most: f64, v| most.max(v.abs()));
        for (found, exact) in numbers(&found).iter().zip(&exact) {
            assert!((found - exact).abs() < 1e-5 * largest, "{}: {found} {exact}", op.word());
        }
    });
}

#[test]
fn gradients_are_those_of_central_differences() {
    const STEP: f64 = 1e-5;
    each(|_, op, inputs| {
        // Its statistics count as constants.
        if op.is::<Standardize>() {
            return;
        }
        let out = op.forward(inputs).unwrap();
        let g = Drawing::new(7).normal(out.dims()).unwrap();
        let loss = |inputs: &[Tensor]| {
            let out = numbers(&op.forward(inputs).unwrap());
            numbers(&g).iter().zip(out).map(|(g, v)| g * v).sum::<f64>()
        };
        for which in 0..inputs.len() {
            let found = gradient(op, which, &g, inputs, ReluRule::Plain);
            let largest = found.iter().fold(1.0, |most: f64, v| most.max(v.abs()));
            for (at, found) in found.iter().enumerate() {
                let with = |by: f64| {
                    let mut inputs = inputs.to_vec();
                    inputs[which] = changed(&inputs[which], at, by);
                    loss(&inputs)
                };
                let wanted = (with(STEP) - with(-STEP)) / (2.0 * STEP);
                assert!(
                    (found - wanted).abs() < 1e-6 * largest,
                    "{} of input {which}, number {at}: {found}, not {wanted}",
                    op.word()
                );
            }
        }
    });
}

#[test]
fn other_rules_change_gradients_of_relus_alone() {
    each(|_, op, inputs| {
        if inputs.is_empty() {
            return;
        }
        let out = op.forward(inputs).unwrap();
        let g = Drawing::new(8).normal(out.dims()).unwrap();
        let plain = gradient(op, 0, &g, inputs, ReluRule::Plain);
        for rule in [ReluRule::Guided, ReluRule::Deconvnet] {
            let other = gradient(op, 0, &g, inputs, rule);
            let relu = Activation::is_relu(op);
            assert_eq!(plain != other, relu, "{}", op.word());
        }
    });
}

/// By how much a field may be larger than what moves a unit: a dilated window has its last tap in the border or not.
fn slack(op: &Op) -> usize {
    let resized = op.is::<Resize>() || op.is::<DepthToSpace>();
    let between = resized || op.is::<AdaptivePool>() || op.is::<ConvTranspose>();
    let copies = op.get::<Pad>().is_some_and(|pad| !matches!(pad.border, Border::Constant(_)));
    let gate = op.get::<Binary>().is_some_and(|of| matches!(of.of, Operands::Repeated));
    if between
        || copies
        || gate
        || op.is::<Concat>()
        || op.is::<MatMul>()
        || op.is::<Reshape>()
        || op.is::<Permute>()
        || op.is::<Gather>()
        || op.is::<Expand>()
    {
        // What it says holds every pixel that moves it, and more.
        return usize::MAX;
    }
    let window = op.get::<Conv>().map(|conv| conv.window);
    let window = window.or_else(|| op.get::<MaxPool>().map(|pool| pool.0));
    window.and_then(|window| window.dilation.into_iter().max()).unwrap_or(1) - 1
}

/// The first and the last position along an axis (2 rows, 3 columns) at which a change of all channels of the first
/// picture moves an output.
fn reach(op: &Op, inputs: &[Tensor], out: usize, axis: usize) -> Option<(usize, usize)> {
    let base = numbers(&op.forward(inputs).unwrap())[out];
    let moves = |at: &usize| {
        inputs.iter().enumerate().any(|(which, x)| {
            let dims = x.dims();
            let mut values = numbers(x);
            let inner: usize = dims[axis + 1..].iter().product();
            for (i, value) in values.iter_mut().enumerate() {
                if i / inner % dims[axis] == *at && i < dims[1..].iter().product() {
                    *value += 10.0;
                }
            }
            let mut inputs = inputs.to_vec();
            inputs[which] = Tensor::from_vec(values, dims, &Device::Cpu).unwrap();
            (numbers(&op.forward(&inputs).unwrap())[out] - base).abs() > 1e-9
        })
    };
    let moving: Vec<usize> = (0..inputs[0].dims()[axis]).filter(moves).collect();
    moving.first().copied().zip(moving.last().copied())
}

fn bounds(op: &Op, field: (usize, usize), moving: (usize, usize)) {
    let inside = field.0 <= moving.0 && moving.1 <= field.1;
    let off = (moving.0.saturating_sub(field.0)).max(field.1.saturating_sub(moving.1));
    assert!(inside && off <= slack(op), "{}: {field:?}, moved by {moving:?}", op.word());
}

#[test]
fn the_field_of_a_unit_is_what_moves_it() {
    each(|sample, op, inputs| {
        // As constants its statistics are no part of the field, and a vector has none.
        if op.is::<Standardize>() || sample.inputs.first().is_none_or(|dims| dims.rank() != 4) {
            return;
        }
        let out = op.infer(&sample.inputs).unwrap();
        if out.rank() != 4 {
            return;
        }
        let seen = sample.inputs.iter().map(|dims| Seen { dims: *dims, field: Field::INPUT });
        let field = op.field(&seen.collect::<Vec<_>>(), &out);
        let [h, w] = sample.inputs[0].sides();
        // A padded channel answers to nothing: the one in the middle is made of something.
        let channel = out.at(1) / 2 * out.sides().iter().product::<usize>();
        for unit in [0, out.sides()[0] / 2, out.sides()[0] - 1] {
            let at = channel + unit * out.sides()[1];
            if let Some((first, last)) = reach(op, inputs, at, 2) {
                bounds(op, field.rows.range(unit, h), (first, last + 1));
            }
        }
        for unit in [0, out.sides()[1] / 2, out.sides()[1] - 1] {
            if let Some((first, last)) = reach(op, inputs, channel + unit, 3) {
                bounds(op, field.columns.range(unit, w), (first, last + 1));
            }
        }
    });
}

#[test]
fn channels_that_are_kept_answer_to_their_own_alone() {
    each(|sample, op, inputs| {
        let out = op.infer(&sample.inputs).unwrap();
        if out.rank() < 2 || sample.inputs.is_empty() {
            return;
        }
        let area: usize = out.as_slice()[2..].iter().product();
        let base = numbers(&op.forward(inputs).unwrap());
        let moved = |channel: usize| -> Vec<usize> {
            let change = |x: &Tensor| {
                let inner: usize = x.dims()[2..].iter().product();
                let mut values = numbers(x);
                // Not by the same everywhere, which a norm would not see.
                let own = values[channel * inner..(channel + 1) * inner].iter_mut();
                own.enumerate().for_each(|(i, v)| *v += 3.0 + (i % 2) as f64);
                Tensor::from_vec(values, x.dims(), &Device::Cpu).unwrap()
            };
            let inputs: Vec<Tensor> = inputs.iter().map(change).collect();
            let found = numbers(&op.forward(&inputs).unwrap());
            let differs = |c: &usize| {
                let own = c * area..(c + 1) * area;
                base[own.clone()].iter().zip(&found[own]).any(|(a, b)| (a - b).abs() > 1e-12)
            };
            (0..out.at(1)).filter(differs).collect()
        };
        for channel in 0..sample.inputs[0].at(1) {
            match op.channels() {
                Channels::Kept => {
                    assert!(moved(channel).iter().all(|c| *c == channel), "{}", op.word());
                }
                Channels::Made => assert!(!moved(channel).is_empty(), "{}", op.word()),
                Channels::Taken { first } => {
                    let own = channel.checked_sub(first).filter(|c| *c < out.at(1));
                    assert_eq!(moved(channel), Vec::from_iter(own), "{}", op.word());
                }
                Channels::Shuffled { groups } => {
                    let each = out.at(1) / groups;
                    let own = channel % each * groups + channel / each;
                    assert_eq!(moved(channel), [own], "{}", op.word());
                }
                Channels::Normalized => assert!(moved(channel).contains(&channel)),
                Channels::Mixed | Channels::Joined | Channels::Moved => {}
            }
        }
    });
}

#[test]
fn what_was_learned_is_drawn_anew() {
    each(|sample, _, _| {
        let mut drawing = Drawing::new(9);
        let again = sample.op.redrawn(&mut |dims| drawing.normal(dims)).unwrap();
        assert_eq!(again.is_some(), !sample.op.weights().is_empty(), "{}", sample.op.word());
        let Some(again) = again else { return };
        assert_eq!(again.infer(&sample.inputs), sample.op.infer(&sample.inputs));
        for before in sample.op.weights() {
            for now in again.weights().iter().filter(|now| now.name == before.name) {
                assert_ne!(numbers(before.tensor), numbers(now.tensor), "{}", sample.op.word());
            }
        }
    });
}
