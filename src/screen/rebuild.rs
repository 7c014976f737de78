//! The Rebuild view: the photo, the picture that is made, and how it goes.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::{heatmap, text, theme};
use crate::base::{Choice, Rect, bar, significant};
use crate::explorer::views::rebuild::{Slot, cells, places};
use crate::explorer::{Finding, Found, Job, Layout, Pane, Rebuilt, State, What};

/// Columns of a stage's similarity of 1.
const STAGE_BAR: usize = 12;

/// Draws the view.
pub fn draw(state: &State, layout: &Layout, buffer: &mut Buffer) {
    let rect = layout.view;
    let focused = state.cursor.pane == Pane::View && state.overlay.is_none();
    let title = format!("{} · {}", state.rebuild.what.name(), state.rebuild_words());
    text::pane(buffer, rect, &title, focused);
    let (Some(places), true) = (places(state), state.run().is_some()) else {
        return super::maps::waiting(state, rect, buffer);
    };
    for (slot, place) in &places.pictures {
        let (words, style) = caption(state, slot);
        text::line(buffer, place.x, place.y - 1, place.width, &words, style);
        match (cells(state, slot, *place), slot) {
            (Some(cells), _) => heatmap::cells(buffer, *place, cells),
            (None, Slot::Made(job, _)) => {
                let runs = state.jobs.running.as_ref().is_some_and(|doing| doing.job == *job);
                let next = state.rebuild_now().as_ref() == Some(job);
                let words = match (runs, next) {
                    (true, _) => "running …",
                    (false, true) => "press Enter to run it",
                    (false, false) => "",
                };
                let y = place.y + place.height / 2;
                text::line(buffer, place.x, y, place.width, words, theme::DIM);
            }
            _ => {}
        }
    }
    words(state, places.words, buffer);
}

/// What stands above a picture.
fn caption(state: &State, slot: &Slot) -> (String, Style) {
    match slot {
        Slot::Photo => ("photo".to_string(), theme::DIM),
        Slot::Difference(_) => ("minus the photo".to_string(), theme::DIM),
        Slot::Made(job, _) if state.rebuild.what == What::InvertStages => {
            let layer = slot.inverted().and_then(|id| state.layers().get(id.0));
            let name = layer.map_or("", |layer| layer.name.as_str());
            let similarity = rebuilt(state, job).and_then(|of| of.similarity);
            let similarity =
                similarity.map_or(String::new(), |similarity| format!(" {similarity:.2}"));
            (format!("{name}{similarity}"), theme::ACCENT)
        }
        Slot::Made(job, at) => {
            let variants = rebuilt(state, job).and_then(|of| of.variants.as_ref());
            let reached = variants.and_then(|variants| variants.reached.get(*at));
            let words = match reached {
                Some(reached) => format!("reached {}", significant(*reached as f32)),
                None => state.rebuild.what.name().to_string(),
            };
            (words, theme::ACCENT)
        }
    }
}

fn rebuilt<'s>(state: &'s State, job: &Job) -> Option<&'s Rebuilt> {
    match &state.found(job)?.what {
        Finding::Rebuilt(made) => Some(&made.of),
        _ => None,
    }
}

/// How far it is, the curves, and how good it is.
fn words(state: &State, area: Rect, buffer: &mut Buffer) {
    if state.rebuild.what == What::InvertStages {
        return stages(state, area, buffer);
    }
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
    let runs = state.jobs.running.as_ref().is_some_and(|doing| doing.job == job);
    let mut lines = vec![(progress(state, found, of, runs), theme::PLAIN)];
    let room = usize::from(area.width.saturating_sub(21));
    let numbers: Vec<f32> = of.curve.iter().map(|(loss, _)| *loss).collect();
    let second: Vec<f32> = of.curve.iter().map(|(_, value)| *value).collect();
    match (of.error, of.reached) {
        (Some(error), _) => {
            lines.push((curve("loss", of.loss, &logs(&numbers), room), theme::BAR));
            lines.push((curve("feature error", error, &logs(&second), room), theme::BAR));
            if let Some(similarity) = of.similarity {
                let words = curve("SSIM", similarity, &of.similarities, room);
                lines.push((words, theme::BAR));
            }
        }
        (None, Some(reached)) => {
            lines.push((curve("reached", reached, &second, room), theme::BAR));
            if let Some(photo) = photo {
                let line = format!("the photo itself has {}", significant(*photo as f32));
                lines.push((line, theme::DIM));
            }
            if let Some(variants) = &of.variants {
                let line = format!("likeness of the textures {:.2}", variants.likeness);
                lines.push((line, theme::DIM));
            }
        }
        (None, None) => {}
    }
    for (i, (line, style)) in lines.iter().enumerate().take(usize::from(area.height)) {
        text::line(buffer, area.x, area.y + i as u16, area.width, line, *style);
    }
}

/// A row for each stage: what it keeps of the photo.
fn stages(state: &State, area: Rect, buffer: &mut Buffer) {
    let row = |job: Job| {
        let slot = Slot::Made(job.clone(), 0);
        let layer = slot.inverted().and_then(|id| state.layers().get(id.0))?;
        let (words, style) = match rebuilt(state, &job) {
            Some(of) => {
                let error = of.error.map_or(String::new(), |error| significant(error as f32));
                let done = match of.iteration < of.iterations {
                    true => format!(" · iteration {} of {}", of.iteration, of.iterations),
                    false => String::new(),
                };
                // A picture smaller than a window has no similarity.
                let similarity = of.similarity.map_or(String::new(), |similarity| {
                    format!("SSIM {similarity:.2} {} ", bar(similarity as f32, STAGE_BAR))
                });
                (format!("{similarity}feature error {error}{done}"), theme::PLAIN)
            }
            None => ("not run".to_string(), theme::DIM),
        };
        Some((format!("{:<18} {words}", layer.name), style))
    };
    let rows = state.rebuild_jobs().into_iter().filter_map(row);
    for (i, (line, style)) in rows.enumerate().take(usize::from(area.height)) {
        text::line(buffer, area.x, area.y + i as u16, area.width, &line, style);
    }
}

fn progress(state: &State, found: &Found, of: &Rebuilt, runs: bool) -> String {
    let (done, total) = (of.iteration, of.iterations);
    let how = if found.complete {
        format!("{total} iterations, {:.1} s", found.seconds)
    } else if runs {
        format!("iteration {done} of {total}")
    } else {
        format!("stopped at {done} of {total}; press Enter to continue")
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
