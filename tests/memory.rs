//! How much memory a run really takes: every allocation of the process is counted.
#![allow(unsafe_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use candle_core::{DType, Device, Tensor};
use convscope::base::{Array, Cancel, LayerId, Progress, Shape};
use convscope::engine::fast::kernels::{Isa, Team};
use convscope::engine::fast::{Cores, Fast};
use convscope::engine::portable::Portable;
use convscope::engine::{Backend, Capture, GradientRequest, Keep, Seed};
use convscope::import::{pt2, resnet};
use convscope::model::{Graph, Node, Value};
use convscope::ops::{Conv, ReluRule};
use convscope::source::{Checkpoint, builtin_network};

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        MOST.fetch_max(NOW.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One test at a time: all of them count the same allocations.
static TURN: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The built-in network and an input without meaning.
fn builtin() -> (Arc<Graph>, Array) {
    let graph =
        Arc::new(resnet::build(&builtin_network().unwrap().load_all().unwrap().tensors).unwrap());
    let shape = Shape::new(1, graph.input_channels, 160, 160);
    let data = (0..shape.len()).map(|i| (i % 251) as f32 / 251.0 - 0.5).collect();
    (graph, Array::new(shape, data).unwrap())
}

/// A run, and the most bytes above what was allocated before it.
fn measured(graph: &Arc<Graph>, input: &Array, bound: usize) -> (Arc<dyn Capture>, usize) {
    let backend = Portable::new(graph.clone(), DType::F32, Device::Cpu).unwrap().with_memory(bound);
    measured_on(&backend, input)
}

fn measured_on(backend: &dyn Backend, input: &Array) -> (Arc<dyn Capture>, usize) {
    let run = || {
        backend.forward(input, &vec![], &Keep::All, &Cancel::new(), &mut Progress::none()).unwrap()
    };
    // Thread pools and buffers of the libraries come into being with the first run.
    drop(run());
    let before = NOW.load(Relaxed);
    MOST.store(before, Relaxed);
    let capture = run();
    (capture, MOST.load(Relaxed) - before)
}

#[test]
fn a_bounded_run_takes_its_bound_and_the_room_that_one_layer_works_in() {
    let _turn = turn();
    let (graph, input) = builtin();
    let (whole, whole_peak) = measured(&graph, &input, usize::MAX);
    let bytes = |i: usize| whole.shapes()[i].len() * size_of::<f32>();
    let all: usize = (0..whole.shapes().len()).map(bytes).sum();
    let largest = (0..whole.shapes().len()).map(bytes).max().unwrap();
    println!("all {all}, largest {largest}, peak {whole_peak}");
    assert!(whole_peak > all);
    drop(whole);

    // A layer's inputs and output, a block's shortcut, what candle's convolutions unroll, and the
    // statistics of what is let go.
    let room = largest * 6;
    assert!(
        whole_peak > all / 2 + room,
        "a run without a bound must not pass for one with a bound"
    );
    for bound in [0, all / 8, all / 4, all / 2] {
        let (part, peak) = measured(&graph, &input, bound);
        println!("bound {bound}: held {}, peak {peak}", part.bytes());
        assert!(peak < bound + room, "{peak} of {bound} + {room}");
    }
}

/// On the fast backend what is let go comes back for the next layer: the bound, and the values of one block at work.
#[test]
fn the_fast_backend_keeps_its_bound() {
    let _turn = turn();
    let (graph, input) = builtin();
    let cores = || Arc::new(Cores { isa: Isa::available()[0], team: Team::new(2) });
    let of = |bound: usize| {
        let backend = Fast::new(graph.clone(), cores()).unwrap().with_memory(bound);
        let (capture, _) = measured_on(&backend, &input);
        capture
    };
    let whole = of(usize::MAX);
    let all: usize = whole.bytes();
    let largest = whole.shapes().iter().map(|s| s.len() * size_of::<f32>()).max().unwrap();
    for bound in [0, all / 8, all / 4, all / 2] {
        let part = of(bound);
        println!("bound {bound}: {}", part.bytes());
        // What is computed again is held too: the values of one unit, with their borders.
        assert!(part.bytes() < bound + 5 * largest, "{} of {bound}", part.bytes());
        for layer in (0..whole.shapes().len()).map(LayerId) {
            let same = part.read_all(layer).unwrap() == whole.read_all(layer).unwrap();
            assert!(same, "{layer:?} with {bound} bytes");
        }
    }
}

/// After the first two runs, a run and its gradient allocate nothing for values on their way.
#[test]
fn the_fast_backend_uses_its_memory_again() {
    let _turn = turn();
    let (graph, input) = builtin();
    let cores = Arc::new(Cores { isa: Isa::available()[0], team: Team::new(2) });
    let backend = Fast::new(graph.clone(), cores).unwrap();
    let layer = LayerId(graph.nodes.len() - 1);
    let once = || {
        let (cancel, none) = (Cancel::new(), &mut Progress::none());
        let keep = Keep::Tape(vec![layer]);
        let capture = backend.forward(&input, &vec![], &keep, &cancel, none).unwrap();
        let seed = Seed::Unit { layer, channel: 0, row: 0, column: 0 };
        let request = GradientRequest { seed, rule: ReluRule::Plain, wanted: vec![Value::Input] };
        backend.backward(&*capture, &request, &cancel, none).unwrap()
    };
    drop((once(), once()));
    // The input's copy in the capture, the gradient that is handed over, lists of runs and blocks.
    let room = 2 * input.data.len() * size_of::<f32>() + (256 << 10);
    // A thread that gets its first task of Winograd's algorithm makes its scratch memory then: not in every run.
    let peak = (0..8).map(|_| peak(once)).min().unwrap();
    println!("a run and its gradient: {peak} bytes, room {room}");
    assert!(peak < room, "{peak} of {room}");
}

/// The most bytes above what was allocated before.
fn peak<T>(of: impl FnOnce() -> T) -> usize {
    let before = NOW.load(Relaxed);
    MOST.store(before, Relaxed);
    drop(of());
    MOST.load(Relaxed) - before
}

/// What candle takes for the convolution that is the gradient of one: of the output's gradient with zeros
/// between its positions, which is as large as the input, by the kernels turned around.
fn scratch(conv: &Conv, input: Shape) -> usize {
    let (out, inside, kh, kw) = conv.weight.dims4().unwrap();
    let [h, w] = [input.h + kh - 1, input.w + kw - 1];
    let run = || {
        let zeros = |dims| Tensor::zeros(dims, DType::F32, &Device::Cpu).unwrap();
        let (x, kernel) = (zeros((1, out, h, w)), zeros((inside, out, kh, kw)));
        x.conv2d(&kernel, 0, 1, 1, conv.groups).unwrap()
    };
    // Each thread unrolls a tile of its own, and not every run gets all threads.
    (0..8).map(|_| peak(run)).max().unwrap()
}

#[test]
fn a_gradient_takes_three_layers_and_the_room_of_one_convolution() {
    let _turn = turn();
    let (graph, input) = builtin();
    let backend = Portable::new(graph.clone(), DType::F32, Device::Cpu).unwrap();
    let (cancel, none) = (Cancel::new(), &mut Progress::none());
    let capture = backend.forward(&input, &vec![], &Keep::All, &cancel, none).unwrap();
    let shapes = capture.shapes();
    let bytes = |i: usize| shapes[i].len() * size_of::<f32>();
    let largest = (0..shapes.len()).map(bytes).max().unwrap();
    let room = |node: &Node| match (node.op.get::<Conv>(), &node.inputs[0]) {
        (Some(conv), Value::Input) => scratch(conv, input.shape),
        (Some(conv), Value::Output { layer, .. }) => scratch(conv, shapes[layer.0]),
        (None, _) => 0,
    };
    // The stem's is the largest by far; without it there is only what deeper layers need.
    let stem = graph.find("conv1").unwrap();
    let deeper = graph.nodes.iter().skip(stem.0 + 1).map(room).max().unwrap();
    let all = room(&graph.nodes[stem.0]).max(deeper);
    let layer = LayerId(graph.nodes.len() - 1);
    for rule in [ReluRule::Plain, ReluRule::Guided, ReluRule::Deconvnet] {
        for (wanted, scratch) in [(Value::of(stem), deeper), (Value::Input, all)] {
            let seed = Seed::Unit { layer, channel: 0, row: 0, column: 0 };
            let request = GradientRequest { seed, rule, wanted: vec![wanted] };
            let gradient = || {
                let none = &mut Progress::none();
                backend.backward(&*capture, &request, &Cancel::new(), none).unwrap()
            };
            // The kernels are turned around once, and stay.
            drop(gradient());
            let peak = peak(gradient);
            println!("{rule:?}: largest {largest}, scratch {scratch}, peak {peak}");
            assert!(peak < 3 * largest + scratch, "{peak} of 3 * {largest} + {scratch}");
        }
    }
}

/// A program of torch.export that asks for far more than its bytes is read, or refused, in little more memory than those.
#[test]
fn a_program_that_lies_takes_its_bytes_and_100_mb() {
    let _turn = turn();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/exported/heads.pt2");
    let checkpoint = Checkpoint::read(file.as_ref()).unwrap();
    let program = checkpoint.program.clone().unwrap();
    let names = pt2::tensors(&program).unwrap();
    let tensors = checkpoint.load(names.iter().map(String::as_str)).unwrap().tensors;
    let start = program.find("{\"target\":").unwrap();
    let with_call = |call: &str| format!("{}{call},{}", &program[..start], &program[start..]);
    let made = |target: &str, arguments: &str| {
        with_call(&format!(
            r#"{{"target":"torch.ops.aten.{target}","inputs":[{arguments}],"outputs":[{{"as_tensor":{{"name":"made"}}}}]}}"#
        ))
    };
    let values = program.find("\"tensor_values\":{").unwrap() + "\"tensor_values\":{".len();
    let many: String = (0..1_500_000).map(|i| format!("\"{i}\":{{}},")).collect();
    let nothing = |count: &str| {
        made("zeros.default", &format!(r#"{{"name":"size","arg":{{"as_ints":[{count}]}}}}"#))
    };
    let lies = [
        ("a million calls", with_call(&r#"{"target":"a"},"#.repeat(1_000_000)[..14_999_999])),
        ("a million arguments", made("relu.default", &r#"{"arg":0},"#.repeat(1_000_000)[..9_999_999])),
        (
            "ten million sizes",
            made("zeros.default", &format!(r#"{{"name":"size","arg":{{"as_ints":[{}1]}}}}"#, "1,".repeat(10_000_000))),
        ),
        ("a million values", format!("{}{many}{}", &program[..values], &program[values..])),
        ("depth", made("relu.default", &format!("{}{}", "[".repeat(5_000_000), "]".repeat(5_000_000)))),
        ("many numbers", nothing("1000000,1000")),
        ("numbers that overflow", nothing("9223372036854775807,9223372036854775807")),
        (
            "a long line",
            made("arange.default", r#"{"name":"end","arg":{"as_int":9000000000}}"#),
        ),
        ("a large unit matrix", made("eye.default", r#"{"name":"n","arg":{"as_int":200000}}"#)),
        ("a long text", " ".repeat(40 << 20)),
        (
            "many tables",
            with_call((0..2_000).map(|i| format!(
                r#"{{"target":"torch.ops.aten.zeros.default","inputs":[{{"name":"size","arg":{{"as_ints":[1000000]}}}}],"outputs":[{{"as_tensor":{{"name":"made{i}"}}}}]}},"#
            )).collect::<String>().trim_end_matches(',')),
        ),
    ];
    for (what, text) in lies {
        let before = NOW.load(Relaxed);
        MOST.store(before, Relaxed);
        let refused = pt2::build(&text, &tensors).err().map(|why| why.to_string());
        let most = MOST.load(Relaxed) - before;
        println!("{what}: {} MB of text, {} MB, {refused:?}", text.len() >> 20, most >> 20);
        assert!(most <= text.len() + (100 << 20), "{what}: {} MB", most >> 20);
        let why = refused.unwrap();
        assert!(!why.contains('\n') && why.len() < 400, "{what}: {why}");
    }
}
