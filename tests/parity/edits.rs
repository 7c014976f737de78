//! Running from a changed layer onward, stopping, and progress.

use std::sync::Arc;

use convscope::base::{Array, Cancel, LayerId, Progress, Shape};
use convscope::engine::{Backend, Capture, Edit, Edits, EngineError, Keep};
use convscope::model::Graph;

use super::support::{Case, On, Random, assert_same, backend, run};

struct Bench {
    graph: Arc<Graph>,
    backend: Box<dyn Backend>,
    input: Array,
    plain: Arc<dyn Capture>,
}

impl Bench {
    /// ResNet-18's blocks with two pictures at once.
    fn new(on: On) -> Self {
        let case = Case::named("basic18");
        let (graph, input) = (case.graph(), case.input());
        let backend = backend(&graph, on);
        let plain = run(&*backend, &input, &vec![]).unwrap();
        Self { graph, backend, input, plain }
    }

    fn find(&self, layer: &str) -> LayerId {
        self.graph.find(layer).unwrap()
    }

    fn zero(&self, layer: &str, channels: &[usize]) -> Edit {
        Edit::zero(self.find(layer), channels.to_vec())
    }

    fn replace(&self, layer: &str, seed: u64) -> Edit {
        let layer = self.find(layer);
        let shape = self.plain.shape(layer).unwrap();
        Edit::Replace { layer, value: Arc::new(Random::new(seed).array(shape, 1.0)) }
    }

    fn from(&self, from: &dyn Capture, edits: &Edits) -> Result<Arc<dyn Capture>, EngineError> {
        self.backend.forward_from(from, edits, &Keep::All, &Cancel::new(), &mut Progress::none())
    }
}

#[test]
fn running_from_an_edit_is_running_with_it() {
    for on in On::all() {
        let bench = Bench::new(on);
        let cases: [Edits; 8] = [
            vec![],
            vec![bench.zero("layer2.0.relu", &[0, 3, 7])],
            vec![bench.replace("layer1.1.relu_1", 1)],
            vec![bench.replace("layer3.0.bn1", 2), bench.zero("layer2.1.add", &[1])],
            vec![bench.replace("layer4.0.add", 3), bench.zero("layer4.0.add", &[2])],
            vec![bench.zero("layer4.0.add", &[2]), bench.replace("layer4.0.add", 3)],
            vec![bench.zero("conv1", &[0, 1, 2, 3])],
            vec![bench.zero("flatten", &[5]), bench.replace("fc", 4)],
        ];
        for edits in &cases {
            let whole = run(&*bench.backend, &bench.input, edits).unwrap();
            let onward = bench.from(&*bench.plain, edits).unwrap();
            assert_same(&*onward, &*whole);
            assert_eq!(onward.input(), &bench.input);
        }
    }
}

#[test]
fn an_edit_changes_its_layer_and_what_lies_behind() {
    On::both()
        .into_iter()
        .for_each(|on| an_edit_changes_its_layer_and_what_lies_behind_on(&Bench::new(on)));
}

fn an_edit_changes_its_layer_and_what_lies_behind_on(bench: &Bench) {
    let edits = vec![bench.zero("layer2.0.relu", &[3]), bench.replace("layer3.0.relu_1", 5)];
    let edited = bench.from(&*bench.plain, &edits).unwrap();
    let read = |capture: &dyn Capture, layer: &str| capture.read_all(bench.find(layer)).unwrap();

    for layer in ["conv1", "layer2.0.bn1", "layer2.0.downsample.1"] {
        assert_eq!(read(&*edited, layer), read(&*bench.plain, layer), "{layer}");
    }
    let changed = edited.read(bench.find("layer2.0.relu"), &[3, 4]).unwrap();
    let before = bench.plain.read(bench.find("layer2.0.relu"), &[3, 4]).unwrap();
    let area = changed.shape.area();
    for (picture, (now, then)) in
        changed.data.chunks(2 * area).zip(before.data.chunks(2 * area)).enumerate()
    {
        assert!(now[..area].iter().all(|value| *value == 0.0), "picture {picture}");
        assert!(then[..area].iter().any(|value| *value != 0.0), "picture {picture}");
        assert_eq!(now[area..], then[area..]);
    }
    let Edit::Replace { value, .. } = &edits[1] else { panic!() };
    assert_eq!(read(&*edited, "layer3.0.relu_1"), **value);
    assert_ne!(read(&*edited, "fc"), read(&*bench.plain, "fc"));
}

#[test]
fn a_zeroed_channel_is_zero_even_where_it_was_nan() {
    On::both()
        .into_iter()
        .for_each(|on| a_zeroed_channel_is_zero_even_where_it_was_nan_on(&Bench::new(on)));
}

fn a_zeroed_channel_is_zero_even_where_it_was_nan_on(bench: &Bench) {
    let layer = bench.find("layer1.0.bn1");
    let shape = bench.plain.shape(layer).unwrap();
    let broken = Array::new(shape, vec![f32::NAN; shape.len()]).unwrap();
    let all: Vec<usize> = (0..shape.c).collect();
    let edits = vec![Edit::Replace { layer, value: broken.into() }, Edit::zero(layer, all)];
    let value = bench.from(&*bench.plain, &edits).unwrap().read_all(layer).unwrap();
    assert!(value.data.iter().all(|value| *value == 0.0), "{:?}", &value.data[..4]);
}

#[test]
fn a_cancelled_run_stops() {
    On::both().into_iter().for_each(|on| a_cancelled_run_stops_on(&Bench::new(on)));
}

fn a_cancelled_run_stops_on(bench: &Bench) {
    let cancel = Cancel::new();
    let mut seen = 0;
    let mut progress = Progress::new(|done, _| {
        seen = done;
        if done >= 5 {
            cancel.cancel();
        }
    });
    let run = bench.backend.forward(&bench.input, &vec![], &Keep::All, &cancel, &mut progress);
    assert!(matches!(run, Err(EngineError::Canceled)));
    drop(progress);
    // A unit of the fast backend is up to four layers.
    assert!((5..9).contains(&seen), "{seen}");
    let onward = bench.backend.forward_from(
        &*bench.plain,
        &vec![],
        &Keep::All,
        &cancel,
        &mut Progress::none(),
    );
    assert!(matches!(onward, Err(EngineError::Canceled)));
}

#[test]
fn progress_reaches_the_end() {
    On::both().into_iter().for_each(|on| progress_reaches_the_end_on(&Bench::new(on)));
}

fn progress_reaches_the_end_on(bench: &Bench) {
    let total = bench.graph.nodes.len();
    let mut seen = Vec::new();
    let mut progress = Progress::new(|done, total| seen.push((done, total)));
    bench
        .backend
        .forward(&bench.input, &vec![], &Keep::All, &Cancel::new(), &mut progress)
        .unwrap();
    drop(progress);
    assert!(seen.is_sorted_by(|a, b| a.0 < b.0) && seen.iter().all(|(_, all)| *all == total));
    assert!(seen.len() > total / 4 && seen.last() == Some(&(total, total)), "{seen:?}");
    let edits = vec![bench.zero("layer4.1.relu", &[0])];
    let mut last = (0, 0);
    let mut progress = Progress::new(|done, total| last = (done, total));
    bench
        .backend
        .forward_from(&*bench.plain, &edits, &Keep::All, &Cancel::new(), &mut progress)
        .unwrap();
    drop(progress);
    assert_eq!(last, (total, total));
}

#[test]
fn only_an_unedited_capture_of_the_same_backend_is_taken() {
    On::both()
        .into_iter()
        .for_each(|on| only_an_unedited_capture_of_the_same_backend_is_taken_on(&Bench::new(on)));
}

fn only_an_unedited_capture_of_the_same_backend_is_taken_on(bench: &Bench) {
    let refused = |capture: &dyn Capture| {
        assert!(matches!(bench.from(capture, &vec![]), Err(EngineError::ForeignCapture)));
    };
    let edits = vec![bench.zero("layer4.1.relu", &[0])];
    refused(&*bench.from(&*bench.plain, &edits).unwrap());
    refused(&*run(&*bench.backend, &bench.input, &edits).unwrap());
    // The same layers and shapes, but another precision or other weights.
    refused(&*Bench::new(On::F64).plain);
    refused(&*Bench::new(On::F32).plain);
}

#[test]
fn what_does_not_exist_is_refused() {
    On::both().into_iter().for_each(|on| what_does_not_exist_is_refused_on(&Bench::new(on)));
}

fn what_does_not_exist_is_refused_on(bench: &Bench) {
    let relu = bench.find("layer2.0.relu");
    let channels = bench.plain.shape(relu).unwrap().c;
    let beyond = LayerId(bench.graph.nodes.len());
    let small = Arc::new(Array::zeros(Shape::new(2, channels, 1, 1)));
    let edits = [
        Edit::zero(relu, vec![0, channels]),
        Edit::zero(beyond, vec![]),
        Edit::Replace { layer: relu, value: small },
    ];
    let out_of_range = |e: EngineError| matches!(e, EngineError::OutOfRange(_));
    for edit in edits {
        let edits = vec![edit];
        assert!(run(&*bench.backend, &bench.input, &edits).err().is_some_and(out_of_range));
        assert!(bench.from(&*bench.plain, &edits).err().is_some_and(out_of_range));
    }
    assert!(bench.plain.read(relu, &[0, channels]).err().is_some_and(out_of_range));
    assert!(bench.plain.read(beyond, &[]).err().is_some_and(out_of_range));
    assert!(bench.plain.statistics(beyond).err().is_some_and(out_of_range));
}

#[test]
fn channels_are_read_in_the_order_asked_for() {
    On::both()
        .into_iter()
        .for_each(|on| channels_are_read_in_the_order_asked_for_on(&Bench::new(on)));
}

fn channels_are_read_in_the_order_asked_for_on(bench: &Bench) {
    let layer = bench.find("layer2.0.relu");
    let all = bench.plain.read_all(layer).unwrap();
    let (c, area) = (all.shape.c, all.shape.area());
    let wanted = [5, 0, 5, 2];
    let some = bench.plain.read(layer, &wanted).unwrap();
    assert_eq!(some.shape, Shape { c: wanted.len(), ..all.shape });
    for (i, map) in some.data.chunks(area).enumerate() {
        let (picture, channel) = (i / wanted.len(), wanted[i % wanted.len()]);
        let at = (picture * c + channel) * area;
        assert_eq!(map, &all.data[at..at + area]);
    }
}
