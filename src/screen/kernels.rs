//! The Kernels view: a tile for each kernel, or for each input of one.

use ratatui::buffer::Buffer;

use super::{heatmap, text, theme};
use crate::base::{Rect, significant};
use crate::explorer::{KernelInfo, Layout, Pane, Slice, State, views};

/// Draws the view.
pub fn draw(state: &State, layout: &Layout, buffer: &mut Buffer) {
    let rect = layout.view;
    let focused = state.cursor.pane == Pane::View && state.overlay.is_none();
    text::pane(buffer, rect, &title(state), focused);
    let (Some(grid), Some(page)) = (state.grid(), views::kernels::page(state)) else {
        return nothing(state, rect, buffer);
    };
    for (slot, tile) in page.tiles.iter().enumerate() {
        let cells = views::kernels::tile(state, *tile).map(|known| &known.cells);
        let caption = caption(state, *tile, grid.tile.0);
        let look = heatmap::Tile { cells, caption: &caption, chosen: slot == page.chosen };
        heatmap::tile(buffer, &grid, slot, &look);
    }
    if let Some(at) = views::kernels::weight(state) {
        let picture = grid.slot(0);
        let cell = |at: usize, of: usize, first: u16, cells: u16| {
            first + ((2 * at + 1) * usize::from(cells) / (2 * of.max(1))) as u16
        };
        let x = cell(at.input, at.columns, picture.x, picture.width);
        let y = cell(at.kernel, at.rows, picture.y, picture.height);
        heatmap::over(buffer, x, y, "╋");
    }
    let chosen = page.tiles.get(page.chosen).and_then(|t| views::kernels::tile(state, *t));
    match chosen {
        Some(tile) if tile.scale.is_empty() => {
            let most = significant(tile.range.high);
            let words = format!("red, green, blue · gray is 0 · ±{most}");
            text::label_right(buffer, rect, rect.y + rect.height - 1, &words, theme::DIM);
        }
        Some(tile) => heatmap::scale(buffer, rect, "", tile),
        None => {}
    }
}

/// What stands in the view where there are no kernels, or none yet.
fn nothing(state: &State, rect: Rect, buffer: &mut Buffer) {
    let Some(layer) = state.layer_info().filter(|_| state.kernel().is_none()) else {
        return super::maps::waiting(state, rect, buffer);
    };
    let words = format!("{} has no kernels; [ and ] go to another layer", layer.name);
    let line = rect.inner().centered(rect.inner().width.min(76), 1);
    text::line(buffer, line.x, line.y, line.width, &words, theme::DIM);
}

/// `layer2.0.conv1 · 128 kernels of 64x3x3 · input 5 · page 1/4 · by index`.
fn title(state: &State) -> String {
    let Some(kernels) = state.kernels() else { return "Kernels".to_string() };
    let KernelInfo { shape: [out, inside, h, w], color, layer, .. } = *kernels;
    let name = state.layers().get(layer.0).map(|l| l.name.clone()).unwrap_or_default();
    let mut parts = vec![name];
    if let Some(at) = views::kernels::weight(state) {
        let value = views::kernels::weight_value(state).map(significant).unwrap_or_default();
        parts.push(format!("kernel {}, input {} = {value}", at.kernel, at.input));
        parts.push(format!("{out} kernels (rows) x {inside} inputs (columns)"));
        return parts.join(" · ");
    }
    if state.display.inputs {
        let kernel = state.kernel().map_or(0, |(_, kernel)| kernel);
        parts.push(format!("{inside} inputs of kernel {kernel} · {h}x{w}"));
    } else {
        parts.push(format!("{out} kernels of {inside}x{h}x{w}"));
        let input = views::kernels::input(state, kernels);
        parts.push(if color { "in colors".to_string() } else { format!("input {input}") });
    }
    if let Some(page) = views::kernels::page(state).filter(|p| p.pages > 1) {
        parts.push(format!("page {}/{}", page.index + 1, page.pages));
    }
    if !state.display.inputs {
        parts.push(format!("by {}", state.display.sort));
    }
    parts.join(" · ")
}

/// The number and, where there is room, the norm of the kernel.
fn caption(state: &State, (kernel, slice): views::kernels::Tile, width: u16) -> String {
    if let (true, Slice::Input(input)) = (state.display.inputs, slice) {
        return input.to_string();
    }
    if slice == Slice::Matrix {
        return "1x1 kernels".to_string();
    }
    let norm = state.kernels().and_then(|kernels| kernels.norms.get(kernel));
    let all = norm.map_or(kernel.to_string(), |norm| format!("{kernel} ‖{}‖", significant(*norm)));
    if all.chars().count() <= usize::from(width) { all } else { kernel.to_string() }
}
