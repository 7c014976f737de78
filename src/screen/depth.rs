//! The Depth view: five charts over one axis, a bar for each layer. Layers after a ReLU are bright:
//! only they have zeros by right.

use ratatui::buffer::Buffer;

use super::{text, theme};
use crate::base::{Rect, percent, short_count, significant};
use crate::explorer::views::depth::{Axis, Chart, axis};
use crate::explorer::{Layout, Pane, State};

/// Eighths of a cell, from the bottom.
const STEPS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// Draws the view.
pub fn draw(state: &State, layout: &Layout, buffer: &mut Buffer) {
    let rect = layout.view;
    let focused = state.cursor.pane == Pane::View && state.overlay.is_none();
    text::pane(buffer, rect, &title(state), focused);
    let Some(axis) = axis(state).filter(|_| state.shown.outcome.is_some()) else {
        return super::maps::waiting(state, rect, buffer);
    };
    // The stages' names take the last row.
    let rows = axis.rect.height.saturating_sub(1);
    let charts = (rows / 2).clamp(1, Chart::ALL.len() as u16);
    let height = rows / charts;
    for (i, chart) in Chart::ALL.iter().take(usize::from(charts)).enumerate() {
        let y = axis.rect.y + i as u16 * height;
        let gap = u16::from(height > 2);
        draw_chart(
            state,
            *chart,
            &axis,
            Rect::new(axis.rect.x, y, axis.rect.width, height - gap),
            buffer,
        );
    }
    stages(state, &axis, buffer);
}

/// `layer2.1.relu_1 · relu 64x20x20 · blue: after a ReLU, gray: others · 3 layers a column`.
fn title(state: &State) -> String {
    let Some(layer) = state.layer_info() else { return "Depth".to_string() };
    let mut parts = vec![layer.name.clone(), format!("{} {}", layer.op, layer.shape)];
    parts.push("blue: ReLU, gray: others".to_string());
    if let Some(merged) = axis(state).and_then(|axis| axis.merged(state.cursor.layer.0)) {
        let name = |at: usize| state.layers().get(at).map_or("", |layer| layer.name.as_str());
        if merged.len() > 1 {
            let (first, last) = (name(merged.start), name(merged.end - 1));
            parts.push(format!("its column: {first} to {last}, the first is drawn"));
        }
    }
    parts.join(" · ")
}

/// A number as the chart's reader wants it.
fn words(chart: Chart, value: f32) -> String {
    match chart {
        Chart::Zeros | Chart::Dead => percent(value),
        Chart::Mean | Chart::Max => significant(value),
        Chart::Size => short_count(value as u64),
    }
}

fn draw_chart(state: &State, chart: Chart, axis: &Axis, rect: Rect, buffer: &mut Buffer) {
    let values: Vec<f32> = state
        .layers()
        .iter()
        .map(|layer| state.summary(layer.id).map_or(0.0, |of| chart.value(layer, &of)))
        .collect();
    let top = match chart {
        Chart::Zeros => 1.0,
        _ => values.iter().copied().fold(0.0, f32::max),
    };
    let inner_left = axis.rect.x.saturating_sub(7);
    if inner_left < axis.rect.x {
        text::line(buffer, inner_left, rect.y, 6, chart.name(), theme::PLAIN);
        let now = values.get(state.cursor.layer.0).copied().unwrap_or(0.0);
        if rect.height > 1 {
            text::line(buffer, inner_left, rect.y + 1, 6, &words(chart, now), theme::ACCENT);
        }
        let right = rect.x + rect.width + 1;
        text::line(buffer, right, rect.y, 8, &words(chart, top), theme::DIM);
    }
    for (i, layer) in state.layers().iter().enumerate() {
        let (first, end) = axis.columns(i);
        let chosen = i == state.cursor.layer.0;
        // Where several layers share a column, the chosen one is the one to see.
        let shares = i > 0 && axis.columns(i - 1) == (first, end);
        let hides = axis.columns(state.cursor.layer.0) == (first, end);
        if (shares || hides) && !chosen {
            continue;
        }
        let style = match (chosen, layer.name.contains("relu")) {
            (true, _) => theme::ACCENT,
            (false, true) => theme::BAR,
            (false, false) => theme::DIM,
        };
        let part = values.get(i).map_or(0.0, |v| (v / top.max(f32::MIN_POSITIVE)).clamp(0.0, 1.0));
        let mut eighths = (part * f32::from(rect.height) * 8.0).round() as u16;
        // Something is not nothing.
        eighths = eighths.max(u16::from(part > 0.0));
        // A gap between bars, where they are wide enough.
        let end = if end - first > 2 { end - 1 } else { end };
        for row in 0..rect.height {
            let above = (rect.height - 1 - row) * 8;
            let step = STEPS[usize::from(eighths.saturating_sub(above).min(8))];
            for x in first..end.min(rect.x + rect.width) {
                let mark = if chosen && step == " " { "·" } else { step };
                text::line(buffer, x, rect.y + row, 1, mark, style);
            }
        }
    }
}

/// The names of the stages below their first layers.
fn stages(state: &State, axis: &Axis, buffer: &mut Buffer) {
    let y = axis.rect.y + axis.rect.height.saturating_sub(1);
    let mut last = String::new();
    let mut free = axis.rect.x;
    for (i, layer) in state.layers().iter().enumerate() {
        let stage = layer.name.split('.').next().unwrap_or_default();
        let stage = if layer.name.contains('.') { stage } else { "" };
        if stage == last {
            continue;
        }
        last = stage.to_string();
        let (x, _) = axis.columns(i);
        if x >= free {
            let room = (axis.rect.x + axis.rect.width).saturating_sub(x);
            let name = format!("╵{stage}");
            let name = if stage.is_empty() { "╵" } else { &name };
            free = x + text::line(buffer, x, y, room, name, theme::DIM) + 1;
        }
    }
}
