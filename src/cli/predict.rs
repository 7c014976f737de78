//! `convscope predict`: what is on the photos, and how often that is right.

use std::path::Path;

use anyhow::{Result, bail};
use serde::Serialize;

use super::args::{Flags, PredictArgs};
use super::context::{Context, Keep, finite};
use super::output::{self, shown};
use super::photos::Photos;
use super::report::{Head, PhotoList};
use super::truth::{Score, Scores, Truth, folder_classes};
use crate::base::{Choice, OutputFunction, bar, columns, count, fit, pad_end, pad_start};
use crate::session::ask::{ClassLabel, NetworkInfo};

/// Columns of a bar at probability 1.
const BAR: usize = 24;
/// Most columns of a class's name.
const NAME: usize = 60;

#[derive(Serialize)]
struct Photo<'a> {
    path: String,
    /// The classes that the folder stands for.
    truth: Option<&'a [usize]>,
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
struct End<'a> {
    judged: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    accuracy: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accuracy_top5: Option<f64>,
    classes: Vec<ClassReport<'a>>,
    answer: &'static str,
}

/// A class that photos belong to by their folders.
#[derive(Serialize)]
struct ClassReport<'a> {
    index: usize,
    label: &'a str,
    photos: usize,
    top1: usize,
    top5: usize,
}

/// Runs the command. Each photo is printed when it is done, so that memory does not grow with their
/// number.
pub(super) fn run(flags: &Flags, args: &PredictArgs) -> Result<()> {
    let photos = Photos::find(&args.photos.paths)?;
    let context = Context::open(flags, Keep::Newest)?;
    let network = context.network()?;
    if network.classes.is_empty() {
        bail!("{}: has no classes, it cannot predict", network.source);
    }
    let folders = folder_classes(&network.classes, &args.photos.paths);
    if let Some((classes, root)) = &folders {
        context.notes.warn(&format!(
            "the classes have no names: using the {} folder names in {}, in alphabetical order as ImageFolder numbers \
             them; --labels FILE names them otherwise",
            classes.len(),
            shown(root)
        ));
        context.notes.say();
    }
    let outputs = network.outputs;
    let classes = folders.as_ref().map_or(&network.classes, |(classes, _)| classes);
    let truth = Truth::new(classes, &args.photos.paths);
    let mut scores = Scores::default();
    let mut list = PhotoList::default();
    let (mut printed, mut in_class_folders) = (0, 0);
    let batch = context.run_each(&network, &photos, finite, |place, outcome, (), bar| {
        let path = photos.all.get(place).map_or(Path::new(""), |photo| &photo.path);
        let truth = truth.of(path);
        if let Some(classes) = truth {
            in_class_folders += 1;
            if names_a_class(&network) {
                scores.count(classes, &outcome.ranked);
            }
        }
        let top = outcome.ranked.get(..args.top).unwrap_or(&outcome.ranked);
        let text = if args.report.json {
            list.entry(&photo(path, truth, top, (classes, outputs)))?
        } else {
            human(path, top, classes, outputs)
        };
        printed += 1;
        Ok(bar.aside(|| output::print(&text))?)
    })?;
    let outside = printed - in_class_folders;
    if in_class_folders > 0 && !names_a_class(&network) {
        context.notes.warn(NOT_SCORED);
    } else if in_class_folders > 0 && outside > 0 {
        let photos = count(outside, "photo");
        context.notes.warn(&format!("{photos} not scored: the folder is not one of the classes"));
    }
    let text = if args.report.json {
        list.end(Head::of(&context, &network, None)?, end(&scores, classes, outputs))?
    } else {
        human_end(&scores.all, &network)
    };
    output::print(&text)?;
    context.notes.say();
    batch.finish()
}

/// Why class folders give no accuracy.
const NOT_SCORED: &str = "class folders are not scored: a network with a single output, or with regression outputs, \
     does not choose a class";

/// Whether the likeliest class can be right or wrong. A single output is always the first of one.
fn names_a_class(network: &NetworkInfo) -> bool {
    network.outputs.is_probability() && network.classes.len() > 1
}

fn photo<'a>(
    path: &Path,
    truth: Option<&'a [usize]>,
    top: &[(usize, f32)],
    (labels, outputs): (&'a [ClassLabel], OutputFunction),
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
    let path = path.to_string_lossy().into_owned();
    Photo { path, truth, top: top.iter().map(guess).collect() }
}

fn end<'a>(scores: &Scores, labels: &'a [ClassLabel], outputs: OutputFunction) -> End<'a> {
    let class = |(index, of): (&usize, &Score)| ClassReport {
        index: *index,
        label: name(labels, *index),
        photos: of.judged,
        top1: of.top1,
        top5: of.top5,
    };
    End {
        judged: scores.all.judged,
        accuracy: scores.all.accuracy(scores.all.top1),
        accuracy_top5: scores.all.accuracy(scores.all.top5),
        classes: scores.classes.iter().map(class).collect(),
        answer: outputs.name(),
    }
}

fn name(labels: &[ClassLabel], index: usize) -> &str {
    labels.get(index).map_or("", |label| &label.name)
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
