//! Maximization: how much of a picture's value stays when the picture moves a little.

use std::path::Path;

use convscope::analysis::rebuild::{
    Ascent, Goal, Maximization, Motion, Reach, Rebuilt, Resampling, maximize_with,
};
use convscope::analysis::{Subject, Target, Work};
use convscope::base::{Array, Cancel, Progress, Random};
use convscope::engine::Keep;

use crate::builtin::Builtin;
use crate::look::write;

/// Movements of each picture.
const MOVEMENTS: usize = 32;

/// For some channels of a layer: the value reached, and its share that is left on average after random shifts of up to
/// 4 px, rotations of up to 5 degrees and scales of 0.95 to 1.05.
pub fn table(builtin: &Builtin, name: &str, variants: &[&str], folder: Option<&Path>) {
    let layer = builtin.layer(name);
    let (_, subject) = builtin.subjects().next().unwrap();
    let shape = subject.capture.shape(layer).unwrap();
    let channels: Vec<usize> = (0..8).map(|i| i * shape.c / 8).collect();
    println!("| layer | ascent | reached | left, mean | left, least |");
    println!("|---|---|---|---|---|");
    for variant in variants {
        let ascent = named(variant);
        let mut rows = Vec::new();
        for channel in &channels {
            let target = Target::Channel { layer, channel: *channel };
            let found = made(builtin, &subject, target, &ascent);
            let reached = found.reached.unwrap();
            rows.push((reached, moved(&subject, target, &found.pictures[0]) / reached));
            if let Some(folder) = folder {
                let file = folder.join(format!("{name}-{channel}-{variant}.png"));
                write(&file, &found.pictures[0], builtin);
            }
        }
        let mean = |of: fn(&(f64, f64)) -> f64| rows.iter().map(of).sum::<f64>() / 8.0;
        let least = rows.iter().map(|row| row.1).fold(f64::INFINITY, f64::min);
        let (reached, left) = (mean(|row| row.0), mean(|row| row.1));
        println!("| {name} | {variant} | {reached:.2} | {left:.2} | {least:.2} |");
    }
}

/// `usual`, or changes of it: `decay=1.3,last=0,rate=0.1,reach=1.5`.
fn named(words: &str) -> Ascent {
    let mut ascent = Ascent::USUAL;
    for word in words.split(',') {
        let Some((name, value)) = word.split_once('=') else { continue };
        let value: f64 = value.parse().unwrap();
        match name {
            "decay" => ascent.decay = value,
            "last" => ascent.last = value,
            "rate" => ascent.rate = value,
            "iterations" => ascent.iterations = value as usize,
            "reach" => {
                let Reach { shift, scale, angle } = ascent.reach;
                ascent.reach =
                    Reach { shift: shift * value, scale: scale * value, angle: angle * value };
            }
            _ => panic!("{name}"),
        }
    }
    ascent
}

fn made(builtin: &Builtin, subject: &Subject<'_>, target: Target, ascent: &Ascent) -> Rebuilt {
    let (cancel, mut progress) = (Cancel::new(), Progress::none());
    let mut work = Work { cancel: &cancel, progress: &mut progress, refine: &mut |_: Rebuilt| {} };
    let wish = Maximization::of(target);
    maximize_with(subject, &builtin.colors(), &wish, ascent, &mut None, &mut work).unwrap()
}

/// The mean value of the picture over random movements.
fn moved(subject: &Subject<'_>, target: Target, picture: &Array) -> f64 {
    let shape = picture.shape;
    let reach = Reach { shift: 4.0 / shape.h.min(shape.w) as f64, scale: 0.05, angle: 5.0 };
    let values: Vec<f64> = picture.data.iter().map(|v| f64::from(*v)).collect();
    let (mut random, cancel) = (Random::new(1), Cancel::new());
    let one = |_| {
        let motion = Motion::random([shape.h, shape.w], &reach, &mut random);
        let moved = Resampling::new(shape.h, shape.w, &motion).apply(&values);
        let input = Array { shape, data: moved.iter().map(|v| *v as f32).collect() };
        let keep = Keep::All;
        let run = subject
            .backend
            .forward(&input, subject.edits, &keep, &cancel, &mut Progress::none())
            .unwrap();
        Goal::Target(target).value(subject, run.as_ref()).unwrap()
    };
    (0..MOVEMENTS).map(one).sum::<f64>() / MOVEMENTS as f64
}
