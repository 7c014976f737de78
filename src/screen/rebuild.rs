//! The Rebuild view: the photo, the picture that is made, and how it goes.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::{heatmap, text, theme};
use crate::base::{Choice, Rect, significant};
use crate::explorer::views::rebuild::{photo, places, result};
use crate::explorer::{Finding, Found, Layout, Pane, Rebuilt, State};

/// Draws the view.
pub fn draw(state: &State, layout: &Layout, buffer: &mut Buffer) {
    let rect = layout.view;
    let focused = state.cursor.pane == Pane::View && state.overlay.is_none();
    let title = format!("{} · {}", state.rebuild.what.name(), state.rebuild_words());
    text::pane(buffer, rect, &title, focused);
    let (Some(places), true) = (places(state), state.run().is_some()) else {
        return super::maps::waiting(state, rect, buffer);
    };
    if let Some(place) = places.photo {
        caption(buffer, place, "photo", theme::DIM);
        if let Some(cells) = photo(state) {
            heatmap::cells(buffer, place, cells);
        }
    }
    let place = places.result;
    caption(buffer, place, state.rebuild.what.name(), theme::ACCENT);
    match result(state) {
        Some(cells) => heatmap::cells(buffer, place, cells),
        None => {
            let words = if state.jobs.running.as_ref().map(|doing| &doing.job)
                == state.rebuild_now().as_ref()
            {
                "running …"
            } else {
                "press Enter to run it"
            };
            let y = place.y + place.height / 2;
            text::line(buffer, place.x, y, place.width, words, theme::DIM);
        }
    }
    words(state, places.words, buffer);
}

fn caption(buffer: &mut Buffer, place: Rect, words: &str, style: Style) {
    text::line(buffer, place.x, place.y - 1, place.width, words, style);
}

/// How far it is, the curves, and how good it is.
fn words(state: &State, area: Rect, buffer: &mut Buffer) {
    let found = state.rebuild_now().and_then(|job| state.found(&job).map(|found| (found, job)));
    let Some((found, job)) = found else {
        let iterations = state.rebuild.iterations;
        let iterations = iterations.map_or(String::new(), |n| format!(" · {n} iterations"));
        let line = format!("seed {}{iterations}", state.rebuild.seed);
        text::line(buffer, area.x, area.y, area.width, &line, theme::DIM);
        return;
    };
    let Finding::Rebuilt(made) = &found.what else { return };
    let (of, photo) = (&made.of, &made.photo);
    let goes_on = state.jobs.running.as_ref().is_some_and(|doing| doing.job == job);
    let mut lines = vec![(progress(state, found, of, goes_on), theme::PLAIN)];
    let room = usize::from(area.width.saturating_sub(21));
    let numbers: Vec<f32> = of.curve.iter().map(|(loss, _)| *loss).collect();
    let second: Vec<f32> = of.curve.iter().map(|(_, value)| *value).collect();
    match (of.error, of.reached) {
        (Some(error), _) => {
            lines.push((curve("loss", of.loss, &logs(&numbers), room), theme::BAR));
            lines.push((curve("feature error", error, &logs(&second), room), theme::BAR));
        }
        (None, Some(reached)) => {
            lines.push((curve("reached", reached, &second, room), theme::BAR));
            if let Some(photo) = photo {
                let line = format!("the photo itself has {}", significant(*photo as f32));
                lines.push((line, theme::DIM));
            }
        }
        (None, None) => {}
    }
    for (i, (line, style)) in lines.iter().enumerate().take(usize::from(area.height)) {
        text::line(buffer, area.x, area.y + i as u16, area.width, line, *style);
    }
}

fn progress(state: &State, found: &Found, of: &Rebuilt, goes_on: bool) -> String {
    let (done, total) = (of.iteration, of.iterations);
    let how = if found.complete {
        format!("{total} iterations, {:.1} s", found.seconds)
    } else if goes_on {
        format!("iteration {done} of {total}")
    } else {
        format!("stopped at {done} of {total}; press Enter to restart")
    };
    format!("{how} · seed {}", state.rebuild.seed)
}

/// On a logarithmic scale: errors fall by powers.
fn logs(values: &[f32]) -> Vec<f32> {
    values.iter().map(|v| v.max(1e-9).ln()).collect()
}

/// `loss           0.012 ▇▅▃▂▁`.
fn curve(name: &str, now: f64, values: &[f32], room: usize) -> String {
    const EIGHTHS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let low = values.iter().copied().fold(f32::INFINITY, f32::min);
    let high = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let span = if high > low { high - low } else { 1.0 };
    let count = room.min(values.len());
    let at = |i: usize| values.get(i * values.len() / count.max(1)).copied().unwrap_or(low);
    let bar = |i: usize| EIGHTHS[(((at(i) - low) / span * 7.0).round() as usize).min(7)];
    let bars: String = (0..count).map(bar).collect();
    format!("{name:<13} {:>6} {bars}", significant(now as f32))
}
