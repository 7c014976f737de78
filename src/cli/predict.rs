//! `convscope predict`: what is on the photos, and how often that is right.

use std::path::Path;

use anyhow::{Result, bail};
use serde::Serialize;

use super::args::{Flags, PredictArgs};
use super::context::{Context, Keep};
use super::failure;
use super::output::{self, shown};
use super::truth::{Score, Truth, folder_classes};
use crate::base::{bar, columns, count, fit, pad_end, percent};
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
    probability: f32,
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
        failure::say(&format!(
            "the classes have no names: taken from the {} folders in {}, in alphabetical order as ImageFolder numbers \
             them; --labels FILE names them otherwise",
            classes.len(),
            shown(root)
        ));
    }
    let classes = folders.as_ref().map_or(&network.classes, |(classes, _)| classes);
    let truth = Truth::new(classes, &args.photos);
    let mut score = Score::default();
    let mut printed = 0;
    let batch = context.run_finite(&network, &args.photos, |path, outcome, bar| {
        if let Some(classes) = truth.of(path) {
            score.count(classes, &outcome.ranked);
        }
        let top = outcome.ranked.get(..args.top).unwrap_or(&outcome.ranked);
        let text = if args.json {
            let before = if printed == 0 { "{\"photos\":[\n" } else { ",\n" };
            format!("{before}{}", output::json(&photo(path, top, classes))?)
        } else {
            human(path, top, classes)
        };
        printed += 1;
        Ok(bar.aside(|| output::print(&text))?)
    })?;
    let text = if args.json { json_end(printed, &score)? } else { human_end(&score, &network) };
    output::print(&text)?;
    let outside = printed - score.judged;
    if score.judged > 0 && outside > 0 {
        failure::say(&format!("{} in no class folder not judged", count(outside, "photo")));
    }
    batch.finish()
}

fn photo<'a>(path: &Path, top: &[(usize, f32)], labels: &'a [ClassLabel]) -> Photo<'a> {
    let guess = |(index, probability): &(usize, f32)| Guess {
        index: *index,
        label: name(labels, *index),
        probability: *probability,
    };
    Photo { path: path.to_string_lossy().into_owned(), top: top.iter().map(guess).collect() }
}

fn name(labels: &[ClassLabel], index: usize) -> &str {
    labels.get(index).map_or("", |label| &label.name)
}

fn json_end(printed: usize, score: &Score) -> Result<String> {
    let open = if printed == 0 { "{\"photos\":[" } else { "\n" };
    let accuracy = match score.accuracy(score.top1) {
        Some(accuracy) => format!(",\"accuracy\":{}", output::json(&accuracy)?),
        None => String::new(),
    };
    Ok(format!("{open}]{accuracy}}}\n"))
}

/// One guess stands on the photo's line; several stand below it, with bars.
fn human(path: &Path, top: &[(usize, f32)], labels: &[ClassLabel]) -> String {
    if let [(index, probability)] = top {
        return format!(
            "{:>5}  {}  {}\n",
            percent(*probability),
            fit(name(labels, *index), NAME),
            shown(path)
        );
    }
    let shown_name = |index: usize| fit(name(labels, index), NAME);
    let width = top.iter().map(|(index, _)| columns(&shown_name(*index))).max().unwrap_or(0);
    let mut text = format!("{}\n", shown(path));
    for (index, probability) in top {
        let label = pad_end(&shown_name(*index), width);
        let bar = bar(*probability, BAR);
        let line = format!("  {:>5}  {label}  {bar}", percent(*probability));
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
