//! `convscope judge`: how faithful an explanation is.

use anyhow::Result;
use serde::Serialize;

use super::args::{Flags, JudgeArgs};
use super::context::{Context, Keep, finite};
use super::output;
use super::report::Head;
use super::table::{Align, Table};
use super::target::{self, Place};
use super::unused::check_method;
use crate::base::Choice;
use crate::session::ask::*;

#[derive(Serialize)]
struct Report<'a> {
    method: &'a str,
    target: String,
    /// What the curves are of.
    answer: &'static str,
    deletion: Option<CurveReport<'a>>,
    insertion: Option<CurveReport<'a>>,
    random_deletion: Option<CurveReport<'a>>,
    road: Option<RoadReport<'a>>,
    randomization: Vec<StageReport<'a>>,
    seconds: f64,
}

#[derive(Serialize)]
struct CurveReport<'a> {
    area: f64,
    points: &'a [f32],
}

#[derive(Serialize)]
struct RoadReport<'a> {
    score: f64,
    most: &'a [f64],
    least: &'a [f64],
}

#[derive(Serialize)]
struct StageReport<'a> {
    down_to: &'a str,
    correlation: f64,
}

/// Runs the command.
pub(super) fn run(flags: &Flags, args: &JudgeArgs) -> Result<()> {
    let method = target::method(args.target.method.as_deref(), Place::default())?.method;
    check_method(method, &args.effort)?;
    let context = Context::open(flags, Keep::Newest)?;
    let network = context.network()?;
    let outcome = context.run_one(&network, &args.photo.path)?;
    finite(&outcome)?;
    let known = (network.as_ref(), outcome.as_ref());
    let question =
        target::question(&context, known, method, &args.target, Place::default(), &args.effort)?;
    let found = context.work(&Judge(Explain { run: outcome.run, method, question }))?;
    let of = &found.what;
    of.warnings.iter().for_each(|text| context.notes.warn(text));
    of.notes.iter().for_each(|text| context.notes.keep(text));
    context.notes.say();
    let words = target::words(question.target, &network);
    let text = if args.report.json {
        let report = Report {
            method: method.name(),
            target: words,
            answer: network.outputs.name(),
            deletion: of.deletion.as_ref().map(curve),
            insertion: of.insertion.as_ref().map(curve),
            random_deletion: of.random.as_ref().map(curve),
            road: of.road.as_ref().map(road),
            randomization: of.redrawn.iter().map(stage).collect(),
            seconds: found.seconds,
        };
        Head::of(&context, &network, Some(&args.photo.path))?.with(report)?
    } else {
        format!("{} · {words}\n\n{}", method.name(), human(of, network.outputs.noun()))
    };
    Ok(output::print(&text)?)
}

fn curve(of: &Curve) -> CurveReport<'_> {
    CurveReport { area: of.area, points: &of.points }
}

fn road(of: &Road) -> RoadReport<'_> {
    RoadReport { score: of.score, most: &of.most, least: &of.least }
}

fn stage(of: &Redrawn) -> StageReport<'_> {
    StageReport { down_to: &of.stage, correlation: of.correlation }
}

/// The table; `score` is what the curves are of.
fn human(of: &Judgement, score: &str) -> String {
    let mut table =
        Table::new(&[("", Align::Left), ("score", Align::Right), ("what it means", Align::Left)]);
    let area =
        |of: &Option<Curve>| of.as_ref().map_or(String::new(), |of| format!("{:.3}", of.area));
    let random = area(&of.random);
    let row = |name: &str, score: String, words: &str| [name.to_string(), score, words.to_string()];
    table.row(row(
        "deletion",
        area(&of.deletion),
        &format!(
            "{score} AUC as the top pixels are removed; lower is better (random order: {random})"
        ),
    ));
    table.row(row(
        "insertion",
        area(&of.insertion),
        &format!("{score} AUC as the top pixels are added to a blurred photo; higher is better"),
    ));
    let road = of.road.as_ref().map_or(String::new(), |of| format!("{:.3}", of.score));
    let words = "logit drop of the most minus the least important pixels; higher is better";
    table.row(row("ROAD", road, words));
    table.rule();
    for Redrawn { stage, correlation } in &of.redrawn {
        table.row(row(
            &format!("random weights down to {stage}"),
            format!("{correlation:+.2}"),
            "rank correlation with the original map; near 0 is better",
        ));
    }
    let notes: String = of.notes.iter().map(|note| format!("{note}\n")).collect();
    table.text() + &notes
}
