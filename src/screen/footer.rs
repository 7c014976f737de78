//! The last row: what the keys do here, or the last message; at the right, what runs.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::{text, theme};
use crate::base::{Rect, short_bytes};
use crate::explorer::{Doing, LaneName, Pane, State, Work, job_name};

/// The commands worth a hint in each pane, with a short word.
const IN_VIEW: [(&str, &str); 8] = [
    ("previous-layer next-layer", "layer"),
    ("open", "open"),
    ("sort", "sort"),
    ("combine", "combine"),
    ("colormap", "colours"),
    ("find-layer", "find"),
    ("command", "command"),
    ("help", "keys"),
];
const IN_EXPLAIN: [(&str, &str); 7] = [
    ("up down", "class"),
    ("left right", "method"),
    ("previous-layer next-layer", "layer"),
    ("judge", "judge"),
    ("compare", "compare"),
    ("class", "find"),
    ("help", "keys"),
];
const IN_REBUILD: [(&str, &str); 6] = [
    ("left right", "what"),
    ("up down", "channel"),
    ("previous-layer next-layer", "layer"),
    ("open", "make"),
    ("pause", "pause"),
    ("help", "keys"),
];
const IN_LAYERS: [(&str, &str); 5] = [
    ("left right", "fold"),
    ("open", "open"),
    ("next-pane", "view"),
    ("find-layer", "find"),
    ("help", "keys"),
];

/// Draws the row.
pub fn draw(state: &State, rect: Rect, buffer: &mut Buffer) {
    let work = match (&state.waiting.progress, &state.jobs.running) {
        (Some(work), _) => describe(*work, None),
        (None, Some(doing)) => describe(doing.work, Some(doing)),
        (None, None) => String::new(),
    };
    let room = rect.width.saturating_sub(text::columns(&work).saturating_add(2));
    text::right(buffer, rect, rect.y, &work, theme::ACCENT);
    if let Some(message) = &state.message {
        let style = if message.error { theme::ERROR } else { theme::PLAIN };
        return say(&message.text, rect, room.saturating_sub(1), style, buffer);
    }
    let hints: &[(&str, &str)] = match state.cursor.pane {
        Pane::View if state.explains() => &IN_EXPLAIN,
        Pane::View if state.rebuilds() => &IN_REBUILD,
        Pane::View => &IN_VIEW,
        Pane::Layers => &IN_LAYERS,
    };
    let mut x = rect.x + 1;
    let keys = move_keys(state);
    let own = state.explains() || state.rebuilds();
    let moving = (!own || state.cursor.pane == Pane::Layers).then_some((keys, "move"));
    for (key, word) in moving
        .into_iter()
        .chain(hints.iter().map(|(commands, word)| (first_keys(state, commands), *word)))
    {
        let wide = text::columns(&key) + text::columns(word) + 3;
        if key.is_empty() || x + wide > rect.x + room {
            continue;
        }
        let parts = [(key.as_str(), theme::ACCENT), (" ", theme::DIM), (word, theme::DIM)];
        x += text::spans(buffer, x, rect.y, wide, &parts) + 2;
    }
}

/// A message; what does not fit the row stands above it, over the panes, so that no sentence is cut.
fn say(words: &str, rect: Rect, room: u16, style: Style, buffer: &mut Buffer) {
    let lines = text::wrapped(words, usize::from(room));
    let above = (lines.len() as u16).saturating_sub(1).min(rect.y.saturating_sub(1));
    for (i, line) in lines.iter().take(usize::from(above) + 1).enumerate() {
        let y = rect.y - above + i as u16;
        if i < usize::from(above) {
            let blank = " ".repeat(usize::from(rect.width));
            text::line(buffer, rect.x, y, rect.width, &blank, theme::PLAIN);
        }
        text::line(buffer, rect.x + 1, y, room, line, style);
    }
}

fn move_keys(state: &State) -> String {
    let keys = ["left", "down", "up", "right"].map(|c| first_keys(state, c));
    if keys.iter().all(|k| k.chars().count() == 1) { keys.concat() } else { keys.join(" ") }
}

/// The first key of each command; nothing when one of them has none.
fn first_keys(state: &State, commands: &str) -> String {
    let first = |c: &str| state.setup.keys.keys_of(c).first().map(ToString::to_string);
    let keys: Option<Vec<String>> = commands.split(' ').map(first).collect();
    keys.unwrap_or_default().join(" ")
}

/// `⠹ fetching 45.1 MB of 97.8 MB · 3.2 MB/s · 16 s left`.
fn fetching(spinner: &str, work: Work) -> String {
    let (done, total) = (short_bytes(work.done as u64), short_bytes(work.total as u64));
    let seconds = work.elapsed.as_secs_f64().max(0.001);
    let rate = work.done as f64 / seconds;
    let left = work.total.saturating_sub(work.done) as f64 / rate.max(1.0);
    format!(
        "{spinner} fetching {done} of {total} · {}/s · {left:.0} s left ",
        short_bytes(rate as u64)
    )
}

/// `⠹ forward 12/50 · 1.2 s left`.
fn describe(work: Work, doing: Option<&Doing>) -> String {
    const SPINNER: [&str; 8] = ["⠋", "⠙", "⠸", "⠴", "⠦", "⠇", "⠏", "⠛"];
    let spinner = SPINNER[(work.elapsed.as_millis() / 100) as usize % SPINNER.len()];
    if let Some(Doing { job, paused: true, .. }) = doing {
        return format!("{} rests at {}/{} ", job_name(job), work.done, work.total);
    }
    let name = match work.lane {
        LaneName::Run => "forward",
        LaneName::Job => doing.map_or("work", |doing| job_name(&doing.job)),
        LaneName::Transfer => "reading",
        LaneName::View => "drawing",
    };
    if work.total == 0 || work.done == 0 {
        return format!("{spinner} {name} ");
    }
    if work.lane == LaneName::Transfer {
        return fetching(spinner, work);
    }
    let steps = work.total.saturating_sub(work.done);
    let left = work.elapsed.as_secs_f64() * steps as f64 / work.done as f64;
    format!("{spinner} {name} {}/{} · {left:.1} s left ", work.done, work.total)
}
