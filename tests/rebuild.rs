//! Rebuilt pictures on the built-in network and its photos, on a stem of one channel, and what stops them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

// The examples use more of it.
#[allow(dead_code)]
#[path = "../examples/rebuild/builtin.rs"]
mod builtin;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use builtin::Builtin;
use candle_core::{DType, Device, Tensor};
use convscope::analysis::rebuild::{
    Ascent, Colors, Dream, Goal, Halted, Inversion, Maximization, Rebuilt, dream, invert, maximize,
    maximize_with,
};
use convscope::analysis::{AnalysisError, Subject, Target, Work};
use convscope::base::{Array, Cancel, LayerId, Progress, Shape};
use convscope::engine::portable::Portable;
use convscope::engine::{Backend, Capture, Edits, EngineError, GradientRequest, Keep};
use convscope::model::{Graph, Node, Value};
use convscope::ops::{Activation, Conv, Op, Window};

/// Runs something to its end, and counts the pictures on its way.
fn with<T>(make: impl FnOnce(&mut Work<'_, '_, Rebuilt>) -> T) -> (T, usize) {
    let (cancel, mut progress) = (Cancel::new(), Progress::none());
    let mut shown = 0;
    let made =
        make(&mut Work { cancel: &cancel, progress: &mut progress, refine: &mut |_| shown += 1 });
    (made, shown)
}

/// The photo that comes back worst; `cargo run --release --example rebuild -- table` has all, at every depth.
#[test]
fn layer1_comes_back_within_the_usual_budget() {
    let builtin = Builtin::open();
    let layer = builtin.layer("layer1");
    for (photo, subject) in builtin.subjects().take(1) {
        let (found, shown) = with(|work| {
            invert(&subject, &builtin.colors(), &Inversion::of(layer), &mut None, work).unwrap()
        });
        let error = found.error.unwrap();
        println!("{photo}: {error}");
        assert!(error < 0.05, "{photo}: {error}");
        assert_eq!((found.iteration, found.curve.len()), (found.iterations, found.iterations));
        assert!(shown > 5 && found.pictures[0].shape == subject.input().shape);
    }
}

#[test]
fn the_error_falls_at_every_depth() {
    let builtin = Builtin::open();
    let (_, subject) = builtin.subjects().next().unwrap();
    for name in ["relu", "layer1", "layer2", "layer3", "layer4"] {
        let wish = Inversion { iterations: Some(20), ..Inversion::of(builtin.layer(name)) };
        let (found, _) =
            with(|work| invert(&subject, &builtin.colors(), &wish, &mut None, work).unwrap());
        let (first, last) = (f64::from(found.curve[0].1), found.error.unwrap());
        println!("{name}: {first} to {last}");
        assert!(last < 0.8 * first, "{name}: {first} to {last}");
        assert!(found.loss >= last && found.reached.is_none());
    }
}

#[test]
fn some_channels_alone_come_back_and_a_seed_always_gives_the_same_picture() {
    let builtin = Builtin::open();
    let (_, subject) = builtin.subjects().nth(1).unwrap();
    let layer = builtin.layer("layer2");
    let wish = |channels: &[usize], seed| Inversion {
        channels: Some(channels.to_vec()),
        iterations: Some(25),
        seed,
        ..Inversion::of(layer)
    };
    let make = |wish: Inversion| {
        with(|work| invert(&subject, &builtin.colors(), &wish, &mut None, work).unwrap()).0
    };
    let some = make(wish(&[3, 1, 1], 1));
    assert!(some.error.unwrap() < f64::from(some.curve[0].1));
    assert_eq!(some, make(wish(&[1, 3], 1)));
    assert_ne!(some.pictures, make(wish(&[1, 3], 2)).pictures);
    assert_ne!(some.pictures, make(wish(&[1, 2, 3], 1)).pictures);
}

/// All channels are counted by `cargo run --release --example rebuild -- beat layer3`.
#[test]
fn maximized_channels_beat_every_photo() {
    let builtin = Builtin::open();
    let layer = builtin.layer("layer3");
    let (_, subject) = builtin.subjects().next().unwrap();
    for channel in [0, 41, 90, 127] {
        let target = Target::Channel { layer, channel };
        let goal = Goal::Target(target);
        let photos = builtin.subjects().map(|(_, s)| goal.value(&s, s.capture).unwrap());
        let most = photos.fold(0.0, f64::max);
        let wish = Maximization { iterations: Some(24), ..Maximization::of(target) };
        let colors = builtin.colors();
        let (found, _) = with(|work| maximize(&subject, &colors, &wish, &mut None, work).unwrap());
        println!("channel {channel}: {} over {most}", found.reached.unwrap());
        assert!(found.reached.unwrap() > most, "channel {channel}");
        assert_eq!(found.loss, -found.reached.unwrap());
        assert!(found.variants.is_none());
    }
}

/// Of four pictures each still has more of the goal than any photo, and their textures differ more than those of four pictures from four seeds.
#[test]
fn pictures_made_together_differ_and_still_beat_every_photo() {
    let builtin = Builtin::open();
    let (colors, layer) = (builtin.colors(), builtin.layer("layer3"));
    let (_, subject) = builtin.subjects().next().unwrap();
    let target = Target::Channel { layer, channel: 41 };
    let goal = Goal::Target(target);
    let photos = builtin.subjects().map(|(_, s)| goal.value(&s, s.capture).unwrap());
    let most = photos.fold(0.0, f64::max);
    let wish = Maximization { iterations: Some(40), variants: 4, ..Maximization::of(target) };
    let usual = Ascent { iterations: 40, ..Ascent::USUAL };
    let made = |diversity| {
        let ascent = Ascent { diversity, ..usual };
        with(|work| maximize_with(&subject, &colors, &wish, &ascent, &mut None, work).unwrap()).0
    };
    let (unlike, alike) = (made(usual.diversity), made(0.0));
    let found = unlike.variants.as_ref().unwrap();
    println!("{found:?} {:?} {most}", alike.variants);
    assert!(unlike.pictures.len() == 4 && found.reached.len() == 4);
    assert!(found.reached.iter().all(|reached| *reached > most), "{found:?}: {most}");
    assert!((unlike.reached.unwrap() - found.reached.iter().sum::<f64>() / 4.0).abs() < 1e-9);
    assert!(found.likeness < 0.8 * alike.variants.unwrap().likeness);

    let alone = Maximization { variants: 1, ..wish };
    let alone =
        with(|work| maximize_with(&subject, &colors, &alone, &usual, &mut None, work).unwrap());
    assert_eq!(alone.0.pictures[0], alike.pictures[0], "the others change nothing by themselves");
    assert!(alone.0.variants.is_none());
}

#[test]
fn a_dream_has_more_of_what_the_layer_saw_and_stays_a_photo() {
    let builtin = Builtin::open();
    let (_, subject) = builtin.subjects().nth(2).unwrap();
    let (colors, layer) = (builtin.colors(), builtin.layer("layer3"));
    let unit = Target::Unit { layer, channel: 5, row: 9, column: 2 };
    for goal in [Goal::Layer(layer), Goal::Target(Target::Class(3)), Goal::Target(unit)] {
        let wish = Dream { iterations: Some(4), ..Dream::of(goal) };
        let (found, _) = with(|work| dream(&subject, &colors, &wish, &mut None, work).unwrap());
        let before = goal.value(&subject, subject.capture).unwrap();
        println!("{goal:?}: {before} to {}", found.reached.unwrap());
        assert!(found.reached.unwrap() > before, "{goal:?}: {before}");
        assert!(found.pictures[0].shape == subject.input().shape && found.iterations == 16);
        for (c, (mean, std)) in colors.mean.iter().zip(colors.std).enumerate() {
            let shown = found.pictures[0].map(c).iter().map(|v| v * std + mean);
            assert!(shown.into_iter().all(|v| (-1e-4..=1.0001).contains(&v)));
        }
    }
}

/// A convolution of one channel into four, and a ReLU.
fn gray() -> Graph {
    let weights: Vec<f32> = (0..36).map(|i| ((i * 7 % 11) as f32 - 5.0) / 10.0).collect();
    let conv = Conv {
        weight: Tensor::from_vec(weights, (4, 1, 3, 3), &Device::Cpu).unwrap(),
        bias: None,
        window: Window::square(3, 1, 1),
        groups: 1,
    };
    let node = |name: &str, op: Op, input: Value| Node {
        name: name.into(),
        file_name: None,
        op,
        inputs: vec![input],
    };
    let nodes = vec![
        node("conv", conv.into(), Value::Input),
        node("relu", Activation::Relu.into(), Value::of(LayerId(0))),
    ];
    let name = "gray".to_string();
    let outputs = vec![Value::of(LayerId(1))];
    let (assumptions, notes) = (vec![], vec![]);
    Graph { name, input_channels: 1, usual_input: [16; 2], nodes, outputs, assumptions, notes }
}

#[test]
fn stems_of_one_channel_work_and_what_does_not_fit_is_said() {
    let graph = Arc::new(gray());
    let backend = Portable::new(graph.clone(), DType::F32, Device::Cpu).unwrap();
    let shape = Shape::new(1, 1, 14, 17);
    let data = (0..shape.len()).map(|i| ((i * 13 % 29) as f32 / 14.0) - 1.0).collect();
    let input = Array::new(shape, data).unwrap();
    let (edits, cancel) = (Edits::new(), Cancel::new());
    let run = backend.forward(&input, &edits, &Keep::All, &cancel, &mut Progress::none()).unwrap();
    let subject =
        Subject { backend: &backend, graph: &graph, capture: run.as_ref(), edits: &edits };
    let colors = Colors { mean: &[0.5], std: &[0.25] };
    let (layer, target) = (LayerId(1), Target::Channel { layer: LayerId(1), channel: 2 });
    let (found, _) =
        with(|work| invert(&subject, &colors, &Inversion::of(layer), &mut None, work).unwrap());
    assert!(found.error.unwrap() < 0.05, "{:?}", found.error);
    let photo = Goal::Target(target).value(&subject, run.as_ref()).unwrap();
    let wish = Maximization::of(target);
    let (found, _) = with(|work| maximize(&subject, &colors, &wish, &mut None, work).unwrap());
    assert!(found.reached.unwrap() > photo);
    let wish = Dream::of(Goal::Target(target));
    let (found, _) = with(|work| dream(&subject, &colors, &wish, &mut None, work).unwrap());
    assert!(found.reached.unwrap() > photo);

    let narrow = Colors { mean: &[], std: &[] };
    let (refused, _) = with(|work| dream(&subject, &narrow, &wish, &mut None, work));
    assert!(matches!(refused, Err(AnalysisError::Unfit(_))));
    let beyond = Inversion { channels: Some(vec![4]), ..Inversion::of(layer) };
    assert!(with(|work| invert(&subject, &colors, &beyond, &mut None, work)).0.is_err());
    let none = Inversion { channels: Some(vec![]), ..Inversion::of(layer) };
    assert!(matches!(
        with(|work| invert(&subject, &colors, &none, &mut None, work)).0,
        Err(AnalysisError::Unfit(_))
    ));
}

#[test]
fn a_token_stops_the_work_where_it_is() {
    let builtin = Builtin::open();
    let (_, subject) = builtin.subjects().next().unwrap();
    let cancel = Cancel::new();
    let mut progress = Progress::new(|done, _| {
        if done == 2 {
            cancel.cancel();
        }
    });
    let mut work = Work { cancel: &cancel, progress: &mut progress, refine: &mut |_: Rebuilt| {} };
    let stopped = invert(
        &subject,
        &builtin.colors(),
        &Inversion::of(builtin.layer("layer2")),
        &mut None,
        &mut work,
    );
    assert!(matches!(stopped, Err(AnalysisError::Engine(EngineError::Canceled))));
}

/// A backend that sets the token in one of its gradients.
struct Stopping<'b> {
    inner: &'b dyn Backend,
    cancel: Cancel,
    left: AtomicUsize,
}

impl Backend for Stopping<'_> {
    fn forward(
        &self,
        input: &Array,
        edits: &Edits,
        keep: &Keep,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Arc<dyn Capture>, EngineError> {
        self.inner.forward(input, edits, keep, cancel, progress)
    }

    fn forward_from(
        &self,
        from: &dyn Capture,
        edits: &Edits,
        keep: &Keep,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Arc<dyn Capture>, EngineError> {
        self.inner.forward_from(from, edits, keep, cancel, progress)
    }

    fn backward(
        &self,
        of: &dyn Capture,
        request: &GradientRequest,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Vec<Array>, EngineError> {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.cancel.cancel();
        }
        self.inner.backward(of, request, cancel, progress)
    }
}

#[test]
fn what_was_stopped_ends_as_if_it_had_not_been() {
    let builtin = Builtin::open();
    let (_, whole_subject) = builtin.subjects().next().unwrap();
    let (colors, layer) = (builtin.colors(), builtin.layer("layer2"));
    let inversion = Inversion { iterations: Some(14), ..Inversion::of(layer) };
    let target = Target::Channel { layer, channel: 1 };
    let maximization = Maximization { iterations: Some(13), ..Maximization::of(target) };
    let three = Maximization { iterations: Some(5), variants: 3, ..Maximization::of(target) };
    let wish = Dream { iterations: Some(4), ..Dream::of(Goal::Layer(layer)) };
    type Make<'m> = &'m dyn Fn(
        &Subject<'_>,
        &mut Option<Halted>,
        &mut Work<'_, '_, Rebuilt>,
    ) -> Result<Rebuilt, AnalysisError>;
    let all: [Make<'_>; 4] = [
        &|subject, halted, work| invert(subject, &colors, &inversion, halted, work),
        &|subject, halted, work| maximize(subject, &colors, &maximization, halted, work),
        &|subject, halted, work| dream(subject, &colors, &wish, halted, work),
        &|subject, halted, work| maximize(subject, &colors, &three, halted, work),
    ];
    for (what, make) in all.into_iter().enumerate() {
        let (whole, _) = with(|work| make(&whole_subject, &mut None, work).unwrap());
        // In the first iteration, in the middle, and of the inversion in the pass that measures its end.
        let end = if what == 0 { 15 } else { 7 };
        for stop in [1, 5, end] {
            let cancel = Cancel::new();
            let left = AtomicUsize::new(stop);
            let backend = Stopping { inner: whole_subject.backend, cancel: cancel.clone(), left };
            let subject = Subject { backend: &backend, ..whole_subject };
            let (mut halted, mut progress) = (None, Progress::none());
            let mut work = Work { cancel: &cancel, progress: &mut progress, refine: &mut |_| {} };
            assert!(make(&subject, &mut halted, &mut work).is_err());
            assert!(halted.as_ref().is_some_and(|halted| halted.bytes() > 1000));
            let mut first = None;
            let mut progress = Progress::new(|done, _| {
                first.get_or_insert(done);
            });
            let cancel = Cancel::new();
            let mut work = Work { cancel: &cancel, progress: &mut progress, refine: &mut |_| {} };
            let rest = make(&whole_subject, &mut halted, &mut work).unwrap();
            drop(progress);
            // Three pictures take five passes, each but the first one for the goal and one for the likeness; then six.
            let round = if what == 3 { 1 + usize::from(stop > 5) } else { stop };
            let begins = Some(round).filter(|round| *round <= whole.iterations);
            assert_eq!(first, begins, "the work begins where it was stopped");
            assert_eq!(rest, whole, "stopped at {stop}");
            assert!(halted.is_none());
        }
    }
}
