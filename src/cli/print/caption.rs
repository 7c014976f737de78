//! The words below what was drawn.

use std::sync::Arc;

use crate::base::{RangeMode, count, significant};
use crate::session::ask::Heatmap;

/// What was drawn, in which colors, and which values they stand for.
pub(in crate::cli) fn caption(what: &str, tiles: &[Arc<Heatmap>], mode: RangeMode) -> String {
    let Some(first) = tiles.first() else { return format!("{what}\n") };
    let ranges = || tiles.iter().map(|tile| tile.range);
    let same = ranges().all(|range| range == first.range);
    let range = if same {
        format!("{} to {}", significant(first.range.low), significant(first.range.high))
    } else {
        let low = ranges().map(|range| range.low).fold(f32::MAX, f32::min);
        let high = ranges().map(|range| range.high).fold(f32::MIN, f32::max);
        let (low, high) = (significant(low), significant(high));
        let mode = if mode == RangeMode::Map { String::new() } else { format!("{mode} ") };
        format!("each its own {mode}range, within {low} to {high}")
    };
    let invalid: usize = tiles.iter().map(|tile| tile.invalid).sum();
    let invalid = match invalid {
        0 => String::new(),
        n => format!(" · {} NaN or infinite (magenta)", count(n, "value")),
    };
    let colors = match first.scale.as_slice() {
        // A kernel over three inputs has no color map.
        [] => "red, green, blue".to_string(),
        _ => first.colormap.to_string(),
    };
    format!("{what} · {colors} · {range}{invalid}\n")
}
