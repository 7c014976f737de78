//! Drawing: the state onto a buffer of cells, one file for each part of the screen.
//!
//! Nothing is computed, resized or encoded here: pictures arrive as cells.

mod depth;
mod explain;
mod footer;
mod heatmap;
mod help;
mod inspector;
mod kernels;
mod layers;
mod map;
mod maps;
mod picker;
mod pictures;
mod rebuild;
mod text;
mod theme;
mod title;
mod vector;

use ratatui::buffer::Buffer;

pub use pictures::{Cover, NoPictures, Pictures};

pub use crate::explorer::Spot;
use crate::explorer::views::ViewId;
use crate::explorer::{Layout, Overlay, State};

type DrawView = fn(&State, &Layout, &mut Buffer);

/// How a view is drawn.
fn drawing(view: ViewId) -> DrawView {
    match view {
        ViewId::Maps => maps::draw,
        ViewId::Map => map::draw,
        ViewId::Kernels => kernels::draw,
        ViewId::Depth => depth::draw,
        ViewId::Explain => explain::draw,
        ViewId::Rebuild => rebuild::draw,
    }
}

/// Draws the whole screen; where a real picture stands, its cells give way to it.
pub fn draw(state: &State, pictures: &dyn Pictures, buffer: &mut Buffer) {
    draw_cells(state, buffer);
    pictures::give_way(state, pictures, buffer);
    theme::apply(state.terminal.theme, buffer);
}

fn draw_cells(state: &State, buffer: &mut Buffer) {
    let Some(layout) = Layout::of(state) else {
        text::line(buffer, 0, 0, buffer.area.width, "convscope needs 20 x 5 cells", theme::PLAIN);
        return;
    };
    title::draw(state, &layout, buffer);
    inspector::draw_strip(state, layout.strip, buffer);
    layers::draw(state, layout.layers, buffer);
    drawing(state.view)(state, &layout, buffer);
    inspector::draw(state, layout.inspector, buffer);
    if state.display.inspector_over && layout.inspector.is_empty() {
        inspector::draw(state, layout.inspector_overlay(), buffer);
    }
    match &state.overlay {
        Some(Overlay::Help(help)) => help::draw(state, help, buffer),
        Some(Overlay::Picker(list)) => picker::draw(state, list, buffer),
        None => {}
    }
    footer::draw(state, layout.footer, buffer);
}
