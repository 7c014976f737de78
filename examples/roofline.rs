//! Where the time of a network's passes goes: every layer against the most that this machine multiplies.
//!
//! ```text
//! cargo run --release --example roofline -- /tmp/resnet50.safetensors
//! cargo run --release --example roofline -- /tmp/resnet50.safetensors back
//! cargo run --release --example roofline -- product
//! ```
//!
//! Each line is a convolution with what runs together with it: the shortest of thirty runs. The peak is that of
//! multiplications and sums in registers, on all threads. Winograd's algorithm can pass it: what is counted are the
//! products of a direct convolution.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::Arc;
use std::time::Instant;

use convscope::base::{Array, Cancel, DeviceChoice, Dtype, LayerId, Progress, Shape};
use convscope::engine::device::{Devices, Machine};
use convscope::engine::fast::kernels::{Isa, Team, peak};
use convscope::engine::{Backend, Edits, GradientRequest, Keep, Seed};
use convscope::import::resnet;
use convscope::model::{Graph, Value, costs, extents, infer};
use convscope::ops::{AveragePool, Conv, Flatten, Linear, MaxPool, ReluRule};
use convscope::source::{Checkpoint, builtin_network};

const RUNS: usize = 30;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next();
    if file.as_deref() == Some("product") {
        println!("{{\"work\": \"product\", \"gflops\": {}}}", product() / 1e9);
        return;
    }
    let back = arguments.next().is_some_and(|word| word == "back");
    let checkpoint = match file.as_deref() {
        None | Some("builtin") => builtin_network().expect("the built-in network"),
        Some(file) => Checkpoint::read(file.as_ref()).expect("a checkpoint"),
    };
    let graph = Arc::new(
        resnet::build(&checkpoint.load_all().expect("tensors").tensors).expect("a ResNet"),
    );
    let machine = Machine::new(0);
    let on = machine.choose(DeviceChoice::Cpu, Dtype::F32).expect("the CPU");
    let backend = machine.backend(&graph, &on, usize::MAX).expect("a backend");
    let side = graph.usual_input[0];
    let shape = Shape::new(1, graph.input_channels, side, side);
    let data = (0..shape.len()).map(|i| (i * 7919 % 1000) as f32 / 500.0 - 1.0).collect();
    let input = Array::new(shape, data).expect("its length");

    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let isa = Isa::available()[0];
    let peak = peak(isa, &Team::new(threads));
    println!(
        "{} at {side} px, {isa}, {threads} threads, peak {:.0} GFLOP/s\n",
        graph.name,
        peak / 1e9
    );

    let seconds =
        if back { backward(&*backend, &graph, &input) } else { forward(&*backend, &graph, &input) };
    print(&graph, shape, &seconds, peak);
}

/// Products and sums a second of one float32 product of two 2048 x 2048 matrices, by `gemm`: what is called the speed
/// of a large matrix product, on as many threads as there are cores.
fn product() -> f64 {
    const N: usize = 2048;
    let matrix = |seed: usize| -> Vec<f32> {
        (0..N * N).map(|i| ((i * 7919 + seed) % 1000) as f32 / 1000.0 - 0.5).collect()
    };
    let (a, b, mut c) = (matrix(1), matrix(2), vec![0f32; N * N]);
    let mut least = f64::INFINITY;
    for _ in 0..10 {
        let since = Instant::now();
        c.fill(0.0);
        let (row, column) = (N as isize, 1);
        // SAFETY: three matrices of N x N values, rows N apart.
        #[allow(unsafe_code)]
        unsafe {
            gemm::gemm(
                N,
                N,
                N,
                c.as_mut_ptr(),
                column,
                row,
                false,
                a.as_ptr(),
                column,
                row,
                b.as_ptr(),
                column,
                row,
                0.0f32,
                1.0f32,
                false,
                false,
                false,
                gemm::Parallelism::Rayon(0),
            );
        }
        least = least.min(since.elapsed().as_secs_f64());
    }
    std::hint::black_box(c);
    2.0 * (N as f64).powi(3) / least
}

/// The seconds until each layer was done, since the one before.
fn forward(backend: &dyn Backend, graph: &Graph, input: &Array) -> Vec<f64> {
    let mut least = vec![f64::INFINITY; graph.nodes.len()];
    for _ in 0..RUNS {
        let mut since = Instant::now();
        let mut progress = Progress::new(|done, _| {
            least[done - 1] = least[done - 1].min(since.elapsed().as_secs_f64());
            since = Instant::now();
        });
        backend
            .forward(input, &Edits::new(), &Keep::All, &Cancel::new(), &mut progress)
            .expect("a run");
    }
    least
}

/// The same for a gradient from the top class to the input.
fn backward(backend: &dyn Backend, graph: &Graph, input: &Array) -> Vec<f64> {
    let last = LayerId(graph.nodes.len() - 1);
    let keep = Keep::Tape(vec![last]);
    let run = backend
        .forward(input, &Edits::new(), &keep, &Cancel::new(), &mut Progress::none())
        .expect("a run");
    let seed = Seed::Unit { layer: last, channel: 0, row: 0, column: 0 };
    let request = GradientRequest { seed, rule: ReluRule::Plain, wanted: vec![Value::Input] };
    let mut least = vec![f64::INFINITY; graph.nodes.len()];
    for _ in 0..RUNS {
        let (mut since, mut at) = (Instant::now(), last.0);
        let mut progress = Progress::new(|done, total| {
            least[at] = least[at].min(since.elapsed().as_secs_f64());
            // The next unit ends where this one says that all is done.
            at = (total - done).saturating_sub(1);
            since = Instant::now();
        });
        backend.backward(&*run, &request, &Cancel::new(), &mut progress).expect("a gradient");
    }
    least
}

fn print(graph: &Graph, input: Shape, seconds: &[f64], peak: f64) {
    let shapes = infer(graph, input).expect("shapes");
    let extents = extents(graph, input).expect("extents");
    let (costs, makers) = (costs(graph, input, &extents), graph.makers(&extents));
    let (mut all, mut operations) = (0.0, 0.0);
    println!("{:<26} {:>24} {:>8} {:>9} {:>8}", "layer", "", "ms", "GFLOP/s", "of peak");
    for (i, seconds) in seconds.iter().enumerate().filter(|(_, seconds)| seconds.is_finite()) {
        // A unit is told by its last layer; its convolution comes before.
        let conv = (0..=i)
            .rev()
            .find(|i| graph.nodes[*i].op.is::<Conv>() || graph.nodes[*i].op.is::<Linear>());
        let conv = makers[i].first().map_or(conv, |made| Some(made.by.0));
        let op = &graph.nodes[i].op;
        let own = op.is::<MaxPool>() || op.is::<AveragePool>() || op.is::<Flatten>();
        let flops =
            conv.filter(|_| !own).map_or(0.0, |conv| 2.0 * costs[conv].multiply_adds as f64);
        let name = conv.filter(|_| !own).unwrap_or(i);
        let shape = format!("{} {}", graph.nodes[name].op.word(), shapes[name]);
        let rate = flops / seconds;
        println!(
            "{:<26} {shape:>24} {:>8.3} {:>9.0} {:>7.0}%",
            graph.nodes[name].name,
            1e3 * seconds,
            rate / 1e9,
            100.0 * rate / peak
        );
        all += seconds;
        operations += flops;
    }
    let rate = operations / all;
    println!(
        "{:<26} {:>24} {:>8.3} {:>9.0} {:>7.0}%",
        "all",
        "",
        1e3 * all,
        rate / 1e9,
        100.0 * rate / peak
    );
}
