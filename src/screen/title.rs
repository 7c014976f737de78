//! The first row: which network, which photo, on what, how fast; and the views.

use ratatui::buffer::Buffer;

use super::{text, theme};
use crate::explorer::{Layout, State, views};

/// Draws the row.
pub fn draw(state: &State, layout: &Layout, buffer: &mut Buffer) {
    let rect = layout.title;
    let names: Vec<String> = views::ALL.iter().map(|view| tab(state, view.name())).collect();
    let tabs: u16 = names.iter().map(|n| text::columns(n) + 2).sum();
    let room = rect.width.saturating_sub(tabs + 1);
    let mut parts = Vec::new();
    match &state.network {
        Some(network) => {
            parts.push((format!(" {}", network.name), theme::CHOSEN));
            if network.source != network.name {
                parts.push((format!(" {}", network.source), theme::DIM));
            }
        }
        None => parts.push((" convscope".to_string(), theme::CHOSEN)),
    }
    if let Some(input) = &state.input {
        let place = match state.photos.len() {
            0 | 1 => String::new(),
            n => format!(" {}/{n}", state.shown + 1),
        };
        parts.push((format!(" · {}", input.name), theme::PLAIN));
        parts.push((format!(" {}x{}{place}", input.shape.w, input.shape.h), theme::DIM));
    }
    let knocked: usize = state.shown_knock_outs.iter().map(|knock| knock.channels.len()).sum();
    if knocked > 0 {
        parts.push((format!(" · {knocked} knocked out"), theme::ACCENT));
    }
    if !state.device.is_empty() {
        parts.push((format!(" · {}", state.device), theme::DIM));
    }
    if let Some(outcome) = &state.outcome {
        parts.push((format!(" · {:.0} ms", outcome.milliseconds), theme::DIM));
    }
    // Which device is said above; why, where there is room.
    if !state.device_why.is_empty() {
        parts.push((format!(" · {}", state.device_why), theme::DIM));
    }
    let parts: Vec<_> = parts.iter().map(|(t, s)| (t.as_str(), *s)).collect();
    text::spans(buffer, rect.x, rect.y, room, &parts);
    if tabs > rect.width {
        return;
    }
    let mut x = rect.x + rect.width - tabs;
    for (i, name) in names.iter().enumerate() {
        let style = if i == state.view { theme::CHOSEN } else { theme::DIM };
        x += text::line(buffer, x, rect.y, rect.width, name, style) + 2;
    }
}

/// The view with the key of its command.
fn tab(state: &State, name: &str) -> String {
    match state.keys.keys_of(&name.to_lowercase()).first() {
        Some(key) => format!("{key} {name}"),
        None => name.to_string(),
    }
}
