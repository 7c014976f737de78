//! The Explain view: pictures with captions, what is known about them, and the judgement.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::{heatmap, text, theme};
use crate::base::{OutputFunction, Rect, significant};
use crate::explorer::views::explain::{Places, Slot, cells, places};
use crate::explorer::{Curve, Finding, Found, Job, Judgement, Kind, Layout, Pane, State, Target};

/// Draws the view.
pub fn draw(state: &State, layout: &Layout, buffer: &mut Buffer) {
    let rect = layout.view;
    let focused = state.cursor.pane == Pane::View && state.overlay.is_none();
    text::pane(buffer, rect, &title(state), focused);
    let (Some(places), true) = (places(state), state.run().is_some()) else {
        return super::maps::waiting(state, rect, buffer);
    };
    for (slot, place) in &places.pictures {
        caption(state, *slot, *place, buffer);
        match cells(state, *slot, *place) {
            Some(known) => heatmap::cells(buffer, *place, known),
            None => nothing_yet(state, *slot, *place, buffer),
        }
    }
    let look = &state.display.look;
    let (colormap, ends) = match state.explain.method.kind() {
        Kind::Map => (look.colormap, ("none", "most")),
        Kind::Gradient => (look.colormap, ("weak", "strong")),
        Kind::Share => (look.signed_colormap, ("against", "for")),
    };
    heatmap::bar(buffer, rect, colormap, ends);
    words(state, &places, buffer);
}

/// `grad-cam · tabby (281) · layer4.2.relu_2`.
fn title(state: &State) -> String {
    let method = state.explain.method;
    let mut parts = vec![method.name().to_string(), state.target_words()];
    if let Some(layer) = state.layer_info().filter(|_| method.takes_layer()) {
        parts.push(format!("{} {}x{}", layer.name, layer.shape.h, layer.shape.w));
    }
    parts.join(" · ")
}

fn caption(state: &State, slot: Slot, place: Rect, buffer: &mut Buffer) {
    let (words, style) = match slot {
        Slot::Photo => ("photo".to_string(), theme::DIM),
        Slot::Map(of) => (of.method.name().to_string(), theme::ACCENT),
        Slot::Overlay(of) => (
            format!("{} over the photo, {} %", of.method.name(), state.explain.opacity),
            theme::DIM,
        ),
    };
    text::line(buffer, place.x, place.y - 1, place.width, &words, style);
}

/// What stands in a place before there is a picture.
fn nothing_yet(state: &State, slot: Slot, place: Rect, buffer: &mut Buffer) {
    let (Slot::Map(of) | Slot::Overlay(of)) = slot else { return };
    let job = Job::Explain(of);
    let words = if state.is_refused(&job) {
        "not available: it failed".to_string()
    } else if state.is_quick(&of) || state.is_there(&job) {
        "…".to_string()
    } else if state.jobs.running.as_ref().is_some_and(|doing| doing.job == job) {
        "running …".to_string()
    } else {
        let passes = state.passes(&of);
        format!("press Enter to run it: {} passes", passes.forward + passes.backward)
    };
    for (i, line) in text::wrapped(&words, usize::from(place.width)).iter().enumerate() {
        let y = place.y + place.height / 2 + i as u16;
        if y < place.y + place.height {
            text::line(buffer, place.x, y, place.width, line, theme::DIM);
        }
    }
}

/// The number that is explained, what the method says about itself, and how true it is.
fn words(state: &State, places: &Places, buffer: &mut Buffer) {
    let area = places.words;
    let mut lines: Vec<(String, Style)> = Vec::new();
    let Some(asked) = state.explain_now() else {
        let words = "this network has no classes: press w on a map to explain its channel";
        text::line(buffer, area.x, area.y, area.width, words, theme::DIM);
        return;
    };
    if let Some(found) = state.found(&Job::Explain(asked))
        && let Finding::Explanation(of) = &found.what
    {
        let progress = progress(found);
        let value = significant(of.value as f32);
        let what = match asked.question.target {
            Target::Class(_) => "logit of ",
            Target::Channel { .. } => "sum of ",
            Target::Unit { .. } => "value of ",
        };
        let words = format!("{what}{} = {value}{progress}", state.target_words());
        lines.push((words, theme::PLAIN));
        let warnings = of.attribution.warnings.iter();
        lines.extend(warnings.map(|warning| (warning.clone(), theme::ERROR)));
        lines.extend(of.attribution.notes.iter().map(|note| (note.clone(), theme::DIM)));
    }
    if let Some(agreement) = state.agreement() {
        let words = format!(
            "agreement: rank correlation {:+.2}, top 10 % of pixels overlap {:.0} %",
            agreement.rank_correlation,
            100.0 * agreement.shared_tenth
        );
        lines.push((words, theme::PLAIN));
    }
    if let Some((_, judgement)) = state.judgement().filter(|_| state.explain.judged) {
        let outputs = state.shown.network.as_ref().map_or(OutputFunction::Softmax, |n| n.outputs);
        lines.extend(judged(judgement, outputs, usize::from(area.width)));
    } else {
        lines.push((asked.method.doc().to_string(), theme::DIM));
    }
    let mut y = area.y;
    for (words, style) in lines {
        for line in text::wrapped(&words, usize::from(area.width)) {
            if y >= area.y + area.height {
                return;
            }
            text::line(buffer, area.x, y, area.width, &line, style);
            y += 1;
        }
    }
}

/// ` · 12 of 64` while there is more to come.
fn progress(found: &Found) -> String {
    let (done, total) = found.steps;
    if found.complete {
        format!(" · {:.1} s", found.seconds)
    } else {
        format!(" · {done} of {total}")
    }
}

/// The judgement in four rows: score, curve, and what is good.
fn judged(of: &Judgement, outputs: OutputFunction, width: usize) -> Vec<(String, Style)> {
    let room = (width / 3).clamp(8, 40);
    let ends = ends(of, outputs);
    let row = |name: &str, score: Option<f64>, curve: Option<&Curve>, words: &str| {
        let score = score.map_or("…".to_string(), |score| format!("{score:.2}"));
        let bars = curve.map_or(String::new(), |curve| bars(&curve.points, ends, room));
        (format!("{name:<10} {score:>6} {bars:<room$} {words}"), theme::PLAIN)
    };
    let area = |curve: &Option<Curve>| curve.as_ref().map(|curve| curve.area);
    let random = area(&of.random).map_or(String::new(), |area| format!("; random order {area:.2}"));
    let mut lines = vec![
        row(
            "deletion",
            area(&of.deletion),
            of.deletion.as_ref(),
            &format!("lower is better{random}"),
        ),
        row("insertion", area(&of.insertion), of.insertion.as_ref(), "higher is better"),
        row("ROAD", of.road.as_ref().map(|road| road.score), None, "higher is better"),
    ];
    let stages: Vec<String> =
        of.redrawn.iter().map(|r| format!("{} {:+.2}", r.stage, r.correlation)).collect();
    let stages = if stages.is_empty() { "…".to_string() } else { stages.join(", ") };
    lines.push((
        format!("correlation after randomizing down to: {stages}; near 0 is better"),
        theme::PLAIN,
    ));
    lines.extend(of.notes.iter().map(|note| (note.clone(), theme::DIM)));
    lines
}

/// What the lowest and the highest bars of all curves stand for: 0 and 1 of probabilities, else the least and the largest
/// number.
fn ends(of: &Judgement, outputs: OutputFunction) -> (f32, f32) {
    if outputs.is_probability() {
        return (0.0, 1.0);
    }
    let curves = [&of.deletion, &of.insertion].into_iter().flatten();
    let points = curves.flat_map(|curve| curve.points.iter().copied());
    points.fold((0.0, 0.0), |(low, high): (f32, f32), point| (low.min(point), high.max(point)))
}

/// A curve as so many bars.
fn bars(points: &[f32], (low, high): (f32, f32), room: usize) -> String {
    const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let span = if high > low { high - low } else { 1.0 };
    let at = |i: usize| points.get(i * points.len() / room.max(1)).copied().unwrap_or(low);
    let height = |i: usize| (((at(i) - low) / span * 8.0).round() as usize).min(8);
    (0..room).map(|i| EIGHTHS[height(i)]).collect()
}
