//! How far the work in progress is, in words.

use super::jobs::name;
use super::{Doing, State, Work};
use crate::base::short_bytes;
use crate::session::ask::LaneName;

/// What is running, from the most words to the fewest; nothing while nothing runs.
pub(super) fn words(state: &State) -> Vec<String> {
    match (&state.waiting.progress, &state.jobs.running) {
        (Some(work), _) => describe(*work, None),
        (None, Some(doing)) => describe(doing.work, Some(doing)),
        (None, None) => Vec::new(),
    }
}

/// `⠹ forward 12/50 · 1.2 s left`, `⠹ 24 %`.
fn describe(work: Work, doing: Option<&Doing>) -> Vec<String> {
    const SPINNER: [&str; 8] = ["⠋", "⠙", "⠸", "⠴", "⠦", "⠇", "⠏", "⠛"];
    let spinner = SPINNER[(work.elapsed.as_millis() / 100) as usize % SPINNER.len()];
    let (done, total) = (work.done, work.total);
    let share = 100.0 * done as f64 / total.max(1) as f64;
    if let Some(Doing { job, paused: true, .. }) = doing {
        let short = format!("paused {share:.0} %");
        return vec![format!("{} paused at {done}/{total}", name(job)), short];
    }
    let name = match work.lane {
        LaneName::Run => "forward",
        LaneName::Job => doing.map_or("work", |doing| name(&doing.job)),
        LaneName::Transfer => "reading",
        LaneName::View => "drawing",
    };
    if total == 0 || done == 0 {
        return vec![format!("{spinner} {name}"), spinner.to_string()];
    }
    let short = format!("{spinner} {share:.0} %");
    if work.lane == LaneName::Transfer {
        return vec![fetching(spinner, work), short];
    }
    let steps = total.saturating_sub(done);
    let left = work.elapsed.as_secs_f64() * steps as f64 / done as f64;
    vec![format!("{spinner} {name} {done}/{total} · {left:.1} s left"), short]
}

/// `⠹ fetching 45.1 MB of 97.8 MB · 3.2 MB/s · 16 s left`.
fn fetching(spinner: &str, work: Work) -> String {
    let (done, total) = (short_bytes(work.done as u64), short_bytes(work.total as u64));
    let seconds = work.elapsed.as_secs_f64().max(0.001);
    let rate = work.done as f64 / seconds;
    let left = work.total.saturating_sub(work.done) as f64 / rate.max(1.0);
    let rate = short_bytes(rate as u64);
    format!("{spinner} fetching {done} of {total} · {rate}/s · {left:.0} s left")
}
