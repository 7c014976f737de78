//! How much memory a run really takes: every allocation of the process is counted.
#![allow(unsafe_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use candle_core::{DType, Device};
use convscope::base::{Array, Cancel, Progress, Shape};
use convscope::engine::portable::Portable;
use convscope::engine::{Backend, Capture, Keep};
use convscope::model::{Graph, resnet};
use convscope::source::builtin_network;

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

/// A run, and the most bytes above what was allocated before it.
fn measured(graph: &Arc<Graph>, input: &Array, bound: usize) -> (Arc<dyn Capture>, usize) {
    let backend = Portable::new(graph.clone(), DType::F32, Device::Cpu).unwrap().with_memory(bound);
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
    let graph = Arc::new(resnet::build(&builtin_network().unwrap().tensors).unwrap());
    let shape = Shape::new(1, graph.input_channels, 160, 160);
    let data = (0..shape.len()).map(|i| (i % 251) as f32 / 251.0 - 0.5).collect();
    let input = Array::new(shape, data).unwrap();
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
