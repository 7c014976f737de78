//! The most that this machine multiplies: what every kernel is measured against.

use std::sync::Mutex;
use std::time::Instant;

use super::tile::{Finish, Place, Tile};
use super::{Buffer, Isa, Team};

/// Taps of a tile: its inputs and weights stay in the first cache.
const TAPS: usize = 128;

/// Products and sums a second, on all threads at once, of tiles whose inputs never leave the first cache.
pub fn peak(isa: Isa, team: &Team) -> f64 {
    let blocks = if isa.pairs() { 2 } else { 1 };
    let width = isa.widest(blocks);
    let Some(code) = isa.tile((1, width, blocks), 16) else { return 0.0 };
    let tiles = 4000;
    let best = (0..10).map(|_| {
        let since = Instant::now();
        let done = Mutex::new(0.0f32);
        team.run(team.threads(), |_| {
            let input = Buffer::zeroed(width * 16 + TAPS);
            let weights = Buffer::zeroed(TAPS * 32);
            let (ones, zeros) = ([1.0; 32], [0.0; 32]);
            let mut out = Buffer::zeroed(width * 32);
            let at = out.as_mut_slice().as_mut_ptr();
            for _ in 0..tiles {
                let tile = Tile {
                    input: [input.as_slice().as_ptr(); 2],
                    step: 16,
                    runs: &[0],
                    run: TAPS,
                    weights: weights.as_slice().as_ptr(),
                    width: 32,
                    finish: Finish {
                        scale: ones.as_ptr(),
                        shift: zeros.as_ptr(),
                        floor: 0.0,
                        residual: None,
                        mask: None,
                        out: Place { at: [at; 2], step: 16, block: width * 16 },
                        inner: None,
                    },
                };
                // SAFETY: all buffers hold what the tile reads and writes; the instructions were detected.
                unsafe { code(&tile) };
            }
            let mut done = done.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            *done += out.as_slice().iter().sum::<f32>();
        });
        std::hint::black_box(done.into_inner().ok());
        since.elapsed().as_secs_f64()
    });
    let operations = 2 * team.threads() * tiles * TAPS * width * blocks * 16;
    operations as f64 / best.fold(f64::INFINITY, f64::min)
}
