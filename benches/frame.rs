//! Time and bytes of a frame at 80x24 and 200x60: for moving the cursor and for changing the layer.
//!
//!     cargo bench --bench frame
//!
//! The state is that of a real session on the built-in network; the bytes are what crossterm would
//! write. They are printed before the times. With a ResNet-50 (`tools/make_random_resnet.py` writes one)
//!
//!     CONVSCOPE_BENCH_MODEL=resnet50.safetensors cargo bench --bench frame
//!
//! prints the bytes in its second stage too.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

// The tests use more of it.
#[allow(dead_code)]
#[path = "../tests/support/mod.rs"]
mod support;

use std::cell::Cell;
use std::hint::black_box;
use std::io::{self, Write};
use std::rc::Rc;

use convscope::base::ColorDepth;
use convscope::explorer::State;
use convscope::screen::{self, NoPictures};
use convscope::session::ask::{ModelRef, PhotoRef};
use convscope::terminal::colors;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use support::Explorer;

/// Counts what is written.
#[derive(Clone, Default)]
struct Counter(Rc<Cell<usize>>);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.set(self.0.get() + bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Screen {
    terminal: Terminal<CrosstermBackend<Counter>>,
    bytes: Counter,
    depth: ColorDepth,
}

impl Screen {
    fn new((columns, rows): (u16, u16), depth: ColorDepth) -> Self {
        let bytes = Counter::default();
        let viewport = Viewport::Fixed(Rect::new(0, 0, columns, rows));
        let backend = CrosstermBackend::new(bytes.clone());
        let terminal = Terminal::with_options(backend, TerminalOptions { viewport }).unwrap();
        Self { terminal, bytes, depth }
    }

    /// Draws a state and returns the bytes of the frame.
    fn draw(&mut self, state: &State) -> usize {
        let before = self.bytes.0.get();
        let depth = self.depth;
        self.terminal
            .draw(|frame| {
                screen::draw(state, &NoPictures, frame.buffer_mut());
                colors::reduce(frame.buffer_mut(), depth);
            })
            .unwrap();
        self.bytes.0.get() - before
    }
}

const SIZES: [(u16, u16); 2] = [(80, 24), (200, 60)];
const CHANGES: [(&str, &str); 2] = [("cursor", "l"), ("layer", "}")];

fn frames(criterion: &mut Criterion) {
    for size in SIZES {
        for (name, key) in CHANGES {
            let mut explorer = Explorer::open(size);
            let before = explorer.state.clone();
            let after = explorer.press(key).state.clone();
            let title = format!("{name} {}x{}", size.0, size.1);
            for depth in [ColorDepth::TrueColor, ColorDepth::Colors256] {
                let mut screen = Screen::new(size, depth);
                let full = screen.draw(&before);
                let changed = screen.draw(&after);
                println!("{title} {depth}: {changed} bytes (a whole screen: {full})");
            }
            let mut screen = Screen::new(size, ColorDepth::TrueColor);
            criterion.bench_function(&title, |bench| {
                bench.iter_batched(
                    || (before.clone(), after.clone()),
                    |(before, after)| {
                        screen.draw(black_box(&before));
                        screen.draw(black_box(&after));
                    },
                    BatchSize::SmallInput,
                );
            });
        }
    }
}

/// Bytes in layer2 of the network in `$CONVSCOPE_BENCH_MODEL`, Maps view, 200x60, default tiles. The goals
/// for a ResNet-50: 15 kB for the cursor; 250 kB for another layer, and 0.6 of it in 256 colors.
fn budget(_: &mut Criterion) {
    let Some(path) = std::env::var_os("CONVSCOPE_BENCH_MODEL") else {
        println!("no CONVSCOPE_BENCH_MODEL: the bytes in a ResNet-50 are not measured");
        return;
    };
    let photos = (0..3).map(PhotoRef::Sample).collect();
    let mut explorer = Explorer::with(ModelRef::File(path.into()), photos, (200, 60));
    let before = explorer.press("} }").state.clone();
    let name = before.layer_info().map(|layer| layer.name.clone()).unwrap_or_default();
    for (what, key) in [("cursor", "l"), ("layer", "[")] {
        explorer.state = before.clone();
        let after = explorer.press(key).state.clone();
        for depth in [ColorDepth::TrueColor, ColorDepth::Colors256] {
            let mut screen = Screen::new((200, 60), depth);
            screen.draw(&before);
            println!("{name}, {what}, {depth}: {} bytes", screen.draw(&after));
        }
    }
}

/// From a key to the state that has everything to draw, without drawing.
fn answers(criterion: &mut Criterion) {
    for size in SIZES {
        let mut explorer = Explorer::open(size);
        criterion.bench_function(&format!("key to tiles {}x{}", size.0, size.1), |bench| {
            bench.iter(|| {
                explorer.press("}");
                explorer.press("{");
            });
        });
    }
}

criterion_group!(benches, budget, frames, answers);
criterion_main!(benches);
