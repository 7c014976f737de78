//! Statistics of a value's channels, where it lies.

use super::conv::Cores;
use super::convert::rows;
use super::kernels::{Sums, sums};
use super::layout::LANES;
use super::planes::plane;
use super::pool::Blocked;
use crate::engine::ChannelStatistics;

/// As [`ChannelStatistics::of_channels`] defines them.
pub fn statistics(on: &Cores, value: &Blocked) -> Vec<ChannelStatistics> {
    let layout = *value.layout();
    let planes = layout.shape.n * layout.blocks;
    let found: Vec<std::sync::Mutex<Sums>> = (0..planes).map(|_| Default::default()).collect();
    on.team.run(planes, |number| {
        let mut all = Sums::default();
        rows(plane(value, number), &layout).for_each(|row| sums(on.isa, row, &mut all));
        *found[number].lock().unwrap_or_else(std::sync::PoisonError::into_inner) = all;
    });
    let found: Vec<Sums> = found
        .into_iter()
        .map(|all| all.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
        .collect();
    let area = layout.shape.area();
    let one = |n: usize, c: usize| {
        let (all, lane) = (&found[n * layout.blocks + c / LANES], c % LANES);
        let (invalid, zeros) = (all.invalid[lane] as usize, all.zeros[lane] as usize);
        let valid = area - invalid;
        if valid == 0 {
            let (min, max, mean, std) = (0.0, 0.0, 0.0, 0.0);
            return ChannelStatistics { min, max, mean, std, zeros, invalid, count: area };
        }
        let mean = all.sum[lane] / valid as f64;
        let std = (all.squares[lane] / valid as f64 - mean * mean).max(0.0).sqrt();
        let (min, max) = (all.min[lane], all.max[lane]);
        ChannelStatistics { min, max, mean, std, zeros, invalid, count: area }
    };
    let of = |c: usize| (1..layout.shape.n).fold(one(0, c), |all, n| all.merge(&one(n, c)));
    (0..layout.shape.c).map(of).collect()
}
