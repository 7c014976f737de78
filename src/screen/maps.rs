//! The Maps view: tiles, their captions and the frame around the chosen one.

use ratatui::buffer::Buffer;

use super::{heatmap, text, theme};
use crate::base::{Rect, SortOrder, count, significant};
use crate::explorer::{Layout, Pane, PlaneKind, State, views};

/// Draws the view.
pub fn draw(state: &State, layout: &Layout, buffer: &mut Buffer) {
    let rect = layout.view;
    let focused = state.cursor.pane == Pane::View && state.overlay.is_none();
    text::pane(buffer, rect, &title(state), focused);
    if state.run().is_none() {
        return waiting(state, rect, buffer);
    }
    if views::vector::is_vector(state) {
        return super::vector::draw(state, buffer);
    }
    let (Some(grid), Some(page)) = (state.grid(), views::maps::page(state)) else {
        return waiting(state, rect, buffer);
    };
    for (slot, what) in page.tiles.iter().enumerate() {
        let cells = views::maps::tile(state, *what).map(|known| &known.cells);
        let caption = caption(state, *what, grid.tile.0);
        let look = heatmap::Tile { cells, caption: &caption, chosen: slot == page.chosen };
        heatmap::tile(buffer, &grid, slot, &look);
    }
    if let Some(tile) = page.tiles.get(page.chosen).and_then(|w| views::maps::tile(state, *w)) {
        let of = match page.tiles.get(page.chosen) {
            Some(PlaneKind::Channel(channel)) if tile.mode.is_of_one_map() => {
                format!("channel {channel}: ")
            }
            _ => String::new(),
        };
        heatmap::scale(buffer, rect, &of, tile);
    }
}

/// What stands in the view while nothing is known yet.
pub fn waiting(state: &State, rect: Rect, buffer: &mut Buffer) {
    let line = rect.inner().centered(rect.inner().width.min(76), 1);
    let (words, style) = match (&state.waiting.progress, &state.shown.network, &state.shown.failure)
    {
        (None, None, Some(failure)) => (failure.as_str(), theme::ERROR),
        (_, None, _) => ("reading the network …", theme::DIM),
        (Some(_), Some(_), _) => ("running the network …", theme::DIM),
        (None, Some(_), _) => ("nothing has run; n takes the next photo", theme::DIM),
    };
    text::line(buffer, line.x, line.y, line.width, words, style);
}

/// `layer2.1.relu_1 · 128 maps of 28x28 · by mean · page 1/4`.
fn title(state: &State) -> String {
    let Some(layer) = state.layer_info() else { return "Maps".to_string() };
    let shape = layer.shape;
    let mut parts = vec![layer.name.clone()];
    match state.display.combine {
        Some(how) => parts.push(format!("{how} of {} channels", shape.c)),
        None if views::vector::is_vector(state) => parts.push(count(shape.c, "value")),
        None => parts.push(format!("{} of {}x{}", count(shape.c, "map"), shape.h, shape.w)),
    }
    let pages = match views::vector::page(state) {
        Some(page) if views::vector::is_vector(state) => (page.index, page.pages),
        _ => views::maps::page(state).map_or((0, 1), |page| (page.index, page.pages)),
    };
    if state.display.combine.is_none() {
        parts.push(order(state));
    }
    if pages.1 > 1 {
        parts.push(format!("page {}/{}", pages.0 + 1, pages.1));
    }
    if state.shows_difference() {
        parts.push("change by the knock-outs".to_string());
    }
    if state.display.over_photo.is_some() {
        parts.push("over the photo".to_string());
    }
    parts.join(" · ")
}

/// What the channels are sorted by and what the number below each tile is.
fn order(state: &State) -> String {
    if views::vector::is_vector(state) {
        return match state.display.sort {
            SortOrder::Index => "in the network's order".to_string(),
            sort => format!("by {sort}"),
        };
    }
    match state.display.sort {
        SortOrder::Index => "by index, with mean".to_string(),
        SortOrder::Mean => "by mean".to_string(),
        SortOrder::Max => "by maximum".to_string(),
        SortOrder::Sparsity => "by zeros, fewest first".to_string(),
        SortOrder::Norm => "by the norm of their kernels".to_string(),
        SortOrder::Effect => "by their effect on the class".to_string(),
    }
}

/// The number and the value that the channels are sorted by, as far as there is room.
fn caption(state: &State, what: PlaneKind, width: u16) -> String {
    let channel = match what {
        PlaneKind::Combined(how) => return how.to_string(),
        PlaneKind::Channel(channel) => channel,
    };
    let statistics = state.statistics();
    let Some(of) = statistics.and_then(|s| s.channels.get(channel)) else {
        return channel.to_string();
    };
    let value = match state.display.sort {
        SortOrder::Index | SortOrder::Mean => significant(of.mean as f32),
        SortOrder::Max => significant(of.max),
        SortOrder::Sparsity => crate::base::percent(of.sparsity()),
        SortOrder::Norm => significant(state.norm(channel).unwrap_or(of.mean as f32)),
        SortOrder::Effect => {
            let effect = state.effects().and_then(|effects| effects.get(channel));
            effect.map_or(String::new(), |effect| format!("{:+.2}", -effect))
        }
    };
    let dead = if statistics.is_some_and(|s| s.is_dead(channel)) { " †" } else { "" };
    let changed = state
        .instead(channel)
        .map_or(String::new(), |to| format!(" {}", crate::explorer::instead_words(to)));
    let all = format!("{channel} {value}{dead}{changed}");
    if all.chars().count() <= usize::from(width) { all } else { channel.to_string() }
}
