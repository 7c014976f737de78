//! What must hold between explanations whatever the weights are, and how their work is watched and stopped.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use convscope::analysis::explain::{
    Attribution, BATCH, Kind, METHODS, Method, Passes, Question, Size, finished,
};
use convscope::analysis::{AnalysisError, Parameters, Subject, Target, Work, channel_effects};
use convscope::base::{Array, Cancel, Progress, Shape};
use convscope::engine::{Backend, Capture, Edit, Edits, EngineError, GradientRequest, Keep};
use convscope::source::SAMPLES;

use super::reference::{Ready, Reference, named, quietly};
use super::support::{On, gap};

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v)).collect()
}

/// Behind a global average pool and one linear layer the gradient of a class is its weights.
#[test]
fn at_the_last_stage_three_methods_are_one() {
    for sample in &SAMPLES {
        let ready = Ready::builtin(sample, None, On::F32);
        let (layer, _) = ready.subject().pooled().unwrap();
        assert_eq!(layer, ready.subject().last_map().unwrap());
        let Shape { h, w, .. } = ready.capture.input().shape;
        let area = ready.capture.shape(layer).unwrap().area();
        let top = ready.top();
        for class in [top, (top + 1) % ready.graph.classes()] {
            let (target, parameters) = (Target::Class(class), Parameters::default());
            let question = Question { layer, target, parameters };
            let map = |method| ready.explain(method, &question).unwrap().values;
            let cam = map("cam");
            let shown = wide(&finished(&cam, h, w).data);
            assert!(class != top || shown.iter().any(|v| *v > 0.9), "{}", sample.name);
            for method in ["grad-cam", "hirescam"] {
                let other = map(method);
                let scaled: Vec<f32> = other.data.iter().map(|v| v * area as f32).collect();
                let off = gap(&scaled, &wide(&cam.data));
                let off_shown = gap(&finished(&other, h, w).data, &shown);
                println!("{} {class} {method}: {off:.1e}, shown {off_shown:.1e}", sample.name);
                assert!(off < 1e-5 && off_shown < 1e-5, "{method}: {off:.1e} {off_shown:.1e}");
            }
        }
    }
}

/// Grad-CAM's weight of a channel is what the logit gains when the whole channel rises, for each position.
#[test]
fn the_weights_of_grad_cam_are_finite_differences() {
    let reference = Reference::named("basic");
    let ready = reference.ready(On::F64);
    let layer = ready.find("layer4");
    let values = ready.capture.read_all(layer).unwrap();
    let area = values.shape.area();
    let class = reference.facts.top;
    // All that lies behind is linear: a step may be as large as it likes.
    let step = 4.0;
    let logit = |channel: usize, by: f32| {
        let mut value = values.clone();
        value.data[channel * area..(channel + 1) * area].iter_mut().for_each(|v| *v += by);
        let edits = vec![Edit::Replace { layer, value: Arc::new(value) }];
        let keep = Keep::Only(vec![ready.find("fc")]);
        let (cancel, none) = (Cancel::new(), &mut Progress::none());
        let from = &*ready.capture;
        let run = ready.backend.forward_from(from, &edits, &keep, &cancel, none).unwrap();
        f64::from(run.read_all(ready.find("fc")).unwrap().data[class])
    };
    let mut sums = vec![0.0; area];
    for channel in 0..values.shape.c {
        let slope = (logit(channel, step) - logit(channel, -step)) / (2.0 * f64::from(step));
        for (sum, value) in sums.iter_mut().zip(values.map(channel)) {
            *sum += slope / area as f64 * f64::from(*value);
        }
    }
    let map = ready.explain("grad-cam", &ready.question("layer4", Target::Class(class))).unwrap();
    let off = gap(&map.values.data, &sums);
    println!("finite differences: {off:.1e}");
    assert!(off < 1e-5, "{off:.1e}");
}

/// A backend that counts what it is asked for.
struct Counted<'a> {
    of: &'a dyn Backend,
    /// Pictures that ran forward.
    forward: AtomicUsize,
    backward: AtomicUsize,
    calls: AtomicUsize,
}

impl<'a> Counted<'a> {
    fn new(of: &'a dyn Backend) -> Self {
        let (forward, backward, calls) = Default::default();
        Self { of, forward, backward, calls }
    }

    fn passes(&self) -> Passes {
        Passes { forward: self.forward.load(Relaxed), backward: self.backward.load(Relaxed) }
    }
}

impl Backend for Counted<'_> {
    fn forward(
        &self,
        input: &Array,
        edits: &Edits,
        keep: &Keep,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Arc<dyn Capture>, EngineError> {
        self.calls.fetch_add(1, Relaxed);
        self.forward.fetch_add(input.shape.n, Relaxed);
        self.of.forward(input, edits, keep, cancel, progress)
    }

    fn forward_from(
        &self,
        from: &dyn Capture,
        edits: &Edits,
        keep: &Keep,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Arc<dyn Capture>, EngineError> {
        self.calls.fetch_add(1, Relaxed);
        self.forward.fetch_add(from.input().shape.n, Relaxed);
        self.of.forward_from(from, edits, keep, cancel, progress)
    }

    fn backward(
        &self,
        of: &dyn Capture,
        request: &GradientRequest,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Vec<Array>, EngineError> {
        self.calls.fetch_add(1, Relaxed);
        self.backward.fetch_add(1, Relaxed);
        self.of.backward(of, request, cancel, progress)
    }
}

/// What was seen of some work.
struct Watched {
    found: Result<Attribution, AnalysisError>,
    progress: Vec<(usize, usize)>,
    partial: Vec<Attribution>,
    passes: Passes,
    /// Calls of the backend, and how many of them came before the token was set.
    calls: usize,
    before: usize,
}

/// Explains the top class of the case `basic`, and sets the token after so many reports of progress.
fn watch(ready: &Ready, method: &Method, question: &Question, stop_after: usize) -> Watched {
    let counted = Counted::new(&*ready.backend);
    let subject = Subject { backend: &counted, ..ready.subject() };
    let cancel = Cancel::new();
    let (mut seen, mut partial, mut before) = (Vec::new(), Vec::new(), usize::MAX);
    let mut progress = Progress::new(|done, total| {
        seen.push((done, total));
        if seen.len() == stop_after {
            cancel.cancel();
            before = counted.calls.load(Relaxed);
        }
    });
    let mut work = Work {
        cancel: &cancel,
        progress: &mut progress,
        refine: &mut |some: Attribution| partial.push(some),
    };
    let found = method.run(&subject, question, &mut work);
    drop(progress);
    let (passes, calls) = (counted.passes(), counted.calls.load(Relaxed));
    Watched { found, progress: seen, partial, passes, calls, before }
}

fn few(ready: &Ready, class: usize, layer: &str) -> Question {
    let parameters = Parameters { steps: 7, samples: 5, seed: 0 };
    Question { parameters, ..ready.question(layer, Target::Class(class)) }
}

#[test]
fn every_method_takes_the_passes_that_it_says_and_reports_each() {
    let reference = Reference::named("basic");
    let ready = reference.ready(On::F32);
    let class = reference.facts.top;
    for layer in ["layer2", "layer4"] {
        let question = few(&ready, class, layer);
        let channels = ready.capture.shape(question.layer).unwrap().c;
        let input = ready.capture.input().shape;
        let size = Size { channels, input, parameters: question.parameters };
        for method in METHODS {
            let seen = watch(&ready, method, &question, usize::MAX);
            let found = seen.found.unwrap();
            assert_eq!(seen.passes, (method.passes)(&size), "{}", method.name);
            assert_eq!(found, ready.explain(method.name, &question).unwrap(), "{}", method.name);
            assert!(found.values.data.iter().all(|v| v.is_finite()), "{}", method.name);
            if let Some((done, total)) = seen.progress.last() {
                assert_eq!(done, total, "{}", method.name);
            }
            let steps: Vec<usize> = seen.progress.iter().map(|(done, _)| *done).collect();
            assert!(steps.is_sorted_by(|a, b| a < b), "{}: {steps:?}", method.name);
            assert!(seen.partial.is_empty() || seen.calls > 1, "{}", method.name);
            for partial in &seen.partial {
                assert_eq!(partial.kind, found.kind);
                assert_eq!(partial.values.shape, found.values.shape);
                assert!(partial.values.data.iter().all(|v| v.is_finite()), "{}", method.name);
            }
        }
    }
}

#[test]
fn partial_maps_come_as_channels_are_tried() {
    let reference = Reference::named("basic");
    let ready = reference.ready(On::F32);
    let question = few(&ready, reference.facts.top, "layer4");
    let channels = ready.capture.shape(question.layer).unwrap().c;
    assert!(channels > 2 * 16);
    for (method, every) in [("score-cam", BATCH), ("ablation-cam", 16)] {
        let seen = watch(&ready, named(method), &question, usize::MAX);
        assert_eq!(seen.progress.last(), Some(&(channels, channels)), "{method}");
        let wanted = channels / every - usize::from(method == "score-cam");
        assert_eq!(seen.partial.len(), wanted, "{method}");
        let found = wide(&seen.found.unwrap().values.data);
        let offs: Vec<f64> =
            seen.partial.iter().map(|some| gap(&some.values.data, &found)).collect();
        println!("{method}: {offs:?}");
        assert!(offs.last() < offs.first(), "{method}: {offs:?}");
    }
}

#[test]
fn a_cancelled_method_stops_within_one_pass() {
    let reference = Reference::named("basic");
    let ready = reference.ready(On::F32);
    let question = few(&ready, reference.facts.top, "layer4");
    let mut stopped = HashMap::new();
    for method in METHODS {
        for after in [1, 2] {
            let seen = watch(&ready, method, &question, after);
            if seen.before == usize::MAX {
                // One pass, or none: there is nothing to stop between.
                assert!(seen.found.is_ok(), "{}", method.name);
                continue;
            }
            let canceled = matches!(seen.found, Err(AnalysisError::Engine(EngineError::Canceled)));
            assert!(canceled, "{}: {:?}", method.name, seen.found);
            assert!(seen.calls <= seen.before + 1, "{}: {}", method.name, seen.calls);
            assert_eq!(seen.progress.len(), after, "{}", method.name);
            stopped.insert(method.name, ());
        }
    }
    for name in ["score-cam", "ablation-cam", "smoothgrad", "integrated-gradients", "occlusion"] {
        assert!(stopped.contains_key(name), "{name}");
    }
    // A token that was set before stops all that run the network, and what iterates.
    let cancel = Cancel::new();
    cancel.cancel();
    for method in METHODS.iter().filter(|method| method.name != "cam") {
        let mut work =
            Work { cancel: &cancel, progress: &mut Progress::none(), refine: &mut |_| {} };
        let found = method.run(&ready.subject(), &question, &mut work);
        let canceled = matches!(found, Err(AnalysisError::Engine(EngineError::Canceled)));
        assert!(canceled, "{}", method.name);
    }
}

#[test]
fn a_channels_effect_is_the_drop_without_it() {
    let reference = Reference::named("basic");
    let ready = reference.ready(On::F64);
    let (layer, target) = (ready.find("layer3"), Target::Class(reference.facts.top));
    let subject = ready.subject();
    let drops = quietly(|work| channel_effects(&subject, layer, target, work)).unwrap();
    let shape = ready.capture.shape(layer).unwrap();
    assert_eq!(drops.len(), shape.c);
    let logit = f64::from(ready.logits()[reference.facts.top]);
    let mut inputs = ready.capture.read_all(layer).unwrap();
    for (channel, drop) in drops.iter().enumerate() {
        let edits = vec![Edit::zero(layer, vec![channel])];
        let edited = super::support::run(&*ready.backend, subject.input(), &edits).unwrap();
        let after = edited.read_all(ready.find("fc")).unwrap().data[reference.facts.top];
        assert!((drop - (logit - f64::from(after))).abs() < 1e-9, "{channel}");
    }
    // They are ablation-cam's weights, times the logit.
    let map = ready.explain("ablation-cam", &ready.question("layer3", target)).unwrap();
    assert_eq!(map.kind, Kind::Map);
    let area = shape.area();
    for (values, drop) in inputs.data.chunks_mut(area).zip(&drops) {
        values.iter_mut().for_each(|v| *v = (f64::from(*v) * drop / logit) as f32);
    }
    let sums: Vec<f64> = (0..area)
        .map(|at| inputs.data.iter().skip(at).step_by(area).map(|v| f64::from(*v)).sum())
        .collect();
    assert!(gap(&map.values.data, &sums) < 1e-6);
}
