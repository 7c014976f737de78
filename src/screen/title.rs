//! The first row: which network, which photo, on what, how fast; and the views.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::{text, theme};
use crate::base::{columns, fit};
use crate::explorer::{Layout, ModelRef, State};

/// A part of the row, and how early it gives way to the others: 0 never. What never does is cut, the network's names alone.
struct Part {
    text: String,
    style: Style,
    spared: u8,
}

/// Draws the row.
pub fn draw(state: &State, layout: &Layout, buffer: &mut Buffer) {
    let rect = layout.title;
    let tabs = state.tabs();
    let room = tabs.first().map_or(rect.width, |tab| (tab.rect.x - rect.x).saturating_sub(1));
    let parts = fitting(parts(state), usize::from(room));
    let parts: Vec<_> = parts.iter().map(|part| (part.text.as_str(), part.style)).collect();
    text::spans(buffer, rect.x, rect.y, room, &parts);
    for tab in tabs {
        let style = if tab.view == state.view { theme::CHOSEN } else { theme::DIM };
        text::line(buffer, tab.rect.x, tab.rect.y, tab.rect.width, &tab.text, style);
    }
}

/// What there is to say, from the left.
fn parts(state: &State) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut add = |text: String, style: Style, spared: u8| {
        parts.push(Part { text, style, spared });
    };
    match &state.shown.network {
        Some(network) => {
            add(format!(" {}", network.name), theme::CHOSEN, 0);
            // Which file it is matters more than where it runs; the built-in network is known by its name.
            let spared = if state.wanted.model == ModelRef::Builtin { 5 } else { 0 };
            if network.source != network.name {
                add(format!(" {}", network.source), theme::DIM, spared);
            }
        }
        None => add(" convscope".to_string(), theme::CHOSEN, 0),
    }
    if let Some(input) = &state.shown.input {
        add(format!(" · {}", input.name), theme::PLAIN, 0);
        add(format!(" {}x{}", input.shape.w, input.shape.h), theme::DIM, 3);
        let photos = state.wanted.photos.len();
        if photos > 1 {
            add(format!(" {}/{photos}", state.shown.photo + 1), theme::DIM, 2);
        }
    }
    let knocked = state.knocked_out();
    if knocked > 0 {
        add(format!(" · {knocked} knocked out"), theme::ACCENT, 1);
    }
    if !state.device.label.is_empty() {
        add(format!(" · {}", state.device.label), theme::DIM, 2);
    }
    if let Some(outcome) = &state.shown.outcome {
        add(format!(" · {:.0} ms", outcome.milliseconds), theme::DIM, 4);
    }
    // Which device is said above; why, where there is room.
    if !state.device.why.is_empty() {
        add(format!(" · {}", state.device.why), theme::DIM, 6);
    }
    parts
}

/// Those that fit: what matters least is left out first, then the network's file and name are cut, so that the photo's is
/// whole.
fn fitting(mut parts: Vec<Part>, room: usize) -> Vec<Part> {
    let total = |parts: &[Part]| parts.iter().map(|part| columns(&part.text)).sum::<usize>();
    while total(&parts) > room {
        let last = parts.iter().enumerate().max_by_key(|(i, part)| (part.spared, *i));
        match last.filter(|(_, part)| part.spared > 0).map(|(i, _)| i) {
            Some(least) => drop(parts.remove(least)),
            None => break,
        }
    }
    let over = total(&parts).saturating_sub(room);
    if over > 0 && parts.len() > 2 {
        let file = &mut parts[1].text;
        let most = columns(file).saturating_sub(over).max(SHORTEST);
        *file = fit(file, most).into_owned();
    }
    let over = total(&parts).saturating_sub(room);
    if over > 0 && parts.len() > 1 {
        let name = &mut parts[0].text;
        // `ResNet-18, width 32` says most before its comma.
        let short = name.split(',').next().unwrap_or_default().to_string();
        let most = columns(name).saturating_sub(over).max(SHORTEST);
        *name = if columns(&short) <= most { short } else { fit(name, most).into_owned() };
    }
    parts
}

/// Columns that the name of the network keeps.
const SHORTEST: usize = 7;
