//! The first row: which network, which photo, on what, how fast; and the views.

use ratatui::buffer::Buffer;

use super::{text, theme};
use crate::base::Choice;
use crate::explorer::views::ViewId;
use crate::explorer::{Layout, State};

/// Draws the row.
pub fn draw(state: &State, layout: &Layout, buffer: &mut Buffer) {
    let rect = layout.title;
    let names: Vec<String> = ViewId::ALL.iter().map(|view| tab(state, *view)).collect();
    let tabs: u16 = names.iter().map(|n| text::columns(n) + 2).sum();
    let room = rect.width.saturating_sub(tabs + 1);
    let mut parts = Vec::new();
    match &state.shown.network {
        Some(network) => {
            parts.push((format!(" {}", network.name), theme::CHOSEN));
            if network.source != network.name {
                parts.push((format!(" {}", network.source), theme::DIM));
            }
        }
        None => parts.push((" convscope".to_string(), theme::CHOSEN)),
    }
    if let Some(input) = &state.shown.input {
        let place = match state.wanted.photos.len() {
            0 | 1 => String::new(),
            n => format!(" {}/{n}", state.shown.photo + 1),
        };
        parts.push((format!(" · {}", input.name), theme::PLAIN));
        parts.push((format!(" {}x{}{place}", input.shape.w, input.shape.h), theme::DIM));
    }
    let knocked: usize = state.shown.knock_outs.iter().map(|knock| knock.channels.len()).sum();
    if knocked > 0 {
        parts.push((format!(" · {knocked} knocked out"), theme::ACCENT));
    }
    if !state.device.label.is_empty() {
        parts.push((format!(" · {}", state.device.label), theme::DIM));
    }
    if let Some(outcome) = &state.shown.outcome {
        parts.push((format!(" · {:.0} ms", outcome.milliseconds), theme::DIM));
    }
    // Which device is said above; why, where there is room.
    if !state.device.why.is_empty() {
        parts.push((format!(" · {}", state.device.why), theme::DIM));
    }
    let parts: Vec<_> = parts.iter().map(|(t, s)| (t.as_str(), *s)).collect();
    text::spans(buffer, rect.x, rect.y, room, &parts);
    if tabs > rect.width {
        return;
    }
    let mut x = rect.x + rect.width - tabs;
    for (view, name) in ViewId::ALL.iter().zip(&names) {
        let style = if *view == state.view { theme::CHOSEN } else { theme::DIM };
        x += text::line(buffer, x, rect.y, rect.width, name, style) + 2;
    }
}

/// The name of a view in its tab.
const fn title(view: ViewId) -> &'static str {
    match view {
        ViewId::Maps => "Maps",
        ViewId::Map => "Map",
        ViewId::Kernels => "Kernels",
        ViewId::Depth => "Depth",
        ViewId::Explain => "Explain",
        ViewId::Rebuild => "Rebuild",
    }
}

/// The view with the key of its command.
fn tab(state: &State, view: ViewId) -> String {
    let name = title(view);
    match state.setup.keys.keys_of(view.name()).first() {
        Some(key) => format!("{key} {name}"),
        None => name.to_string(),
    }
}
