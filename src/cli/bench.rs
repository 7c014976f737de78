//! `convscope bench`: how long the passes of a network take on this machine.

use anyhow::{Result, bail};
use serde::Serialize;

use super::args::{BenchArgs, Flags};
use super::context::{Context, Keep};
use super::output;
use super::photos::photo_at;
use super::progress::Bar;
use super::report::Head;
use super::table::{Align, Table};
use crate::base::{Choice, Timed, short_bytes};
use crate::session::ask::*;

#[derive(Serialize)]
struct Report {
    runs: Vec<WorkReport>,
}

/// One kind of work.
#[derive(Serialize)]
struct WorkReport {
    work: &'static str,
    min_ms: f64,
    median_ms: f64,
    gflops: f64,
    peak_bytes: Option<u64>,
}

/// Runs the command.
pub(super) fn run(flags: &Flags, args: &BenchArgs) -> Result<()> {
    let context = Context::open(flags, Keep::Newest)?;
    let network = context.network()?;
    let photo = photo_at(&args.photo.path)?;
    let input = context.ask(&request::Input { network: network.id, photo })?;
    input.notes.iter().for_each(|text| context.notes.warn_of(&input.name, text));
    context.notes.say();
    let works = &args.work.0;
    let (mut reports, mut device) = (Vec::new(), String::new());
    for &work in works {
        let bar = Bar::new(0, work.name());
        let request =
            request::Timing { network: network.id, input: input.id, work, runs: args.runs };
        let answer = context.follow(&request, &mut bar.progress());
        drop(bar);
        let timing = match answer {
            Ok(timing) => timing,
            // A network without classes has nothing to explain; the rest can be timed all the same.
            Err(error) if works.len() > 1 && does_not_fit(&error) => {
                context.notes.warn(&format!("{} was left out: {error:#}", work.name()));
                context.notes.say();
                continue;
            }
            Err(error) => return Err(error),
        };
        reports.push(report(work, &timing));
        device = timing.device;
    }
    if reports.is_empty() {
        bail!("nothing could be timed");
    }
    let text = if args.report.json {
        Head::of(&context, &network, Some(&args.photo.path))?.with(Report { runs: reports })?
    } else {
        let head = format!("{} · {} · {}\n\n", network.name, input.shape, device);
        head + &human(&reports)
    };
    Ok(output::print(&text)?)
}

/// Whether the network has no such thing, as against a failure.
fn does_not_fit(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref::<SessionError>(), Some(SessionError::Unknown(_)))
}

fn report(work: Timed, timing: &Timing) -> WorkReport {
    let least = timing.seconds.first().copied().unwrap_or(f64::NAN);
    let median = timing.seconds.get(timing.seconds.len() / 2).copied().unwrap_or(f64::NAN);
    WorkReport {
        work: work.name(),
        min_ms: 1e3 * least,
        median_ms: 1e3 * median,
        gflops: timing.operations as f64 / least / 1e9,
        peak_bytes: timing.peak_bytes,
    }
}

fn human(all: &[WorkReport]) -> String {
    let mut table = Table::new(&[
        ("work", Align::Left),
        ("min ms", Align::Right),
        ("median ms", Align::Right),
        ("GFLOP/s", Align::Right),
        ("memory", Align::Right),
    ]);
    for of in all {
        let memory = of.peak_bytes.map_or(String::new(), short_bytes);
        table.row([
            of.work.to_string(),
            format!("{:.2}", of.min_ms),
            format!("{:.2}", of.median_ms),
            format!("{:.0}", of.gflops),
            memory,
        ]);
    }
    table.text()
}
