//! Drawing: the state onto a buffer of cells, one file for each part of the screen.
//!
//! Nothing is computed, resized or encoded here: pictures arrive as cells.

mod footer;
mod heatmap;
mod help;
mod inspector;
mod layers;
mod map;
mod maps;
mod picker;
mod text;
mod theme;
mod title;

use ratatui::buffer::Buffer;

use crate::explorer::{Layout, Overlay, State};

type DrawView = fn(&State, &Layout, &mut Buffer);

/// How each view is drawn, by its name.
const VIEWS: [(&str, DrawView); 2] = [("Maps", maps::draw), ("Map", map::draw)];

/// Draws the whole screen.
pub fn draw(state: &State, buffer: &mut Buffer) {
    let Some(layout) = Layout::of(state) else {
        text::line(buffer, 0, 0, buffer.area.width, "convscope needs 20 x 5 cells", theme::PLAIN);
        return;
    };
    title::draw(state, &layout, buffer);
    inspector::draw_strip(state, layout.strip, buffer);
    layers::draw(state, layout.layers, buffer);
    let name = state.view().name();
    if let Some((_, draw_view)) = VIEWS.iter().find(|(view, _)| *view == name) {
        draw_view(state, &layout, buffer);
    }
    inspector::draw(state, layout.inspector, buffer);
    if state.inspector_over && layout.inspector.is_empty() {
        inspector::draw(state, layout.inspector_overlay(), buffer);
    }
    match &state.overlay {
        Some(Overlay::Help(scroll)) => help::draw(state, *scroll, layout.overlay(), buffer),
        Some(Overlay::Picker(list)) => picker::draw(state, list, layout.overlay(), buffer),
        None => {}
    }
    footer::draw(state, layout.footer, buffer);
}
