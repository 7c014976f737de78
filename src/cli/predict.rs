//! `convscope predict`: what is on the photos, and how often that is right.

use std::path::Path;

use anyhow::{Result, bail};
use serde::Serialize;

use super::args::{Flags, PredictArgs};
use super::context::{Context, Keep};
use super::output::{self, shown};
use super::report::Head;
use super::truth::{Score, Truth, folder_classes};
use crate::base::{Choice, OutputFunction, bar, columns, count, fit, pad_end, pad_start};
use crate::session::ask::{ClassLabel, NetworkInfo};

/// Columns of a bar at probability 1.
const BAR: usize = 24;
/// Most columns of a class's name.
const NAME: usize = 60;

#[derive(Serialize)]
struct Photo<'a> {
    path: String,
    top: Vec<Guess<'a>>,
}

#[derive(Serialize)]
struct Guess<'a> {
    index: usize,
    label: &'a str,
    #[serde(flatten)]
    score: ScoreReport,
}

/// The key says what the number is.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum ScoreReport {
    Probability(f32),
    Value(f32),
}

/// What follows the photos.
#[derive(Serialize)]
struct End {
    #[serde(skip_serializing_if = "Option::is_none")]
    accuracy: Option<f64>,
    answer: &'static str,
}

/// Runs the command. Each photo is printed when it is done, so that memory does not grow with their
/// number.
pub(super) fn run(flags: &Flags, args: &PredictArgs) -> Result<()> {
    let context = Context::open(flags, Keep::Newest)?;
    let network = context.network()?;
    if network.classes.is_empty() {
        bail!("{}: has no classes, it cannot predict", network.source);
    }
    let folders = folder_classes(&network.classes, &args.photos);
    if let Some((classes, root)) = &folders {
        context.notes.warn(&format!(
            "the classes have no names: taken from the {} folders in {}, in alphabetical order as ImageFolder numbers \
             them; --labels FILE names them otherwise",
            classes.len(),
            shown(root)
        ));
        context.notes.say();
    }
    let outputs = network.outputs;
    let classes = folders.as_ref().map_or(&network.classes, |(classes, _)| classes);
    let truth = Truth::new(classes, &args.photos);
    let mut score = Score::default();
    let (mut printed, mut in_class_folders) = (0, 0);
    let batch = context.run_finite(&network, &args.photos, |path, outcome, bar| {
        if let Some(classes) = truth.of(path) {
            in_class_folders += 1;
            if names_a_class(&network) {
                score.count(classes, &outcome.ranked);
            }
        }
        let top = outcome.ranked.get(..args.top).unwrap_or(&outcome.ranked);
        let text = if args.json {
            let before = if printed == 0 { "{\"photos\":[\n" } else { ",\n" };
            format!("{before}{}", output::json(&photo(path, top, classes, outputs))?)
        } else {
            human(path, top, classes, outputs)
        };
        printed += 1;
        Ok(bar.aside(|| output::print(&text))?)
    })?;
    let outside = printed - in_class_folders;
    if in_class_folders > 0 && !names_a_class(&network) {
        context.notes.warn(NOT_JUDGED);
    } else if in_class_folders > 0 && outside > 0 {
        let photos = count(outside, "photo");
        context.notes.warn(&format!("{photos} in no class folder not judged"));
    }
    let text = if args.json {
        json_end(Head::of(&context, &network, None)?, printed, &score, network.outputs)?
    } else {
        human_end(&score, &network)
    };
    output::print(&text)?;
    context.notes.say();
    batch.finish()
}

/// Why class folders give no accuracy.
const NOT_JUDGED: &str = "class folders are not judged: a network with a single output, or with numbers for outputs, \
     names no class";

/// Whether the likeliest class can be right or wrong. A single output is always the first of one.
fn names_a_class(network: &NetworkInfo) -> bool {
    network.outputs.is_probability() && network.classes.len() > 1
}

fn photo<'a>(
    path: &Path,
    top: &[(usize, f32)],
    labels: &'a [ClassLabel],
    outputs: OutputFunction,
) -> Photo<'a> {
    let score = |score| match outputs.is_probability() {
        true => ScoreReport::Probability(score),
        false => ScoreReport::Value(score),
    };
    let guess = |(index, of): &(usize, f32)| Guess {
        index: *index,
        label: name(labels, *index),
        score: score(*of),
    };
    Photo { path: path.to_string_lossy().into_owned(), top: top.iter().map(guess).collect() }
}

fn name(labels: &[ClassLabel], index: usize) -> &str {
    labels.get(index).map_or("", |label| &label.name)
}

/// The rest of the object, whose first field is the list of photos.
fn json_end(head: Head, printed: usize, score: &Score, outputs: OutputFunction) -> Result<String> {
    let open = if printed == 0 { "{\"photos\":[" } else { "\n" };
    let end = End { accuracy: score.accuracy(score.top1), answer: outputs.name() };
    let rest = head.without_photo().with(end)?;
    Ok(format!("{open}],{}", rest.trim_start_matches('{')))
}

/// One guess stands on the photo's line; several stand below it, with bars where they are probabilities.
fn human(
    path: &Path,
    top: &[(usize, f32)],
    labels: &[ClassLabel],
    outputs: OutputFunction,
) -> String {
    if let [(index, score)] = top {
        return format!(
            "{:>5}  {}  {}\n",
            outputs.show(*score),
            fit(name(labels, *index), NAME),
            shown(path)
        );
    }
    let shown_name = |index: usize| fit(name(labels, index), NAME);
    let width = top.iter().map(|(index, _)| columns(&shown_name(*index))).max().unwrap_or(0);
    let numbers: Vec<String> = top.iter().map(|(_, score)| outputs.show(*score)).collect();
    let digits = numbers.iter().map(|number| columns(number)).max().unwrap_or(0).max(5);
    let mut text = format!("{}\n", shown(path));
    for ((index, score), number) in top.iter().zip(numbers) {
        let (number, label) = (pad_start(&number, digits), pad_end(&shown_name(*index), width));
        let bar = if outputs.is_probability() { bar(*score, BAR) } else { String::new() };
        let line = format!("  {number}  {label}  {bar}");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn human_end(score: &Score, network: &NetworkInfo) -> String {
    let Some(top1) = score.accuracy(score.top1) else { return String::new() };
    let mut text =
        format!("\naccuracy  top 1  {:.2} %  {} of {}\n", 100.0 * top1, score.top1, score.judged);
    // Among five classes or fewer, the right one is always within five.
    if let (Some(top5), true) = (score.accuracy(score.top5), network.classes.len() > 5) {
        text += &format!(
            "          top 5  {:.2} %  {} of {}\n",
            100.0 * top5,
            score.top5,
            score.judged
        );
    }
    text + &format!("          {} · {}\n", network.name, network.recipe)
}
